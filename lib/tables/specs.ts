import type { Dataset, Type } from '../contract/dataset';
import { historyColumns, quarantineSuffix } from '../contract/names';
import { deepFreeze } from '../freeze';
import type { Manifest } from '../platform/manifest';
import type { ColumnSpec, MaintenanceSpec, TableSpec } from './spec';

/** What tables follow from: a manifest, or the part of it that says where datasets live. */
export type Places = Pick<Manifest, 'zones' | 'ops'>;
/** Root of each zone by its name, without a slash at its end: `s3://bucket`, `file:///folder` or an engine's token. */
export type ZoneRoots = Readonly<Record<string, string>>;

/** Seven days to look back, and to find out what went wrong; rows that were erased are gone from the disk after that. */
const maintenance: MaintenanceSpec = { compaction: true, snapshotRetentionDays: 7, orphanRemoval: true };

const properties = {
  'write.format.default': 'parquet',
  'write.parquet.compression-codec': 'zstd',
  // Each commit writes the metadata anew; the last hundred are enough to look back.
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '100',
};

/** Every Iceberg table of a platform: datasets in their order, each with its quarantine behind it, then the platform's own. */
export function platformSpecs(manifest: Places & Pick<Manifest, 'datasets'>, roots: ZoneRoots): TableSpec[] {
  const ofDatasets = manifest.datasets.flatMap((dataset) => {
    const table = datasetSpec(manifest, dataset, roots);
    return dataset.source === undefined ? [table] : [table, quarantineSpec(manifest, dataset, roots)];
  });
  return [...ofDatasets, ...opsSpecs(manifest, roots)];
}

/** The table of a dataset. Throws where its zone is not one of the platform's. */
export function datasetSpec(manifest: Places, dataset: Dataset, roots: ZoneRoots): TableSpec {
  const history = dataset.history === 'scd2' ? historySpecs : [];
  const columns = [
    ...dataset.columns.map(({ name, id, type, required, description }) => ({
      name,
      ...(id === undefined ? {} : { id }),
      type,
      required,
      ...(description === undefined ? {} : { description }),
    })),
    ...history,
  ];
  const { id, version } = dataset.contract;
  return deepFreeze({
    ...place(manifest, dataset.zone, dataset.name, roots),
    contract: { id, version },
    ...(dataset.description === undefined ? {} : { comment: dataset.description }),
    columns,
    identifier: identifierOf([...dataset.key, ...(dataset.history === 'scd2' ? ['valid_from'] : [])], columns),
    partitionBy: dataset.partitionBy,
    sortBy: dataset.sortBy,
    properties,
    maintenance,
  });
}

/** The table beside a dataset's own that holds the rows that were refused, with every reason. */
export function quarantineSpec(manifest: Places, dataset: Dataset, roots: ZoneRoots): TableSpec {
  const { id, version } = dataset.contract;
  return deepFreeze({
    ...place(manifest, dataset.zone, dataset.name + quarantineSuffix, roots),
    contract: { id, version },
    comment: `Rows that ${dataset.zone}.${dataset.name} has refused, with every reason`,
    columns: quarantineColumns,
    identifier: [],
    partitionBy: [{ column: 'quarantined_at', transform: 'day' }],
    sortBy: [],
    properties,
    maintenance,
  });
}

/** The platform's own tables: the ledger of files, the answers to quality rules, the runs. */
export function opsSpecs(manifest: Places, roots: ZoneRoots): TableSpec[] {
  const { database, zone } = manifest.ops;
  return opsTables.map(({ table, comment, columns }) =>
    deepFreeze({
      database,
      table,
      location: `${rootOf(zone, roots)}/_ops/${table}`,
      contract: { id: `ingot-${table.replaceAll('_', '-')}`, version: '1.0.0' },
      comment,
      columns,
      identifier: [],
      partitionBy: [],
      sortBy: [],
      properties,
      maintenance,
    }),
  );
}

