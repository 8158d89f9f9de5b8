import { deepFreeze } from '../freeze';
import type { Manifest } from '../platform/manifest';
import { type ConsumerPlan, planConsumers } from './consumers';
import { chooseEngine, type Deployed, type EngineChoice, type EngineName } from './engine-choice';
import { loadsOf, volumesOf } from './loads';
import { longestCall, storageMonth } from './prices';
import { sparkWorkers } from './workers';

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
  const spark = { ...manifest.engine?.spark, maxWorkers: sparkWorkers(manifest).ofTable };
  const groups = loadsOf(manifest).map(({ name, schedule, loads }): GroupPlan => {
    const tables = loads.map(({ table, load }): TablePlan => {
      const { gbPerDay } = load;
      return {
        table,
        ...(gbPerDay === undefined ? {} : { gbPerDay }),
        ...chooseEngine(load, { spark, ...deployed }),
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

/** A platform each of whose tables with files gets so many GB a day, whatever its contract declares. */
export const atVolume = (manifest: Manifest, gbPerDay: number): Manifest => ({
  ...manifest,
  datasets: manifest.datasets.map((dataset) =>
    dataset.source === undefined ? dataset : { ...dataset, dailyVolumeGb: gbPerDay },
  ),
});
