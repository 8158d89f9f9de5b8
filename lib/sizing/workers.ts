import type { CdcSource } from '../cdc/declaration';
import { jobsAtOnce } from '../pipeline/run';
import type { Manifest } from '../platform/manifest';
import { type ConsumerPlan, planConsumers } from './consumers';
import { loadsOf, sparkTables } from './loads';
import { usualSpark } from './prices';

/** Who has the workers of a platform's application of EMR Serverless; drivers are workers, too. */
export interface SparkWorkers {
  /** All that there are at most. */
  readonly most: number;
  /** Those of jobs that never end, which consume streams and changes. */
  readonly ofConsumers: number;
  /** Jobs of tables that are at work at once, at most: groups run beside one another. */
  readonly tablesAtOnce: number;
  /** Those that one job of a table has at most, two at least. */
  readonly ofTable: number;
}

/**
 * Shares the workers out. Jobs of tables take all that they may. Those that never end give back executors that are idle,
 * and would not get them again: so what is left to tables is divided between as many jobs as there are at once. Where
 * nothing consumes, the first job may take all.
 */
export function sparkWorkers(manifest: Manifest): SparkWorkers {
  const ofConsumers = consumersOnSpark(manifest).reduce((sum, { workers }) => sum + workers, 0);
  const tablesAtOnce = atOnce(manifest);
  const said = manifest.engine?.spark?.maxWorkers;
  if (ofConsumers === 0) {
    const most = said ?? usualSpark.maxWorkers;
    return { most, ofConsumers, tablesAtOnce, ofTable: most };
  }
  const most = said ?? ofConsumers + tablesAtOnce * usualSpark.maxWorkers;
  const each = Math.floor((most - ofConsumers) / Math.max(1, tablesAtOnce));
  return { most, ofConsumers, tablesAtOnce, ofTable: Math.max(fewestOfTable, each) };
}

/** What is wrong with `engine.spark.maxWorkers`; undefined where nothing is. */
export function workersProblem(manifest: Manifest): string | undefined {
  const { most, ofConsumers, tablesAtOnce } = sparkWorkers(manifest);
  const needed = ofConsumers + tablesAtOnce * fewestOfTable;
  if (ofConsumers === 0 || most >= needed) return undefined;
  return (
    `must be at least ${needed}, since jobs that consume streams or changes have ${ofConsumers} workers, drivers included` +
    `${tablesAtOnce === 0 ? '' : `, and jobs of tables, up to ${tablesAtOnce} at once, need ${fewestOfTable} each`}; given ${most}`
  );
}

/** A driver and an executor. */
const fewestOfTable = 2;

function atOnce(manifest: Manifest): number {
  const onSpark = sparkTables(manifest);
  return loadsOf(manifest).reduce(
    (sum, { loads }) => sum + Math.min(jobsAtOnce, loads.filter(({ table }) => onSpark.has(table)).length),
    0,
  );
}

/** Jobs that never end: of streams, and of changes that a deployment follows. */
export function consumersOnSpark(manifest: Manifest): readonly ConsumerPlan[] {
  const sources = new Set(followed(manifest).map(({ name }) => name));
  return planConsumers(manifest).filter(
    ({ engine, consumes, name }) => engine === 'spark' && (consumes === 'stream' || sources.has(name)),
  );
}

/** Sources of changes that a deployment follows: of the others nobody said where they are. */
export const followed = ({ cdc = [] }: Manifest): readonly CdcSource[] =>
  cdc.filter(({ deployed }) => deployed !== undefined);
