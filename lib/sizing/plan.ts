import { deepFreeze } from '../freeze';
import { tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import { type ConsumerPlan, planConsumers } from './consumers';
import { saidEngine } from './declaration';
import {
  chooseEngine,
  type Deployed,
  decideEngine,
  type EngineChoice,
  type EngineName,
  type Load,
} from './engine-choice';
import { longestCall, storageMonth } from './prices';
import { type SparkSize, sparkSize } from './spark-size';

/** Which engine fits each table of a platform, and what its data costs. */
export interface Plan {
  readonly groups: readonly GroupPlan[];
  /** Of streams and changes, which have no runs. */
  readonly consumers: readonly ConsumerPlan[];
  /** GB a day of all files that arrive, as far as it is known. */
  readonly gbPerDay: number;
  readonly perGb: PerGb;
}

export interface GroupPlan {
  readonly name: string;
  readonly schedule: string;
  /** Spark where any of its tables needs it. */
  readonly engine: EngineName;
  readonly tables: readonly TablePlan[];
}

export interface TablePlan extends EngineChoice {
  /** `zone.table`. */
  readonly table: string;
  /** GB that arrive for it a day, or that its model's tables get; absent where it is not known. */
  readonly gbPerDay?: number;
}

/** What a GB that arrives costs, in US dollars: list prices in us-east-1. */
export interface PerGb {
  /** A month of it, as it arrived and as rows of a table, each at the size in which it arrived. */
  readonly storedMonth: number;
  /** The most that one call of a function costs, whatever it takes: it ends after 15 minutes. */
  readonly longestCall: number;
}

export interface PlanOptions {
  readonly deployed?: Deployed;
}

/** Chooses an engine for each table that files or models fill, and for each stream: tables that these fill have no runs. */
export function planPlatform(manifest: Manifest, { deployed = {} }: PlanOptions = {}): Plan {
  const groups = loadsOf(manifest).map(({ name, schedule, loads }): GroupPlan => {
    const tables = loads.map(({ table, load }): TablePlan => {
      const { gbPerDay } = load;
      return {
        table,
        ...(gbPerDay === undefined ? {} : { gbPerDay }),
        ...chooseEngine(load, { spark: manifest.engine?.spark, ...deployed }),
      };
    });
    const engine = tables.some((plan) => plan.engine === 'spark') ? 'spark' : 'duckdb';
    return { name, schedule, engine, tables };
  });
  const ingested = new Set(manifest.groups.flatMap((group) => group.ingests));
  const volumes = volumesOf(manifest);
  const total = [...ingested].reduce((sum, table) => sum + (volumes.get(table) ?? 0), 0);
  const { memoryMb = 3008, architecture = 'arm64' } = deployed;
  return deepFreeze({
    groups,
    consumers: planConsumers(manifest, deployed),
    gbPerDay: total,
    perGb: { storedMonth: storageMonth(2), longestCall: longestCall(memoryMb, architecture) },
  });
}

interface TableLoad {
  /** `zone.table`. */
  readonly table: string;
  readonly load: Load;
}

/** What is known of the load of each table that files or models fill, by group. */
function loadsOf(manifest: Manifest) {
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

/** Tables, as `zone.table`, whose engine is Spark. */
export const sparkTables = (manifest: Manifest): ReadonlySet<string> => new Set(sparkSizes(manifest).keys());

/** How jobs of each table whose engine is Spark cut up its rows. */
export const sparkSizes = (manifest: Manifest): ReadonlyMap<string, SparkSize> =>
  new Map(
    loadsOf(manifest)
      .flatMap(({ loads }) => loads)
      .map(({ table, load }) => ({ table, ...decideEngine(load) }))
      .filter(({ engine }) => engine === 'spark')
      .map(({ table, gbPerRun }) => [table, sparkSize(gbPerRun)]),
  );

/** A platform each of whose tables with files gets so many GB a day, whatever its contract declares. */
export const atVolume = (manifest: Manifest, gbPerDay: number): Manifest => ({
  ...manifest,
  datasets: manifest.datasets.map((dataset) =>
    dataset.source === undefined ? dataset : { ...dataset, dailyVolumeGb: gbPerDay },
  ),
});

/**
 * GB a day of each table: what is declared; of a model's table that declares nothing, what the tables that it
 * reads get together.
 */
function volumesOf(manifest: Manifest): ReadonlyMap<string, number> {
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
