import { describeBounds, within } from '../bounds';
import { median } from '../median';
import type { RuleOf, TableRuleKind } from '../rule';

/**
 * The table has grown or shrunk by so much, against the median of the runs before. Only runs that were published count:
 * a run that was stopped is no example of what is normal. Until there is one, nothing can be compared, and it passes.
 */
export const rowCountChange: TableRuleKind<RuleOf<'rowCountChange'>> = {
  type: 'rowCountChange',
  level: 'table',
  columns: () => [],
  state: () => ({ rows: { aggregate: 'count(*)' } }),
  measure(rule, state, { counts }) {
    const checked = state.rows ?? 0;
    const normal = median(counts[rule.name] ?? []);
    const allowed = `${describeBounds(rule)} ${rule.unit}`;
    if (normal === undefined)
      return {
        checked,
        failed: 0,
        observed: 0,
        allowed,
        message: `${checked} rows, and no earlier run to compare with`,
      };
    const more = checked - normal;
    const observed = rule.unit === 'rows' || more === 0 ? more : (100 * more) / normal;
    const change = `${observed < 0 ? '' : '+'}${+observed.toFixed(2)} ${rule.unit}`;
    const message = `${checked} rows where earlier runs had ${normal}: ${change}`;
    return { checked, failed: within(observed, rule) ? 0 : 1, observed, allowed, message };
  },
};
