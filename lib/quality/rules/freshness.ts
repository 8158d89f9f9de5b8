import { identifier } from '../../sql/quote';
import { describeBounds, within } from '../bounds';
import type { RuleOf, TableRuleKind } from '../rule';

const hour = 3_600_000;

/**
 * The newest rows are at most so old: by the highest value of a column of dates or times, or else by when rows were last
 * written. A newest row from the future is as fresh as can be; of no rows, none is too old.
 */
export const freshness: TableRuleKind<RuleOf<'freshness'>> = {
  type: 'freshness',
  level: 'table',
  columns: ({ column }) => (column === undefined ? [] : [column]),
  state: ({ column }) => ({
    rows: { aggregate: 'count(*)' },
    ...(column === undefined
      ? {}
      : { newest: { aggregate: `max(epoch_ms(CAST(${identifier(column)} AS TIMESTAMPTZ)))` } }),
  }),
  measure(rule, state, { now, written }) {
    const { column } = rule;
    const checked = state.rows ?? 0;
    const allowed = `${describeBounds(rule)} hours`;
    if (checked === 0) return { checked, failed: 0, observed: 0, allowed, message: 'no rows, so none is too old' };
    const newest = column === undefined ? written : (state.newest ?? undefined);
    if (newest === undefined)
      throw new Error(column === undefined ? 'nobody knows when its rows were written' : `every ${column} is null`);
    const observed = Math.max(0, now - newest) / hour;
    const what = column === undefined ? 'its rows were last written' : `the newest ${column} is of`;
    const message = `${what} ${age(observed)} ago`;
    return { checked, failed: within(observed, rule) ? 0 : 1, observed, allowed, message };
  },
};

const age = (hours: number): string => (hours < 72 ? `${+hours.toFixed(1)} hours` : `${+(hours / 24).toFixed(1)} days`);
