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
