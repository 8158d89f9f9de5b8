import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderLogGroup: Renderer<'logGroup'> = (scope, node) => {
  const logGroup = new CfnLogGroup(scope, node.id, {
    logGroupName: node.name,
    retentionInDays: node.retentionDays,
    kmsKeyId: node.keyArn,
  });
  applyRemoval(logGroup, node.removal);
  return { arn: logGroup.attrArn, name: logGroup.ref };
};
