import { cdcMetrics } from '../../lib/cdc/metrics';
import { metricNamespace } from '../../lib/publish/metrics';
import { pascal } from '../core/names';
import type { AlarmNode } from '../core/nodes';
import { ref, type Text } from '../core/text';
import { alarmsOf, silenceAlarm } from '../stream/alarm';
import { sourceId, streamId } from '../stream/ids';
import type { Setting } from './setting';

/** What people are told of change data capture. */
export function changeAlarms({ own, source, deployed, job, alarms, platform }: Setting): AlarmNode[] {
  const whose = `Platform ${platform}, source ${source.name}.`;
  const alarm = alarmsOf(own, whose);
  const ours = (name: string, dimensions: Record<string, Text>, statistic: string) => ({
    namespace: metricNamespace,
    name,
    dimensions: { Platform: platform, ...dimensions },
    statistic,
  });
  const ofFunction = { FunctionName: ref('ApplyFunction', 'name') };
  const ofLambda = (name: string, statistic: string, dimensions: Record<string, Text> = ofFunction) => ({
    namespace: 'AWS/Lambda',
    name,
    dimensions,
    statistic,
  });
  const ofSource = { Source: source.name };
  // Lambda tells it in milliseconds, a job in seconds.
  const behind = job === undefined ? ofLambda('IteratorAge', 'Maximum') : ours(cdcMetrics.behind, ofSource, 'Maximum');
  return [
    alarm(
      'Stopped',
      'stopped',
      'The replication does not run, or is not watched: the log of the database piles up behind its slot. {"action":"start"} to the control function says why.',
      ours(cdcMetrics.stopped, ofSource, 'Maximum'),
      0,
      // It takes a while to start; and silence is no good news of what is looked at every five minutes.
      { periods: 12, periodsToAlarm: 3, missingData: 'breaching' },
    ),
    alarm(
      'TablesFailed',
      'tables-failed',
      'AWS DMS has given up on a table, and its changes since are lost: {"action":"reload"} to the control function reads the tables anew.',
      ours(cdcMetrics.tablesFailed, ofSource, 'Maximum'),
    ),
    ...(alarms.behindMinutes === false
      ? []
      : [
          alarm(
            'Behind',
            'behind',
            `What is applied is more than ${alarms.behindMinutes} minutes behind.`,
            behind,
            alarms.behindMinutes * (job === undefined ? 60_000 : 60),
          ),
          ...(job?.scheduled && !job.paused ? [silenceAlarm(own, whose, alarms.behindMinutes, behind)] : []),
        ]),
    ...(job === undefined
      ? [
          alarm('Errors', 'errors', 'Changes could not be applied, and come again.', ofLambda('Errors', 'Sum')),
          alarm(
            'Throttles',
            'throttles',
            'The function that applies changes was not let run: the account has too many functions at work.',
            ofLambda('Throttles', 'Sum'),
          ),
          alarm(
            'DeadRecords',
            'dead-records',
            'Changes were given up on, and are kept with the dead letters.',
            ofLambda('OnFailureDestinationDeliveredEventCount', 'Sum', {
              ...ofFunction,
              EventSourceMappingUUID: ref(sourceId, 'id'),
            }),
          ),
        ]
      : []),
    alarm(
      'Unreadable',
      'unreadable',
      'Records of changes cannot be read, or are of no table, and are kept beside the files of the lake.',
      ours(cdcMetrics.unreadable, ofSource, 'Sum'),
    ),
    alarm('WritesThrottled', 'writes-throttled', 'AWS DMS writes more than the stream takes.', {
      namespace: 'AWS/Kinesis',
      name: 'WriteProvisionedThroughputExceeded',
      dimensions: { StreamName: ref(streamId, 'name') },
      statistic: 'Sum',
    }),
    ...source.tables.flatMap(({ table, mode }) => {
      const [id, name] = [pascal(table), table.replaceAll(/[._]/g, '-')];
      const ofTable = { Table: table };
      return [
        alarm(
          `${id}Paused`,
          `${name}-paused`,
          `${table} is paused, and its changes are kept until it is released.`,
          ours(cdcMetrics.paused, ofTable, 'Maximum'),
        ),
        ...(alarms.refusedChanges === false
          ? []
          : [
              alarm(
                `${id}Refused`,
                `${name}-refused`,
                `Changes of ${table} are not what its contract says, and are in quarantine.`,
                ours(cdcMetrics.refused, ofTable, 'Sum'),
                alarms.refusedChanges,
              ),
            ]),
        ...(alarms.driftKeys === false || deployed.reconcile === false || mode === 'log'
          ? []
          : [
              alarm(
                `${id}Drift`,
                `${name}-drift`,
                `${table} differs from the source.`,
                ours(cdcMetrics.drift, ofTable, 'Maximum'),
                alarms.driftKeys,
              ),
            ]),
      ];
    }),
  ];
}
