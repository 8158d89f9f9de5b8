import { field, flag, json, map, names, number, object, type Service, same, set, tags } from '../kind';

const dimensions = map('Name', 'Value');

const query = {
  id: same(),
  account: field('AccountId', 'account_id'),
  expression: same(),
  label: same(),
  period: field(['Period', 'MetricStat.Period'], ['period', 'metric.period'], (value) =>
    Number(Object.values(value as object)[0]),
  ),
  returnData: same(flag, false),
  metric: field('MetricStat.Metric.MetricName', 'metric.metric_name'),
  namespace: field('MetricStat.Metric.Namespace', 'metric.namespace'),
  dimensions: field('MetricStat.Metric.Dimensions', 'metric.dimensions', dimensions),
  statistic: field('MetricStat.Stat', 'metric.stat'),
  unit: field('MetricStat.Unit', 'metric.unit'),
};

const actions = {
  alarmActions: same(set()),
  okActions: field('OKActions', 'ok_actions', set()),
  insufficientDataActions: same(set()),
  actionsEnabled: same(flag, true),
};

export const cloudwatch: Service = {
  kinds: [
    {
      kind: 'cloudwatch.alarm',
      cloudformation: 'AWS::CloudWatch::Alarm',
      terraform: 'aws_cloudwatch_metric_alarm',
      attributes: { name: names('Ref', ['id', 'alarm_name']), arn: names('Arn', 'arn') },
      properties: {
        name: field('AlarmName', 'alarm_name'),
        description: field('AlarmDescription', 'alarm_description'),
        comparison: field('ComparisonOperator', 'comparison_operator'),
        threshold: same(number),
        thresholdMetric: field('ThresholdMetricId', 'threshold_metric_id'),
        evaluationPeriods: same(number),
        datapointsToAlarm: field('DatapointsToAlarm', 'datapoints_to_alarm', number),
        missingData: field('TreatMissingData', 'treat_missing_data', undefined, 'missing'),
        lowSamples: field('EvaluateLowSampleCountPercentile', 'evaluate_low_sample_count_percentiles'),
        metric: field('MetricName', 'metric_name'),
        namespace: same(),
        statistic: same(),
        extendedStatistic: same(),
        period: same(number),
        unit: same(),
        dimensions: same(dimensions),
        metrics: field('Metrics', 'metric_query', set(object(query))),
        ...actions,
        tags: same(tags),
      },
    },
    {
      kind: 'cloudwatch.compositeAlarm',
      cloudformation: 'AWS::CloudWatch::CompositeAlarm',
      terraform: 'aws_cloudwatch_composite_alarm',
      attributes: { name: names('Ref', ['id', 'alarm_name']), arn: names('Arn', 'arn') },
      properties: {
        name: field('AlarmName', 'alarm_name'),
        description: field('AlarmDescription', 'alarm_description'),
        rule: field('AlarmRule', 'alarm_rule'),
        ...actions,
        suppressor: field('ActionsSuppressor', 'actions_suppressor.alarm'),
        tags: same(tags),
      },
    },
    {
      kind: 'cloudwatch.dashboard',
      cloudformation: 'AWS::CloudWatch::Dashboard',
      terraform: 'aws_cloudwatch_dashboard',
      attributes: { name: names('Ref', ['id', 'dashboard_name']), arn: names(undefined, 'dashboard_arn') },
      properties: {
        name: field('DashboardName', 'dashboard_name'),
        body: field('DashboardBody', 'dashboard_body', json),
      },
    },
  ],
};
