import type { Dataset } from '../contract/dataset';
import type { Zone } from '../platform/manifest';
import { identifier, literal } from '../sql/quote';

/** Days that a refused row stays in quarantine. */
export const quarantineDays = 90;

/** Days that the platform's own results and runs are kept. The ledger of files is kept for ever: it says what was read. */
export const opsDays = 365;

/**
 * SQL condition on the rows of a table that have been kept for longer than its contract, or else its zone, says.
 * Undefined where they are kept for ever, or where no column says how old a row is: that is the one that the contract's
 * retention names, or with history the end of a version, so that current ones stay.
 *
 * @param now milliseconds since 1970; whole days count, in UTC
 */
export function expired(dataset: Dataset, zone: Pick<Zone, 'retentionDays'>, now: number): string | undefined {
  const days = dataset.retentionDays ?? zone.retentionDays;
  const column = dataset.retentionColumn ?? (dataset.history === 'scd2' ? 'valid_to' : undefined);
  return days === undefined || column === undefined ? undefined : olderThan(column, days, now);
}

/** SQL condition: the column's day lies more than so many days before today. Null is never old. */
export function olderThan(column: string, days: number, now: number): string {
  const today = Math.floor(now / 86_400_000);
  const first = new Date((today - days) * 86_400_000).toISOString().slice(0, 10);
  return `${identifier(column)} < ${literal(first)}`;
}
