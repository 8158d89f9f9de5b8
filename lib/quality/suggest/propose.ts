import type { Source, Type } from '../../contract/dataset';
import { nameProblem } from '../../contract/names';
import type { DataContract, ItemProperty, LogicalType, SchemaProperty } from '../../contract/odcs';
import { physicalType } from '../../contract/physical';
import { decimalOf } from '../../contract/types';
import type { Duckdb } from '../../runtime/duckdb';
import { identifier, literal } from '../../sql/quote';
import { dayFormatOf, distinctOf, type Kind, noneWordsIn, type Profile, shapeOf, valuesOf } from './profile';
import type { Sample } from './sample';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
export type Proposed = Writable<SchemaProperty>;

/** Fewer rows than these say little: nothing is guessed from their values. */
const fewRows = 20;
/** A list of values is proposed up to so many. */
const mostListed = 25;

/** Proposes a property for each column of a file. What follows from the file's shape is strict; what is guessed from values warns. */
export async function propose(sample: Sample, profiles: readonly Profile[], duckdb: Duckdb): Promise<Proposed[]> {
  const names = columnNames(profiles.map(({ column }) => column.source));
  const properties: Proposed[] = [];
  for (const [i, one] of profiles.entries()) properties.push(await propertyOf(one, names[i]!, sample, duckdb));
  const key = await keyOf(profiles, names, sample, duckdb);
  const found = properties.find(({ name }) => name === key);
  if (found !== undefined) Object.assign(found, { required: true, primaryKey: true, primaryKeyPosition: 1 });
  return properties;
}

/** The contract around the properties. */
export function contractOf(
  name: string,
  zone: string,
  source: Source,
  properties: readonly SchemaProperty[],
): DataContract {
  const { delimiter, header } = source;
  return {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: name.replaceAll('_', '-'),
    name: titled(name),
    version: '1.0.0',
    status: 'draft',
    servers: [
      {
        server: source.zone,
        type: 's3',
        location: `s3://${source.zone}/${source.prefix}/`,
        format: source.format,
        ...(delimiter === undefined ? {} : { delimiter }),
        ...(header === false ? { customProperties: [{ property: 'header', value: false }] } : {}),
      },
    ],
    customProperties: [{ property: 'zone', value: zone }],
    schema: [
      {
        name,
        physicalType: 'table',
        properties,
        quality: [{ name: `${name}_present`, type: 'library', metric: 'rowCount', mustBeGreaterThan: 0 }],
      },
    ],
  };
}

