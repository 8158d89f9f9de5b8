/** What happened to a row. `load`: it was there when a snapshot was taken. */
export type Operation = 'load' | 'insert' | 'update' | 'delete' | 'truncate';

/** A value in the text that DuckDB reads as its column's type; nested values are JSON. */
export type Value = string | null;

/**
 * One change of one table, whatever brought it: DMS, Debezium or PostgreSQL itself. A key that changes is two of them,
 * the old key's `delete` and the new key's `insert`.
 */
export interface Change {
  readonly operation: Operation;
  readonly position: Position;
  /** ISO 8601: when its transaction was committed, by the source's clock. */
  readonly at?: string;
  /** Values by column; of a `delete` those of the key, of a `truncate` none. */
  readonly row: Readonly<Record<string, Value>>;
  /**
   * Columns whose value the source did not send because it has not changed (PostgreSQL's large values, TOAST). They keep
   * what the row had.
   */
  readonly unchanged?: readonly string[];
  /** The record that it was read from. */
  readonly origin: Origin;
}

/** A record as it came. */
export interface Origin {
  /** The same each time that the record is delivered: shard and sequence number, or position in the log. */
  readonly id: string;
  /** ISO 8601: when it came in, the same each time that it is delivered. */
  readonly arrivedAt: string;
  /** Its text. */
  readonly raw: string;
}

/**
 * Where a change stands in the source's log. Of two changes of one row the one with the higher position came later;
 * clocks say nothing about that. Rows of a snapshot stand below every change that the snapshot does not have.
 */
export interface Position {
  /** Log sequence number (LSN): of the change, or of its transaction's commit. */
  readonly lsn: bigint;
  /** Place among changes of the same LSN. */
  readonly sequence: number;
}

export const comparePositions = (a: Position, b: Position): number =>
  a.lsn < b.lsn ? -1 : a.lsn > b.lsn ? 1 : a.sequence - b.sequence;

/**
 * Reads PostgreSQL's text of an LSN: `16/B374D848`.
 *
 * @throws Error where it is none
 */
export function parseLsn(text: string): bigint {
  const found = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (found === null)
    throw new Error(`A position in PostgreSQL's log is like 16/B374D848; given ${JSON.stringify(text)}`);
  return (BigInt(`0x${found[1]}`) << 32n) + BigInt(`0x${found[2]}`);
}

/** PostgreSQL's text of an LSN. */
export const lsnText = (lsn: bigint): string =>
  `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
