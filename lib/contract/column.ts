import { givenAllowed } from '../errors';
import { columnProperties, readCustom } from './custom';
import type { Column, PrimitiveType, StructField, Type } from './dataset';
import type { Path } from './document';
import { nameProblem } from './names';
import type { Notes } from './notes';
import type { ItemProperty, LogicalType, SchemaProperty } from './odcs';
import { decimalProblem, physicalType, physicalWords } from './physical';
import { decimalOf, typeText } from './types';

/** A property of a table as a column. A type that cannot be told is reported, and read as a text. */
export function readColumn(property: SchemaProperty, path: Path, notes: Notes): Column {
  const name = columnName(property);
  checkName(property, path, notes);
  const custom = readCustom(columnProperties, property.customProperties, path, notes);
  const sourceType = custom.sourceType === undefined ? undefined : physicalType(custom.sourceType.value);
  if (custom.sourceType !== undefined && sourceType === undefined)
    notes.problem(custom.sourceType.path, `must be a type; ${givenAllowed(custom.sourceType.value, physicalWords())}`);
  const type = typeOf(property, path, notes) ?? 'string';
  const { subject } = custom;
  if (subject !== undefined && !namesSomebody(type))
    notes.problem(
      subject.path,
      `of subject must stand at a column of text, whole numbers or UUIDs; ${name} is ${typeText(type)}`,
    );
  return {
    name,
    ...(property.id === undefined ? {} : { id: property.id }),
    type,
    required: property.required === true || property.primaryKey === true,
    ...(property.description == null ? {} : { description: property.description }),
    ...(property.classification === undefined ? {} : { classification: property.classification }),
    tags: property.tags ?? [],
    ...(property.transformLogic === undefined ? {} : { transform: property.transformLogic }),
    sourceColumns: property.transformSourceObjects ?? [name],
    ...(sourceType === undefined ? {} : { sourceType }),
    ...(subject === undefined ? {} : { subject: subject.value }),
  };
}

/** Types of which each value has one text. */
const namesSomebody = (type: Type): boolean =>
  type === 'string' || type === 'int' || type === 'long' || type === 'uuid' || decimalOf(type)?.scale === 0;

/** A column is named as it is in storage, where the contract says that name. */
export const columnName = (property: SchemaProperty): string => property.physicalName ?? property.name;

function checkName(property: SchemaProperty, path: Path, notes: Notes): void {
  const problem = nameProblem(columnName(property));
  if (problem !== undefined)
    notes.problem([...path, property.physicalName === undefined ? 'name' : 'physicalName'], problem);
}

/** Families of types: a physical type refines a logical one of the same family. */
const families: Readonly<Record<LogicalType, (type: Type) => boolean>> = {
  boolean: (type) => type === 'boolean',
  integer: (type) => type === 'int' || type === 'long' || decimalOf(type)?.scale === 0,
  number: (type) => ['int', 'long', 'float', 'double'].includes(type as string) || decimalOf(type) !== undefined,
  string: (type) => type === 'string' || type === 'uuid' || type === 'binary',
  // Version 3.0 of the standard had no other word for a moment; taken as a day, a time would be lost.
  date: (type) => ['date', 'time', 'timestamp', 'timestamptz'].includes(type as string),
  time: (type) => type === 'time',
  timestamp: (type) => type === 'timestamp' || type === 'timestamptz',
  // Where the contract does not say what is inside, a text may hold it as JSON.
  object: (type) => type === 'string' || (typeof type === 'object' && (type.kind === 'struct' || type.kind === 'map')),
  array: (type) => type === 'string' || (typeof type === 'object' && type.kind === 'list'),
};

/** What `format` says of an integer's size; a type that holds it. ODCS: `i32` where nothing is said. */
const integers: Readonly<Record<string, PrimitiveType>> = {
  i8: 'int',
  i16: 'int',
  i32: 'int',
  i64: 'long',
  i128: 'decimal(38, 0)',
  u8: 'int',
  u16: 'int',
  u32: 'long',
  u64: 'decimal(20, 0)',
  u128: 'decimal(38, 0)',
};

