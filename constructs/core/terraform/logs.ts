import { CloudwatchLogGroup, CloudwatchLogMetricFilter } from './aws';
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

export const renderMetricFilter: Renderer<'metricFilter'> = (scope, node) => {
  const filter = new CloudwatchLogMetricFilter(scope, node.id, {
    name: node.name,
    logGroupName: node.logGroupName,
    pattern: node.pattern,
    metricTransformation: { namespace: node.namespace, name: node.metric, value: '1', defaultValue: '0' },
  });
  return { name: filter.name };
};
