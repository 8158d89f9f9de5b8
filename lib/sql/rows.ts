import { identifier } from './quote';

/** Column names as a SQL list, each of the table `of` where that is given: `"t"."a", "t"."b"`. */
export const columnList = (names: readonly string[], of?: string): string =>
  names.map((name) => columnOf(name, of)).join(', ');

export const columnOf = (name: string, of?: string): string =>
  of === undefined ? identifier(name) : `${identifier(of)}.${identifier(name)}`;

/** Two rows have the same key. Keys hold no null. */
export const sameKey = (key: readonly string[], a: string, b: string): string =>
  key.map((name) => `${columnOf(name, a)} = ${columnOf(name, b)}`).join(' AND ');

/** Two rows differ in one of the columns; null is a value like others. */
export const differs = (columns: readonly string[], a: string, b: string): string =>
  columns.length === 0
    ? 'FALSE'
    : columns.map((name) => `${columnOf(name, a)} IS DISTINCT FROM ${columnOf(name, b)}`).join(' OR ');

/**
 * Identity of a bag of rows, as two aggregates: equal bags give equal values, whatever the order of rows. Different
 * ones do not, but for one chance in 2^64.
 */
export const contentOf = (columns: readonly string[]): { readonly rows: string; readonly sum: string } => ({
  rows: 'count(*)',
  sum: `sum(CAST(hash(${columnList(columns)}) AS HUGEINT))`,
});
