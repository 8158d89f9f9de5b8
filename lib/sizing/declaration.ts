import { z } from 'zod';
import type { Dataset } from '../contract/dataset';
import { strict } from '../contract/strict';
import { givenAllowed } from '../errors';
import { tableId } from '../platform/lookup';
import { keyArnOf, keyArnProblem } from './disk-key';
import type { EngineName } from './engine-choice';
import { workerProblem } from './worker-size';

/** Which engine runs tables' SQL, as `engine:` of platform.yaml has it. */
export interface EngineDeclaration {
  /**
   * For tables that `tables` does not name; `auto`: by volume.
   * @default auto
   */
  readonly default?: 'auto' | EngineName;
  /** Of single tables, by `zone.table`. */
  readonly tables?: Readonly<Record<string, EngineName>>;
  /** The application of EMR Serverless; it is made only where a table is Spark's. */
  readonly spark?: SparkDeclaration;
}

export interface SparkDeclaration {
  /** @default 4 processors, 16 GB of memory, 20 GB of disk */
  readonly worker?: { readonly vcpu: number; readonly memoryGb: number; readonly diskGb?: number };
  /** @default 11 */
  readonly maxWorkers?: number;
  /** @default none */
  readonly ready?: { readonly drivers?: number; readonly executors?: number };
  /** @default 15 */
  readonly idleMinutes?: number | false;
  /**
   * ARN of a key for the disks of workers, symmetric, in the region of the platform.
   * @default a key of AWS's
   */
  readonly diskKeyArn?: string;
  /**
   * Whether jobs that consume streams and changes are stopped, and stay so.
   * @default false
   */
  readonly paused?: boolean;
}

const name = z.enum(['duckdb', 'spark']);
const choice = z.enum(['auto', 'duckdb', 'spark']);
const count = (min: number) => z.int().min(min);

/** What `engine:` may say. */
export const engineWords = z
  .union([
    choice,
    strict({
      default: choice
        .optional()
        .describe('For tables that are not named: auto, duckdb or spark. By default auto: by their volume.'),
      tables: z.record(z.string(), name).optional().describe('Of single tables, by zone.table: duckdb or spark.'),
      spark: strict({
        worker: strict({
          vcpu: count(1).describe('Processors: 1, 2, 4, 8 or 16.'),
          memoryGb: count(2).describe('Memory in GB.'),
          diskGb: count(20).max(200).optional().describe('Disk in GB, 20 to 200. By default 20.'),
        })
          .optional()
          .describe('Size of every worker. By default 4 processors, 16 GB of memory, 20 GB of disk.'),
        maxWorkers: count(2).optional().describe('Workers that all jobs together may have. By default 11.'),
        ready: strict({
          drivers: count(0).optional().describe('By default 0.'),
          executors: count(0).optional().describe('By default 0.'),
        })
          .optional()
          .describe('Workers that are kept ready while the application is started. By default none.'),
        idleMinutes: z
          .union([count(1).max(10_080), z.literal(false)])
          .optional()
          .describe('Minutes without a job after which it stops, 10080 at most; false: never. By default 15.'),
        diskKeyArn: z
          .string()
          .regex(keyArnOf, { error: (issue) => keyArnProblem(issue.input) })
          .optional()
          .describe("ARN of a key for the disks of workers, in the region of the platform. By default a key of AWS's."),
        paused: z
          .boolean()
          .optional()
          .describe('Whether jobs that consume streams and changes are stopped, and stay so. By default false.'),
      })
        .optional()
        .describe("The application of EMR Serverless, which is made where a table is Spark's."),
    }),
  ])
  .describe("What runs tables' SQL: auto, duckdb or spark, or more than that. By default auto: by their volume.");

export type EngineWords = 'auto' | EngineName | EngineDeclaration;

export const resolveEngine = (words: EngineWords): EngineDeclaration =>
  typeof words === 'string' ? { default: words } : words;

/** What platform.yaml says of a table's engine; undefined: its volume decides. */
export function saidEngine(engine: EngineDeclaration | undefined, table: string): EngineName | undefined {
  const said = engine?.tables?.[table] ?? engine?.default;
  return said === 'auto' ? undefined : said;
}

/** What is wrong with a declaration, by its path below `engine`. */
export function engineProblems(
  words: EngineWords,
  datasets: readonly Dataset[],
): { readonly path: readonly string[]; readonly message: string }[] {
  const { tables = {}, spark = {} } = resolveEngine(words);
  const known = datasets.map(tableId);
  const wrong = spark.worker === undefined ? undefined : workerProblem(spark.worker);
  return [
    ...Object.keys(tables)
      .filter((table) => !known.includes(table))
      .map((table) => ({
        path: ['tables', table],
        message: `must be a table of the platform; ${givenAllowed(table, known)}`,
      })),
    ...(wrong === undefined ? [] : [{ path: ['spark', 'worker', wrong.path], message: wrong.message }]),
  ];
}
