import type { Dataset, Rule } from '../contract/dataset';
import { allOf } from '../sql/condition';
import type { RowRuleKind } from './rule';
import { kindOf } from './rules';

/** A check of each row before it is merged: rows that fail it go to quarantine. */
export interface RowCheck {
  /** The rule's name. */
  readonly rule: string;
  /** The column that it is about; absent where it is about several. */
  readonly column?: string;
  /** What is wrong with a row that fails, in words. */
  readonly message: string;
  /** SQL condition over the dataset's columns: TRUE where the row fails, else FALSE, never NULL. */
  readonly predicate: string;
}

/** The rules that send a row to quarantine: row rules of severity `error` for which the contract tolerates nothing. */
export function rowRules(dataset: Dataset): RowCheck[] {
  return dataset.rules.flatMap((rule) => {
    const kind = kindOf(rule);
    if (kind.level !== 'row' || !quarantines(rule)) return [];
    const columns = kind.columns(rule);
    return {
      rule: rule.name,
      ...(columns.length === 1 ? { column: columns[0] } : {}),
      message: kind.message(rule),
      predicate: failing(rule, kind, dataset),
    };
  });
}

/** Whether rows that fail the rule are kept out of the table; else they stay and are counted. */
function quarantines(rule: Rule): boolean {
  return rule.severity === 'error' && rule.tolerance === undefined;
}

/** Rows of which the rule speaks and that fail it: TRUE or FALSE, never NULL. */
export function failing(rule: Rule, kind: RowRuleKind, dataset: Dataset): string {
  return `(${allOf([rule.where, kind.fails(rule, dataset)])}) IS TRUE`;
}
