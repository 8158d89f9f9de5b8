import type { Compliance } from '../../core/compliance';
import type { IcebergCatalog } from '../../core/iceberg-catalog';
import type { Removal } from '../../core/nodes';

/** What may be said of an EMR cluster on EC2 that runs Spark, whichever engine makes it. */
export interface EmrClusterDeclaration {
  /** The platform's name: begins every resource's name. */
  readonly name: string;
  /**
   * Release of EMR. Ingot's own Spark code needs Spark 4; it is tested with 4.0.
   * @default emr-spark-8.0.0, which has Spark 4.0.2 and Iceberg 1.10.1
   */
  readonly release?: string;
  /**
   * A zip of certificates (`privateKey.pem`, `certificateChain.pem`) for what nodes send to each other, for example
   * `s3://aviation-certificates/emr.zip`. EMR makes none of its own.
   */
  readonly certificates: string;
  /**
   * `fleets`: several types of instances for each kind of node, in whichever of the subnets has them, on Spot with an
   * allocation strategy. `groups`: one type for each kind, in the first subnet; only these follow rules of your own.
   * @default fleets; groups where `scaling` has rules
   */
  readonly capacity?: 'fleets' | 'groups';
  /** The one node that leads. */
  readonly primary?: ClusterNodes;
  /** Nodes that compute and hold HDFS, always on demand. */
  readonly core?: CountedNodes;
  /**
   * Nodes that only compute: on Spot where capacity is `fleets`, on demand where it is `groups`.
   * @default none: the cluster grows by core nodes
   */
  readonly task?: TaskNodes;
  /**
   * How the cluster grows and shrinks: managed by EMR between two sizes, by rules of your own, or not at all.
   * @default managed, from 2 to 10 nodes
   */
  readonly scaling?: ManagedScaling | RuleScaling | false;
  /**
   * Who logs in how. `kerberos`: a KDC on the primary node; whoever speaks to the cluster needs a principal of its realm.
   * `none`: nobody does, as there is no SSH key, and no way in from outside of the cluster.
   * @default none; where compliance is `regulated` it must be kerberos
   */
  readonly authentication?: { readonly kerberos: Kerberos } | 'none';
  /**
   * Steps that run at once, 1 to 256. A pipeline adds up to three at once, and what waits for its turn has less of the 370
   * minutes that a step may take.
   * @default 3 where EMR manages scaling and may have more than 3 nodes, else 1: drivers could leave no room for executors
   */
  readonly stepsAtOnce?: number;
  /**
   * Minutes without work after which the cluster ends for good, 1 to 10,080. A stack does not begin it anew: say it where
   * something else makes clusters when they are needed. The alarm on idleness rings in any case.
   * @default false: it ends with its stack
   */
  readonly idleMinutes?: number | false;
  /**
   * Scripts that every node runs before it takes work, in this order.
   * @default none
   */
  readonly bootstrap?: readonly BootstrapAction[];
  /**
   * Settings of Spark that are added to those of Ingot, or take their place, by their names. No secret may stand here:
   * whoever may look at the cluster sees them.
   * @default none
   */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Where the tables' catalog answers.
   * @default that of Glue, in the account and region of the stack
   */
  readonly icebergCatalog?: IcebergCatalog;
  /** When alarms ring. `false` leaves an alarm out. */
  readonly alarms?: ClusterAlarms;
  /**
   * E-mail addresses that alarms are sent to. Only where no topic is given.
   * @default none: the topic is there for others to subscribe to
   */
  readonly emails?: readonly string[];
  /**
   * What happens to the key when it leaves the stack. The cluster itself holds nothing that lasts. `delete` needs the
   * context flag `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them: Kerberos.
   * @default none of them
   */
  readonly compliance?: Compliance;
}

export interface ClusterNodes {
  /**
   * Types of EC2 instances, the preferred ones first; one where capacity is `groups`. All of one processor: what is
   * compiled for one does not run on another.
   * @default m7g.xlarge, and others of its size where capacity is `fleets`
   */
  readonly instanceTypes?: readonly string[];
  /**
   * Disk of each node in GB, 10 to 16,384.
   * @default 64
   */
  readonly diskGb?: number;
}