const titled = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('_', ' ')}`;

async function propertyOf(one: Profile, name: string, sample: Sample, duckdb: Duckdb): Promise<Proposed> {
  const { column, rows, values } = one;
  const typed =
    column.type === 'VARCHAR' && sample.source.format !== 'parquet'
      ? await typeOfText(one, sample, duckdb)
      : typeOfFile(column.type);
  const { transform, ...type } = typed;
  const isRenamed = column.source !== name;
  return {
    name,
    ...(isRenamed && column.source.trim() !== '' ? { businessName: column.source } : {}),
    ...type,
    ...(rows > 0 && values === rows && transform === undefined ? { required: true } : {}),
    ...(isRenamed || transform !== undefined ? { transformSourceObjects: [column.source] } : {}),
    ...(transform === undefined ? {} : { transformLogic: transform }),
    ...(await guesses(one, type, name, sample, duckdb)),
  };
}

type Typed = Pick<SchemaProperty, 'logicalType' | 'physicalType' | 'logicalTypeOptions' | 'properties' | 'items'> & {
  /** SQL that gives the value, where it is not as it stands. */
  readonly transform?: string;
};

const typeOfKind: Partial<Record<Kind, Typed>> = {
  boolean: { logicalType: 'boolean' },
  int: { logicalType: 'integer' },
  long: { logicalType: 'integer', logicalTypeOptions: { format: 'i64' } },
  double: { logicalType: 'number' },
  date: { logicalType: 'date' },
  timestamptz: { logicalType: 'timestamp' },
  timestamp: { logicalType: 'timestamp', logicalTypeOptions: { timezone: false } },
  time: { logicalType: 'time' },
  uuid: { logicalType: 'string', physicalType: 'uuid' },
};

const text: Typed = { logicalType: 'string' };

/** What all texts of a column can be read as. A column without a single value is a text: that refuses nothing. */
async function typeOfText(one: Profile, { from }: Sample, duckdb: Duckdb): Promise<Typed> {
  const { column, values, meant, fits, shortest, longest } = one;
  if (meant === 0) return text;
  const kind = (Object.keys(typeOfKind) as Kind[]).find((each) => fits[each] === meant);
  const source = identifier(column.source);
  const words = values === meant ? [] : await noneWordsIn(column, from, duckdb);
  const given = words.reduce((sql, word) => `nullif(${sql}, ${literal(word)})`, source);
  if (kind !== undefined) return { ...typeOfKind[kind], ...(words.length === 0 ? {} : { transform: given }) };
  if (shortest === null || longest === null || longest > 20) return text;
  const format = await dayFormatOf(column, from, duckdb);
  if (format === undefined) return text;
  return { logicalType: 'date', transform: `CAST(strptime(${given}, ${literal(format)}) AS DATE)` };
}

/** The type that a file itself declares. What a contract has no word for is a text. */
function typeOfFile(type: string): Typed {
  const known: Readonly<Record<string, Typed>> = {
    UTINYINT: { logicalType: 'integer' },
    USMALLINT: { logicalType: 'integer' },
    UINTEGER: { logicalType: 'integer', logicalTypeOptions: { format: 'i64' } },
    UBIGINT: { logicalType: 'number', physicalType: 'decimal(20, 0)' },
    HUGEINT: { logicalType: 'number', physicalType: 'decimal(38, 0)' },
    TIMESTAMP_S: { logicalType: 'timestamp', logicalTypeOptions: { timezone: false } },
    TIMESTAMP_MS: { logicalType: 'timestamp', logicalTypeOptions: { timezone: false } },
    TIMESTAMP_NS: { logicalType: 'timestamp', logicalTypeOptions: { timezone: false } },
  };
  const read = known[type] === undefined ? physicalType(type) : undefined;
  return known[type] ?? (read !== undefined && isNameable(read) ? wordsFor(read) : text);
}

/** Fields of a nested type must have names that a table takes; DuckDB quotes those that are none. */
function isNameable(type: Type): boolean {
  if (typeof type === 'string') return true;
  if (type.kind === 'struct') return type.fields.every((f) => nameProblem(f.name) === undefined && isNameable(f.type));
  if (type.kind === 'list') return isNameable(type.element);
  return false;
}

function wordsFor(type: Type): Typed {
  if (typeof type !== 'string') {
    if (type.kind === 'list') return { logicalType: 'array', items: wordsFor(type.element) as ItemProperty };
    if (type.kind === 'struct')
      return {
        logicalType: 'object',
        properties: type.fields.map((field) => ({ name: field.name, ...wordsFor(field.type) })),
      };
    return text;
  }
  const decimal = decimalOf(type);
  if (decimal !== undefined)
    return { logicalType: 'number', physicalType: `decimal(${decimal.precision}, ${decimal.scale})` };
  const words: Readonly<Record<string, Typed>> = {
    float: { logicalType: 'number', logicalTypeOptions: { format: 'f32' } },
    binary: { logicalType: 'string', physicalType: 'binary' },
    string: text,
  };
  return words[type] ?? typeOfKind[type as Kind] ?? text;
}

/** What values suggest beyond their type. */
async function guesses(
  one: Profile,
  { logicalType, physicalType: physical, logicalTypeOptions: options }: Typed,
  name: string,
  { from }: Sample,
  duckdb: Duckdb,
): Promise<Partial<Proposed>> {
  const { column, values, distinct, fits } = one;
  if (values < fewRows) return {};
  if (logicalType === 'integer' || logicalType === 'number') {
    const range = rangeOf(one, name);
    return range === undefined ? {} : { ...range, logicalTypeOptions: { ...options, ...range.logicalTypeOptions } };
  }
  if (logicalType !== 'string' || physical !== undefined || column.type !== 'VARCHAR') return {};
  if (fits.json === values) return { description: 'JSON.' };
  if (fits.email === values) return { description: 'E-mail address.', classification: 'confidential' };
  // A guess may be off by a few: what is listed is asked for exactly.
  const listed = distinct <= 2 * mostListed ? await valuesOf(column, mostListed, from, duckdb) : undefined;
  if (listed !== undefined && values >= 10 * listed.length && listed.every(({ value }) => value.length <= 60))
    return warns(name, 'listed', { validValues: listed.map(({ value }) => value).sort() });
  if (distinct < fewRows || one.longest === null || one.longest > 40) return {};
  const shape = await shapeOf(column, from, duckdb);
  return shape === undefined ? {} : warns(name, 'shaped', { pattern: shape });
}

/** Guessed from the values of one file: a new one is worth a look, and no reason to refuse a row. */
const warns = (name: string, what: string, given: Readonly<Record<string, unknown>>): Partial<Proposed> => ({
  quality: [
    {
      name: `${name}_${what}`,
      type: 'library',
      metric: 'invalidValues',
      arguments: given,
      mustBe: 0,
      severity: 'warning',
      dimension: 'conformity',
    },
  ],
});

/** Degrees are known by name and values together; of others only that none is below zero. */
function rangeOf(
  { least, most }: Profile,
  name: string,
): (Partial<Proposed> & { logicalTypeOptions: object }) | undefined {
  if (least === null || most === null) return undefined;
  const degrees = /(^|_)(lat|latitude)$/.test(name)
    ? 90
    : /(^|_)(lon|lng|long|longitude)$/.test(name)
      ? 180
      : undefined;
  if (degrees !== undefined && least >= -degrees && most <= degrees)
    return { description: 'Degrees.', logicalTypeOptions: { minimum: -degrees, maximum: degrees } };
  return least >= 0 ? { logicalTypeOptions: { minimum: 0 } } : undefined;
}

/** Ends of names that keys have. */
const keyName = /(^|_)(id|key|code|uuid|guid|number|no|nr|isbn|sku|iata)$/;

/** A column that tells all rows apart, exactly, and looks like it is meant to: by its name, or as the first. */
async function keyOf(
  profiles: readonly Profile[],
  names: readonly string[],
  { from }: Sample,
  duckdb: Duckdb,
): Promise<string | undefined> {
  const candidates = profiles
    .map((one, i) => ({ one, name: names[i]!, i }))
    .filter(
      ({ one: { rows, values, distinct, meant } }) =>
        rows > 1 && values === rows && meant === rows && distinct >= 0.8 * rows,
    )
    .filter(({ one: { column, fits, meant } }) => {
      const isText = column.type === 'VARCHAR';
      return isText ? fits.double < meant || fits.long === meant : !/FLOAT|DOUBLE|DECIMAL|[[(]/.test(column.type);
    })
    .filter(({ name, i }) => i === 0 || keyName.test(name))
    .sort((a, b) => Number(keyName.test(b.name)) - Number(keyName.test(a.name)) || a.i - b.i);
  for (const { one, name } of candidates) if ((await distinctOf(one.column, from, duckdb)) === one.rows) return name;
  return undefined;
}

/** Names that a table takes, each made from what the file says, and told apart where they would be the same. */
export function columnNames(sources: readonly string[]): string[] {
  const taken = new Set<string>();
  return sources.map((source, i) => {
    const base = tableName(source) ?? `column_${i + 1}`;
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
    taken.add(name);
    return name;
  });
}

/** `US Gross` as `us_gross`, `Größe` as `grosse`; undefined where no letter is left. */
export function tableName(given: string): string | undefined {
  const words = given
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 200);
  if (!/[a-z]/.test(words)) return words === '' ? undefined : `column_${words}`;
  return /^[a-z]/.test(words) ? words : `column_${words}`;
}

export type { LogicalType };
