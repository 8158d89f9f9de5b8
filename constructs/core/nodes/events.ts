import type { Text } from '../text';
import type { NodeBase } from './common';

/** EventBridge rule on the default bus with one target. Attributes: `arn`. */
export interface EventRuleNode extends NodeBase {
  readonly kind: 'eventRule';
  readonly name: string;
  readonly description: string;
  readonly pattern: unknown;
  readonly targetArn: Text;
  /** Who starts the target, where it is a state machine; a function, queue or topic says itself who may. */
  readonly roleArn?: Text;
  readonly deadLetterArn?: Text;
}

/** EventBridge Scheduler schedule. Attributes: `arn`. */
export interface ScheduleNode extends NodeBase {
  readonly kind: 'schedule';
  readonly name: string;
  readonly description: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly targetArn: Text;
  readonly roleArn: Text;
  readonly keyArn: Text;
  /** JSON sent to the target. */
  readonly input: unknown;
  readonly deadLetterArn?: Text;
}
