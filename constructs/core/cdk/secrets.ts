import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { acknowledge } from './acknowledge';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderSecret: Renderer<'secret'> = (scope, node) => {
  const secret = new CfnSecret(scope, node.id, { description: node.description, kmsKeyId: node.keyArn });
  applyRemoval(secret, node.removal);
  acknowledge(secret, node.exceptions);
  return { arn: secret.ref };
};
