import { condition } from '../../sql/condition';
import { identifier, qualified } from '../../sql/quote';
import { describeTolerance } from '../result';
import type { RuleOf, TableRuleKind } from '../rule';

/**
 * The values of some columns are those of a row of another table. Rows with a null in one of them are not looked at, as
 * in a SQL FOREIGN KEY. Any version of a row counts in a table with history.
 *
 * It is judged where tables stand side by side, in the gate, and never sends a row to quarantine: at ingest the other
 * table may not have its rows yet. The scan reads the columns once more, beside the other table's.
 */
export const referential: TableRuleKind<RuleOf<'referential'>> = {
  type: 'referential',
  level: 'table',
  columns: (rule) => rule.columns,
  state: (rule, from) => ({
    checked: { aggregate: 'count(*)', over: allThere(rule.columns) },
    failed: { query: orphans(rule, from) },
  }),
  measure({ columns, references }, state) {
    const { checked, failed } = { checked: state.checked ?? 0, failed: state.failed ?? 0 };
    const named = `${columns.join(', ')} of ${failed} of ${checked} rows`;
    const message = `${named} ${failed === 1 ? 'is' : 'are'} not in ${references.table} (${references.columns.join(', ')})`;
    return { checked, failed, observed: failed, allowed: describeTolerance(undefined), message };
  },
};

const allThere = (columns: readonly string[]): string =>
  columns.map((name) => `${identifier(name)} IS NOT NULL`).join(' AND ');

/**
 * Counts the rows that refer to nothing. Equal rows are joined once, and what the rule does not speak of is left out
 * before the join, not in its condition: so written it is a hash join of few rows.
 */
function orphans({ columns, references, where }: RuleOf<'referential'>, from: string): string {
  const told = where === undefined ? '' : ` AND ${condition(where)}`;
  const [zone = '', table = ''] = references.table.split('.');
  const values = columns.map((name, i) => `${identifier(name)} AS k${i}`).join(', ');
  const keys = references.columns.map((name, i) => `${identifier(name)} AS k${i}`).join(', ');
  const using = columns.map((_, i) => `k${i}`).join(', ');
  return `SELECT coalesce(sum(n), 0)
    FROM (SELECT ${values}, count(*) AS n FROM ${from} WHERE ${allThere(columns)}${told} GROUP BY ALL) AS c
    ANTI JOIN (SELECT ${keys} FROM ${qualified(zone, table)}) AS p USING (${using})`;
}
