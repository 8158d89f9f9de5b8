import type { Column, Dataset, Source, Type } from '../contract/dataset';
import { condition } from '../sql/condition';
import { identifier, list } from '../sql/quote';
import { duckdbType } from '../sql/types';
import { type Reading, type SourceColumn, sameName } from './read';
import { isRounded } from './rounded';

/** Source columns that a dataset reads, in the types in which its expressions want them. */
export function wantedColumns(dataset: Dataset, source: Source): SourceColumn[] {
  const wanted: SourceColumn[] = [];
  for (const column of dataset.columns) {
    for (const name of sourcesOf(column)) {
      if (!wanted.some((known) => sameName(known.name, name))) wanted.push({ name, type: readType(column, source) });
    }
  }
  return wanted;
}

/** A column without a transform is the source's column of its name, unless the contract names another one. */
const sourcesOf = (column: Column): readonly string[] =>
  column.sourceColumns.length > 0 ? column.sourceColumns : [column.name];

/** As text formats are read: nested values as JSON, all others as text. */
function readType(column: Column, source: Source): string {
  const nested = typeof (column.sourceType ?? column.type) !== 'string' && source.format === 'json';
  return nested ? 'JSON' : 'VARCHAR';
}

/** A source column as the contract's expressions see it. */
export interface Origin {
  readonly name: string;
  /** Its type as the expressions see it. */
  readonly type: string;
  /** Name under which its value stands before it was cast; its own name where it needs no cast. */
  readonly original: string;
  readonly select: string;
}

/** What each source column that a file has, or that the contract wants, becomes before expressions see it. */
export function originsOf(dataset: Dataset, source: Source, reading: Reading): Origin[] {
  const casts = new Map<string, Type>();
  for (const column of dataset.columns) {
    if (column.sourceType === undefined) continue;
    for (const name of sourcesOf(column)) casts.set(name.toLowerCase(), column.sourceType);
  }
  const given = reading.columns.map(({ name, type }): Origin => {
    const cast = casts.get(name.toLowerCase());
    const target = cast === undefined ? type : duckdbType(cast);
    const value = withNulls(identifier(name), source);
    if (target === type) return { name, type, original: name, select: `${value} AS ${identifier(name)}` };
    const original = `_ingot_given_${name}`;
    const casted = type === 'JSON' ? `TRY(CAST(${value} AS ${target}))` : `TRY_CAST(${value} AS ${target})`;
    return {
      name,
      type: target,
      original,
      select: `${value} AS ${identifier(original)}, ${casted} AS ${identifier(name)}`,
    };
  });
  const missing = wantedColumns(dataset, source)
    .filter(({ name }) => !given.some((origin) => sameName(origin.name, name)))
    .map(({ name }): Origin => {
      const cast = casts.get(name.toLowerCase());
      const type = cast === undefined ? 'VARCHAR' : duckdbType(cast);
      return { name, type, original: name, select: `CAST(NULL AS ${type}) AS ${identifier(name)}` };
    });
  return [...given, ...missing];
}

/** CSV's null values are known to its reader. */
function withNulls(column: string, source: Source): string {
  const { nullValues, format } = source;
  if (format === 'csv' || nullValues === undefined || nullValues.length === 0) return column;
  return `CASE WHEN list_contains(${list(nullValues)}, CAST(${column} AS VARCHAR)) THEN NULL ELSE ${column} END`;
}

/**
 * How a column of the contract is filled, in two steps: `value` (and `carried`, what it was made from) over the source's
 * columns, then `failed` over these two, so that no cast is done twice.
 */
export interface Cell {
  readonly column: Column;
  readonly value: string;
  readonly carried?: string;
  /** TRUE where the source has a value and the column, wrongly, has none; absent where that cannot be. */
  failed?(value: string, carried: string): string;
  /** TRUE where a source column was not of the type that the contract says; absent where it says none. */
  readonly lost?: string;
  /** The source columns that it is made from. */
  readonly origins: readonly Origin[];
  /** An expression that may raise an error, tried before the cell is made; `value` finds it under `attemptName`. */
  readonly attempt?: string;
}

export function cellOf(column: Column, i: number, origins: readonly Origin[]): Cell {
  const find = (name: string) => origins.find((origin) => sameName(origin.name, name));
  const read = sourcesOf(column).map((name) => find(name)!);
  const lost = read
    .filter((origin) => origin.original !== origin.name)
    .map((origin) => `(${identifier(origin.original)} IS NOT NULL AND ${identifier(origin.name)} IS NULL)`);
  // An expression that is no more than a name is a column that is called otherwise.
  const renamed = column.transform === undefined ? read[0] : find(column.transform.trim());
  const cell = renamed === undefined ? transformed(column, column.transform!, i) : copied(column, renamed);
  return { column, origins: read, ...cell, ...(lost.length === 0 ? {} : { lost: lost.join(' OR ') }) };
}

type Filled = Pick<Cell, 'value' | 'carried' | 'failed' | 'attempt'>;

function copied(column: Column, origin: Origin): Filled {
  const from = identifier(origin.name);
  const target = duckdbType(column.type);
  if (origin.type === target) return { value: from };
  if (target === 'VARCHAR') return { value: `CAST(${from} AS VARCHAR)` };
  if (origin.type === 'JSON') {
    // A TRY_CAST of JSON would leave out the fields that fail, and say nothing.
    const isNone = (value: string, given: string) =>
      `${value} IS NULL AND ${given} IS NOT NULL AND json_type(${given}) <> 'NULL'`;
    return {
      value: `TRY(CAST(${from} AS ${target}))`,
      carried: from,
      failed: (value, given) => `${isNone(value, given)} OR ${isRounded(given, 'JSON', value, column.type)}`,
    };
  }
  return {
    value: `TRY_CAST(${from} AS ${target})`,
    carried: from,
    failed: (value, given) =>
      `${given} IS NOT NULL AND (${value} IS NULL OR ${isRounded(given, origin.type, value, column.type)})`,
  };
}

/** Inside a struct, the null that an error leaves is told from the null that the expression means to give. */
function transformed(column: Column, transform: string, i: number): Filled {
  return {
    attempt: `TRY({'v': ${condition(transform)}})`,
    value: `TRY_CAST(${attemptName(i)}.v AS ${duckdbType(column.type)})`,
    carried: attemptName(i),
    failed: (value, attempt) => `${attempt} IS NULL OR (${attempt}.v IS NOT NULL AND ${value} IS NULL)`,
  };
}

/** Name of the struct that holds what the expression of the i-th column gives. */
export const attemptName = (i: number): string => `_ingot_attempt_${i}`;
