import type { Text } from '../text';
import type { NodeBase } from './common';

/** Environment of Amazon MWAA, whose web server only its VPC reaches. Attributes: `arn`, `webserver`. */
export interface AirflowEnvironmentNode extends NodeBase {
  readonly kind: 'airflowEnvironment';
  readonly name: string;
  /** For example `3.0.6`. */
  readonly version: string;
  /** For example `mw1.small`. */
  readonly size: string;
  readonly workers: { readonly min: number; readonly max: number };
  readonly schedulers: number;
  readonly bucketArn: Text;
  /** Folder of DAGs in the bucket. */
  readonly dags: string;
  readonly requirements?: string;
  readonly roleArn: Text;
  readonly keyArn: Text;
  readonly subnetIds: readonly Text[];
  readonly securityGroupIds: readonly Text[];
  /** What is written down, by who writes it. */
  readonly logs: Readonly<Record<AirflowLog, 'INFO' | 'WARNING'>>;
  /** Of Airflow's own configuration, by `section.option`. */
  readonly options: Readonly<Record<string, string>>;
  /** `SUN:03:00`, in UTC. */
  readonly maintenance: string;
}

export type AirflowLog = 'dagProcessing' | 'scheduler' | 'task' | 'webserver' | 'worker';
