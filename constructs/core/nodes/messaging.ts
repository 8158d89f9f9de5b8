import type { Text } from '../text';
import type { NodeBase, Statement } from './common';

/** SQS queue. Attributes: `arn`, `name`, `url`. */
export interface QueueNode extends NodeBase {
  readonly kind: 'queue';
  readonly name: string;
  readonly keyArn: Text;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly redrive?: { readonly queueArn: Text; readonly maxReceives: number };
  /** Statements with the resource left empty speak of this queue. */
  readonly policy: readonly Statement[];
  /** Rules of cdk-nag that do not hold for it, and why. */
  readonly exceptions?: readonly { readonly rule: string; readonly reason: string }[];
}

/** SNS topic. Attributes: `arn`, `name`. */
export interface TopicNode extends NodeBase {
  readonly kind: 'topic';
  readonly name: string;
  readonly keyArn: Text;
  /** Statements with the resource left empty speak of this topic. */
  readonly policy: readonly Statement[];
}

export interface SubscriptionNode extends NodeBase {
  readonly kind: 'subscription';
  readonly topicArn: Text;
  readonly protocol: 'email' | 'https' | 'sqs' | 'lambda';
  readonly endpoint: Text;
}
