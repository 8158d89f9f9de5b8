import { identifier, literal } from '../../sql/quote';
import type { RowRuleKind, RuleOf } from '../rule';

/** Every value holds a match of a regular expression (RE2): write `^…$` for the whole value, as in JSON Schema. */
export const pattern: RowRuleKind<RuleOf<'pattern'>> = {
  type: 'pattern',
  level: 'row',
  columns: (rule) => [rule.column],
  fails: (rule) => `NOT regexp_matches(CAST(${identifier(rule.column)} AS VARCHAR), ${literal(rule.pattern)})`,
  message: (rule) => `${rule.column} does not match ${rule.pattern}`,
};
