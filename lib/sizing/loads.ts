import { tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import { consumedTables } from './consumers';
import { saidEngine } from './declaration';
import { decideEngine, type Load } from './engine-choice';
import { type SparkSize, sparkSize } from './spark-size';

interface TableLoad {
  /** `zone.table`. */
  readonly table: string;
  readonly load: Load;
}

/** What is known of the load of each table that files or models fill, by group. */
export function loadsOf(manifest: Manifest) {
  const volumes = volumesOf(manifest);
  return manifest.groups.map(({ name, schedule, ingests, levels }) => {
    const models = levels.flat().map((model) => manifest.models.find((one) => one.name === model)?.writes);
    const tables = [...ingests, ...models].filter((table) => table !== undefined);
    const loads = tables.map(
      (table): TableLoad => ({
        table,
        load: { gbPerDay: volumes.get(table), schedule, said: saidEngine(manifest.engine, table) },
      }),
    );
    return { name, schedule, loads };
  });
}

/** Tables, as `zone.table`, that jobs of Spark fill in runs. */
export const sparkTables = (manifest: Manifest): ReadonlySet<string> => new Set(sparkSizes(manifest).keys());

/**
 * Tables, as `zone.table`, whose models, rules and contracts Spark must understand: that its jobs fill in runs, or from
 * streams and changes.
 *
 * @param engine `spark`: as if every table were
 */
export const tablesOnSpark = (manifest: Manifest, engine?: 'spark'): ReadonlySet<string> =>
  engine === 'spark'
    ? new Set(manifest.datasets.map(tableId))
    : new Set([...sparkTables(manifest), ...consumedTables(manifest)]);

/** How jobs of each table whose engine is Spark cut up its rows. */
export const sparkSizes = (manifest: Manifest): ReadonlyMap<string, SparkSize> =>
  new Map(
    loadsOf(manifest)
      .flatMap(({ loads }) => loads)
      .map(({ table, load }) => ({ table, ...decideEngine(load) }))
      .filter(({ engine }) => engine === 'spark')
      .map(({ table, gbPerRun }) => [table, sparkSize(gbPerRun)]),
  );

/**
 * GB a day of each table: what is declared; of a model's table that declares nothing, what the tables that it
 * reads get together.
 */
export function volumesOf(manifest: Manifest): ReadonlyMap<string, number> {
  const volumes = new Map<string, number>();
  for (const dataset of manifest.datasets) {
    if (dataset.dailyVolumeGb !== undefined) volumes.set(tableId(dataset), dataset.dailyVolumeGb);
  }
  // Models are in an order in which they can be run: what one reads is there before it.
  for (const { writes, reads } of manifest.models) {
    if (writes === undefined || volumes.has(writes)) continue;
    const known = reads.flatMap((table) => volumes.get(table) ?? []);
    if (known.length > 0)
      volumes.set(
        writes,
        known.reduce((sum, gb) => sum + gb, 0),
      );
  }
  return volumes;
}
