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
