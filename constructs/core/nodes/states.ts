import type { Text } from '../text';
import type { NodeBase } from './common';

/** Step Functions state machine (standard). Attributes: `arn`, `name`. Traced by X-Ray, all events logged. */
export interface StateMachineNode extends NodeBase {
  readonly kind: 'stateMachine';
  readonly name: string;
  readonly roleArn: Text;
  /** Amazon States Language. */
  readonly definition: unknown;
  readonly logGroupArn: Text;
}
