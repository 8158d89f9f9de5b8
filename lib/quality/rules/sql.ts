import { describeBounds, within } from '../bounds';
import type { RuleOf, TableRuleKind } from '../rule';

/** A SQL query gives one number within bounds. No number is no answer, and so a failure. */
export const sql: TableRuleKind<RuleOf<'sql'>> = {
  type: 'sql',
  level: 'table',
  columns: () => [],
  state: (rule) => ({ rows: { aggregate: 'count(*)' }, value: { query: rule.query } }),
  measure(rule, state) {
    const value = state.value ?? null;
    if (value === null) throw new Error('the query gave NULL where it must give one number');
    const failed = within(value, rule) ? 0 : 1;
    const message = `the query gave ${value}`;
    return { checked: state.rows ?? 0, failed, observed: value, allowed: describeBounds(rule), message };
  },
};
