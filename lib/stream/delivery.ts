import type { Transaction } from '../runtime/services';
import { advanced, hasPassed, type Positions, releaseLane } from './positions';
import { compareSequences, recordId, type StreamRecord } from './record';
import { listedTexts, type Texts } from './texts';

/** Records that are applied together, wherever they are. Those of a lane stand in its order, each once. */
export interface Delivery {
  readonly texts: Texts;
  /** What is done with once these are applied, these and those that wait elsewhere: the last of each lane at least. */
  readonly passed: readonly StreamRecord[];
  /**
   * By lane, the ordinal of the first record that has not been applied; all behind it have not been either. `tx` is the
   * commit in which this is asked.
   */
  firstFresh(positions: Positions, tx: Pick<Transaction, 'query'>): Promise<ReadonlyMap<string, number>>;
  /** The lane in which a record has its position. */
  laneOf(record: StreamRecord): string;
  /** Where the lane of a record begins; absent: with its first record. */
  fromOf?(record: StreamRecord): string;
  /** Whether events can be late; those that waited, or that are read again, are not to blame for it. */
  readonly judgesLateness: boolean;
  /** Whether a table still needs to know how far a lane has come. */
  keeps(lane: string, positions: Positions): boolean;
  /** Column by which a row that is newer than the one that comes stays; absent: what comes is newer. */
  readonly newerStays?: string;
}

/** A delivery of records that this process holds. */
export interface ListedDelivery extends Delivery {
  readonly records: readonly StreamRecord[];
}

/** Records as a stream delivers them: each shard is a lane. */
export const delivered = (records: readonly StreamRecord[]): ListedDelivery =>
  listed(inOrder(records), { laneOf: ({ shard }) => shard, judgesLateness: true, keeps: () => true });

type How = Pick<Delivery, 'laneOf' | 'fromOf' | 'judgesLateness' | 'keeps' | 'newerStays'>;

const listed = (records: readonly StreamRecord[], how: How): ListedDelivery => ({
  ...how,
  records,
  passed: records,
  texts: listedTexts(records, how.laneOf),
  firstFresh: async (positions) => firstFresh(records, how.laneOf, positions),
});

/**
 * Records of a key that waited: in a lane of their own, since their shard may have passed them. It begins with the record
 * that stopped the key: the key's records before that one are its shard's.
 */
export const released = (
  records: readonly StreamRecord[],
  first: Pick<StreamRecord, 'shard' | 'sequence'>,
  keeps: Delivery['keeps'],
): ListedDelivery =>
  listed(inOrder(records), {
    laneOf: releaseLane,
    fromOf: ({ shard }) => (shard === first.shard ? first.sequence : '0'),
    judgesLateness: false,
    keeps,
  });

/**
 * Records of a file of bronze, which is a lane without a position: read again, they meet themselves as rows.
 */
export const replayed = (records: readonly StreamRecord[], eventTime: string): ListedDelivery =>
  listed(inOrder(records), {
    laneOf: ({ shard }) => shard,
    judgesLateness: false,
    keeps: (lane) => records.every(({ shard }) => shard !== lane),
    newerStays: eventTime,
  });

/** Each record once, those of a shard by their sequence; shards in the order in which they came. */
function inOrder(records: readonly StreamRecord[]): StreamRecord[] {
  const shards = new Map<string, Map<string, StreamRecord>>();
  for (const record of records) {
    const shard = shards.get(record.shard) ?? new Map<string, StreamRecord>();
    shards.set(record.shard, shard.set(recordId(record), record));
  }
  return [...shards.values()].flatMap((shard) =>
    [...shard.values()].sort((a, b) => compareSequences(a.sequence, b.sequence)),
  );
}

/** Whether the table holds what a record has to say: it came before, or it waited and was released. */
export const isApplied = (positions: Positions, record: StreamRecord): boolean =>
  hasPassed(positions, record.shard, record) || hasPassed(positions, releaseLane(record), record);

function firstFresh(
  records: readonly StreamRecord[],
  laneOf: Delivery['laneOf'],
  positions: Positions,
): Map<string, number> {
  const first = new Map<string, number>();
  records.forEach((record, ordinal) => {
    const lane = laneOf(record);
    if (!first.has(lane) && !hasPassed(positions, lane, record)) first.set(lane, ordinal);
  });
  return first;
}

/** What a table knows of its lanes once a delivery is applied. */
export function positionsAfter({ passed, laneOf, fromOf, keeps }: Delivery, before: Positions): Positions {
  const next = advanced(before, passed, laneOf, fromOf);
  return Object.fromEntries(Object.entries(next).filter(([lane]) => keeps(lane, next)));
}
