import type { Retrier } from './asl';
import { errorMatches } from './errors';

/**
 * Seconds until the next attempt after `error`, or undefined where there is none. The first retrier that matches
 * decides; each counts its own attempts, in `used`, which is counted up.
 */
export function retryAfter(
  error: string,
  retriers: readonly Retrier[],
  used: number[],
  random: () => number,
): number | undefined {
  const i = retriers.findIndex((retrier) => errorMatches(error, retrier.ErrorEquals));
  const retrier = retriers[i];
  if (retrier === undefined || used[i]! >= (retrier.MaxAttempts ?? 3)) return undefined;
  const backoff = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** used[i]!;
  used[i]! += 1;
  const seconds = Math.min(backoff, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
  return retrier.JitterStrategy === 'FULL' ? random() * seconds : seconds;
}
