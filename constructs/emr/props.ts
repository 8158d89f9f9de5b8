import type { Compliance } from '../core/compliance';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Architecture, Removal } from '../core/nodes';

/** What may be said of an EMR Serverless application that runs Spark, whichever engine makes it. */
export interface SparkApplicationDeclaration {
  /** The platform's name: begins every resource's name. */
  readonly name: string;
  /**
   * Release of EMR. Ingot's own Spark code needs Spark 4; it is tested with 4.0.
   * @default emr-spark-8.0.0, which has Spark 4.0.2 and Iceberg 1.10.1
   */
  readonly release?: string;
  /** @default arm64 */
  readonly architecture?: Architecture;
  /**
   * Size of every worker, drivers and executors alike.
   * @default 4 processors, 16 GB of memory, 20 GB of disk
   */
  readonly worker?: SparkWorker;
  /**
   * Workers that all jobs together may have at once, drivers included: what they can cost at most follows from it. Jobs that
   * consume streams or changes have theirs at all times, `executors` and a driver each: jobs of tables need some besides, and
   * `spark.dynamicAllocation.maxExecutors` in `settings` keeps each of them to its part.
   * @default 11: a driver and 10 executors
   */
  readonly maxWorkers?: number;
  /**
   * Workers that are kept ready while the application is started, so that a job begins in seconds. They cost as if they
   * worked, until the application stops.
   * @default none
   */
  readonly ready?: ReadySparkWorkers;
  /**
   * Whether a job that is submitted starts the application.
   * @default true
   */
  readonly autoStart?: boolean;
  /**
   * Minutes without a job after which the application stops, 1 to 10,080; false: it stops only by hand.
   * @default 15
   */
  readonly idleMinutes?: number | false;
  /**
   * Ports, beside 443, that workers may connect to from a network of yours: 9098 for a topic of Amazon MSK.
   * @default none
   */
  readonly letsOut?: readonly number[];
  /**
   * Settings of Spark that are added to those of Ingot, or take their place, by their names. No secret may stand here:
   * whoever may look at the application sees them.
   * @default none
   */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Where the tables' catalog answers.
   * @default that of Glue, in the account and region of the stack
   */
  readonly icebergCatalog?: IcebergCatalog;
  /**
   * Days that jobs' output is kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /**
   * What happens to key and logs when they leave the stack. `delete` needs the context flag
   * `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them. A network must be given.
   * @default none of them
   */
  readonly compliance?: Compliance;
}

/** The sizes that EMR Serverless has workers of. */
export interface SparkWorker {
  /** Processors: 1, 2, 4, 8 or 16. */
  readonly vcpu: number;
  /**
   * Memory in GB, what Spark needs outside of its heap included: 2 to 8 GB a processor, but at most 30, 60 and 120 GB for
   * 4, 8 and 16; in steps of 4 GB for 8 processors and of 8 GB for 16.
   */
  readonly memoryGb: number;
  /**
   * Disk in GB for what does not fit into memory, 20 to 200.
   * @default 20, which costs nothing
   */
  readonly diskGb?: number;
}

export interface ReadySparkWorkers {
  /** @default 0 */
  readonly drivers?: number;
  /** @default 0 */
  readonly executors?: number;
}
