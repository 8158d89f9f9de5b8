import type { Rule, RuleType } from '../../contract/dataset';
import type { RuleKind, RuleOf } from '../rule';
import { acceptedValues } from './accepted-values';
import { expression } from './expression';
import { freshness } from './freshness';
import { length } from './length';
import { notNull } from './not-null';
import { pattern } from './pattern';
import { range } from './range';
import { referential } from './referential';
import { rowCount } from './row-count';
import { rowCountChange } from './row-count-change';
import { sql } from './sql';
import { type } from './type';
import { unique } from './unique';

/** Every type of rule. A type that is added to `Rule` and not here does not compile. */
const kinds: { readonly [T in RuleType]: RuleKind<RuleOf<T>> } = {
  notNull,
  unique,
  acceptedValues,
  range,
  pattern,
  length,
  rowCount,
  sql,
  expression,
  type,
  referential,
  freshness,
  rowCountChange,
};

/** What is known of a rule's type. */
export const kindOf = (rule: Rule): RuleKind => (kinds as Readonly<Record<RuleType, RuleKind>>)[rule.type];
