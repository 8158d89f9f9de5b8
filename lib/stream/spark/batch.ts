import type { Lake, Transaction } from '../../runtime/services';
import { identifier, literal } from '../../sql/quote';
import type { Batch, Fresh } from '../batch';
import type { Delivery } from '../delivery';
import type { ParkedKey } from '../parked';
import { hasPassed, type Positions, releaseLane } from '../positions';
import { compareSequences } from '../record';
import type { Stream } from '../stream';
import type { Texts } from '../texts';
import { isAtMost, newestOf, plainKeySql, recordsIn, type Span, spansOf, sumOf, values } from './records';
import { hasRefused, noRefusals, tableRefusals } from './refusals';
import { sparkReading, tableTexts } from './texts';

/** A micro-batch of records that are in a table. */
export interface TableBatch extends Batch {
  /** When the newest of them arrived, in milliseconds since 1970; undefined where there is none. */
  readonly newest: number | undefined;
}

/**
 * A micro-batch: a temporary table that holds records of a stream (`records.ts` has its columns). They stay there; what
 * comes to this process is how far each shard reaches, and the records of keys that stop.
 */
export async function tableBatch(
  table: string,
  stream: Stream,
  lake: Lake,
  reading: Texts['reading'] = sparkReading,
): Promise<TableBatch> {
  const records = `(SELECT ordinal, shard, sequence, ${plainKeySql('key')} AS key, arrived, bytes, packed, text, data
    FROM ${identifier(table)})`;
  const around = { records, stream, lake, reading };
  const spans = await spansOf(records, stream, lake);
  const size = sumOf(spans, 'records');
  return { ...part(0, size, around, { held: records, spans }), newest: newestOf(spans) };
}

interface Around {
  /** What stands behind FROM and gives all records of the batch. */
  readonly records: string;
  readonly stream: Stream;
  readonly lake: Lake;
  readonly reading: Texts['reading'];
}

/** Records, by what stands behind FROM and gives them, and how far they reach in each shard. */
interface Held {
  readonly held: string;
  readonly spans: readonly Span[];
}

function part(start: number, end: number, around: Around, all?: Held): Batch {
  const { records, stream, lake } = around;
  const held = `(SELECT * FROM ${records} WHERE ordinal >= ${start} AND ordinal < ${end})`;
  return {
    size: end - start,
    slice: (from, to) => part(start + from, start + to, around),
    fresh: async (positions, parked) =>
      freshOf(all ?? { held, spans: await spansOf(held, stream, lake) }, positions, parked, around),
  };
}

async function freshOf(
  { held, spans: given }: Held,
  positions: Positions,
  parked: ReadonlyMap<string, ParkedKey>,
  { stream, lake, reading }: Around,
): Promise<Fresh> {
  const unapplied = withoutApplied(held, given, positions);
  const spans = unapplied === held ? given : await spansOf(unapplied, stream, lake);
  const { waiting, others } = byWaiting(unapplied, parked);
  return {
    size: sumOf(spans, 'records'),
    waiting: waiting === undefined ? [] : (await recordsIn(waiting, lake)).map(({ record }) => record),
    delivery: deliveryOf(others, spans, reading),
    refusals: async (judged, poison, place) => {
      const mayBeSome = poison !== undefined || sumOf(spans, 'unreadable') > 0 || (await hasRefused(judged, lake));
      return mayBeSome ? tableRefusals(others, judged, poison, { stream, place, lake }) : noRefusals;
    },
  };
}

/** Records that no position has passed, neither their shard's nor that of a key that was released. */
function withoutApplied(held: string, spans: readonly Span[], positions: Positions): string {
  const reached = spans.flatMap(({ shard, first }) => {
    const position = positions[shard];
    return position === undefined || compareSequences(first, position.sequence) > 0 ? [] : [[shard, position.sequence]];
  });
  const released = Object.entries(positions).flatMap(([lane, { sequence, from = '0' }]) =>
    spans.some(({ shard }) => lane.startsWith(releaseLane({ shard, key: '' }))) ? [[lane, sequence, from]] : [],
  );
  const joins: string[] = [];
  if (reached.length > 0)
    joins.push(`ANTI JOIN ${values('p', ['lane', 'reached'], reached)}
      ON p.lane = r.shard AND ${isAtMost('r.sequence', 'p.reached')}`);
  if (released.length > 0)
    joins.push(`ANTI JOIN ${values('k', ['lane', 'reached', 'start'], released)}
      ON k.lane = concat(r.shard, '#', r.key) AND ${isAtMost('r.sequence', 'k.reached')} AND ${isAtMost('k.start', 'r.sequence')}`);
  return joins.length === 0 ? held : `(SELECT r.* FROM ${held} AS r ${joins.join(' ')})`;
}

/** Records whose key has stopped, as `waits` says it; and the others. */
function byWaiting(from: string, parked: ReadonlyMap<string, ParkedKey>): { waiting?: string; others: string } {
  if (parked.size === 0) return { others: from };
  const keys = [...parked.values()].map(({ key, first }) => [key, first.shard, first.sequence]);
  const stopped = `JOIN ${values('w', ['stopped', 'lane', 'start'], keys)}
    ON w.stopped = r.key AND (w.lane <> r.shard OR ${isAtMost('w.start', 'r.sequence')})`;
  return {
    waiting: `(SELECT r.* FROM ${from} AS r SEMI ${stopped})`,
    others: `(SELECT r.* FROM ${from} AS r ANTI ${stopped})`,
  };
}

const deliveryOf = (from: string, spans: readonly Span[], reading: Texts['reading']): Delivery => ({
  texts: tableTexts(from, sumOf(spans, 'records'), reading),
  passed: spans.map(({ shard, last, arrived }) => ({ shard, sequence: last, key: '', data: Buffer.of(), arrived })),
  laneOf: ({ shard }) => shard,
  judgesLateness: true,
  keeps: () => true,
  async firstFresh(positions, tx) {
    const first = new Map<string, number>();
    for (const span of spans) {
      if (hasPassed(positions, span.shard, { sequence: span.last })) continue;
      const ordinal = hasPassed(positions, span.shard, { sequence: span.first })
        ? await firstBehind(span.shard, positions[span.shard]!.sequence, from, tx)
        : span.ordinal;
      if (ordinal !== undefined) first.set(span.shard, ordinal);
    }
    return first;
  },
});

/** Ordinal of the first record behind a sequence; undefined where there is none. */
async function firstBehind(
  shard: string,
  sequence: string,
  from: string,
  tx: Pick<Transaction, 'query'>,
): Promise<number | undefined> {
  const [row] = await tx.query<{ ordinal: number | null }>(
    `SELECT min(ordinal) AS ordinal FROM ${from} AS r
     WHERE r.shard = ${literal(shard)} AND NOT ${isAtMost('r.sequence', literal(sequence))}`,
  );
  return row?.ordinal ?? undefined;
}
