import type { Text } from '../text';
import type { NodeBase } from './common';

/**
 * A call of a function at deploy, made again whenever its input changes, and told when it goes: a custom resource, or
 * `aws_lambda_invocation`. Attributes: `id`.
 */
export interface InvocationNode extends NodeBase {
  readonly kind: 'invocation';
  /** What CloudFormation calls the resource: `Custom::Ingot…`. */
  readonly resourceType: `Custom::${string}`;
  readonly functionArn: Text;
  readonly functionName: Text;
  /** How long CloudFormation waits for an answer: a function that dies says nothing. Terraform waits for its call. */
  readonly timeoutSeconds: number;
  /** What the function is told; its texts may be known only at deploy. Texts, lists and groups: CloudFormation makes texts of all else. */
  readonly input: Readonly<Record<string, unknown>>;
}
