import type { AlarmNode } from '../../core/nodes';
import { ref } from '../../core/text';
import { noticesId } from '../../pipeline/ids';
import { clusterId } from './ids';
import type { ClusterAlarms } from './props';

/** EMR measures every five minutes. */
const period = 300;

/** Alarms of a cluster: one that does nothing, applications that failed, HDFS that is full, memory that is short. */
export function clusterAlarms(own: string, declared: ClusterAlarms = {}): AlarmNode[] {
  const { idleMinutes = 60, failedApplications = 1, hdfsPercent = 80, memoryPercent = 10 } = declared;
  const alarm = (
    id: string,
    name: string,
    description: string,
    metric: { readonly name: string; readonly statistic: string; readonly isCounter?: true },
    rule: Pick<AlarmNode, 'comparison' | 'threshold'> & { readonly minutes: number },
  ): AlarmNode => {
    const periods = Math.max(1, Math.ceil((rule.minutes * 60) / period));
    const { name: metricName, statistic, isCounter = false } = metric;
    const measured = {
      namespace: 'AWS/ElasticMapReduce',
      name: metricName,
      dimensions: { JobFlowId: ref(clusterId, 'id') },
      statistic,
      periodSeconds: period,
    };
    return {
      kind: 'alarm',
      id: `${id}Alarm`,
      name: `${own}-${name}`,
      description: `${description} Cluster ${own}.`,
      metrics: isCounter
        ? [
            { id: 'total', returns: false, ...measured },
            { id: 'value', returns: true, expression: 'DIFF(total)', label: description },
          ]
        : [{ id: 'value', returns: true, ...measured }],
      comparison: rule.comparison,
      threshold: rule.threshold,
      periods,
      periodsToAlarm: periods,
      // A cluster that has ended measures nothing.
      missingData: 'notBreaching',
      actions: [ref(noticesId, 'arn')],
    };
  };
  return [
    ...(idleMinutes === false
      ? []
      : [
          alarm(
            'Idle',
            'idle',
            `The cluster has had no work for ${idleMinutes} minutes, and costs as if it had.`,
            { name: 'IsIdle', statistic: 'Minimum' },
            { comparison: 'GreaterThanOrEqualToThreshold', threshold: 1, minutes: idleMinutes },
          ),
        ]),
    ...(failedApplications === false
      ? []
      : [
          alarm(
            'Failed',
            'failed',
            'Applications failed.',
            // YARN counts since it began. Where it begins again the difference is below 0, and no failure.
            { name: 'AppsFailed', statistic: 'Maximum', isCounter: true },
            { comparison: 'GreaterThanOrEqualToThreshold', threshold: failedApplications, minutes: 5 },
          ),
        ]),
    ...(hdfsPercent === false
      ? []
      : [
          alarm(
            'Hdfs',
            'hdfs',
            `More than ${hdfsPercent} % of HDFS is in use.`,
            { name: 'HDFSUtilization', statistic: 'Maximum' },
            { comparison: 'GreaterThanThreshold', threshold: hdfsPercent, minutes: 5 },
          ),
        ]),
    ...(memoryPercent === false
      ? []
      : [
          alarm(
            'Memory',
            'memory',
            `Less than ${memoryPercent} % of the memory for applications is free, and the cluster grows no further.`,
            { name: 'YARNMemoryAvailablePercentage', statistic: 'Average' },
            { comparison: 'LessThanThreshold', threshold: memoryPercent, minutes: 15 },
          ),
        ]),
  ];
}
