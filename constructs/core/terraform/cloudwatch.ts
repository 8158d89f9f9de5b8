import type { AlarmMetric } from '../nodes';
import type { Resolved } from '../text';
import { CloudwatchMetricAlarm } from './aws';
import type { Renderer } from './render';

export const renderAlarm: Renderer<'alarm'> = (scope, node) => {
  const alarm = new CloudwatchMetricAlarm(scope, node.id, {
    alarmName: node.name,
    alarmDescription: node.description,
    metricQuery: node.metrics.map(metricQuery),
    comparisonOperator: node.comparison,
    threshold: node.threshold,
    evaluationPeriods: node.periods,
    datapointsToAlarm: node.periodsToAlarm,
    treatMissingData: node.missingData,
    alarmActions: [...node.actions],
  });
  return { arn: alarm.arn };
};

function metricQuery(metric: Resolved<AlarmMetric>) {
  if ('expression' in metric)
    return { id: metric.id, returnData: metric.returns, expression: metric.expression, label: metric.label };
  return {
    id: metric.id,
    returnData: metric.returns,
    metric: {
      stat: metric.statistic,
      period: metric.periodSeconds,
      namespace: metric.namespace,
      metricName: metric.name,
      dimensions: metric.dimensions,
    },
  };
}
