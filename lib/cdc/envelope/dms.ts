import type { Type } from '../../contract/dataset';
import { type Operation, type Origin, type Position, parseLsn } from '../change';
import { type Feed, noColumns } from '../feed';
import { listText } from './own';
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
  load: 'load',
  insert: 'insert',
  update: 'update',
  delete: 'delete',
};

/**
 * Reads a record as AWS DMS writes it to Kinesis or Kafka from PostgreSQL. The endpoint must have IncludeTransactionDetails
 * on, without which a change has no position, and IncludeNullAndEmpty, without which null cannot be told from a value that
 * was not sent.
 */
export function readDms(
  feeds: ReadonlyMap<string, Feed>,
  { metadata, data, ...rest }: Readonly<Record<string, Json>>,
  origin: Origin,
): Read {
  if (!isObject(metadata)) throw new Unreadable('must have an object metadata, as AWS DMS writes it');
  const table = textIn(metadata, 'table-name');
  // Tables of DMS's own.
  if (table.startsWith('awsdms_')) return { kind: 'nothing' };
  const said = textIn(metadata, 'operation');
  const isControl = metadata['record-type'] === 'control';
  if (isControl && said !== 'truncate-table') return { kind: 'nothing' };
  const feed = feedOfTable(feeds, textIn(metadata, 'schema-name'), table);
  return within(feed, () => {
    const operation = isControl ? 'truncate' : operations[said];
    if (operation === undefined)
      throw new Unreadable(`has the operation ${said}; allowed: ${Object.keys(operations).join(', ')}`);
    const change = { operation, position: positionOf(metadata, operation), at: timeOf(metadata, operation), origin };
    if (operation === 'truncate')
      return { kind: 'changes', feed, changes: [{ ...change, row: {} }], columns: noColumns };
    if (!isObject(data)) throw new Unreadable('must have an object data');
    const before = rest['before-image'];
    const { row, unchanged, types } = readRow(feed, data, operation === 'update');
    const old = isObject(before) ? readRow(feed, before, true).row : undefined;
    const columns = { types, declared: false, complete: false };
    return { kind: 'changes', feed, changes: rowChanges(feed, change, row, unchanged, old), columns };
  });
}

/** `<LSN of the change>.<n>.<LSN>`; in a transaction, records count up. Rows of the full load have no place in the log. */
function positionOf(metadata: Readonly<Record<string, Json>>, operation: Operation): Position {
  if (operation === 'load') return { lsn: 0n, sequence: 0 };
  const text = metadata['stream-position'];
  const lsn = typeof text === 'string' ? /^([0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8})(\.|$)/.exec(text)?.[1] : undefined;
  if (lsn === undefined)
    throw new Unreadable(
      `must have a stream-position such as 00000002/7C007178.3.00000002/7C007178: IncludeTransactionDetails must be on; given ${JSON.stringify(text) ?? 'none'}`,
    );
  const sequence = Number(digitsOf(metadata['transaction-record-id']) ?? 0);
  if (!(sequence >= 0 && sequence < 2 ** 32)) throw new Unreadable(`has the transaction-record-id ${sequence}`);
  return { lsn: parseLsn(lsn), sequence };
}

/** Of a row that was loaded, when that was; of a change, when it was committed. */
function timeOf(metadata: Readonly<Record<string, Json>>, operation: Operation): string {
  const text = (operation === 'load' ? undefined : metadata['commit-timestamp']) ?? metadata.timestamp;
  if (typeof text !== 'string' || !isTime(text))
    throw new Unreadable(
      `must have a commit-timestamp in ISO 8601, such as 2026-01-31T12:00:00.000000Z; given ${JSON.stringify(text) ?? 'none'}`,
    );
  return text;
}

/** Whether a text is a time that every engine reads as the same one. */
function isTime(text: string): boolean {
  const [, day, of] =
    /^((?!0000)\d{4}-\d\d-(\d\d))[T ]([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,9})?(Z|[+-](0\d|1[0-5]):?[0-5]\d)?$/.exec(
      text,
    ) ?? [];
  // A 30th of February is read as a day of March.
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(of);
}

function readRow(feed: Feed, data: Readonly<Record<string, Json>>, isUpdate: boolean) {
  const row: Record<string, string | null> = {};
  const types = new Map<string, Type | null>();
  for (const [name, value] of Object.entries(data)) {
    types.set(name, typeOf(value));
    const column = feed.bySourceName.get(name);
    if (column === undefined) continue;
    const text = plainText(value);
    // DMS writes bytes in hexadecimal digits, and arrays as PostgreSQL does.
    row[column.name] =
      column.type === 'binary' && text !== null && !text.startsWith('\\x') ? `\\x${text}` : listText(text, column.type);
  }
  const unchanged = isUpdate ? feed.place.dataset.columns.map(({ name }) => name).filter((name) => !(name in row)) : [];
  return { row, unchanged, types };
}

/** JSON's own types; a null says nothing. */
export function typeOf(value: Json): Type | null {
  if (value === null) return null;
  if (typeof value === 'boolean') return 'boolean';
  if (digitsOf(value) !== undefined && typeof value !== 'string') return 'long';
  if (typeof value === 'number') return 'double';
  return 'string';
}
