import { CfnAlias, CfnKey } from 'aws-cdk-lib/aws-kms';
import { policyDocument } from '../policy';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderKey: Renderer<'key'> = (scope, node) => {
  const key = new CfnKey(scope, node.id, {
    description: node.description,
    enableKeyRotation: true,
    keyPolicy: policyDocument(node.policy),
  });
  applyRemoval(key, node.removal);
  new CfnAlias(scope, `${node.id}Alias`, { aliasName: node.alias, targetKeyId: key.ref });
  return { arn: key.attrArn, id: key.ref };
};
