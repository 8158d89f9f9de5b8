import { Validations } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderSecret: Renderer<'secret'> = (scope, node) => {
  const secret = new CfnSecret(scope, node.id, { description: node.description, kmsKeyId: node.keyArn });
  applyRemoval(secret, node.removal);
  for (const { rule, reason } of node.exceptions ?? []) Validations.of(secret).acknowledge({ id: rule, reason });
  return { arn: secret.ref };
};
