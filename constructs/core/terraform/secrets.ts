import { SecretsmanagerSecret } from './aws';
import { lifecycle } from './removal';
import type { Renderer } from './render';

export const renderSecret: Renderer<'secret'> = (scope, node) => {
  const secret = new SecretsmanagerSecret(scope, node.id, {
    description: node.description,
    kmsKeyId: node.keyArn,
    lifecycle: lifecycle(node.removal),
  });
  return { arn: secret.arn };
};
