import type { Type } from '../../contract/dataset';
import { type Change, type Operation, type Origin, type Position, parseLsn } from '../change';
import type { Feed } from '../feed';
import {
  digitsOf,
  feedOfTable,
  isObject,
  type Json,
  plainText,
  type Read,
  reading,
  readObject,
  rowChanges,
  textIn,
  Unreadable,
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
export function readDms(feeds: ReadonlyMap<string, Feed>, origin: Origin): Read {
  return reading(() => {
    const { metadata, data, ...rest } = readObject(origin.raw);
    if (!isObject(metadata)) throw new Unreadable('must have an object metadata, as AWS DMS writes it');
    const table = textIn(metadata, 'table-name');
    // Tables of DMS's own.
    if (table.startsWith('awsdms_')) return { kind: 'nothing' };
    const operation = textIn(metadata, 'operation');
    if (metadata['record-type'] === 'control') return readControl(feeds, metadata, operation, origin);
    const feed = feedOfTable(feeds, textIn(metadata, 'schema-name'), table);
    const known = operations[operation];
    if (known === undefined)
      throw new Unreadable(`has the operation ${operation}; allowed: ${Object.keys(operations).join(', ')}`);
    if (!isObject(data)) throw new Unreadable('must have an object data');
    const before = rest['before-image'];
    const { row, unchanged, columns } = readRow(feed, data, known === 'update');
    const changes = rowChanges(
      feed,
      { operation: known, position: positionOf(metadata, known), at: timeOf(metadata), origin },
      row,
      unchanged,
      isObject(before) ? readRow(feed, before, true).row : undefined,
    );
    return { kind: 'changes', feed, changes, columns };
  });
}

function readControl(
  feeds: ReadonlyMap<string, Feed>,
  metadata: Readonly<Record<string, Json>>,
  operation: string,
  origin: Origin,
): Read {
  if (operation !== 'truncate-table') return { kind: 'nothing' };
  const feed = feedOfTable(feeds, textIn(metadata, 'schema-name'), textIn(metadata, 'table-name'));
  const change: Change = {
    operation: 'truncate',
    position: positionOf(metadata, 'truncate'),
    at: timeOf(metadata),
    row: {},
    origin,
  };
  return { kind: 'changes', feed, changes: [change], columns: new Map() };
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

function timeOf(metadata: Readonly<Record<string, Json>>): string {
  const text = metadata['commit-timestamp'] ?? metadata.timestamp;
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new Unreadable(`must have a commit-timestamp in ISO 8601; given ${JSON.stringify(text) ?? 'none'}`);
  return text as string;
}

function readRow(feed: Feed, data: Readonly<Record<string, Json>>, isUpdate: boolean) {
  const row: Record<string, string | null> = {};
  const columns = new Map<string, Type | null>();
  for (const [name, value] of Object.entries(data)) {
    columns.set(name, typeOf(value));
    const column = feed.bySourceName.get(name);
    if (column === undefined) continue;
    const text = plainText(value);
    // DMS writes bytes in hexadecimal digits.
    row[column.name] = column.type === 'binary' && text !== null && !text.startsWith('\\x') ? `\\x${text}` : text;
  }
  const unchanged = isUpdate ? feed.place.dataset.columns.map(({ name }) => name).filter((name) => !(name in row)) : [];
  return { row, unchanged, columns };
}

/** JSON's own types; a null says nothing. */
export function typeOf(value: Json): Type | null {
  if (value === null) return null;
  if (typeof value === 'boolean') return 'boolean';
  if (digitsOf(value) !== undefined && typeof value !== 'string') return 'long';
  if (typeof value === 'number') return 'double';
  return 'string';
}
