import { describeTolerance } from '../result';
import type { RuleOf, TableRuleKind } from '../rule';

/**
 * Values could be read as their column's type. A table holds no others, so what is judged is what came: of the rows that
 * were last loaded, those that went to quarantine with the reason `<column>.type`.
 */
export const type: TableRuleKind<RuleOf<'type'>> = {
  type: 'type',
  level: 'table',
  columns: (rule) => [rule.column],
  state: () => ({}),
  measure({ column, tolerance }, _state, { loaded }) {
    const checked = loaded?.read ?? 0;
    const failed = loaded?.reasons[typeReason(column)] ?? 0;
    const message = `${failed} of the ${checked} rows that were last loaded could not be read as the type of ${column}`;
    return { checked, failed, observed: failed, allowed: describeTolerance(tolerance), message };
  },
};

/** The reason for which rows go to quarantine of which a column cannot be read as its type. */
const typeReason = (column: string): string => `${column}.type`;
