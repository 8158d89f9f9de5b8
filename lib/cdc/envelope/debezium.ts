import type { Column, Type } from '../../contract/dataset';
import type { Operation, Origin, Position } from '../change';
import { type Feed, noColumns } from '../feed';
import { typeOf } from './dms';
import {
  digitsOf,
  feedOfTable,
  isObject,
  type Json,
  plainText,
  type Read,
  rowChanges,
  textIn,
  Unreadable,
  within,
} from './record';

const operations: Readonly<Record<string, Operation>> = {
  r: 'load',
  c: 'insert',
  u: 'update',
  d: 'delete',
  t: 'truncate',
};

/** What Debezium writes where PostgreSQL did not send a value, as it has not changed: as a text, and as bytes. */
const unavailable = ['__debezium_unavailable_value', 'X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=='];

/**
 * Reads a record as Debezium's connector for PostgreSQL writes it, as JSON, with its schema or without. With
 * `provide.transaction.metadata` changes of one position are in order too.
 */
export function readDebezium(
  feeds: ReadonlyMap<string, Feed>,
  record: Readonly<Record<string, Json>>,
  origin: Origin,
): Read {
  const payload = 'payload' in record ? record.payload! : record;
  // What follows a delete, for the compaction of Kafka's topics.
  if (payload === null) return { kind: 'nothing' };
  if (!isObject(payload)) throw new Unreadable('must have an object payload');
  // Heartbeats, and the borders of transactions.
  if (!('op' in payload) && ('ts_ms' in payload || 'status' in payload)) return { kind: 'nothing' };
  const op = textIn(payload, 'op');
  if (op === 'm') return { kind: 'nothing' };
  const operation = operations[op];
  if (operation === undefined) throw new Unreadable(`has the op ${op}; allowed: ${Object.keys(operations).join(', ')}`);
  const { source, transaction } = payload;
  if (!isObject(source)) throw new Unreadable('must have an object source, as Debezium writes it');
  const feed = feedOfTable(feeds, textIn(source, 'schema'), textIn(source, 'table'));
  return within(feed, () => {
    const change = { operation, position: positionOf(source, transaction, operation), at: timeOf(source), origin };
    if (operation === 'truncate')
      return { kind: 'changes', feed, changes: [{ ...change, row: {} }], columns: noColumns };
    const fields = isObject(record.schema ?? null) ? fieldsOf(record.schema as Image) : new Map<string, Field>();
    const image = (operation === 'delete' ? payload.before : payload.after) ?? null;
    if (!isObject(image)) throw new Unreadable(`must have an object ${operation === 'delete' ? 'before' : 'after'}`);
    const { row, unchanged, types } = readRow(feed, image, fields);
    const before = payload.before ?? null;
    const old = isObject(before) ? readRow(feed, before, fields).row : undefined;
    const columns = { types, declared: fields.size > 0, complete: fields.size > 0 && operation !== 'delete' };
    return { kind: 'changes', feed, changes: rowChanges(feed, change, row, unchanged, old), columns };
  });
}

type Image = Readonly<Record<string, Json>>;

function positionOf(
  source: Readonly<Record<string, Json>>,
  transaction: Json | undefined,
  operation: Operation,
): Position {
  // Rows of a snapshot lose to every change: some of those were made before it began and are not in it.
  if (operation === 'load') return { lsn: 0n, sequence: 0 };
  const lsn = digitsOf(source.lsn);
  if (lsn === undefined || lsn.startsWith('-'))
    throw new Unreadable(`must have a number source.lsn; given ${JSON.stringify(source.lsn ?? null)}`);
  const order = transaction !== undefined && isObject(transaction) ? digitsOf(transaction.total_order) : undefined;
  return { lsn: BigInt(lsn), sequence: Number(order ?? 0) };
}

function timeOf(source: Readonly<Record<string, Json>>): string {
  const time = Number(digitsOf(source.ts_ms) ?? Number.NaN);
  const date = new Date(time);
  const year = Number.isNaN(date.getTime()) ? 0 : date.getUTCFullYear();
  if (year < 1990 || year > 2200)
    throw new Unreadable(
      `must have source.ts_ms in milliseconds since 1970; given ${JSON.stringify(source.ts_ms ?? null)}`,
    );
  return date.toISOString();
}

/** A field of Kafka Connect's schema: its own type, and what it stands for. */
interface Field {
  readonly type: string;
  readonly name?: string;
  readonly scale?: number;
}

function fieldsOf(schema: Readonly<Record<string, Json>>): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const image of Array.isArray(schema.fields) ? (schema.fields as Json[]) : []) {
    if (!isObject(image) || (image.field !== 'after' && image.field !== 'before')) continue;
    for (const field of Array.isArray(image.fields) ? (image.fields as Json[]) : []) {
      if (!isObject(field) || typeof field.field !== 'string') continue;
      const parameters = isObject(field.parameters ?? null) ? (field.parameters as Readonly<Record<string, Json>>) : {};
      fields.set(field.field, {
        type: String(field.type),
        ...(typeof field.name === 'string' ? { name: field.name } : {}),
        ...(parameters.scale === undefined ? {} : { scale: Number(plainText(parameters.scale)) }),
      });
    }
  }
  return fields;
}

