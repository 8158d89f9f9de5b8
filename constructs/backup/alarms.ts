import type { BackupManifest } from '../../lib/backup/declaration';
import { metricNames, metricNamespace } from '../../lib/publish/metrics';
import { atFirst } from '../core/alarm';
import { failedExecutions } from '../core/machine';
import { pascal } from '../core/names';
import type { AlarmMetric, AlarmNode } from '../core/nodes';
import { ref } from '../core/text';
import { noticesId } from '../pipeline/ids';
import { deadLetterAlarm } from '../pipeline/notices';
import type { DatabaseFacts } from '../postgres/facts';
import { dumpMachineId, machineId } from './ids';

const hour = 3_600;

/** Hours in which a schedule of AWS Backup must have come round at least once. */
export function restoreTestIntervals(schedule: string): number {
  const [, hours = '', monthDay = '', , weekDay = ''] = schedule.slice('cron('.length, -1).split(' ');
  const every = (field: string) => field === '*' || field === '?';
  if (!every(monthDay)) return 24 * 31;
  if (!every(weekDay)) return 24 * 7;
  return hours === '*' ? 1 : 24;
}

/** Alarms: a test that failed, one that has not run, a comparison that broke off, a dump that failed, a call that was given up. */
export function backupAlarms(
  platform: string,
  tested: readonly { readonly resource: string; readonly hours: number }[],
  backup: BackupManifest,
  database: DatabaseFacts | undefined,
): AlarmNode[] {
  const named = (id: string, name: string, description: string) => ({
    kind: 'alarm' as const,
    id: `${id}Alarm`,
    name: `${platform}-${name}`,
    description: `${description} Platform ${platform}.`,
    actions: [ref(noticesId, 'arn')],
    ...atFirst,
  });
  const measured = (name: string, resource: string): AlarmMetric => ({
    id: 'value',
    returns: true,
    namespace: metricNamespace,
    name,
    dimensions: { Platform: platform, Resource: resource },
    statistic: 'Maximum',
    periodSeconds: hour,
  });
  return [
    ...tested.flatMap(({ resource, hours }): AlarmNode[] => [
      {
        ...named(
          `${pascal(resource)}TestFailed`,
          `restore-test-failed-${resource}`,
          `A backup of ${resource} was restored, and was not what it should be.`,
        ),
        metrics: [measured(metricNames.restoreTestFailed, resource)],
      },
      {
        ...named(
          `${pascal(resource)}TestMissing`,
          `restore-test-missing-${resource}`,
          `No backup of ${resource} has been restored and found whole for ${hours + 24} hours.`,
        ),
        metrics: [measured(metricNames.restoreTestAge, resource)],
        // The test itself takes hours, and begins within some of its schedule.
        threshold: hours + 24,
        // Measured every hour; two hours of silence are one too.
        periods: 2,
        periodsToAlarm: 2,
        missingData: 'breaching',
      },
    ]),
    ...(tested.length === 0
      ? []
      : [
          {
            ...named(
              'CompareFailed',
              'restore-test-unanswered',
              'A backup was restored, and whether it is what it should be could not be told to AWS Backup.',
            ),
            metrics: failedExecutions(machineId, 'Comparisons that broke off'),
          },
        ]),
    ...(database === undefined || backup.dump === false
      ? []
      : [
          {
            ...named('DumpFailed', 'dump-failed', 'A dump of the database failed, or took longer than a day.'),
            metrics: failedExecutions(dumpMachineId, 'Dumps that failed'),
          },
        ]),
    {
      ...deadLetterAlarm(`${platform}-backup`),
      description: `A fingerprint, a comparison or a dump could not be done and is kept in the queue ${platform}-backup-dead-letters. Platform ${platform}.`,
    },
  ];
}
