import type { AlarmNode } from './nodes';

/** When an alarm rings that tells of each failure: at the first in a period. Where nothing is measured, nothing has failed. */
export const atFirst = {
  comparison: 'GreaterThanThreshold',
  threshold: 0,
  periods: 1,
  periodsToAlarm: 1,
  missingData: 'notBreaching',
} as const satisfies Partial<AlarmNode>;
