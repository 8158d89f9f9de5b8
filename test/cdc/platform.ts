import type { FedTable } from '../../lib/cdc/apply';
import type { Mode } from '../../lib/cdc/columns';
import type { CdcSource } from '../../lib/cdc/declaration';
import type { Dataset } from '../../lib/contract/dataset';
import { findTable } from '../../lib/platform/lookup';
import type { Manifest } from '../../lib/platform/manifest';

/** A source `shop` whose tables fill one table of the lake each, in one mode or another. */
export function changesManifest(
  tables: readonly (readonly [Dataset, Mode])[],
  more: Partial<CdcSource> = {},
): Manifest {
  const source: CdcSource = {
    name: 'shop',
    publication: 'ingot_shop',
    slot: 'ingot_shop',
    truncate: 'apply',
    schemaChanges: 'evolve',
    rememberDays: 30,
    tables: tables.map(([{ name }, mode]) => ({ table: `silver.${name}`, mode, schema: 'public', name })),
    ...more,
  };
  return {
    name: 'test',
    zones: [
      { name: 'bronze', holds: 'files', database: 'test_bronze' },
      { name: 'silver', holds: 'iceberg', database: 'test_silver' },
    ],
    datasets: tables.map(([dataset, mode]) => ({ ...dataset, history: mode === 'history' ? 'scd2' : 'current' })),
    models: [],
    groups: [],
    ops: { database: 'test_ops', zone: 'silver' },
    cdc: [source],
  };
}

export const fedTable = (manifest: Manifest, id: string): FedTable => ({
  place: findTable(id, manifest),
  mode: manifest.cdc!.flatMap(({ tables }) => tables).find(({ table }) => table === id)!.mode,
});
