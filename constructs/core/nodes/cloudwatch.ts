import type { Text } from '../text';
import type { NodeBase } from './common';

/** CloudWatch alarm. Attributes: `arn`. */
export interface AlarmNode extends NodeBase {
  readonly kind: 'alarm';
  readonly name: string;
  readonly description: string;
  readonly metrics: readonly AlarmMetric[];
  readonly comparison: 'GreaterThanThreshold' | 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold';
  readonly threshold: number;
  readonly periods: number;
  readonly periodsToAlarm: number;
  readonly missingData: 'breaching' | 'notBreaching' | 'ignore' | 'missing';
  readonly actions: readonly Text[];
}

/** One metric, or an expression over the others; exactly one of an alarm's returns data. */
export type AlarmMetric =
  | {
      readonly id: string;
      readonly returns: boolean;
      readonly namespace: string;
      readonly name: string;
      readonly dimensions: Readonly<Record<string, Text>>;
      readonly statistic: string;
      readonly periodSeconds: number;
    }
  | { readonly id: string; readonly returns: boolean; readonly expression: string; readonly label: string };
