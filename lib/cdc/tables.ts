import type { Dataset } from '../contract/dataset';
import { tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import type { ColumnSpec, TableSpec } from '../tables/spec';
import { kept, keptSuffix, type Mode, meta } from './columns';
import type { CdcTable } from './declaration';

const column = (name: string, type: ColumnSpec['type'], description: string, required: boolean): ColumnSpec => ({
  name,
  type,
  required,
  description,
});

const position: readonly ColumnSpec[] = [
  column(meta.lsn, 'long', "Position in the source's log of the change that made this row", true),
  column(meta.sequence, 'long', 'Place among changes of the same position', true),
  column(
    meta.older,
    'string',
    'JSON: columns whose value this change did not send, as it has not changed; with the position of the one that did',
    false,
  ),
];

/** Columns that a table has beside its contract's, and beside those of history, where it is fed by changes. */
const metaColumns = (mode: Mode): readonly ColumnSpec[] =>
  mode !== 'log'
    ? position
    : [
        column(meta.operation, 'string', 'load, insert, update, delete or truncate', true),
        ...position,
        column(meta.at, 'timestamptz', 'When the change was committed at the source', false),
      ];

/** The columns of a table that is fed by changes. A log holds deletes, of which no more than the key is known. */
export const changeColumns = (own: readonly ColumnSpec[], mode: Mode): ColumnSpec[] => [
  ...(mode === 'log' ? own.map((one) => ({ ...one, required: false })) : own),
  ...metaColumns(mode),
];

/** What feeds a table; undefined where no changes do. */
export const fedBy = (
  { cdc = [] }: Pick<Manifest, 'cdc'>,
  dataset: Pick<Dataset, 'zone' | 'name'>,
): CdcTable | undefined => cdc.flatMap(({ tables }) => tables).find(({ table }) => table === tableId(dataset));

/** Whether rows of a table come from outside, and may be refused: then a quarantine stands beside it. */
export const refusesRows = (dataset: Dataset, manifest: Pick<Manifest, 'cdc'>): boolean =>
  dataset.source !== undefined || fedBy(manifest, dataset) !== undefined;

/** Columns of the table of kept changes. A kept change has perhaps no more than its key, or not even that. */
export const keptColumns = (dataset: Pick<Dataset, 'columns'>): readonly ColumnSpec[] => [
  ...dataset.columns.map(({ name, id, type, description }) => ({
    name,
    ...(id === undefined ? {} : { id }),
    type,
    required: false,
    ...(description === undefined ? {} : { description }),
  })),
  ...position.map((one) => ({ ...one, required: false })),
  column(kept.kind, 'string', 'delete, truncate, update, reload, snapshot, schema, pause or parked', true),
  column(kept.record, 'string', 'Of a parked change its record, of a pause its reason, of a schema its columns', false),
  column(meta.at, 'timestamptz', 'When the change was committed at the source', false),
  column(kept.at, 'timestamptz', 'When it was kept', true),
];

/** The table of kept changes beside a table that is fed by changes. */
export const keptSpec = (table: TableSpec, dataset: Dataset): TableSpec => ({
  database: table.database,
  table: table.table + keptSuffix,
  location: table.location + keptSuffix,
  contract: table.contract,
  comment: `What ${dataset.zone}.${dataset.name} does not show of its changes: deletes to be remembered, changes that wait`,
  columns: keptColumns(dataset),
  identifier: [],
  partitionBy: [],
  sortBy: [],
  properties: table.properties,
  maintenance: table.maintenance,
});
