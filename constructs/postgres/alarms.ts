import type { DatabaseManifest } from '../../lib/postgres/resolve';
import type { AlarmMetric, AlarmNode, MetricFilterNode, Node } from '../core/nodes';
import { ref, type Text } from '../core/text';
import { clusterId, instanceId, serverLogGroupId } from './ids';

/** CloudWatch namespace of what Ingot itself counts in the logs of databases. */
const namespace = 'Ingot/PostgreSQL';

interface Alarm {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly metric: string;
  readonly namespace?: string;
  readonly dimensions?: Readonly<Record<string, Text>>;
  readonly statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum';
  readonly threshold: number | false;
  readonly below?: boolean;
  /** Of five minutes each. */
  readonly periods: number;
  readonly silence: 'breaching' | 'notBreaching';
}

/** Alarms of a database, and the filter that counts slow queries in its log. */
export function databaseAlarms(identifier: string, database: DatabaseManifest, notices: Text): Node[] {
  const { alarms, slowQueryMs } = database;
  const aurora = database.engine === 'aurora';
  // By its role, so that the alarms follow the writer when another instance takes over.
  const writer: Readonly<Record<string, Text>> = aurora
    ? { DBClusterIdentifier: ref(clusterId, 'id'), Role: 'WRITER' }
    : { DBInstanceIdentifier: ref(instanceId, 'id') };
  const pauses = aurora && database.capacity?.min === 0;
  const slowMetric = `${identifier}-slow-queries`;
  const slow: MetricFilterNode = {
    kind: 'metricFilter',
    id: 'SlowQueries',
    name: slowMetric,
    logGroupName: ref(serverLogGroupId, 'name'),
    pattern: '"LOG:  duration:"',
    namespace,
    metric: slowMetric,
  };
  const wanted: Alarm[] = [
    {
      id: 'Cpu',
      name: 'cpu',
      description: `The processor has been in use for more than ${alarms.cpuPercent} %, or is silent.`,
      metric: 'CPUUtilization',
      statistic: 'Average',
      threshold: alarms.cpuPercent,
      periods: 3,
      // A database that measures nothing is down, unless it pauses when nobody uses it.
      silence: pauses ? 'notBreaching' : 'breaching',
    },
    ...(aurora
      ? [
          {
            id: 'Capacity',
            name: 'capacity',
            description: `More than ${alarms.cpuPercent} % of the highest capacity has been in use.`,
            metric: 'ACUUtilization',
            statistic: 'Average' as const,
            threshold: alarms.cpuPercent,
            periods: 3,
            silence: 'notBreaching' as const,
          },
        ]
      : []),
    {
      id: 'Storage',
      name: 'storage',
      description: `Less than ${alarms.freeStorageGb} GB ${aurora ? 'for temporary files' : 'of storage'} are free.`,
      metric: aurora ? 'FreeLocalStorage' : 'FreeStorageSpace',
      statistic: 'Minimum',
      threshold: alarms.freeStorageGb === false ? false : alarms.freeStorageGb * 1e9,
      below: true,
      periods: 1,
      silence: 'notBreaching',
    },
    {
      id: 'Connections',
      name: 'connections',
      description: `There are more than ${alarms.connections} connections.`,
      metric: 'DatabaseConnections',
      statistic: 'Maximum',
      threshold: alarms.connections,
      periods: 1,
      silence: 'notBreaching',
    },
    ...(database.readReplicas > 0
      ? [
          {
            id: 'ReplicaLag',
            name: 'replica-lag',
            description: `A reader is more than ${alarms.replicaLagSeconds} s behind.`,
            metric: 'AuroraReplicaLagMaximum',
            dimensions: { DBClusterIdentifier: ref(clusterId, 'id') },
            statistic: 'Maximum' as const,
            threshold: alarms.replicaLagSeconds === false ? (false as const) : alarms.replicaLagSeconds * 1000,
            periods: 1,
            silence: 'notBreaching' as const,
          },
        ]
      : []),
    {
      id: 'TransactionIds',
      name: 'transaction-ids',
      description: `The oldest transaction id is more than ${alarms.transactionIds} old: vacuum does not keep up, and PostgreSQL stops taking writes at about 2.1 billion.`,
      metric: 'MaximumUsedTransactionIDs',
      statistic: 'Maximum',
      threshold: alarms.transactionIds,
      periods: 1,
      silence: 'notBreaching',
    },
    ...(database.logicalReplication
      ? [
          {
            id: 'ReplicationSlot',
            name: 'replication-slot',
            description: `A replication slot holds back more than ${alarms.replicationSlotGb} GB of the log: whoever follows it has stopped, and storage fills.`,
            metric: 'OldestReplicationSlotLag',
            statistic: 'Maximum' as const,
            threshold: alarms.replicationSlotGb === false ? (false as const) : alarms.replicationSlotGb * 1e9,
            periods: 1,
            silence: 'notBreaching' as const,
          },
        ]
      : []),
    ...(slowQueryMs === false
      ? []
      : [
          {
            id: 'SlowQueries',
            name: 'slow-queries',
            description: `More than ${alarms.slowQueries} queries took longer than ${slowQueryMs} ms within five minutes.`,
            metric: slowMetric,
            namespace,
            dimensions: {},
            statistic: 'Sum' as const,
            threshold: alarms.slowQueries,
            periods: 1,
            silence: 'notBreaching' as const,
          },
        ]),
  ];
  return [
    ...(slowQueryMs === false || alarms.slowQueries === false ? [] : [slow]),
    ...wanted.flatMap((alarm) => alarmNode(identifier, alarm, writer, notices)),
  ];
}

function alarmNode(
  identifier: string,
  alarm: Alarm,
  writer: Readonly<Record<string, Text>>,
  notices: Text,
): AlarmNode[] {
  if (alarm.threshold === false) return [];
  const metric: AlarmMetric = {
    id: 'value',
    returns: true,
    namespace: alarm.namespace ?? 'AWS/RDS',
    name: alarm.metric,
    dimensions: alarm.dimensions ?? writer,
    statistic: alarm.statistic,
    periodSeconds: 300,
  };
  return [
    {
      kind: 'alarm',
      id: `${alarm.id}Alarm`,
      name: `${identifier}-${alarm.name}`,
      description: `${alarm.description} Database ${identifier}.`,
      metrics: [metric],
      comparison: alarm.below ? 'LessThanThreshold' : 'GreaterThanThreshold',
      threshold: alarm.threshold,
      periods: alarm.periods,
      periodsToAlarm: alarm.periods,
      missingData: alarm.silence,
      actions: [notices],
    },
  ];
}
