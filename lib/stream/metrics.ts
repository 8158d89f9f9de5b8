import type { Services } from '../runtime/services';
import type { Consumed } from './consume';
import type { Stream } from './stream';

/** Metrics of a stream's consumer, in namespace `Ingot` with the dimensions `Platform` and `Stream`; alarms are made of these names. */
export const streamMetrics = {
  records: 'StreamRecords',
  quarantined: 'StreamQuarantined',
  parked: 'StreamParked',
  /** Share of the windows' events that came too late, in percent of a delivery's. */
  late: 'StreamLateShare',
  /** Seconds from the arrival of a batch's newest record to the end of its work, 0 each minute without a batch: of jobs of Spark alone. */
  behind: 'StreamBehind',
} as const;

export function putMetrics(
  { records, quarantined, parked, windows }: Consumed,
  { name }: Stream,
  { metrics }: Pick<Services, 'metrics'>,
): void {
  const dimensions = { Stream: name };
  metrics.put(streamMetrics.records, records, 'Count', dimensions);
  if (quarantined > 0) metrics.put(streamMetrics.quarantined, quarantined, 'Count', dimensions);
  if (parked > 0) metrics.put(streamMetrics.parked, parked, 'Count', dimensions);
  const late = Object.values(windows).reduce((sum, one) => sum + one.late, 0);
  const all = late + Object.values(windows).reduce((sum, one) => sum + one.inTime, 0);
  if (all > 0) metrics.put(streamMetrics.late, (100 * late) / all, 'Percent', dimensions);
}
