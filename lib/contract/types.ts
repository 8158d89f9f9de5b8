import type { StructField, Type } from './dataset';

/** Glue's (Hive's) word for a type: `array<struct<a:int>>`. Hive has no time, no uuid and no time zone. */
export function glueType(type: Type): string {
  if (typeof type === 'string') return glueWords[type] ?? type.replace(/ /g, '');
  switch (type.kind) {
    case 'struct':
      return `struct<${type.fields.map((field) => `${field.name}:${glueType(field.type)}`).join(',')}>`;
    case 'list':
      return `array<${glueType(type.element)}>`;
    case 'map':
      return `map<${glueType(type.key)},${glueType(type.value)}>`;
  }
}

const glueWords: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  int: 'int',
  long: 'bigint',
  float: 'float',
  double: 'double',
  date: 'date',
  time: 'string',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  string: 'string',
  uuid: 'string',
  binary: 'binary',
};

/** A type as Iceberg's table metadata words it (JSON); nested fields need ids, which `nextId` gives. */
export type IcebergType =
  | string
  | { readonly type: 'struct'; readonly fields: readonly IcebergField[] }
  | { readonly type: 'list'; 'element-id': number; element: IcebergType; 'element-required': boolean }
  | {
      readonly type: 'map';
      'key-id': number;
      key: IcebergType;
      'value-id': number;
      value: IcebergType;
      'value-required': boolean;
    };

export interface IcebergField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
  readonly doc?: string;
}

/** Iceberg's JSON of a type. Ids are taken in the order of Iceberg's own writers: a level's fields before their own fields. */
export function icebergType(type: Type, nextId: () => number): IcebergType {
  if (typeof type === 'string') return type;
  switch (type.kind) {
    case 'struct':
      return { type: 'struct', fields: icebergFields(type.fields, nextId) };
    case 'list': {
      const id = nextId();
      return { type: 'list', 'element-id': id, element: icebergType(type.element, nextId), 'element-required': false };
    }
    case 'map': {
      const [key, value] = [nextId(), nextId()];
      return {
        type: 'map',
        'key-id': key,
        key: icebergType(type.key, nextId),
        'value-id': value,
        value: icebergType(type.value, nextId),
        'value-required': false,
      };
    }
  }
}

/** Fields of a struct, or the columns of a table, as Iceberg's JSON. */
export function icebergFields(fields: readonly StructField[], nextId: () => number): IcebergField[] {
  const ids = fields.map(nextId);
  return fields.map((field, i) => ({
    id: ids[i]!,
    name: field.name,
    required: field.required,
    type: icebergType(field.type, nextId),
    ...(field.description === undefined ? {} : { doc: field.description }),
  }));
}

/** A type in a sentence: `struct<a: int>`. */
export function typeText(type: Type): string {
  if (typeof type === 'string') return type;
  switch (type.kind) {
    case 'struct':
      return `struct<${type.fields.map((field) => `${field.name}: ${typeText(field.type)}`).join(', ')}>`;
    case 'list':
      return `list<${typeText(type.element)}>`;
    case 'map':
      return `map<${typeText(type.key)}, ${typeText(type.value)}>`;
  }
}

/** Precision and scale of a decimal type, undefined for another. */
export function decimalOf(type: Type): { readonly precision: number; readonly scale: number } | undefined {
  const match = typeof type === 'string' ? /^decimal\((\d+), ?(\d+)\)$/.exec(type) : null;
  return match === null ? undefined : { precision: Number(match[1]), scale: Number(match[2]) };
}

export const sameType = (a: Type, b: Type): boolean => JSON.stringify(shape(a)) === JSON.stringify(shape(b));

/** A type without what does not change how its values are read. */
function shape(type: Type): unknown {
  if (typeof type === 'string') return type;
  switch (type.kind) {
    case 'struct':
      return type.fields.map((field) => [field.name, field.required, shape(field.type)]);
    case 'list':
      return { list: shape(type.element) };
    case 'map':
      return { map: [shape(type.key), shape(type.value)] };
  }
}

/**
 * Whether values that were written as `from` can be read as `to`: equal, or one of Iceberg's promotions (int to long,
 * float to double, a decimal of more digits and the same scale), also inside lists, maps and structs, whose fields may
 * grow by optional ones and may become optional.
 */
export function widens(from: Type, to: Type): boolean {
  if (typeof from === 'string' || typeof to === 'string') {
    if (from === to) return true;
    if (from === 'int' && to === 'long') return true;
    if (from === 'float' && to === 'double') return true;
    const [a, b] = [decimalOf(from), decimalOf(to)];
    return a !== undefined && b !== undefined && a.scale === b.scale && b.precision >= a.precision;
  }
  if (from.kind === 'list' && to.kind === 'list') return widens(from.element, to.element);
  if (from.kind === 'map' && to.kind === 'map') return sameType(from.key, to.key) && widens(from.value, to.value);
  if (from.kind !== 'struct' || to.kind !== 'struct') return false;
  const after = new Map(to.fields.map((field) => [field.name, field]));
  const kept = from.fields.every((field) => {
    const now = after.get(field.name);
    return now !== undefined && widens(field.type, now.type) && (field.required || !now.required);
  });
  const before = new Set(from.fields.map((field) => field.name));
  return kept && to.fields.every((field) => before.has(field.name) || !field.required);
}

/** Whether a type, or any inside it, is as asked. */
export function someType(type: Type, is: (one: Type) => boolean): boolean {
  if (is(type)) return true;
  if (typeof type === 'string') return false;
  switch (type.kind) {
    case 'struct':
      return type.fields.some((field) => someType(field.type, is));
    case 'list':
      return someType(type.element, is);
    case 'map':
      return someType(type.key, is) || someType(type.value, is);
  }
}

/** Whether its values say when. */
export const isMoment = (type: Type): boolean => type === 'date' || type === 'timestamp' || type === 'timestamptz';
