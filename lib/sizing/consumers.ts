import { tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import type { Stream } from '../stream/stream';
import { saidEngine } from './declaration';
import { amount, type Deployed, duckdbHour, type EngineChoice, sparkHour } from './engine-choice';
import { usualSpark } from './prices';

/**
 * GB a day of a stream up to which functions consume it: some 50 MB a second, in some 50 shards, each of which is a writer
 * of its own table's.
 */
const functionsUpToGb = 4000;

/** GB a day that a shard takes, or what stands for one: 1 MB a second. */
export const gbOfShard = 86.4;

/** Of a job that consumes a stream, where nothing else is said. */
export const usualJob = { batchSeconds: 30, batchRecords: 1_000_000, executors: 4 } as const;

/**
 * Executors that a job has at most, where nothing else is said. A processor reads one shard at a time, and a shard that is
 * full, and that others read, too, is read no sooner than it fills: so there are as many as shards.
 *
 * @param gbPerDay of all that it consumes; absent where nobody has said it
 * @param vcpu processors of a worker
 */
export function jobExecutors(gbPerDay = 0, vcpu: number = usualSpark.worker.vcpu): number {
  return Math.max(usualJob.executors, Math.ceil(gbPerDay / gbOfShard / vcpu));
}

/** Memory of a function that consumes, in MB, where nothing else is said. */
const functionMb = 2048;

/** What consumes a stream, or changes of a database, and why. It never rests. */
export interface ConsumerPlan extends Omit<EngineChoice, 'gbPerRun'> {
  readonly consumes: 'stream' | 'changes';
  /** Of the stream, or of the source of changes. */
  readonly name: string;
  /** GB that arrive a day; absent where nobody has said it. */
  readonly gbPerDay?: number;
  /** Workers that its job has at most, the driver included; 0 where functions consume. */
  readonly workers: number;
}

/**
 * Chooses what consumes each stream and each source of changes. A stream is where its own table is, wherever its windows'
 * tables are; a source is Spark's where platform.yaml says so of any of its tables, since they come in one stream.
 */
export const planConsumers = (manifest: Manifest, deployed: Deployed = {}): ConsumerPlan[] => [
  ...(manifest.streams ?? []).map(({ name, table, windows }): ConsumerPlan => {
    const gbPerDay = manifest.datasets.find((dataset) => tableId(dataset) === table)?.dailyVolumeGb;
    const said = saidEngine(manifest.engine, table);
    const bySize = gbPerDay !== undefined && gbPerDay > functionsUpToGb ? 'spark' : 'duckdb';
    const intoPostgres = windowsIntoPostgres({ windows });
    // Where platform.yaml says Spark of it, that is a problem of platform.yaml.
    const engine = said ?? (intoPostgres.length > 0 ? 'duckdb' : bySize);
    const volume =
      gbPerDay === undefined
        ? 'its contract declares no volumePerDay'
        : `${gbPerDay < 1000 ? amount(gbPerDay) : Math.round(gbPerDay)} GB a day are ${bySize === 'spark' ? 'more than' : 'at most'} ${functionsUpToGb}`;
    return {
      consumes: 'stream',
      name,
      ...(gbPerDay === undefined ? {} : { gbPerDay }),
      engine,
      why:
        said !== undefined
          ? `platform.yaml says so; ${volume}`
          : engine === bySize
            ? volume
            : `${volume}, but results go to PostgreSQL (${intoPostgres.join(', ')}), which jobs of Spark do not reach`,
      ...hourOf(engine, gbPerDay, manifest, deployed),
    };
  }),
  ...(manifest.cdc ?? []).map(({ name, tables }): ConsumerPlan => {
    const says = tables.map(({ table }) => table).find((table) => saidEngine(manifest.engine, table) === 'spark');
    const engine = says === undefined ? 'duckdb' : 'spark';
    return {
      consumes: 'changes',
      name,
      engine,
      why: says === undefined ? 'platform.yaml names none of its tables for Spark' : `platform.yaml says so of ${says}`,
      ...hourOf(engine, changedGb(tables, manifest), manifest, deployed),
    };
  }),
];

/** Names of a stream's windows whose results go to PostgreSQL: no job of Spark can write them. */
export const windowsIntoPostgres = ({ windows }: Pick<Stream, 'windows'>): string[] =>
  windows.filter(({ into }) => into.kind === 'postgres').map(({ name }) => name);

/** GB a day of tables whose changes come in one stream, as far as it is known. */
export const changedGb = (tables: readonly { readonly table: string }[], { datasets }: Manifest): number =>
  tables.reduce(
    (sum, { table }) => sum + (datasets.find((dataset) => tableId(dataset) === table)?.dailyVolumeGb ?? 0),
    0,
  );

function hourOf(
  engine: EngineChoice['engine'],
  gbPerDay: number | undefined,
  manifest: Manifest,
  deployed: Deployed,
): Pick<ConsumerPlan, 'dollarsPerHour' | 'hourOf' | 'workers'> {
  if (engine === 'spark') {
    const { worker } = { ...manifest.engine?.spark, ...deployed.spark };
    const workers = jobExecutors(gbPerDay, worker?.vcpu) + 1;
    return { ...sparkHour({ spark: { ...(worker === undefined ? {} : { worker }), maxWorkers: workers } }), workers };
  }
  const hour = duckdbHour({ ...deployed, memoryMb: functionMb });
  return { ...hour, hourOf: `${hour.hourOf}, for each shard`, workers: 0 };
}

/** Names of streams that a job of Spark consumes. */
export const sparkStreams = (manifest: Manifest): ReadonlySet<string> => namesOn(manifest, 'stream');

/** Names of sources whose changes a job of Spark applies. */
export const sparkSources = (manifest: Manifest): ReadonlySet<string> => namesOn(manifest, 'changes');

/** Tables, as `zone.table`, whose rows a job of Spark judges as they come: of streams, and of changes. */
export function consumedTables(manifest: Manifest): ReadonlySet<string> {
  const [streams, sources] = [sparkStreams(manifest), sparkSources(manifest)];
  return new Set([
    ...(manifest.streams ?? []).filter(({ name }) => streams.has(name)).map(({ table }) => table),
    ...(manifest.cdc ?? [])
      .filter(({ name }) => sources.has(name))
      .flatMap(({ tables }) => tables.map(({ table }) => table)),
  ]);
}

const namesOn = (manifest: Manifest, what: ConsumerPlan['consumes']): ReadonlySet<string> =>
  new Set(
    planConsumers(manifest)
      .filter(({ consumes, engine }) => consumes === what && engine === 'spark')
      .map(({ name }) => name),
  );
