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

/** Two rows agree in all of the columns; null is a value like others. */
export const sameRow = (columns: readonly string[], a: string, b: string): string =>
  columns.map((name) => `${columnOf(name, a)} IS NOT DISTINCT FROM ${columnOf(name, b)}`).join(' AND ');
