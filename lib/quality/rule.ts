import type { Dataset, Rule, RuleType } from '../contract/dataset';
import type { Loaded } from './loaded';

/** The rule of one type. */
export type RuleOf<T extends RuleType> = Extract<Rule, { type: T }>;

/**
 * What is known of one type of rule: how it becomes SQL, and what it says in words. All functions are pure; a rule is
 * answered elsewhere (`scan.ts`, `evaluate.ts`), for all rules of a table at once.
 */
export type RuleKind<R extends Rule = Rule> = RowRuleKind<R> | TableRuleKind<R>;

interface RuleKindBase<R extends Rule> {
  readonly type: R['type'];
  /** Columns that the rule names. Those inside SQL that a contract holds are not known here. */
  columns(rule: R): readonly string[];
}

/** A rule that judges each row by itself. */
export interface RowRuleKind<R extends Rule = Rule> extends RuleKindBase<R> {
  readonly level: 'row';
  /**
   * SQL condition that is TRUE where a row fails; FALSE or NULL where it does not. A null fails no rule but `notNull`:
   * what is absent is neither in a range nor out of it.
   */
  fails(rule: R, dataset: Dataset): string;
  /** What is wrong with a row that fails, in words: `origin is null`. */
  message(rule: R): string;
}

/** A rule that judges the table as a whole. */
export interface TableRuleKind<R extends Rule = Rule> extends RuleKindBase<R> {
  readonly level: 'table';
  /** What must be counted to answer it: SQL aggregates over the rows, by a name of the rule's own choice. May be nothing. */
  state(rule: R, from: string): Readonly<Record<string, Aggregate>>;
  /** The answer, derived from the state and the circumstances. Throws an Error with the reason where they give none. */
  measure(rule: R, state: State, circumstances: Circumstances): Measure;
}

/** What is known of a table besides the rows that it holds. */
export interface Circumstances {
  /** Now, in milliseconds since 1970. */
  readonly now: number;
  /** When its rows were last written, in milliseconds since 1970; absent where they never were. */
  readonly written?: number;
  /** What the last run that loaded files into it read; absent where none did. */
  readonly loaded?: Loaded;
  /** How many rows a rule has looked at in earlier runs that were published, by the rule's name, newest first. */
  readonly counts: Readonly<Record<string, readonly number[]>>;
}

/**
 * One value of a state. `aggregate`: over the rows of which the rule speaks, which the scan filters by the rule's
 * `where`, and by `over` besides. `query`: a SQL query of its own that gives one value, for what one scan of the table
 * cannot tell.
 */
export type Aggregate = { readonly aggregate: string; readonly over?: string } | { readonly query: string };

/** Values of a state, by name; null where SQL gave NULL. */
export type State = Readonly<Record<string, number | null>>;

/** What a rule found. */
export interface Measure {
  /** Rows that it looked at. */
  readonly checked: number;
  /** Rows that fail; of a rule that counts no rows, 1 where it does not hold. */
  readonly failed: number;
  /** The figure that the rule is about: failing rows, the row count, a query's number. */
  readonly observed: number;
  /** What it demands, in words: `at least 1`. */
  readonly allowed: string;
  /** What was found, in words. */
  readonly message: string;
}
