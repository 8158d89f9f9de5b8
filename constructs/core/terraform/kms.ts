import { policyDocument } from '../policy';
import { KmsAlias, KmsKey } from './aws';
import { lifecycle } from './removal';
import type { Renderer } from './render';

export const renderKey: Renderer<'key'> = (scope, node) => {
  const key = new KmsKey(scope, node.id, {
    description: node.description,
    enableKeyRotation: true,
    policy: JSON.stringify(policyDocument(node.policy)),
    lifecycle: lifecycle(node.removal),
  });
  new KmsAlias(scope, `${node.id}Alias`, { name: node.alias, targetKeyId: key.id });
  return { arn: key.arn, id: key.keyId };
};
