import { CfnAlarm, type CfnAlarmProps } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmMetric } from '../nodes';
import { onDemand } from '../on-demand';
import type { Resolved } from '../text';
import { lean } from './lean';
import type { Renderer } from './render';
import { fields, flag, list, number, tags, text } from './shape';

const dimensions = list(fields({ name: text, value: text }));

const alarmShape = fields(
  {
    alarmName: text,
    alarmDescription: text,
    comparisonOperator: text,
    threshold: number,
    evaluationPeriods: number,
    datapointsToAlarm: number,
    treatMissingData: text,
    alarmActions: list(text),
  },
  {
    namespace: text,
    metricName: text,
    dimensions,
    statistic: text,
    period: number,
    metrics: list(
      fields(
        { id: text, returnData: flag },
        {
          expression: text,
          label: text,
          metricStat: fields({
            stat: text,
            period: number,
            metric: fields({ namespace: text, metricName: text, dimensions }),
          }),
        },
      ),
    ),
    tags,
  },
);

export const renderAlarm: Renderer<'alarm'> = (scope, node) => {
  const alarm = lean(
    new CfnAlarm(scope, node.id, {
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
    alarmShape,
  );
  return onDemand({ arn: () => alarm.attrArn });
};

/** A metric alone is said flat: without ids, and without a list. */
function metricsOf(metrics: readonly Resolved<AlarmMetric>[]): Partial<CfnAlarmProps> {
  const [only] = metrics;
  if (metrics.length !== 1 || only === undefined || 'expression' in only) return { metrics: metrics.map(metricQuery) };
  const { namespace, name: metricName, statistic, periodSeconds: period } = only;
  return { namespace, metricName, dimensions: dimensionsOf(only.dimensions), statistic, period };
}

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
        dimensions: dimensionsOf(metric.dimensions),
      },
    },
  };
}

const dimensionsOf = (dimensions: Readonly<Record<string, string>>): CfnAlarm.DimensionProperty[] =>
  Object.entries(dimensions).map(([name, value]) => ({ name, value }));
