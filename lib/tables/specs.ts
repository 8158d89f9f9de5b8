import { changeColumns, fedBy, keptSpec, refusesRows } from '../cdc/tables';
import type { Dataset } from '../contract/dataset';
import { historyColumns } from '../contract/names';
import { deepFreeze } from '../freeze';
import type { Manifest } from '../platform/manifest';
import { windowSpecs } from '../stream/tables';
import { column } from './column';
import { opsTables } from './ops';
import { quarantineLayout } from './quarantine';
import type { ColumnSpec, MaintenanceSpec, TableSpec } from './spec';

/** What tables follow from: a manifest, or the part of it that says where datasets live. */
export type Places = Pick<Manifest, 'zones' | 'ops' | 'cdc'>;
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

/** Every Iceberg table of a platform but quarantines, which come with their tables: datasets in their order, then its own. */
export function platformSpecs(
  manifest: Places & Pick<Manifest, 'datasets' | 'streams'>,
  roots: ZoneRoots,
): TableSpec[] {
  const own = opsSpecs(manifest, roots);
  return [
    ...manifest.datasets.flatMap((dataset) => {
      const table = datasetSpec(manifest, dataset, roots);
      return fedBy(manifest, dataset) === undefined ? [table] : [table, deepFreeze(keptSpec(table, dataset))];
    }),
    ...own,
    ...windowSpecs(manifest, own[0]!).map(deepFreeze),
  ];
}

/** The table of a dataset. Throws where its zone is not one of the platform's. */
export function datasetSpec(manifest: Places, dataset: Dataset, roots: ZoneRoots): TableSpec {
  const fed = fedBy(manifest, dataset);
  const history = dataset.history === 'scd2' ? historySpecs : [];
  const own: ColumnSpec[] = [
    ...dataset.columns.map(({ name, id, type, required, description }) => ({
      name,
      ...(id === undefined ? {} : { id }),
      type,
      required,
      ...(description === undefined ? {} : { description }),
    })),
    ...history,
  ];
  const columns = fed === undefined ? own : changeColumns(own, fed.mode);
  const identity = fed !== undefined ? [] : dataset.history === 'scd2' ? ['valid_from'] : [];
  const { id, version } = dataset.contract;
  return deepFreeze({
    ...place(manifest, dataset.zone, dataset.name, roots),
    contract: { id, version },
    ...(dataset.description === undefined ? {} : { comment: dataset.description }),
    columns,
    identifier: fed !== undefined && fed.mode !== 'mirror' ? [] : identifierOf([...dataset.key, ...identity], columns),
    partitionBy: dataset.partitionBy,
    sortBy: dataset.sortBy,
    properties,
    maintenance,
    // What arrives may be refused; what a model makes is not.
    ...(refusesRows(dataset, manifest) ? { quarantine: quarantineLayout } : {}),
  });
}

/** The platform's own tables: the ledger of files, the answers to quality rules, the runs. */
function opsSpecs(manifest: Places, roots: ZoneRoots): TableSpec[] {
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

const [validFrom, validTo, isCurrent] = historyColumns;
const historySpecs: readonly ColumnSpec[] = [
  column(validFrom, 'timestamptz', 'From when on this version of the row holds'),
  column(validTo, 'timestamptz', 'Until when this version holds, not included; null: it is the current one', false),
  column(isCurrent, 'boolean', 'Whether this is the current version of the row'),
];
