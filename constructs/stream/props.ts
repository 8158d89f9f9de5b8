import type { Manifest } from '../../lib/platform/manifest';
import type { Compliance, FunctionNetwork } from '../core/compliance';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Architecture, Removal } from '../core/nodes';
import type { Replica } from '../lake/props';

/** What may be said of an event stream, whichever engine makes it. Each engine adds its own references to what exists. */
export interface EventStreamDeclaration {
  /** Its platform, as `loadPlatform` or `definePlatform` give it: contracts of its events, its windows. */
  readonly manifest: Manifest;
  /** Its name in the manifest. */
  readonly stream: string;
  /**
   * Where its events come from.
   * @default a Kinesis stream that is made here, on demand
   */
  readonly source?: KinesisSource | KafkaSource;
  /**
   * How its events get into bronze, as they are: with Firehose. `false`: they do not.
   * @default by source and day of arrival, in the format of the contract's server
   */
  readonly bronze?: BronzeDelivery | false;
  /**
   * What validates its events and writes them into tables and windows: a function, or, where `spark` is given, a job of
   * Spark. `false`: there is none.
   * @default one that commits every 30 seconds
   */
  readonly consumer?: ConsumerDeclaration | false;
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
   * Where the functions run inside a VPC of yours. With a database they run in its network.
   * @default in none
   */
  readonly network?: FunctionNetwork;
  /**
   * Days that logs are kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /** When alarms ring. */
  readonly alarms?: StreamAlarmThresholds;
  /**
   * What happens to the stream, what has stopped, dead letters, logs and keys that leave the stack. `delete` needs the
   * context flag `ingot:allow-data-deletion=true` as well.
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
   * consumes the stream.
   * @default none
   */
  readonly deadLetterReplica?: Replica;
}

/** A stream of Kinesis that is made here. */
export interface KinesisSource {
  readonly kind: 'kinesis';
  /**
   * As many shards as it needs, or so many: a shard takes 1 MB and 1,000 records a second.
   * @default onDemand
   */
  readonly capacity?: 'onDemand' | { readonly shards: number };
  /**
   * Hours that records are kept, 24 to 8760.
   * @default 168
   */
  readonly retentionHours?: number;
  /**
   * Whether the consumer gets throughput of its own (enhanced fan-out), where others read the stream too. Costs by shard
   * and hour, and by GB.
   * @default false
   */
  readonly fanOut?: boolean;
}

/** A topic of a cluster of Amazon MSK, with IAM authentication. */
export interface KafkaSource {
  readonly kind: 'kafka';
  readonly clusterArn: string;
  readonly topic: string;
  /**
   * Consumer group of the function.
   * @default `<platform>-<stream>`
   */
  readonly consumerGroup?: string;
  /**
   * How Firehose reaches the cluster. The cluster's policy must let it.
   * @default PRIVATE
   */
  readonly connectivity?: 'PRIVATE' | 'PUBLIC';
  /**
   * Its brokers for clients with IAM, `host:9098`, separated by commas, as `GetBootstrapBrokers` says them. Must be given
   * where `spark` consumes it; a function is told by the cluster.
   * @default none
   */
  readonly brokers?: string;
}

export interface BronzeDelivery {
  /**
   * Field of an event that says where it comes from; its values are parts of a prefix (dynamic partitioning, which costs
   * by GB and object).
   * @default none: the source is the stream's name
   */
  readonly sourceField?: string;
  /**
   * MB that are gathered, 64 to 128.
   * @default 128
   */
  readonly bufferMb?: number;
  /**
   * Seconds that are waited at most, 60 to 900.
   * @default 300
   */
  readonly bufferSeconds?: number;
}

export interface ConsumerDeclaration extends FunctionConsumer {
  /**
   * How the job consumes, where `spark` is given. Of the rest only `memoryMb` is said then, of the functions that release
   * and replay.
   * @default every 30 seconds, with 4 executors at most
   */
  readonly spark?: JobConsumer;
}

/** A job of Spark that never ends. */
export interface JobConsumer {
  /**
   * Seconds between the beginnings of two batches, where there is something to read, 1 to 3600: each batch is a commit.
   * @default 30
   */
  readonly batchSeconds?: number;
  /**
   * Records of a batch of Kafka at most; one of Kinesis has what came in its time.
   * @default 1000000
   */
  readonly batchRecords?: number;
  /**
   * Executors that it has at once at most. With its driver they are workers of the application, whose `maxWorkers` they
   * count against.
   * @default 4
   */
  readonly executors?: number;
  /**
   * Whether a schedule sees every five minutes that it is at work. With false its state machine starts it only by hand.
   * @default true
   */
  readonly scheduled?: boolean;
  /**
   * Whether it is stopped, and stays so: its state machine cancels it and starts none. Before its application is changed or
   * taken away, or the stream is, which nothing else stops a job for. What arrives meanwhile waits where it comes from.
   * @default false
   */
  readonly paused?: boolean;
  /**
   * Files with Spark's connector to Kafka and all that it needs, as `s3://…` where the job may read. There is no way to
   * Maven Central.
   * @default none: EMR brings the connector to Kinesis, and none to Kafka
   */
  readonly jars?: readonly string[];
}

/** A function that gets records of each shard. */
export interface FunctionConsumer {
  /**
   * Records of a batch at most, 1 to 10000.
   * @default 10000
   */
  readonly batchSize?: number;
  /**
   * Seconds that a batch is gathered for, 0 to 300: each batch of each shard is a commit.
   * @default 30
   */
  readonly batchSeconds?: number;
  /**
   * Hours after which a record that can't be applied is given up on, and kept with the dead letters. Less than it is
   * kept in the stream.
   * @default 6
   */
  readonly maxAgeHours?: number;
  /**
   * Memory of the functions, in MB: 512 to 10240. 1,769 MB are one core.
   * @default 2048
   */
  readonly memoryMb?: number;
  /**
   * Days that dead letters are kept.
   * @default 90
   */
  readonly deadLetterDays?: number;
}

/** When alarms ring. `false` leaves an alarm out. */
export interface StreamAlarmThresholds {
  /**
   * Minutes that the consumer may be behind; and that a job of Spark may say nothing, 15 at least.
   * @default 15
   */
  readonly behindMinutes?: number | false;
  /**
   * Percent of a window's events that may come too late.
   * @default 5
   */
  readonly latePercent?: number | false;
}