function place(manifest: Places, zone: string, table: string, roots: ZoneRoots) {
  const { database } = manifest.zones.find(({ name }) => name === zone) ?? unknownZone(zone, manifest);
  return { database, table, location: `${rootOf(zone, roots)}/${table}` };
}

function unknownZone(zone: string, { zones }: Places): never {
  throw new Error(
    `The platform has no zone ${JSON.stringify(zone)}; it has ${zones.map(({ name }) => name).join(', ')}`,
  );
}

function rootOf(zone: string, roots: ZoneRoots): string {
  const root = roots[zone];
  if (root === undefined)
    throw new Error(`Zone ${zone} has no root; there are roots of ${Object.keys(roots).join(', ')}`);
  return root;
}

/** Iceberg takes as identifier only columns that always have a value, of types that can be compared exactly. */
function identifierOf(key: readonly string[], columns: readonly ColumnSpec[]): readonly string[] {
  const fits = (name: string) =>
    columns.some((c) => c.name === name && c.required && typeof c.type === 'string' && !/float|double/.test(c.type));
  return key.every(fits) ? key : [];
}

const column = (name: string, type: Type, description: string, required = true): ColumnSpec => ({
  name,
  type,
  required,
  description,
});

const [validFrom, validTo, isCurrent] = historyColumns;
const historySpecs: readonly ColumnSpec[] = [
  column(validFrom, 'timestamptz', 'From when on this version of the row holds'),
  column(validTo, 'timestamptz', 'Until when this version holds, not included; null: it is the current one', false),
  column(isCurrent, 'boolean', 'Whether this is the current version of the row'),
];

const text = (name: string) => ({ name, type: 'string', required: false }) as const;

const quarantineColumns: readonly ColumnSpec[] = [
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

const opsTables: readonly { table: string; comment: string; columns: readonly ColumnSpec[] }[] = [
  {
    table: 'files',
    comment: 'Every source file that was ever planned, and in which batch',
    columns: [
      column('table', 'string', 'The table that it is for, zone.table'),
      column('batch', 'long', 'Counts up from 1 for each table'),
      column('uri', 'string', 'Where it lies'),
      column('etag', 'string', 'Identity of its content'),
      column('size', 'long', 'Bytes'),
      column('modified', 'timestamptz', 'When it was written'),
      column('planned_at', 'timestamptz', 'When its batch was planned'),
      column('run', 'string', 'The run that planned it'),
    ],
  },
  {
    table: 'quality_results',
    comment: 'The answer to every rule, by run and table',
    columns: [
      column('run', 'string', 'The run that asked'),
      column('table', 'string', 'The table, zone.table'),
      column('rule', 'string', 'Name of the rule'),
      column('type', 'string', 'Type of the rule, for example range'),
      column('dimension', 'string', 'Dimension of quality, for example completeness'),
      column('severity', 'string', 'error or warning'),
      column('status', 'string', 'passed, failed, or error where the rule could not be answered'),
      column('checked', 'long', 'Rows that the rule looked at'),
      column('failed', 'long', 'Rows that fail; of a rule that counts no rows, 1 where it does not hold'),
      column('observed', 'double', 'The figure that the rule is about', false),
      column('tolerance', 'string', 'What the contract allows, in words'),
      column('message', 'string', 'What was found, in one sentence'),
      column('measured_at', 'timestamptz', 'When it was asked'),
    ],
  },
  {
    table: 'runs',
    comment: 'What each run left behind, by table',
    columns: [
      column('run', 'string', 'The run'),
      column('group', 'string', 'The dataset group that ran'),
      column('table', 'string', 'The table, zone.table'),
      column('rows', 'long', 'Rows of the table after the run'),
      column('quarantined', 'long', 'Rows that the run sent to quarantine'),
      column('snapshot', 'string', 'The snapshot of the table that the run published', false),
      column('duration_ms', 'long', 'How long the run took, in milliseconds'),
      column('started_at', 'timestamptz', 'When the run started'),
      column('finished_at', 'timestamptz', 'When the run ended'),
    ],
  },
];
