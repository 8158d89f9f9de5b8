import type { Column, Type } from '../contract/dataset';
import { widens } from '../contract/types';
import type { NewColumn } from './schema';

/**
 * Table property, JSON: columns that came from the source and that the contract does not name, or not as wide. A contract
 * that names them later takes them over.
 */
export const sourceColumnsProperty = 'ingot.source-columns';

/** What the property of a table says. */
export const sourceColumnsOf = (properties: Readonly<Record<string, string>>): readonly NewColumn[] =>
  JSON.parse(properties[sourceColumnsProperty] ?? '[]') as NewColumn[];

/** The columns that a table has: the contract's, as wide as the source's have become, then those that the source added. */
export function columnsWith<C extends { readonly name: string; readonly type: Type }>(
  columns: readonly C[],
  evolved: readonly NewColumn[],
  add: (column: NewColumn) => C,
): C[] {
  const wider = (column: C): C => {
    const type = evolved.find(({ name }) => name === column.name)?.type;
    return type !== undefined && widens(column.type, type) ? { ...column, type } : column;
  };
  const names = new Set(columns.map(({ name }) => name));
  return [...columns.map(wider), ...evolved.filter(({ name }) => !names.has(name)).map(add)];
}

/** A column of a dataset that came from the source. */
export const columnFromSource = ({ name, type }: NewColumn): Column => ({
  name,
  type,
  required: false,
  tags: [],
  sourceColumns: [name],
});
