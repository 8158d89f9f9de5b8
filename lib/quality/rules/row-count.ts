import { describeBounds, within } from '../bounds';
import type { RuleOf, TableRuleKind } from '../rule';

/** The table has so many rows. */
export const rowCount: TableRuleKind<RuleOf<'rowCount'>> = {
  type: 'rowCount',
  level: 'table',
  columns: () => [],
  state: () => ({ rows: { aggregate: 'count(*)' } }),
  measure(rule, state) {
    const rows = state.rows ?? 0;
    const failed = within(rows, rule) ? 0 : 1;
    return { checked: rows, failed, observed: rows, allowed: describeBounds(rule), message: `${rows} rows` };
  },
};
