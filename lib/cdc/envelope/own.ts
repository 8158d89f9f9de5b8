import type { Type } from '../../contract/dataset';
import { type Operation, type Origin, parseLsn, type Value } from '../change';
import { type Feed, noColumns } from '../feed';
import { feedOfTable, type Json, type Read, rowChanges, within } from './record';

/** A change as it was read from PostgreSQL's log, in PostgreSQL's own texts. */
export interface OwnChange {
  readonly operation: Operation;
  readonly schema: string;
  readonly table: string;
  readonly lsn: string;
  readonly sequence: number;
  readonly at: string;
  /** Undefined: not sent, as it has not changed. */
  readonly row?: Readonly<Record<string, Value | undefined>>;
  readonly before?: Readonly<Record<string, Value | undefined>>;
  readonly unchanged?: readonly string[];
  readonly columns?: Readonly<Record<string, Type>>;
}

/** The text of such a change, for a record that has to be kept. */
export const ownText = (change: OwnChange): string => JSON.stringify({ ingot: change });

/** Reads what `ownText` has written. */
export const readOwn = (
  feeds: ReadonlyMap<string, Feed>,
  record: Readonly<Record<string, Json>>,
  origin: Origin,
): Read => readOwnChange(feeds, record.ingot as unknown as OwnChange, origin);

export function readOwnChange(feeds: ReadonlyMap<string, Feed>, own: OwnChange, origin: Origin): Read {
  const feed = feedOfTable(feeds, own.schema, own.table);
  return within(feed, () => {
    const { operation, lsn, sequence, at } = own;
    const change = { operation, position: { lsn: parseLsn(lsn), sequence }, at, origin };
    const columns =
      own.columns === undefined
        ? noColumns
        : { types: new Map(Object.entries(own.columns)), declared: true, complete: true };
    if (operation === 'truncate') return { kind: 'changes', feed, changes: [{ ...change, row: {} }], columns };
    const row = named(feed, own.row ?? {});
    const before = own.before === undefined ? undefined : named(feed, own.before);
    const unchanged = (own.unchanged ?? []).flatMap((name) => feed.bySourceName.get(name)?.name ?? []);
    return { kind: 'changes', feed, changes: rowChanges(feed, change, row, unchanged, before), columns };
  });
}

function named(feed: Feed, values: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  const row: Record<string, Value> = {};
  for (const [name, value] of Object.entries(values)) {
    const column = feed.bySourceName.get(name);
    if (column !== undefined && value !== undefined) row[column.name] = listText(value, column.type);
  }
  return row;
}

/** PostgreSQL writes lists as `{1,2}`; DuckDB reads JSON. */
export function listText(value: Value, type: Type): Value {
  if (value === null || typeof type === 'string' || type.kind !== 'list' || !value.startsWith('{')) return value;
  const items: string[] = [];
  for (const [, quoted, plain] of value.matchAll(/[{,](?:"((?:[^"\\]|\\.)*)"|([^,{}"]+))/g))
    items.push(
      quoted === undefined
        ? plain === 'NULL'
          ? 'null'
          : JSON.stringify(plain)
        : JSON.stringify(quoted.replace(/\\(.)/g, '$1')),
    );
  return `[${items.join(',')}]`;
}
