import type { Text } from '../text';
import type { NodeBase, Removal } from './common';

/** CloudWatch log group. Attributes: `arn` (with the `:*` that policies and Step Functions want), `name`. */
export interface LogGroupNode extends NodeBase {
  readonly kind: 'logGroup';
  readonly name: Text;
  readonly retentionDays: number;
  readonly keyArn: Text;
  readonly removal: Removal;
}

/** Counts lines of a log group in a metric: each that has the pattern is one. Attributes: `name`. */
export interface MetricFilterNode extends NodeBase {
  readonly kind: 'metricFilter';
  readonly name: string;
  readonly logGroupName: Text;
  /** In CloudWatch Logs' filter syntax. */
  readonly pattern: string;
  readonly namespace: string;
  readonly metric: string;
}