export interface CountedNodes extends ClusterNodes {
  /**
   * How many there are at first.
   * @default 2
   */
  readonly count?: number;
}

export interface TaskNodes extends ClusterNodes {
  /**
   * How many there are at first.
   * @default 1
   */
  readonly count?: number;
  /**
   * Which Spot capacity is taken. Only where capacity is `fleets`.
   * @default price-capacity-optimized
   */
  readonly allocation?: SpotAllocation;
  /**
   * What happens where Spot has no capacity for `spotMinutes` when the cluster begins. Only where capacity is `fleets`.
   * @default on-demand
   */
  readonly fallback?: 'on-demand' | 'terminate';
  /**
   * Minutes that Spot capacity is waited for, 5 to 1,440.
   * @default 10
   */
  readonly spotMinutes?: number;
}

export const spotAllocations = [
  'capacity-optimized',
  'capacity-optimized-prioritized',
  'diversified',
  'lowest-price',
  'price-capacity-optimized',
] as const;
export type SpotAllocation = (typeof spotAllocations)[number];

/** EMR watches the load and adds or takes nodes between two sizes, primary node not counted. */
export interface ManagedScaling {
  /** @default 2 */
  readonly min?: number;
  /** @default 10 */
  readonly max?: number;
  /**
   * Nodes that are on demand, at most: all others are on Spot.
   * @default as many as there are core nodes at first, where task nodes are on Spot; else max
   */
  readonly maxOnDemand?: number;
}

/** Rules on metrics of the cluster. They grow and shrink the task nodes, or the core nodes where there are none. */
export interface RuleScaling {
  readonly rules: readonly ScalingRule[];
  /** @default 2 for core nodes, 0 for task nodes */
  readonly min?: number;
  /** @default 10 */
  readonly max?: number;
}

/** For example `{ name: 'memory', metric: 'YARNMemoryAvailablePercentage', below: 15, addNodes: 2 }`. */
export interface ScalingRule {
  readonly name: string;
  /** A metric of CloudWatch's namespace AWS/ElasticMapReduce. */
  readonly metric: string;
  /** Rings when the metric's average is below. Either this or `above`. */
  readonly below?: number;
  /** Rings when the metric's average is above. */
  readonly above?: number;
  /** How many nodes are added; below 0: taken. */
  readonly addNodes: number;
  /**
   * Seconds after a change in which no other follows.
   * @default 300
   */
  readonly coolDownSeconds?: number;
  /**
   * Periods of five minutes, one after another, in which it must hold.
   * @default 1
   */
  readonly periods?: number;
}

export interface Kerberos {
  /** @default EC2.INTERNAL */
  readonly realm?: string;
  /**
   * Name or ARN of a secret of Secrets Manager, whose text is the password of the KDC's administrator. CloudFormation
   * reads it at deploy; Terraform reads it at plan and keeps it in its state.
   */
  readonly passwordSecret: string;
  /**
   * Hours that a ticket is valid.
   * @default 24
   */
  readonly ticketHours?: number;
}

export interface BootstrapAction {
  readonly name: string;
  /** A script on this machine, which is deployed, or one in S3: `s3://aviation-scripts/agent.sh`. */
  readonly script: string;
  /** @default none */
  readonly arguments?: readonly string[];
}

export interface ClusterAlarms {
  /**
   * Minutes without work, in steps of five.
   * @default 60
   */
  readonly idleMinutes?: number | false;
  /**
   * Applications that failed within five minutes.
   * @default 1
   */
  readonly failedApplications?: number | false;
  /**
   * Percent of HDFS that is in use.
   * @default 80
   */
  readonly hdfsPercent?: number | false;
  /**
   * Percent of YARN's memory that is free, for a quarter of an hour.
   * @default 10
   */
  readonly memoryPercent?: number | false;
}
