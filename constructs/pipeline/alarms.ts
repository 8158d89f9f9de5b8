import type { Dataset } from '../../lib/contract/dataset';
import type { Group, Manifest } from '../../lib/platform/manifest';
import { metricNames, metricNamespace } from '../../lib/publish/metrics';
import { atFirst } from '../core/alarm';
import { pascal } from '../core/names';
import type { AlarmMetric, AlarmNode } from '../core/nodes';
import type { Text } from '../core/text';
import type { AlarmThresholds } from './props';

const day = 86_400;
const hour = 3_600;

/**
 * Alarms of a group: its runs, and each of its tables.
 *
 * @param loads whether it has a table with files that DuckDB loads
 */
export function groupAlarms(
  manifest: Manifest,
  group: Group,
  datasets: readonly Dataset[],
  machineArn: Text,
  thresholds: Required<AlarmThresholds>,
  notices: Text,
  loads: boolean,
): AlarmNode[] {
  const begin = `${pascal(group.name)}`;
  const named = (id: string, name: string, description: string) => ({
    kind: 'alarm' as const,
    id: `${begin}${id}Alarm`,
    name: `${manifest.name}-${group.name}-${name}`,
    description: `${description} Platform ${manifest.name}, group ${group.name}.`,
    actions: [notices],
  });
  const ofRuns = (id: string, name: string): AlarmMetric => ({
    id,
    returns: false,
    namespace: 'AWS/States',
    name,
    dimensions: { StateMachineArn: machineArn },
    statistic: 'Sum',
    periodSeconds: day,
  });
  const ofGroup = (name: string, statistic: string, periodSeconds: number): AlarmMetric => ({
    id: 'value',
    returns: true,
    namespace: metricNamespace,
    name,
    dimensions: { Platform: manifest.name, Group: group.name },
    statistic,
    periodSeconds,
  });
  const ended: AlarmMetric[] = [
    ofRuns('succeeded', 'ExecutionsSucceeded'),
    ofRuns('failed', 'ExecutionsFailed'),
    ofRuns('timedout', 'ExecutionsTimedOut'),
  ];

  return [
    {
      ...named('RunFailed', 'run-failed', 'A run failed or timed out.'),
      metrics: [
        ...ended.slice(1).map((metric) => ({ ...metric, periodSeconds: 300 })),
        { id: 'value', returns: true, expression: 'failed + timedout', label: 'Runs that failed' },
      ],
      ...atFirst,
    },
    ...(thresholds.successPercent === false
      ? []
      : [
          {
            ...named(
              'Success',
              'success-rate',
              `Fewer than ${thresholds.successPercent} % of a day's runs succeeded, or none ran.`,
            ),
            metrics: [
              ...ended,
              {
                id: 'value',
                returns: true,
                expression: '100 * succeeded / (succeeded + failed + timedout)',
                label: 'Success rate, %',
              },
            ],
            comparison: 'LessThanThreshold' as const,
            threshold: thresholds.successPercent,
            periods: 1,
            periodsToAlarm: 1,
            missingData: 'breaching' as const,
          },
        ]),
    ...(thresholds.durationRatio === false
      ? []
      : [
          {
            ...named(
              'Duration',
              'duration',
              `A run took more than ${thresholds.durationRatio} times as long as usual.`,
            ),
            metrics: [ofGroup(metricNames.durationRatio, 'Maximum', hour)],
            comparison: 'GreaterThanThreshold' as const,
            threshold: thresholds.durationRatio,
            periods: 1,
            periodsToAlarm: 1,
            missingData: 'breaching' as const,
          },
        ]),
    {
      ...named('Quality', 'quality', 'A quality rule of severity error failed.'),
      metrics: [ofGroup(metricNames.failedRules, 'Maximum', 300)],
      // Rules are answered only where something is new.
      ...atFirst,
    },
    ...(thresholds.inputGb === false || !loads
      ? []
      : [
          {
            ...named(
              'Outgrown',
              'outgrown',
              `A run loads more than ${thresholds.inputGb} GB into a table with DuckDB; ingot plan says which engine fits.`,
            ),
            metrics: [ofGroup(metricNames.largestInput, 'Maximum', hour)],
            comparison: 'GreaterThanThreshold' as const,
            threshold: thresholds.inputGb,
            periods: 1,
            periodsToAlarm: 1,
            missingData: 'notBreaching' as const,
          },
        ]),
    ...datasets.flatMap((dataset) => tableAlarms(manifest, dataset, thresholds, notices)),
  ];
}

/** Alarms of one table: too old, or too many or too few rows. The probe measures both, so silence is an alarm too. */
function tableAlarms(
  manifest: Manifest,
  dataset: Dataset,
  thresholds: Required<AlarmThresholds>,
  notices: Text,
): AlarmNode[] {
  const table = `${dataset.zone}.${dataset.name}`;
  const named = (id: string, name: string, description: string) => ({
    kind: 'alarm' as const,
    id: `${pascal(dataset.zone)}${pascal(dataset.name)}${id}Alarm`,
    name: `${manifest.name}-${dataset.zone}-${dataset.name}-${name}`,
    description: `${description} Platform ${manifest.name}, table ${table}.`,
    actions: [notices],
    periods: 1,
    periodsToAlarm: 1,
    missingData: 'breaching' as const,
  });
  const measured = (id: string, returns: boolean, name: string): AlarmMetric => ({
    id,
    returns,
    namespace: metricNamespace,
    name,
    dimensions: { Platform: manifest.name, Table: table },
    statistic: 'Maximum',
    periodSeconds: hour,
  });
  const { freshnessHours } = dataset.sla;
  const off = thresholds.rowCountPercent;
  return [
    ...(freshnessHours === undefined
      ? []
      : [
          {
            ...named(
              'Freshness',
              'freshness',
              `The newest rows are older than ${freshnessHours} h, as the contract promises.`,
            ),
            metrics: [measured('value', true, metricNames.freshness)],
            comparison: 'GreaterThanThreshold' as const,
            threshold: freshnessHours,
          },
        ]),
    ...(off === false
      ? []
      : [
          {
            ...named('RowCount', 'row-count', `The row count is more than ${off} % off the median of the last runs.`),
            metrics: [
              measured('ratio', false, metricNames.rowCountRatio),
              { id: 'value', returns: true, expression: '100 * ABS(ratio - 1)', label: 'Row count off the median, %' },
            ],
            comparison: 'GreaterThanThreshold' as const,
            threshold: off,
          },
        ]),
  ];
}