function readRow(feed: Feed, image: Readonly<Record<string, Json>>, fields: ReadonlyMap<string, Field>) {
  const row: Record<string, string | null> = {};
  const unchanged: string[] = [];
  const types = new Map<string, Type | null>();
  for (const [name, value] of Object.entries(image)) {
    const field = fields.get(name);
    types.set(name, field === undefined ? typeOf(value) : (kinds[field.name ?? field.type]?.type ?? null));
    const column = feed.bySourceName.get(name);
    if (column === undefined) continue;
    if (isUnavailable(value)) unchanged.push(column.name);
    else row[column.name] = textOf(value, column, field);
  }
  return { row, unchanged, types };
}

const isUnavailable = (value: Json): boolean =>
  typeof value === 'string'
    ? unavailable.includes(value)
    : Array.isArray(value) && value.length === 1 && unavailable.includes(value[0] as string);

/** Types of Debezium and Kafka Connect, and for times how many of their units are a microsecond, or it of them. */
const kinds: Readonly<Record<string, { readonly type: Type; readonly micros?: readonly [bigint, bigint] }>> = {
  boolean: { type: 'boolean' },
  int8: { type: 'int' },
  int16: { type: 'int' },
  int32: { type: 'int' },
  int64: { type: 'long' },
  float: { type: 'float' },
  float32: { type: 'float' },
  double: { type: 'double' },
  float64: { type: 'double' },
  string: { type: 'string' },
  bytes: { type: 'binary' },
  'io.debezium.data.Json': { type: 'string' },
  'io.debezium.data.Uuid': { type: 'uuid' },
  'io.debezium.time.Date': { type: 'date' },
  'org.apache.kafka.connect.data.Date': { type: 'date' },
  'io.debezium.time.MicroTimestamp': { type: 'timestamp', micros: [1n, 1n] },
  'io.debezium.time.Timestamp': { type: 'timestamp', micros: [1_000n, 1n] },
  'org.apache.kafka.connect.data.Timestamp': { type: 'timestamp', micros: [1_000n, 1n] },
  'io.debezium.time.NanoTimestamp': { type: 'timestamp', micros: [1n, 1_000n] },
  'io.debezium.time.ZonedTimestamp': { type: 'timestamptz' },
  'io.debezium.time.MicroTime': { type: 'time', micros: [1n, 1n] },
  'io.debezium.time.Time': { type: 'time', micros: [1_000n, 1n] },
  'org.apache.kafka.connect.data.Time': { type: 'time', micros: [1_000n, 1n] },
};

function textOf(value: Json, { type }: Column, field: Field | undefined): string | null {
  if (value === null) return null;
  if (field?.name === 'org.apache.kafka.connect.data.Decimal' && typeof value === 'string')
    return decimal(value, field.scale ?? 0);
  if (isObject(value) && 'scale' in value && typeof value.value === 'string')
    return decimal(value.value, Number(plainText(value.scale)));
  if (type === 'binary' && typeof value === 'string') return `\\x${Buffer.from(value, 'base64').toString('hex')}`;
  const digits = typeof value === 'string' ? undefined : digitsOf(value);
  if (digits === undefined) return plainText(value);
  if (type === 'date') return dateText(BigInt(digits));
  if (type === 'timestamp' || type === 'timestamptz' || type === 'time')
    return momentText(BigInt(digits), type, kinds[field?.name ?? '']?.micros);
  return digits;
}

/** A number in bytes, as Kafka Connect has it: two's complement, the highest byte first. */
function decimal(base64: string, scale: number): string {
  const bytes = Buffer.from(base64, 'base64');
  const unsigned = bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
  const value = bytes.length > 0 && bytes[0]! >= 128 ? unsigned - (1n << BigInt(bytes.length * 8)) : unsigned;
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return value < 0n ? `-${text}` : text;
}

function dateText(days: bigint): string {
  const date = new Date(Number(days) * 86_400_000);
  return Number.isNaN(date.getTime()) ? `${days} days since 1970` : date.toISOString().slice(0, 10);
}

const twoMonths = 60n * 86_400_000_000n;

/**
 * A time in Debezium's units, by default microseconds. Without a schema nobody says which: milliseconds or seconds of our
 * days, taken for microseconds, lie in the first weeks of 1970, and are refused rather than believed.
 */
function momentText(value: bigint, type: Type, unit: readonly [bigint, bigint] | undefined): string {
  const micros = unit === undefined ? value : (value * unit[0]) / unit[1];
  if (type === 'time') {
    const text = new Date(Number(micros / 1000n)).toISOString().slice(11, 23);
    return `${text}${(micros % 1000n).toString().padStart(3, '0')}`;
  }
  if (unit === undefined && value > 100_000_000n && value < twoMonths)
    return `${value}, which in microseconds is a time of early 1970: is it in milliseconds?`;
  const whole = micros >= 0n ? micros / 1000n : (micros - 999n) / 1000n;
  const date = new Date(Number(whole));
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 || date.getUTCFullYear() < 1)
    return `${value}, which in microseconds is no time of ours`;
  const rest = (micros - whole * 1000n).toString().padStart(3, '0');
  return `${date.toISOString().slice(0, 23)}${rest}${type === 'timestamptz' ? 'Z' : ''}`;
}
