import type { Lake } from '../../runtime/services';
import { identifier } from '../../sql/quote';
import { newestOf, type RecordRow, recordsIn } from '../../stream/spark/records';
import { longestRecord, type Read } from '../envelope/record';
import type { Incoming } from '../receive';

/** Records that come to this process together: by their place in the batch, the last one excluded. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** What a slice has at most. A record that is larger is a slice by itself. */
export interface SliceLimits {
  readonly records: number;
  readonly bytes: number;
}

/** Some 0.6 GB of Node and Python together: what EMR leaves them beside Spark is an eleventh of a worker's memory. */
const limits: SliceLimits = { records: 50_000, bytes: 32 * 1024 * 1024 };

/** Records whose sizes are asked for as one. */
const block = 100;

/** No record of so many bytes has few enough characters to be read: each is three bytes at most. */
const longest = 3 * longestRecord;

/** Characters that are kept of one that is longer. */
const shown = 1_000;

/** A table of records, cut into slices. */
export interface Sliced {
  readonly slices: readonly Slice[];
  /** When the newest of its records arrived, in milliseconds since 1970; undefined where there is none. */
  readonly newest: number | undefined;
}

/** Cuts a table of records (`lib/stream/spark/records.ts`) into slices that are no more than this process can hold. */
export async function slicesOf(
  table: string,
  lake: Pick<Lake, 'query'>,
  { records, bytes }: SliceLimits = limits,
): Promise<Sliced> {
  const slices: Slice[] = [];
  const blocks = await blocksOf(table, lake);
  let [from, to, held] = [0, 0, 0];
  for (const one of await sizesOf(blocks, table, bytes, lake)) {
    if (to > from && (to - from + one.records > records || held + one.bytes > bytes)) {
      slices.push({ from, to });
      [from, held] = [to, 0];
    }
    [to, held] = [to + one.records, held + one.bytes];
  }
  return { slices: to > from ? [...slices, { from, to }] : slices, newest: newestOf(blocks) };
}

interface Block extends SliceLimits {
  readonly block: number;
  readonly newest: number;
}

async function blocksOf(table: string, lake: Pick<Lake, 'query'>): Promise<Block[]> {
  const blocks = await lake.query<{ block: number; n: bigint; bytes: bigint; newest: bigint }>(
    `SELECT r.ordinal // ${block} AS block, count(*) AS n, CAST(sum(r.bytes) AS BIGINT) AS bytes, max(r.arrived) AS newest
     FROM ${identifier(table)} AS r GROUP BY 1 ORDER BY 1`,
  );
  return blocks.map((one) => ({
    block: one.block,
    records: Number(one.n),
    bytes: Number(one.bytes),
    newest: Number(one.newest),
  }));
}

/** How much there is to be held of records that follow each other: of many as one, and where that is too much of each. */
async function sizesOf(
  blocks: readonly Block[],
  table: string,
  bytes: number,
  lake: Pick<Lake, 'query'>,
): Promise<SliceLimits[]> {
  const large = blocks.filter((one) => one.bytes > bytes).map((one) => one.block);
  const each = new Map<number, SliceLimits[]>(large.map((number) => [number, []]));
  if (large.length > 0)
    for (const one of await lake.query<{ block: number; bytes: bigint }>(
      `SELECT r.ordinal // ${block} AS block, r.bytes FROM ${identifier(table)} AS r
       WHERE (r.ordinal // ${block}) IN (${large.join(', ')}) ORDER BY r.ordinal`,
    ))
      each.get(one.block)!.push({ records: 1, bytes: Number(one.bytes) > longest ? shown : Number(one.bytes) });
  return blocks.flatMap((one) => each.get(one.block) ?? one);
}

/**
 * The records of a slice in their order, as the _apply_ function gets them from Lambda. Of those that are too long to be read
 * the beginning comes alone.
 */
export async function incomingOf(table: string, { from, to }: Slice, lake: Pick<Lake, 'query'>): Promise<Incoming[]> {
  const slice = `FROM ${identifier(table)} WHERE ordinal >= ${from} AND ordinal < ${to}`;
  const columns = "ordinal, shard, sequence, '' AS key, arrived";
  const whole = await recordsIn(`(SELECT ${columns}, data ${slice} AND bytes <= ${longest})`, lake);
  const read = whole.map(({ ordinal, record }) => ({
    ordinal,
    incoming: incomingFrom(record, record.data.toString()),
  }));
  if (whole.length === to - from) return read.map(({ incoming }) => incoming);
  const cut = await lake.query<RecordRow & { bytes: bigint; start: string | null }>(
    `SELECT ${columns}, bytes, left(text, ${shown}) AS start ${slice} AND bytes > ${longest}`,
  );
  const refused = cut.map((row) => ({
    ordinal: row.ordinal,
    incoming: {
      ...incomingFrom({ ...row, arrived: Number(row.arrived) }, row.start ?? ''),
      read: (): Read => ({
        kind: 'unreadable',
        reason: `is larger than ${longestRecord / 1024 / 1024} MiB; given ${row.bytes} bytes, of which the first ${shown} characters are kept`,
      }),
    },
  }));
  return [...read, ...refused].sort((a, b) => a.ordinal - b.ordinal).map(({ incoming }) => incoming);
}

const incomingFrom = (
  { shard, sequence, arrived }: { readonly shard: string; readonly sequence: string; readonly arrived: number },
  raw: string,
): Incoming => ({ origin: { id: `${shard}:${sequence}`, arrivedAt: new Date(arrived).toISOString(), raw } });
