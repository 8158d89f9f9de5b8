import type { Dataset, Rule } from '../contract/dataset';
import type { Row } from '../runtime/services';
import { allOf, subquery } from '../sql/condition';
import { identifier } from '../sql/quote';
import { failing } from './row';
import type { Aggregate, State } from './rule';
import { kindOf } from './rules';

/** One SELECT that answers many rules. */
export interface Scan {
  /** Absent where no rule wants to know anything of the rows. */
  readonly sql?: string;
  /** The states of the rules, in their order, from the one row that the SELECT gives. */
  states(row: Row): State[];
}

/**
 * Puts what all rules want to know into one SELECT, so that a table is read once, however many rules it has.
 *
 * @param from the table to read, as quoted SQL
 */
export function planScan(rules: readonly Rule[], dataset: Dataset, from: string): Scan {
  const wanted = rules.map((rule) => Object.entries(stateOf(rule, dataset, from)));
  const columns = wanted.flatMap((state, i) =>
    state.map(([name, value]) => `${sqlOf(value, rules[i]?.where)} AS ${identifier(alias(i, name))}`),
  );
  return {
    ...(columns.length === 0 ? {} : { sql: `SELECT ${columns.join(',\n  ')}\nFROM ${from}` }),
    states: (row) =>
      wanted.map((state, i) => Object.fromEntries(state.map(([name]) => [name, numberOf(row[alias(i, name)])]))),
  };
}

const alias = (rule: number, name: string) => `r${rule}_${name}`;

/** What a rule must know. Of a row rule that is always how many rows there are, and how many of them fail. */
function stateOf(rule: Rule, dataset: Dataset, from: string): Readonly<Record<string, Aggregate>> {
  const kind = kindOf(rule);
  if (kind.level === 'table') return kind.state(rule, from);
  return {
    checked: { aggregate: 'count(*)' },
    failed: { aggregate: 'count(*)', over: failing(rule, kind, dataset) },
  };
}

function sqlOf(value: Aggregate, where: string | undefined): string {
  if ('query' in value) return `CAST(${subquery(value.query)} AS DOUBLE)`;
  if (where === undefined && value.over === undefined) return value.aggregate;
  return `${value.aggregate} FILTER (WHERE ${allOf([where, value.over])})`;
}

/** Counts come as bigint; they are far below 2^53. */
const numberOf = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));
