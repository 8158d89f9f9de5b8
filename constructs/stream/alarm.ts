import { atFirst } from '../core/alarm';
import type { AlarmMetric, AlarmNode } from '../core/nodes';
import { ref } from '../core/text';
import { jobMachineId } from '../emr/ids';
import { noticesId } from '../pipeline/ids';

/** What one metric measures, in five minutes. */
export type Measured = Pick<Extract<AlarmMetric, { name: string }>, 'namespace' | 'name' | 'dimensions' | 'statistic'>;

/**
 * Makes the alarms of what reads a stream, which tell of values above a threshold.
 *
 * @param own begins their names
 * @param of ends their descriptions: whose they are
 */
export const alarmsOf =
  (own: string, of: string) =>
  (
    id: string,
    name: string,
    description: string,
    metric: Measured,
    threshold = 0,
    more: Partial<Pick<AlarmNode, 'periods' | 'periodsToAlarm' | 'missingData'>> = {},
  ): AlarmNode => ({
    kind: 'alarm',
    id: `${id}Alarm`,
    name: `${own}-${name}`,
    description: `${description} ${of}`,
    metrics: [{ id: 'value', returns: true, periodSeconds: 300, ...metric }],
    ...atFirst,
    threshold,
    actions: [ref(noticesId, 'arn')],
    ...more,
  });

/** Seconds of a period. */
const period = 300;

/** A job begins, from the first look at it to its first word, within three periods; and an alarm looks back a day at most. */
const [fewestPeriods, mostPeriods] = [3, 288];

/**
 * Rings where a job has said nothing for as long, and should be at work: it waits for workers, begins again and again, or
 * hangs in a batch. What says nothing has no value, and an alarm waits for values longer than it is told: so they are filled
 * in, from when its state machine first looked after it, before which a silence is none.
 *
 * @param heard a metric that the job puts after each batch, and each minute without one
 */
export function silenceAlarm(
  own: string,
  of: string,
  minutes: number,
  heard: Pick<Measured, 'namespace' | 'name' | 'dimensions'>,
): AlarmNode {
  const periods = Math.min(mostPeriods, Math.max(fewestPeriods, Math.ceil((minutes * 60) / period)));
  return {
    kind: 'alarm',
    id: 'SilentAlarm',
    name: `${own}-silent`,
    description: `The job of Spark has said nothing for ${(periods * period) / 60} minutes: it waits for workers, begins again and again, or hangs in a batch. ${of}`,
    metrics: [
      {
        id: 'looks',
        returns: false,
        namespace: 'AWS/States',
        name: 'ExecutionsStarted',
        dimensions: { StateMachineArn: ref(jobMachineId, 'arn') },
        statistic: 'Sum',
        periodSeconds: period,
      },
      { id: 'heard', returns: false, ...heard, statistic: 'SampleCount', periodSeconds: period },
      {
        id: 'value',
        returns: true,
        // A look that comes a little late leaves a period without one.
        expression: 'IF(FILL(FILL(looks, REPEAT), 0) > 0, IF(FILL(heard, 0) > 0, 0, 1), 0)',
        label: 'Silent',
      },
    ],
    comparison: 'GreaterThanThreshold',
    threshold: 0,
    periods,
    periodsToAlarm: periods,
    missingData: 'breaching',
    actions: [ref(noticesId, 'arn')],
  };
}
