import { identifier, literal } from '../../sql/quote';
import type { RowRuleKind, RuleOf } from '../rule';

/** Every row has a value. Values that the contract calls missing (`-`, `n/a`) count as none. */
export const notNull: RowRuleKind<RuleOf<'notNull'>> = {
  type: 'notNull',
  level: 'row',
  columns: (rule) => [rule.column],
  fails({ column, missingValues = [] }) {
    const name = identifier(column);
    if (missingValues.length === 0) return `${name} IS NULL`;
    return `${name} IS NULL OR CAST(${name} AS VARCHAR) IN (${missingValues.map(literal).join(', ')})`;
  },
  message: (rule) => `${rule.column} is missing`,
};
