import type { Dimension, Rule, Severity, Tolerance } from '../contract/dataset';

/** What became of one rule. */
export interface RuleResult {
  /** The rule's name. */
  readonly rule: string;
  /** The rule's type, for example `range`. */
  readonly type: Rule['type'] | 'quarantine';
  readonly dimension: Dimension;
  readonly severity: Severity;
  /** `error`: the rule could not be answered, for the reason in `message`; that is never a pass. */
  readonly status: 'passed' | 'failed' | 'error';
  /** Rows that the rule looked at. */
  readonly checked: number;
  /** Rows that fail; of a rule that counts no rows, 1 where it does not hold. */
  readonly failed: number;
  /** The figure that the rule is about: failing rows or their percentage, the row count, a query's number. */
  readonly observed: number | null;
  /** What the contract allows, in words: `at most 1 percent`. */
  readonly tolerance: string;
  /** What was found, in one sentence. */
  readonly message: string;
}

/** Whether so many failing rows, of so many, are tolerated. Of no rows, none fail. */
export function tolerates(tolerance: Tolerance | undefined, failed: number, checked: number): boolean {
  if (tolerance === undefined) return failed === 0;
  const { max, unit, exclusive } = tolerance;
  const observed = unit === 'rows' ? failed : percent(failed, checked);
  // Where no row fails there is nothing to tolerate, even by a contract that says "fewer than 0".
  return failed === 0 || (exclusive ? observed < max : observed <= max);
}

export const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

export function describeTolerance(tolerance: Tolerance | undefined): string {
  if (tolerance === undefined) return 'none';
  return `${tolerance.exclusive ? 'below' : 'at most'} ${tolerance.max} ${tolerance.unit}`;
}

/** A table is good enough to go on where no rule of severity `error` failed or stayed without an answer. */
export const passes = (results: readonly RuleResult[]): boolean =>
  results.every((result) => result.status === 'passed' || result.severity === 'warning');
