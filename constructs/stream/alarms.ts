import { metricNamespace } from '../../lib/publish/metrics';
import { streamMetrics } from '../../lib/stream/metrics';
import type { AlarmNode } from '../core/nodes';
import { ref, type Text } from '../core/text';
import type { ConsumingJob } from '../emr/streaming-problems';
import { alarmsOf, silenceAlarm } from './alarm';
import { deliveryId, sourceId, streamId } from './ids';
import type { Setting } from './setting';

/** What people are told of a stream. */
export function streamAlarms(setting: Setting, platform: string): AlarmNode[] {
  const { own, stream, source, consumer, job, bronze, alarms } = setting;
  const whose = `Platform ${platform}, stream ${stream.name}.`;
  const alarm = alarmsOf(own, whose);
  const ofStream: Record<string, Text> = { Platform: platform, Stream: stream.name };
  return [
    ...(consumer === false
      ? []
      : [
          ...(job === undefined ? ofConsumer(setting, alarm) : ofJob({ ...setting, job }, whose, ofStream)),
          alarm('Parked', 'parked', 'A key has stopped, and its records wait to be released.', {
            namespace: metricNamespace,
            name: streamMetrics.parked,
            dimensions: ofStream,
            statistic: 'Sum',
          }),
          ...(alarms.latePercent === false || stream.windows.length === 0
            ? []
            : [
                alarm(
                  'Late',
                  'late',
                  `More than ${alarms.latePercent} % of the events of its windows come too late.`,
                  { namespace: metricNamespace, name: streamMetrics.late, dimensions: ofStream, statistic: 'Average' },
                  alarms.latePercent,
                ),
              ]),
        ]),
    ...(source.kind === 'kinesis'
      ? [
          alarm('WritesThrottled', 'writes-throttled', 'Producers write more than the stream takes.', {
            namespace: 'AWS/Kinesis',
            name: 'WriteProvisionedThroughputExceeded',
            dimensions: { StreamName: ref(streamId, 'name') },
            statistic: 'Sum',
          }),
          alarm('ReadsThrottled', 'reads-throttled', 'Consumers read more than the stream gives them.', {
            namespace: 'AWS/Kinesis',
            name: 'ReadProvisionedThroughputExceeded',
            dimensions: { StreamName: ref(streamId, 'name') },
            statistic: 'Sum',
          }),
        ]
      : []),
    ...(bronze === false
      ? []
      : [
          alarm(
            'Delivery',
            'delivery',
            'Firehose has had events for more than half an hour that are not in bronze.',
            {
              namespace: 'AWS/Firehose',
              name: 'DeliveryToS3.DataFreshness',
              dimensions: { DeliveryStreamName: ref(deliveryId, 'name') },
              statistic: 'Maximum',
            },
            1800,
          ),
        ]),
  ];
}

/** Of the function that consumes. */
function ofConsumer({ source, alarms }: Setting, alarm: ReturnType<typeof alarmsOf>): AlarmNode[] {
  const ofFunction = { FunctionName: ref('ConsumeFunction', 'name') };
  return [
    ...(alarms.behindMinutes === false
      ? []
      : [
          source.kind === 'kinesis'
            ? alarm(
                'Behind',
                'behind',
                `The consumer is more than ${alarms.behindMinutes} minutes behind.`,
                { namespace: 'AWS/Lambda', name: 'IteratorAge', dimensions: ofFunction, statistic: 'Maximum' },
                alarms.behindMinutes * 60_000,
              )
            : alarm(
                'Behind',
                'behind',
                'The consumer falls behind: more than 100,000 records of the topic wait.',
                { namespace: 'AWS/Lambda', name: 'OffsetLag', dimensions: ofFunction, statistic: 'Maximum' },
                100_000,
              ),
        ]),
    alarm('Errors', 'errors', 'The consumer failed on a whole batch, which comes again.', {
      namespace: 'AWS/Lambda',
      name: 'Errors',
      dimensions: ofFunction,
      statistic: 'Sum',
    }),
    alarm('Throttles', 'throttles', 'The consumer was not let run: the account has too many functions at work.', {
      namespace: 'AWS/Lambda',
      name: 'Throttles',
      dimensions: ofFunction,
      statistic: 'Sum',
    }),
    alarm('DeadLetters', 'dead-letters', 'Records were given up on, and are kept with the dead letters.', {
      namespace: 'AWS/Lambda',
      name: 'OnFailureDestinationDeliveredEventCount',
      dimensions: { ...ofFunction, EventSourceMappingUUID: ref(sourceId, 'id') },
      statistic: 'Sum',
    }),
  ];
}

/** Of a job that consumes: that it ended, its state machine says. */
function ofJob(
  { own, alarms, job }: Setting & { readonly job: ConsumingJob },
  whose: string,
  ofStream: Record<string, Text>,
): AlarmNode[] {
  if (alarms.behindMinutes === false) return [];
  const behind = { namespace: metricNamespace, name: streamMetrics.behind, dimensions: ofStream };
  return [
    alarmsOf(own, whose)(
      'Behind',
      'behind',
      `What the job consumes arrived more than ${alarms.behindMinutes} minutes before.`,
      { ...behind, statistic: 'Maximum' },
      alarms.behindMinutes * 60,
    ),
    ...(job.scheduled && !job.paused ? [silenceAlarm(own, whose, alarms.behindMinutes, behind)] : []),
  ];
}
