import type { Lake } from '../../runtime/services';
import { identifier, literal } from '../../sql/quote';
import type { Placed } from '../batch';
import { notJson } from '../record';
import type { Stream } from '../stream';

/**
 * A table of records, as `spark/ingot_spark/streaming.py` makes it, has the columns `ordinal`, which counts them from 0,
 * those of a shard in their order, `shard`, `sequence`, `key`, `arrived`, `data`, `bytes`, how many these are, `packed`,
 * where the Kinesis Producer Library has put several records into one, and `text`, null where the bytes are none.
 */

/** What every query of records gives of one. */
export type RecordRow = {
  readonly ordinal: number;
  readonly shard: string;
  readonly sequence: string;
  readonly key: string;
  readonly arrived: bigint;
};

/** SQL: the columns of it. */
export const recordColumns = 'r.ordinal, r.shard, r.sequence, r.key, r.arrived';

/** @param data absent where nobody asks for it */
export const placedOf = ({ ordinal, shard, sequence, key, arrived }: RecordRow, data = Buffer.of()): Placed => ({
  ordinal,
  record: { shard, sequence, key, arrived: Number(arrived), data },
});

/** How far a shard reaches in a table of records. */
export interface Span {
  readonly shard: string;
  readonly records: number;
  /** Sequence of its first record, and of its last. */
  readonly first: string;
  readonly last: string;
  /** When the last one arrived, in milliseconds since 1970. */
  readonly arrived: number;
  /** When the newest one did: that of an earlier sequence may have arrived later. */
  readonly newest: number;
  /** Records of it that have no text which could be judged. */
  readonly unreadable: number;
  /** Ordinal of the first one. */
  readonly ordinal: number;
}

/** @param from what stands behind FROM and gives records */
export async function spansOf(
  from: string,
  { maxRecordKb }: Pick<Stream, 'maxRecordKb'>,
  lake: Pick<Lake, 'query'>,
): Promise<Span[]> {
  const rows = await lake.query<{
    shard: string;
    records: bigint;
    first: string;
    last: string;
    arrived: bigint;
    newest: bigint;
    unreadable: bigint;
    start: number;
  }>(`SELECT shard, count(*) AS records, arg_min(sequence, ordinal) AS first, arg_max(sequence, ordinal) AS last,
      arg_max(arrived, ordinal) AS arrived, max(arrived) AS newest, count(*) FILTER (${isUnreadable(maxRecordKb)}) AS unreadable,
      min(ordinal) AS start FROM ${from} AS r GROUP BY shard ORDER BY shard`);
  return rows.map(({ shard, records, first, last, arrived, newest, unreadable, start }) => ({
    shard,
    records: Number(records),
    first,
    last,
    arrived: Number(arrived),
    newest: Number(newest),
    unreadable: Number(unreadable),
    ordinal: start,
  }));
}

export const sumOf = (spans: readonly Span[], what: 'records' | 'unreadable'): number =>
  spans.reduce((sum, span) => sum + span[what], 0);

/** When the newest record arrived, in milliseconds since 1970; undefined where there is none. */
export const newestOf = (spans: readonly Pick<Span, 'newest'>[]): number | undefined =>
  spans.length === 0 ? undefined : Math.max(...spans.map(({ newest }) => newest));

/** Records themselves, in their order: few. */
export async function recordsIn(from: string, lake: Pick<Lake, 'query'>): Promise<Placed[]> {
  const rows = await lake.query<RecordRow & { data: string }>(
    `SELECT ${recordColumns}, base64(r.data) AS data FROM ${from} AS r ORDER BY r.ordinal`,
  );
  return rows.map((row) => placedOf(row, Buffer.from(row.data, 'base64')));
}

/** SQL: a key as `plainKey` leaves it. */
export const plainKeySql = (key: string): string => `replace(replace(${key}, chr(0), ''), chr(30), '')`;

/** SQL: whether a sequence number is at most another one. They are texts, of more digits than a number holds. */
export const isAtMost = (a: string, b: string): string =>
  `(strlen(${a}) < strlen(${b}) OR (strlen(${a}) = strlen(${b}) AND ${a} <= ${b}))`;

/** Texts as a table. */
export const values = (name: string, columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  `(VALUES ${rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ')}) AS ${name} (${columns.map(identifier).join(', ')})`;

/** SQL: whether a record has no text that could be judged. */
export const isUnreadable = (maxRecordKb: number): string =>
  `(r.bytes > ${maxRecordKb * 1024} OR r.packed OR r.text IS NULL)`;

/** SQL: the rule that an unreadable record breaks, and the message that says so. */
export const faultOf = (maxRecordKb: number): { readonly rule: string; readonly message: string } => ({
  rule: `CASE WHEN r.bytes > ${maxRecordKb * 1024} THEN 'record.size' ELSE 'row.unreadable' END`,
  message: `CASE WHEN r.bytes > ${maxRecordKb * 1024}
      THEN concat('the record has ', CAST(r.bytes AS VARCHAR), ' bytes; allowed are ${maxRecordKb * 1024}')
    WHEN r.packed THEN 'the record was packed by the Kinesis Producer Library; turn its aggregation off'
    ELSE ${literal(notJson)} END`,
});
