import { quarantineSuffix } from '../contract/names';
import { deepFreeze } from '../freeze';
import { column } from './column';
import type { ColumnSpec, TableSpec } from './spec';

/** Counts up when the columns below change, so that a deployment tells the tables handler of it. */
export const quarantineLayout = 1;

/** A table, and behind it the one that holds the rows it has refused, where it has one. */
export function withQuarantine(spec: TableSpec): TableSpec[] {
  const { quarantine, ...own } = spec;
  return quarantine === undefined ? [own] : [own, quarantineOf(own)];
}

/** Name of the table that stands beside another: everything about it follows from that one. */
export const quarantineName = <T extends { readonly table: string }>(name: T): T => ({
  ...name,
  table: name.table + quarantineSuffix,
});

function quarantineOf({ database, table, location, contract, properties, maintenance }: TableSpec): TableSpec {
  return deepFreeze({
    ...quarantineName({ database, table }),
    location: location + quarantineSuffix,
    contract,
    comment: `Rows that ${table} has refused, with every reason`,
    columns,
    identifier: [],
    partitionBy: [{ column: 'quarantined_at', transform: 'day' }],
    sortBy: [],
    properties,
    maintenance,
  });
}

const text = (name: string) => ({ name, type: 'string', required: false }) as const;

const columns: readonly ColumnSpec[] = [
  column('quarantined_at', 'timestamptz', 'When its batch was planned'),
  column('run', 'string', 'The run that refused it'),
  column('batch', 'long', 'The batch that it came in'),
  column('file', 'string', 'The file that it came from'),
  column('row_number', 'long', 'Its place in the file, from 1'),
  column(
    'reasons',
    { kind: 'list', element: { kind: 'struct', fields: [text('rule'), text('column'), text('message')] } },
    'Every rule that it breaks',
  ),
  column('raw', 'string', 'The row as it came, as JSON', false),
];
