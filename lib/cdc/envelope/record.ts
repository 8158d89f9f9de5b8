import { isLosslessNumber, parse as parseLossless } from 'lossless-json';
import type { Change, Origin } from '../change';
import type { Feed, SourceColumns } from '../feed';

/** What a record says. */
export type Read =
  | {
      readonly kind: 'changes';
      readonly feed: Feed;
      readonly changes: readonly Change[];
      /** The source's columns, as far as the record says; none of a truncation. */
      readonly columns: SourceColumns;
    }
  /** It is of no table's rows: a heartbeat, a control message. */
  | { readonly kind: 'nothing' }
  /** It cannot be read, or is of no table that the platform has. */
  | { readonly kind: 'unreadable'; readonly reason: string; readonly feed?: Feed };

/** A record's text may have so many characters; what is larger is kept aside. */
export const longestRecord = 16 * 1024 * 1024;

/** A record cannot be read. */
export class Unreadable extends Error {
  /** The feed that it is of, where that could be told. */
  feed?: Feed;
}

/** Reads what is of one feed, so that what cannot be read is kept beside its table. */
export function within<T>(feed: Feed, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable) error.feed = feed;
    throw error;
  }
}

export type Json = string | number | boolean | null | LongNumber | readonly Json[] | { readonly [key: string]: Json };
/** A number with more digits than JavaScript's have. */
export interface LongNumber {
  readonly isLosslessNumber: true;
  readonly value: string;
}

/** Reads a JSON object and keeps every digit of its numbers. Throws `Unreadable`. */
export function readObject(text: string): Readonly<Record<string, Json>> {
  if (text.length > longestRecord)
    throw new Unreadable(`is larger than ${longestRecord / 1024 / 1024} MiB; given ${text.length} characters`);
  let value: unknown;
  try {
    // Only long numbers need the slow parser.
    value = /[\d.]{16,}/.test(text) ? parseLossless(text) : JSON.parse(text);
  } catch (error) {
    throw new Unreadable(`is no JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new Unreadable('must be a JSON object');
  return value;
}

export const isObject = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);

/** A text of the envelope that must be there. */
export function textIn(object: Readonly<Record<string, Json>>, name: string): string {
  const value = object[name];
  if (typeof value !== 'string' || value === '') throw new Unreadable(`must have a text ${name}`);
  return value;
}

/** A number's or text's digits. */
export function digitsOf(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value).toString() : undefined;
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? value : undefined;
  return value !== undefined && isLosslessNumber(value) ? (value as LongNumber).value : undefined;
}

/** The feed of a table of the source. Throws `Unreadable` where the platform has none. */
export function feedOfTable(feeds: ReadonlyMap<string, Feed>, schema: string, table: string): Feed {
  const feed = feeds.get(`${schema}.${table}`);
  if (feed === undefined)
    throw new Unreadable(
      `is of table ${schema}.${table}, which no contract names; there are ${[...feeds.keys()].join(', ')}`,
    );
  return feed;
}

/** A value as text: nested ones as JSON. */
export function plainText(value: Json): string | null {
  if (value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (isLosslessNumber(value)) return (value as LongNumber).value;
  return JSON.stringify(value, (_, held: unknown) =>
    isLosslessNumber(held) ? Number((held as LongNumber).value) : held,
  );
}

/** The values of a key: those that are missing make the record unreadable. */
function keyOf(feed: Feed, row: Readonly<Record<string, string | null>>): Record<string, string | null> {
  const { key } = feed.place.dataset;
  const missing = key.filter((name) => row[name] === undefined || row[name] === null);
  if (missing.length > 0) throw new Unreadable(`must have a value of key ${missing.join(', ')} of ${feed.id}`);
  return Object.fromEntries(key.map((name) => [name, row[name]!]));
}

/**
 * The changes that the change of one row is: an update that gives it another key is the old key's delete and the new
 * key's insert.
 */
export function rowChanges(
  feed: Feed,
  change: Pick<Change, 'operation' | 'position' | 'at'> & { readonly origin: Origin },
  row: Readonly<Record<string, string | null>>,
  unchanged: readonly string[],
  before: Readonly<Record<string, string | null>> | undefined,
): Change[] {
  if (change.operation === 'delete') return [{ ...change, row: keyOf(feed, { ...before, ...row }) }];
  keyOf(feed, row);
  const moved = feed.place.dataset.key.some((name) => before?.[name] != null && before[name] !== row[name]);
  // With REPLICA IDENTITY FULL the old row is whole, and has what the new one does not send.
  const known = Object.fromEntries(
    unchanged.flatMap((name) => (before?.[name] === undefined ? [] : [[name, before[name]]])),
  );
  const left = unchanged.filter((name) => !(name in known));
  const after = { ...change, row: { ...row, ...known }, ...(left.length === 0 ? {} : { unchanged: left }) };
  if (!moved) return [after];
  return [
    { ...change, operation: 'delete', row: keyOf(feed, { ...row, ...before }) },
    { ...after, operation: 'insert' },
  ];
}

/** Turns what `read` throws of a record into a reason. */
export function reading(read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable)
      return { kind: 'unreadable', reason: error.message, ...(error.feed === undefined ? {} : { feed: error.feed }) };
    throw error;
  }
}
