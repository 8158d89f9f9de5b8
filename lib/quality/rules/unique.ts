import { identifier } from '../../sql/quote';
import type { RuleOf, TableRuleKind } from '../rule';

/**
 * No two rows agree in all of the columns. Rows with a null in one of them are not looked at, as in a SQL UNIQUE
 * constraint. Of n rows that agree, n - 1 fail: those that would have to go.
 *
 * Counted exactly: an approximate count once found a million duplicates where there were twenty thousand.
 */
export const unique: TableRuleKind<RuleOf<'unique'>> = {
  type: 'unique',
  level: 'table',
  columns: (rule) => rule.columns,
  state({ columns }) {
    const names = columns.map(identifier);
    const over = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
    const value = names.length === 1 ? names[0] : `row(${names.join(', ')})`;
    return { rows: { aggregate: 'count(*)', over }, distinct: { aggregate: `count(DISTINCT ${value})`, over } };
  },
  measure({ columns }, state) {
    const checked = state.rows ?? 0;
    const failed = checked - (state.distinct ?? 0);
    const message = `${failed} of ${checked} rows repeat ${columns.join(', ')} of another`;
    return { checked, failed, observed: failed, allowed: 'no duplicates', message };
  },
};
