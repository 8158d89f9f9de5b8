import type { Manifest } from '../../lib/platform/manifest';
import type { Compliance, FunctionNetwork } from '../core/compliance';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Architecture, Removal } from '../core/nodes';
import type { Replica } from '../lake/props';
import type { FunctionConsumer, JobConsumer, KinesisSource } from '../stream/props';

/**
 * What may be said of change data capture, whichever engine makes it. Each engine adds its own references to what exists.
 * Which database and tables, and how large the replication is, stands in the manifest.
 */
export interface ChangeDataCaptureDeclaration {
  /** Its platform, as `loadPlatform` or `definePlatform` give it: contracts of its tables, its sources. */
  readonly manifest: Manifest;
  /** Its name in the manifest. */
  readonly source: string;
  /**
   * The stream between database and lake.
   * @default on demand, kept for 168 hours
   */
  readonly stream?: Pick<KinesisSource, 'capacity' | 'retentionHours'>;
  /**
   * What applies changes to tables: a function, or, where `spark` is given, a job of Spark.
   * @default one that commits every 30 seconds
   */
  readonly consumer?: ChangeConsumer;
  /**
   * E-mail addresses that are told of alarms. Each must confirm its subscription once.
   * @default none: the topic is there for others to subscribe to
   */
  readonly emails?: readonly string[];
  /**
   * Another Iceberg REST catalog that holds the tables than Glue's own.
   * @default Glue's, in the account and region of the stack
   */
  readonly icebergCatalog?: IcebergCatalog;
  /**
   * Zip of the native runtime (DuckDB and its extensions) for `architecture`, as `ingot runtime` writes it.
   * @default `.ingot/runtime/<architecture>.zip` in the folder where synth runs
   */
  readonly runtime?: string;
  /**
   * Zip of the package of Spark's jobs for the application's processor, as `ingot runtime --spark` writes it. Only where
   * `spark` is given.
   * @default `spark-<architecture>.zip` beside `runtime`
   */
  readonly sparkPackage?: string;
  /**
   * Processor of every function.
   * @default arm64
   */
  readonly architecture?: Architecture;
  /**
   * Where the functions run that do not reach the database, inside a VPC of yours: they call Glue, Kinesis, AWS DMS and Lambda.
   * @default in none
   */
  readonly network?: FunctionNetwork;
  /**
   * Days that logs are kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /** When alarms ring. */
  readonly alarms?: ChangeAlarmThresholds;
  /**
   * What happens to stream, secret, dead letters, logs and keys that leave the stack. `delete` needs the context flag
   * `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them.
   * @default none of them
   */
  readonly compliance?: Compliance;
  /**
   * A bucket elsewhere that dead letters are copied to. Must be given where compliance is `regulated`, and a function
   * applies changes.
   * @default none
   */
  readonly deadLetterReplica?: Replica;
}

export interface ChangeConsumer extends FunctionConsumer {
  /**
   * How the job applies changes, where `spark` is given. Of the rest only `memoryMb` is said then, of the function that
   * takes commands.
   * @default every 30 seconds, with 4 executors at most
   */
  readonly spark?: Pick<JobConsumer, 'batchSeconds' | 'executors' | 'scheduled' | 'paused'>;
}

/** When alarms ring. `false` leaves an alarm out. */
export interface ChangeAlarmThresholds {
  /**
   * Minutes that what is applied may be behind what is in the stream; and that a job of Spark may say nothing, 15 at least.
   * @default 15
   */
  readonly behindMinutes?: number | false;
  /**
   * Keys of a table that may differ from the source's.
   * @default 0
   */
  readonly driftKeys?: number | false;
  /**
   * Changes in five minutes that may be not what the contract says.
   * @default 0
   */
  readonly refusedChanges?: number | false;
}
