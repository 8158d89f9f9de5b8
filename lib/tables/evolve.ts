import type { StructField, Type } from '../contract/dataset';
import { type IcebergField, type IcebergType, icebergFields, icebergType, typeText, widens } from '../contract/types';
import type { ColumnSpec } from './spec';

/** Columns of a table after they were changed into those of a spec, and what that took. */
export interface EvolvedColumns {
  readonly fields: readonly IcebergField[];
  /** In words, one for each change. Empty where nothing changes. */
  readonly changes: readonly string[];
  /** Changes that rows or their readers would not survive: one sentence each. Where there are any, nothing is done. */
  readonly breaking: readonly string[];
}

interface Evolution {
  /** Gives a new column its id; counts on from the highest that the table ever had. */
  readonly nextId: () => number;
  /** False of a table that was never written: then nothing can be null. */
  readonly hasRows: boolean;
  readonly changes: string[];
  readonly breaking: string[];
}

/**
 * The columns of a table, changed into those of a spec: added, widened, made optional, renamed, put into another order,
 * described. A column keeps its id, by which files know it.
 *
 * @param known id of the field that each id of the contract had at last
 */
export function evolveColumns(
  current: readonly IcebergField[],
  wanted: readonly ColumnSpec[],
  known: Readonly<Record<string, number>>,
  context: Pick<Evolution, 'nextId' | 'hasRows'>,
): EvolvedColumns {
  const evolution: Evolution = { ...context, changes: [], breaking: [] };
  const claimed = new Set(wanted.flatMap(({ id }) => (id === undefined ? [] : (known[id] ?? []))));
  const before = wanted.map((column) => {
    const byId = column.id === undefined ? undefined : current.find((field) => field.id === known[column.id!]);
    return byId ?? current.find((field) => field.name === column.name && !claimed.has(field.id));
  });
  const fields = evolveFields(current, wanted, before, '', evolution);
  return { fields, changes: evolution.changes, breaking: evolution.breaking };
}

/** `before` holds for each wanted field the one that it was. `at` is the path that the fields' names follow on. */
function evolveFields(
  current: readonly IcebergField[],
  wanted: readonly StructField[],
  before: readonly (IcebergField | undefined)[],
  at: string,
  evolution: Evolution,
): IcebergField[] {
  for (const field of current) {
    if (!before.includes(field)) evolution.breaking.push(`${at}${field.name} would be dropped`);
  }
  const kept = before.filter((field) => field !== undefined);
  const inOrder = current.filter((field) => kept.includes(field));
  if (kept.some((field, i) => field !== inOrder[i]))
    evolution.changes.push(`${at === '' ? 'columns' : `fields of ${at.slice(0, -1)}`} in another order`);
  return wanted.map((field, i) => {
    const was = before[i];
    return was === undefined ? added(field, at, evolution) : changed(was, field, at, evolution);
  });
}

function added(field: StructField, at: string, evolution: Evolution): IcebergField {
  const name = at + field.name;
  if (field.required && evolution.hasRows)
    evolution.breaking.push(`${name} would be added as required, and rows that are there have no value for it`);
  evolution.changes.push(`${name} ${typeText(field.type)} added`);
  return icebergFields([field], evolution.nextId)[0]!;
}

function changed(was: IcebergField, field: StructField, at: string, evolution: Evolution): IcebergField {
  const name = at + field.name;
  if (was.name !== field.name) evolution.changes.push(`${at}${was.name} renamed to ${field.name}`);
  if (was.required && !field.required) evolution.changes.push(`${name} made optional`);
  if (!was.required && field.required) {
    if (evolution.hasRows)
      evolution.breaking.push(`${name} would become required, and rows that are there may have no value`);
    evolution.changes.push(`${name} made required`);
  }
  if (was.doc !== field.description) evolution.changes.push(`${name} described anew`);
  return {
    id: was.id,
    name: field.name,
    required: field.required,
    type: evolveType(was.type, field.type, name, evolution),
    ...(field.description === undefined ? {} : { doc: field.description }),
  };
}

function evolveType(was: IcebergType, wanted: Type, at: string, evolution: Evolution): IcebergType {
  if (typeof was === 'string') {
    if (typeof wanted === 'string' && widens(was as Type, wanted)) {
      if (sameWord(was, wanted)) return was;
      evolution.changes.push(`${at} widened from ${was} to ${wanted}`);
      return wanted;
    }
  } else if (typeof wanted !== 'string') {
    if (was.type === 'struct' && wanted.kind === 'struct') {
      const before = wanted.fields.map((field) => was.fields.find(({ name }) => name === field.name));
      return { type: 'struct', fields: evolveFields(was.fields, wanted.fields, before, `${at}.`, evolution) };
    }
    if (was.type === 'list' && wanted.kind === 'list')
      return { ...was, element: evolveType(was.element, wanted.element, `${at}.element`, evolution) };
    if (was.type === 'map' && wanted.kind === 'map') {
      const key: Evolution = { ...evolution, changes: [] };
      const keyType = evolveType(was.key, wanted.key, `${at}.key`, key);
      if (key.changes.length > 0) evolution.breaking.push(`${at}.key would change, by which a map's values are found`);
      return { ...was, key: keyType, value: evolveType(was.value, wanted.value, `${at}.value`, evolution) };
    }
  }
  evolution.breaking.push(
    `${at} would change from ${wordOf(was)} to ${typeText(wanted)}, as which values cannot be read`,
  );
  return icebergType(wanted, evolution.nextId);
}

/** Some writers put no blank into `decimal(9, 2)`. */
const sameWord = (a: string, b: string): boolean => a.replaceAll(' ', '') === b.replaceAll(' ', '');

const wordOf = (type: IcebergType): string => (typeof type === 'string' ? type : type.type);
