import type { AlarmMetric, AlarmNode } from '../core/nodes';
import { ref } from '../core/text';
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
    comparison: 'GreaterThanThreshold',
    threshold,
    periods: 1,
    periodsToAlarm: 1,
    // Nothing is measured where nothing comes.
    missingData: 'notBreaching',
    actions: [ref(noticesId, 'arn')],
    ...more,
  });
