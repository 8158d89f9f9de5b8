import type { Lake } from '../../runtime/services';
import { identifier } from '../../sql/quote';
import { recordsIn } from '../../stream/spark/records';
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

/** Cuts a table of records (`lib/stream/spark/records.ts`) into slices that are no more than this process can hold. */
export async function slicesOf(
  table: string,
  lake: Pick<Lake, 'query'>,
  { records, bytes }: SliceLimits = limits,
): Promise<Slice[]> {
  const blocks = await lake.query<{ block: number; n: bigint; bytes: bigint }>(
    `SELECT r.ordinal // ${block} AS block, count(*) AS n, CAST(sum(r.bytes) AS BIGINT) AS bytes
     FROM ${identifier(table)} AS r GROUP BY 1 ORDER BY 1`,
  );
  const slices: Slice[] = [];
  let [from, to, held] = [0, 0, 0];
  for (const one of blocks) {
    const [count, size] = [Number(one.n), Number(one.bytes)];
    if (to > from && (to - from + count > records || held + size > bytes)) {
      slices.push({ from, to });
      [from, held] = [to, 0];
    }
    [to, held] = [to + count, held + size];
  }
  return to > from ? [...slices, { from, to }] : slices;
}

/** The records of a slice in their order, as the _apply_ function gets them from Lambda. */
export async function incomingOf(table: string, { from, to }: Slice, lake: Pick<Lake, 'query'>): Promise<Incoming[]> {
  const records = await recordsIn(
    `(SELECT ordinal, shard, sequence, '' AS key, arrived, data FROM ${identifier(table)}
      WHERE ordinal >= ${from} AND ordinal < ${to})`,
    lake,
  );
  return records.map(({ record: { shard, sequence, arrived, data } }) => ({
    origin: {
      id: `${shard}:${sequence}`,
      arrivedAt: new Date(arrived).toISOString(),
      raw: data.toString('utf8'),
    },
  }));
}
