import { dollars, lambdaHour, type Processor, sparkWorkerHour, usualSpark, type WorkerSize } from './prices';
import { longestGapHours } from './schedule';

type SparkWorker = Pick<WorkerSize, 'vcpu' | 'memoryGb'> & Partial<WorkerSize>;

/** What runs a table's statements: DuckDB in a function of Lambda, or Spark on EMR Serverless. */
export type EngineName = 'duckdb' | 'spark';

/** GB a run up to which DuckDB in Lambda is chosen. Provisional, from Lambda's limits: on one machine Spark is never cheaper. */
export const duckdbUpToGb = 20;

/** What is known of a table's load. */
export interface Load {
  /** GB that arrive a day; absent where nobody has said it. */
  readonly gbPerDay?: number;
  /** The schedule of the group that fills it. */
  readonly schedule: string;
  /** What platform.yaml says; absent: the volume decides. */
  readonly said?: EngineName;
}

/** Where it would run. */
export interface Deployed {
  /** @default 3008 */
  readonly memoryMb?: number;
  /** @default arm64 */
  readonly architecture?: Processor;
  /** Workers of Spark. By default those of a `SparkApplication`. */
  readonly spark?: { readonly worker?: SparkWorker; readonly maxWorkers?: number };
}

export interface EngineDecision {
  readonly engine: EngineName;
  /** GB of the largest run; absent where the load is not known. */
  readonly gbPerRun?: number;
}

export interface EngineChoice extends EngineDecision {
  /** One sentence. */
  readonly why: string;
  /** List price in us-east-1 of an hour of work, in US dollars. */
  readonly dollarsPerHour: number;
  /** What costs that. */
  readonly hourOf: string;
}

/** Chooses the engine by the size of the largest run: what arrives while two starts are furthest apart, evenly over the day. */
export function decideEngine({ gbPerDay, schedule, said }: Load): EngineDecision {
  if (gbPerDay === undefined) return { engine: said ?? 'duckdb' };
  const gbPerRun = (gbPerDay * gapHours(schedule)) / 24;
  return { engine: said ?? fitting(gbPerRun), gbPerRun };
}

/** What `decideEngine` decides, with the reason and the price. */
export function chooseEngine(load: Load, deployed: Deployed = {}): EngineChoice {
  const decided = decideEngine(load);
  const why = whyOf(load, decided);
  return {
    ...decided,
    why: load.said === undefined ? why : `platform.yaml says so; ${why}`,
    ...(decided.engine === 'spark' ? sparkHour(deployed) : duckdbHour(deployed)),
  };
}

function whyOf({ gbPerDay, schedule }: Load, { gbPerRun }: EngineDecision): string {
  if (gbPerDay === undefined || gbPerRun === undefined) return 'its contract declares no volumePerDay';
  const limit = fitting(gbPerRun) === 'spark' ? 'more than' : 'at most';
  return `${amount(gbPerDay)} GB a day in runs up to ${hours(gapHours(schedule))} apart are ${amount(gbPerRun)} GB a run, ${limit} ${duckdbUpToGb}`;
}

const fitting = (gbPerRun: number): EngineName => (gbPerRun > duckdbUpToGb ? 'spark' : 'duckdb');

/** A schedule that starts once takes a day's data, for want of a better word. */
const gapHours = (schedule: string): number => longestGapHours(schedule) ?? 24;

type Hour = Pick<EngineChoice, 'dollarsPerHour' | 'hourOf'>;

export function duckdbHour({ memoryMb = 3008, architecture = 'arm64' }: Deployed): Hour {
  return {
    dollarsPerHour: lambdaHour(memoryMb, architecture),
    hourOf: `a function of ${memoryMb} MB, ${architecture}`,
  };
}

export function sparkHour({ spark = {} }: Deployed): Hour {
  const { worker = usualSpark.worker, maxWorkers = usualSpark.maxWorkers } = spark;
  const each = sparkWorkerHour({ ...worker, diskGb: worker.diskGb ?? usualSpark.worker.diskGb });
  return {
    dollarsPerHour: each * maxWorkers,
    hourOf: `${maxWorkers} workers (${worker.vcpu} processors, ${worker.memoryGb} GB, ${dollars(each)} each)`,
  };
}

/** At most three digits that say something. */
export const amount = (value: number): string => String(Number(value.toPrecision(3)));

const hours = (value: number): string => {
  if (value < 1) return `${amount(value * 60)} min`;
  return value < 48 ? `${amount(value)} h` : `${amount(value / 24)} days`;
};
