import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmMetric } from '../nodes';
import type { Resolved } from '../text';
import type { Renderer } from './render';

export const renderAlarm: Renderer<'alarm'> = (scope, node) => {
  const alarm = new CfnAlarm(scope, node.id, {
    alarmName: node.name,
    alarmDescription: node.description,
    metrics: node.metrics.map(metricQuery),
    comparisonOperator: node.comparison,
    threshold: node.threshold,
    evaluationPeriods: node.periods,
    datapointsToAlarm: node.periodsToAlarm,
    treatMissingData: node.missingData,
    alarmActions: [...node.actions],
  });
  return { arn: alarm.attrArn };
};

function metricQuery(metric: Resolved<AlarmMetric>): CfnAlarm.MetricDataQueryProperty {
  if ('expression' in metric)
    return { id: metric.id, returnData: metric.returns, expression: metric.expression, label: metric.label };
  return {
    id: metric.id,
    returnData: metric.returns,
    metricStat: {
      stat: metric.statistic,
      period: metric.periodSeconds,
      metric: {
        namespace: metric.namespace,
        metricName: metric.name,
        dimensions: Object.entries(metric.dimensions).map(([name, value]) => ({ name, value })),
      },
    },
  };
}
