import type { Text } from '../text';
import type { NodeBase } from './common';
import type { Architecture } from './lambda';

/** EMR Serverless application that runs Spark. Attributes: `id`, `arn`. */
export interface SparkApplicationNode extends NodeBase {
  readonly kind: 'sparkApplication';
  readonly name: string;
  /** For example `emr-spark-8.0.0`. */
  readonly release: string;
  readonly architecture: Architecture;
  /** What all workers of all its jobs may have together. */
  readonly maximum: WorkerSize;
  /** Of drivers and executors alike: what they cost follows from it. EMR is told by `settings`. */
  readonly worker: WorkerSize;
  /** Workers that are kept ready for as long as it is started. */
  readonly ready: readonly ReadyWorkers[];
  /** Whether a job that is submitted starts it. */
  readonly autoStart: boolean;
  /** Minutes without a job after which it stops. */
  readonly idleMinutes: number | 'never';
  /** Absent: AWS's own network, from which services of the region are reached. */
  readonly network?: { readonly subnetIds: readonly Text[]; readonly securityGroupIds: readonly Text[] };
  /** Its jobs' output. */
  readonly logs: { readonly groupName: Text; readonly streamPrefix: string; readonly types: readonly LogType[] };
  /** Spark's settings, by their names. */
  readonly settings: Readonly<Record<string, Text>>;
}

export interface WorkerSize {
  readonly vcpu: number;
  readonly memoryGb: number;
  readonly diskGb: number;
}

export interface ReadyWorkers {
  readonly role: 'Driver' | 'Executor';
  readonly count: number;
  readonly size: WorkerSize;
}

/** What is written down of a kind of worker. */
export interface LogType {
  readonly worker: 'SPARK_DRIVER' | 'SPARK_EXECUTOR';
  readonly outputs: readonly ('STDERR' | 'STDOUT')[];
}

/** EMR's settings of encryption, metadata and authentication, which clusters refer to. Attributes: `name`. */
export interface EmrSecurityNode extends NodeBase {
  readonly kind: 'emrSecurity';
  /** In EMR's own words. */
  readonly configuration: unknown;
}

/** EMR cluster on EC2 that runs Spark, without task nodes. Attributes: `id`. */
export interface EmrClusterNode extends NodeBase {
  readonly kind: 'emrCluster';
  readonly name: string;
  /** For example `emr-spark-8.0.0`. */
  readonly release: string;
  readonly applications: readonly string[];
  readonly instances:
    | { readonly primaryGroup: InstanceGroup; readonly coreGroup: InstanceGroup }
    | { readonly primaryFleet: InstanceFleet; readonly coreFleet: InstanceFleet };
  readonly managedScaling?: {
    readonly unit: 'Instances' | 'InstanceFleetUnits';
    readonly min: number;
    readonly max: number;
    readonly maxCore: number;
    readonly maxOnDemand: number;
  };
  readonly subnetIds: readonly Text[];
  readonly securityGroups: { readonly primary: Text; readonly workers: Text; readonly service: Text };
  readonly serviceRoleArn: Text;
  readonly instanceProfile: Text;
  /** Only where instance groups follow rules. */
  readonly scalingRoleArn?: Text;
  readonly security: Text;
  readonly kerberos?: { readonly realm: string; readonly passwordSecret: string };
  readonly stepsAtOnce: number;
  readonly idleMinutes: number | 'never';
  readonly bootstrap: readonly {
    readonly name: string;
    readonly script: Text;
    readonly arguments: readonly string[];
  }[];
  /** `s3://…/`. */
  readonly logs: { readonly uri: Text; readonly keyArn?: Text };
  /** Settings by their names, by classification. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, Text>>>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Rules of auditors that it cannot meet, by their exact ids. */
  readonly exceptions: readonly { readonly rule: string; readonly reason: string }[];
}

/** Task nodes of a cluster, all of one type, on demand. Attributes: `id`. */
export interface EmrTaskGroupNode extends NodeBase {
  readonly kind: 'emrTaskGroup';
  readonly clusterId: Text;
  readonly group: InstanceGroup;
  /** Rules of auditors that it cannot meet, by their exact ids. */
  readonly exceptions: readonly { readonly rule: string; readonly reason: string }[];
}

/** Task nodes of a cluster, of several types. Attributes: `id`. */
export interface EmrTaskFleetNode extends NodeBase {
  readonly kind: 'emrTaskFleet';
  readonly clusterId: Text;
  readonly fleet: InstanceFleet;
}

export interface InstanceGroup {
  readonly name: string;
  readonly instanceType: string;
  readonly count: number;
  readonly disk: NodeDisk;
  readonly rules?: GroupScaling;
}

export interface InstanceFleet {
  readonly name: string;
  /** Each counts as one. */
  readonly instanceTypes: readonly string[];
  readonly disk: NodeDisk;
  readonly onDemand: { readonly count: number; readonly allocation: 'lowest-price' };
  /** Absent: none is on Spot. */
  readonly spot?: {
    readonly count: number;
    readonly allocation: string;
    readonly waitMinutes: number;
    readonly thereafter: 'SWITCH_TO_ON_DEMAND' | 'TERMINATE_CLUSTER';
  };
}

export interface NodeDisk {
  readonly type: 'gp3';
  readonly gb: number;
}

/** Rules on metrics, by which a group of instances grows and shrinks. */
export interface GroupScaling {
  readonly min: number;
  readonly max: number;
  readonly rules: readonly {
    readonly name: string;
    readonly description: string;
    readonly addNodes: number;
    readonly coolDownSeconds: number;
    readonly metric: string;
    readonly unit: 'PERCENT' | 'COUNT';
    readonly comparison: 'LESS_THAN' | 'GREATER_THAN';
    readonly threshold: number;
    readonly periods: number;
    readonly periodSeconds: number;
    /** What EMR puts the cluster's id in the place of. */
    readonly cluster: string;
  }[];
}