function typeOf(property: SchemaProperty | ItemProperty, path: Path, notes: Notes): Type | undefined {
  const { physicalType: words, logicalTypeOptions: options = {} } = property;
  const logical = property.logicalType ?? (property.properties ? 'object' : property.items ? 'array' : undefined);
  const physical = words === undefined ? undefined : physicalType(words);
  // A text holds every number as it is written; any other type that stands in for a decimal would not.
  const misfit =
    words === undefined || physical !== undefined || logical === 'string' ? undefined : decimalProblem(words);
  if (misfit !== undefined) {
    notes.problem([...path, 'physicalType'], misfit);
    return undefined;
  }
  if (logical === undefined) {
    if (physical !== undefined) return physical;
    if (words === undefined) notes.problem(path, 'must have a logicalType or a physicalType');
    else
      notes.problem(
        [...path, 'physicalType'],
        `must be a type that Ingot knows, or stand beside a logicalType; ${givenAllowed(words, physicalWords())}`,
      );
    return undefined;
  }
  const isRefined = physical !== undefined && families[logical](physical);
  const type = refined(logical, property, isRefined ? physical : undefined, path, notes);
  if (words !== undefined && !isRefined && typeof type === 'string')
    notes.notice(
      [...path, 'physicalType'],
      `is kept, but the logical type ${logical} decides: the column is ${typeText(type)}; given ${JSON.stringify(words)}`,
    );
  if (options.defaultTimezone !== undefined && !/^(Etc\/)?(UTC|GMT|Z)$/i.test(options.defaultTimezone))
    notes.notice(
      [...path, 'logicalTypeOptions', 'defaultTimezone'],
      `is kept, but times without a zone are read as UTC; transformLogic can say timezone('${options.defaultTimezone}', …)`,
    );
  return type;
}

function refined(
  logical: LogicalType,
  property: SchemaProperty | ItemProperty,
  physical: Type | undefined,
  path: Path,
  notes: Notes,
): Type | undefined {
  const options = property.logicalTypeOptions ?? {};
  switch (logical) {
    case 'integer':
      return options.format === undefined ? (physical ?? 'int') : wider(integers[options.format] ?? 'int', physical);
    case 'number':
      return physical ?? (options.format === 'f32' ? 'float' : 'double');
    case 'timestamp':
      if (options.timezone !== undefined) return options.timezone ? 'timestamptz' : 'timestamp';
      return physical ?? 'timestamptz';
    case 'object':
      return objectType(property, physical, path, notes);
    case 'array':
      return arrayType(property, physical, path, notes);
    default:
      return physical ?? logical;
  }
}

/** An integer's format and its physical type may both be said; the one that holds more is taken. */
function wider(format: PrimitiveType, physical: Type | undefined): Type {
  const digits = (type: Type) => (type === 'int' ? 10 : type === 'long' ? 19 : (decimalOf(type)?.precision ?? 0));
  return physical !== undefined && digits(physical) > digits(format) ? physical : format;
}

function objectType(property: SchemaProperty | ItemProperty, physical: Type | undefined, path: Path, notes: Notes) {
  const { properties } = property;
  if (properties === undefined || properties.length === 0) {
    if (physical === undefined)
      notes.problem([...path, 'properties'], 'is missing; an object must list its properties');
    return physical;
  }
  const required = new Set(property.logicalTypeOptions?.required ?? []);
  const seen = new Set<string>();
  const fields = properties.map((field, i): StructField => {
    const at = [...path, 'properties', i];
    const name = columnName(field);
    checkName(field, at, notes);
    if (seen.has(name))
      notes.problem([...at, 'name'], `must be unique in its object; ${JSON.stringify(name)} is given twice`);
    seen.add(name);
    noticeUnchecked(field, at, notes);
    return {
      name,
      type: typeOf(field, at, notes) ?? 'string',
      required: field.required === true || required.has(field.name),
      ...(field.description == null ? {} : { description: field.description }),
    };
  });
  return { kind: 'struct' as const, fields };
}

/** Rules stand at columns: of what is inside one, types and required fields are checked, and nothing else. */
function noticeUnchecked(field: SchemaProperty | ItemProperty, path: Path, notes: Notes): void {
  const {
    format: _format,
    timezone: _timezone,
    defaultTimezone: _zone,
    required: _required,
    ...limits
  } = field.logicalTypeOptions ?? {};
  for (const option of Object.keys(limits))
    notes.notice([...path, 'logicalTypeOptions', option], 'is kept but not checked: it stands inside a column');
  if (field.quality !== undefined && field.quality.length > 0)
    notes.notice([...path, 'quality'], 'is kept but not checked: it stands inside a column');
  for (const flag of ['unique', 'primaryKey', 'partitioned'] as const)
    if (field[flag] === true) notes.notice([...path, flag], 'is kept, but has no effect inside a column');
}

function arrayType(property: SchemaProperty | ItemProperty, physical: Type | undefined, path: Path, notes: Notes) {
  if (property.items === undefined) {
    if (physical === undefined) notes.problem([...path, 'items'], 'is missing; an array must say what its items are');
    return physical;
  }
  noticeUnchecked(property.items, [...path, 'items'], notes);
  const element = typeOf(property.items, [...path, 'items'], notes);
  return element && { kind: 'list' as const, element };
}
