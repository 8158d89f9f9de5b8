import type { Problem } from '../../lib/errors';
import type { Compliance } from './compliance';

/** The days that CloudWatch Logs can keep logs for. */
const allowed = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Days that logs are kept, of everything that has them. */
export const logRetentionOf = ({
  logRetentionDays,
  compliance,
}: {
  readonly logRetentionDays?: number;
  readonly compliance?: Compliance;
}): number => logRetentionDays ?? (compliance === 'regulated' ? 365 : 90);

/** CloudWatch Logs refuses any other number only at deploy. */
export function logRetentionProblems(where: string, days: number): Problem[] {
  if (allowed.includes(days)) return [];
  const message = `must be a number of days that CloudWatch Logs knows; given ${days}; allowed: ${allowed.join(', ')}`;
  return [{ where, path: 'logRetentionDays', message }];
}
