import { condition } from '../../sql/condition';
import type { RowRuleKind, RuleOf } from '../rule';

/** Every row meets a SQL condition. Where the condition is NULL a row does not fail, as with a SQL CHECK. */
export const expression: RowRuleKind<RuleOf<'expression'>> = {
  type: 'expression',
  level: 'row',
  columns: () => [],
  fails: (rule) => `NOT ${condition(rule.expression)}`,
  message: (rule) => `does not meet ${rule.expression.trim()}`,
};
