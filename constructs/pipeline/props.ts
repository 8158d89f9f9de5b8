import type { Manifest } from '../../lib/platform/manifest';
import type { Compliance, FunctionNetwork } from '../core/compliance';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Architecture, Removal } from '../core/nodes';

/** What may be said of a pipeline, whichever engine makes it. Each engine adds its own references to what exists. */
export interface PipelineDeclaration {
  /** What runs: datasets, models and groups, as `loadPlatform` or `definePlatform` give them. */
  readonly manifest: Manifest;
  /**
   * E-mail addresses that are told of failures and alarms. Each must confirm its subscription once.
   * @default none: the topic is there for others to subscribe to
   */
  readonly emails?: readonly string[];
  /**
   * Another Iceberg REST catalog that holds the tables than Glue's own: the one that the lake's `Catalog` was told of.
   * @default Glue's, in the account and region of the stack
   */
  readonly icebergCatalog?: IcebergCatalog;
  /**
   * Zip of the native runtime (DuckDB and its extensions) for `architecture`, as `ingot runtime` writes it.
   * @default `.ingot/runtime/<architecture>.zip` in the folder where synth runs
   */
  readonly runtime?: string;
  /**
   * Zip of the package of Spark's jobs for the application's processor, as `ingot runtime --spark` writes it. Only where a
   * table is Spark's.
   * @default `spark-<architecture>.zip` beside `runtime`
   */
  readonly sparkPackage?: string;
  /**
   * Processor of every function.
   * @default arm64
   */
  readonly architecture?: Architecture;
  /**
   * Memory of the functions that run SQL, in MB: 512 to 10240. Processor time grows with it: 1,769 MB are one core.
   * @default 3008
   */
  readonly memoryMb?: number;
  /**
   * Disk of the functions that run SQL, in MB: 512 to 10240. What does not fit in memory spills there.
   * @default 4096
   */
  readonly diskMb?: number;
  /**
   * Whether schedules and alarms run at all. With false the state machines start only by hand.
   * @default true
   */
  readonly scheduled?: boolean;
  /**
   * What starts runs: schedules of this pipeline, or Airflow, with the DAGs that `ingot dag` writes. With Airflow
   * freshness is measured and old rows are deleted on schedule all the same; the state machines start only by hand.
   * @default schedules
   */
  readonly startedBy?: 'schedules' | 'airflow';
  /**
   * Where the functions run inside a VPC of yours.
   * @default in none
   */
  readonly network?: FunctionNetwork;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them. Functions need a `network`, and have
   * limits and dead letters; logs are kept for a year where nothing else is said.
   * @default none of them
   */
  readonly compliance?: Compliance;
  /**
   * Days that logs are kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /** When alarms ring. */
  readonly alarms?: AlarmThresholds;
  /**
   * What happens to logs and keys that leave the stack. `delete` needs the context flag
   * `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
}

/** When alarms ring. `false` leaves an alarm out. */
export interface AlarmThresholds {
  /**
   * Percent of a day's runs that succeed, at least.
   * @default 95
   */
  readonly successPercent?: number | false;
  /**
   * Percent that a table's row count may be off the median of its last runs.
   * @default 20
   */
  readonly rowCountPercent?: number | false;
  /**
   * How many times as long as the median of the last runs a run may take.
   * @default 1.5
   */
  readonly durationRatio?: number | false;
  /**
   * GB that a run may load into one table with DuckDB: beyond that its data has outgrown that engine.
   * @default 20, up to which DuckDB is chosen
   */
  readonly inputGb?: number | false;
}
