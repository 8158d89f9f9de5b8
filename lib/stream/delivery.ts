import { hasPassed, type Positions, releaseLane } from './positions';
import { compareSequences, recordId, type StreamRecord } from './record';

/** Records that are applied together. Those of a lane stand in its order, each once. */
export interface Delivery {
  readonly records: readonly StreamRecord[];
  /** Records that are done with once these are applied: these, and those that wait elsewhere. */
  readonly passed: readonly StreamRecord[];
  /** The lane in which a record has its position. */
  laneOf(record: StreamRecord): string;
  /** Whether events can be late; those that waited, or that are read again, are not to blame for it. */
  readonly judgesLateness: boolean;
}

/** Records as a stream delivers them: each shard is a lane. */
export const delivered = (records: readonly StreamRecord[]): Delivery => {
  const ordered = inOrder(records);
  return { records: ordered, passed: ordered, laneOf: ({ shard }) => shard, judgesLateness: true };
};

/** Records of a key that waited: in a lane of their own, since their shard has passed them. */
export const released = (records: readonly StreamRecord[]): Delivery => ({
  ...delivered(records),
  laneOf: releaseLane,
  judgesLateness: false,
});

/** Records that were read from bronze, where each file is a shard. */
export const replayed = (records: readonly StreamRecord[]): Delivery => ({
  ...delivered(records),
  judgesLateness: false,
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

/** By lane, the ordinal of the first record that has not been applied; all behind it have not been either. */
export function firstFresh({ records, laneOf }: Delivery, positions: Positions): Map<string, number> {
  const first = new Map<string, number>();
  records.forEach((record, ordinal) => {
    const lane = laneOf(record);
    if (!first.has(lane) && !hasPassed(positions, lane, record)) first.set(lane, ordinal);
  });
  return first;
}
