import { CfnLogGroup, CfnMetricFilter } from 'aws-cdk-lib/aws-logs';
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

export const renderMetricFilter: Renderer<'metricFilter'> = (scope, node) => {
  const filter = new CfnMetricFilter(scope, node.id, {
    filterName: node.name,
    logGroupName: node.logGroupName,
    filterPattern: node.pattern,
    metricTransformations: [
      { metricNamespace: node.namespace, metricName: node.metric, metricValue: '1', defaultValue: 0 },
    ],
  });
  return { name: filter.ref };
};
