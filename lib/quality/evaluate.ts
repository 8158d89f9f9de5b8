import type { Dataset, Rule } from '../contract/dataset';
import { TransientError } from '../errors';
import type { Row } from '../runtime/services';
import { describeTolerance, percent, type RuleResult, tolerates } from './result';
import type { Circumstances, Measure, RowRuleKind, State } from './rule';
import { kindOf } from './rules';
import { planScan } from './scan';

export type Query = (sql: string) => Promise<Row[]>;

/**
 * Answers every rule of a dataset over a table of rows, by one scan. A rule that cannot be answered (its column is not
 * there, its SQL is wrong) becomes a result with status `error`, and takes no other rule down with it.
 *
 * @param from the table to read, as quoted SQL
 * @throws Error where the table itself cannot be read
 * @throws TransientError where the catalog or the store fails in a way that may pass
 */
export async function evaluate(
  dataset: Dataset,
  from: string,
  circumstances: Circumstances,
  query: Query,
): Promise<RuleResult[]> {
  const found = await query(`DESCRIBE SELECT * FROM ${from}`);
  const present = new Set(found.map((column) => String(column.column_name).toLowerCase()));
  const missing = (rule: Rule) =>
    kindOf(rule)
      .columns(rule)
      .filter((name) => !present.has(name.toLowerCase()));
  const answered = await answer(
    dataset.rules.filter((rule) => missing(rule).length === 0),
    { dataset, from, circumstances, query },
  );
  return dataset.rules.map((rule) => {
    const result = answered.get(rule);
    return result ?? unanswered(rule, `the table has no column ${missing(rule).join(', ')}`);
  });
}

interface Table {
  readonly dataset: Dataset;
  readonly from: string;
  readonly circumstances: Circumstances;
  readonly query: Query;
}

/** One scan for all rules; where it fails, one for each half, down to the rule that is to blame. */
async function answer(rules: readonly Rule[], table: Table): Promise<Map<Rule, RuleResult>> {
  if (rules.length === 0) return new Map();
  try {
    const scan = planScan(rules, table.dataset, table.from);
    const [row] = scan.sql === undefined ? [] : await table.query(scan.sql);
    const states = scan.states(row ?? {});
    return new Map(rules.map((rule, i) => [rule, judge(rule, states[i]!, table.circumstances)]));
  } catch (error) {
    // It says nothing of the rule, and the step is run again.
    if (error instanceof TransientError) throw error;
    if (rules.length === 1) return new Map([[rules[0]!, unanswered(rules[0]!, (error as Error).message)]]);
    const half = Math.ceil(rules.length / 2);
    const first = await answer(rules.slice(0, half), table);
    const second = await answer(rules.slice(half), table);
    return new Map([...first, ...second]);
  }
}

function judge(rule: Rule, state: State, circumstances: Circumstances): RuleResult {
  try {
    const kind = kindOf(rule);
    const measure =
      kind.level === 'row' ? measureRows(rule, kind, state, circumstances) : kind.measure(rule, state, circumstances);
    const status = tolerates(rule.tolerance, measure.failed, measure.checked) ? 'passed' : 'failed';
    const inPercent = rule.tolerance?.unit === 'percent';
    return {
      ...named(rule),
      status,
      checked: measure.checked,
      failed: measure.failed,
      observed: inPercent ? percent(measure.failed, measure.checked) : measure.observed,
      tolerance: rule.tolerance === undefined ? measure.allowed : describeTolerance(rule.tolerance),
      message: measure.message,
    };
  } catch (error) {
    return unanswered(rule, (error as Error).message);
  }
}

function measureRows(rule: Rule, kind: RowRuleKind, state: State, { loaded }: Circumstances): Measure {
  const { checked, failed } = { checked: state.checked ?? 0, failed: state.failed ?? 0 };
  const found = failed === 0 ? `none of ${checked} rows fails` : `${failed} of ${checked} rows: ${kind.message(rule)}`;
  const refused = loaded?.reasons[rule.name];
  const message = refused === undefined ? found : `${found}; the last load sent ${refused} to quarantine`;
  return { checked, failed, observed: failed, allowed: describeTolerance(undefined), message };
}

function unanswered(rule: Rule, reason: string): RuleResult {
  const message = `could not be answered: ${reason.trim().split('\n')[0]}`;
  const tolerance = describeTolerance(rule.tolerance);
  return { ...named(rule), status: 'error', checked: 0, failed: 0, observed: null, tolerance, message };
}

const named = ({ name, type, dimension, severity }: Rule) => ({ rule: name, type, dimension, severity });
