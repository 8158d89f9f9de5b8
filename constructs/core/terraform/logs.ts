import { CloudwatchLogGroup } from './aws';
import { lifecycle } from './removal';
import type { Renderer } from './render';

export const renderLogGroup: Renderer<'logGroup'> = (scope, node) => {
  const logGroup = new CloudwatchLogGroup(scope, node.id, {
    name: node.name,
    retentionInDays: node.retentionDays,
    kmsKeyId: node.keyArn,
    lifecycle: lifecycle(node.removal),
  });
  return { arn: `${logGroup.arn}:*`, name: logGroup.name };
};
