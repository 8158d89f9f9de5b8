import type { AlarmMetric } from '../nodes';
import { onDemand } from '../on-demand';
import type { Resolved } from '../text';
import { CloudwatchMetricAlarm, type CloudwatchMetricAlarmConfig } from './aws';
import { lean } from './lean';
import type { Renderer } from './render';

export const renderAlarm: Renderer<'alarm'> = (scope, node) => {
  const alarm = lean(
    new CloudwatchMetricAlarm(scope, node.id, {
      alarmName: node.name,
      alarmDescription: node.description,
      ...metricsOf(node.metrics),
      comparisonOperator: node.comparison,
      threshold: node.threshold,
      evaluationPeriods: node.periods,
      datapointsToAlarm: node.periodsToAlarm,
      treatMissingData: node.missingData,
      alarmActions: [...node.actions],
    }),
  );
  return onDemand({ arn: () => alarm.arn });
};

/** A metric alone is said flat: without ids, and without a list. */
function metricsOf(metrics: readonly Resolved<AlarmMetric>[]): Partial<CloudwatchMetricAlarmConfig> {
  const [only] = metrics;
  if (metrics.length !== 1 || only === undefined || 'expression' in only)
    return { metricQuery: metrics.map(metricQuery) };
  const { namespace, name: metricName, statistic, periodSeconds: period, dimensions } = only;
  return { namespace, metricName, dimensions, statistic, period };
}

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
