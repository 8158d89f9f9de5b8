import type { Dimension } from '../contract/dataset';
import { percent, type RuleResult } from './result';

/** How good a table is, from 0 to 100: over all rules, and for each dimension that has one. */
export interface Scores {
  readonly table: number;
  readonly dimensions: Readonly<Partial<Record<Dimension, number>>>;
}

/**
 * The mean of the rules' own scores: the share of rows that do not fail, or, of a rule that counts no rows, 100 or 0. A
 * rule without an answer scores 0; a table without rules 100. Rounded to a hundredth, and never up to 100.
 */
export function scoresOf(results: readonly RuleResult[]): Scores {
  const dimensions: Partial<Record<Dimension, number>> = {};
  for (const { dimension } of results) {
    dimensions[dimension] ??= mean(results.filter((result) => result.dimension === dimension));
  }
  return { table: mean(results), dimensions };
}

function mean(results: readonly RuleResult[]): number {
  if (results.length === 0) return 100;
  return Math.floor((100 * results.reduce((sum, result) => sum + scoreOf(result), 0)) / results.length) / 100;
}

const wholes: ReadonlySet<RuleResult['type']> = new Set(['rowCount', 'rowCountChange', 'sql', 'freshness']);

/** Whether a rule counts failing rows; else it holds for the table as a whole, or does not. */
export const countsRows = (type: RuleResult['type']): boolean => !wholes.has(type);

/** How good one rule found the table, from 0 to 100. */
export function scoreOf({
  status,
  type,
  failed,
  checked,
}: Pick<RuleResult, 'status' | 'type' | 'failed' | 'checked'>): number {
  if (status === 'error') return 0;
  if (!countsRows(type)) return status === 'passed' ? 100 : 0;
  return 100 - percent(failed, checked);
}
