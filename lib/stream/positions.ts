import { compareSequences, type StreamRecord } from './record';

/**
 * Table property: how far a stream has come into the table, written in the same commit as its rows and never alone: a
 * commit of properties alone is refused by no catalog, whoever was first. What a batch leaves as it was, since all of its
 * records were refused or known already, comes again after a crash, and leaves it as it was again.
 */
export const positionsProperty = 'ingot.stream.positions';

/** How far each lane has come: a shard by its id, what was released or replayed by a name of its own. */
export type Positions = Readonly<Record<string, Position>>;

export interface Position {
  readonly sequence: string;
  /** Where the lane begins; absent: with its first record. What waited begins with the record that stopped its key. */
  readonly from?: string;
  /** When that record arrived, in milliseconds since 1970. */
  readonly arrived: number;
}

export function positionsOf(properties: Readonly<Record<string, string>>): Positions {
  const text = properties[positionsProperty];
  return text === undefined ? {} : (JSON.parse(text) as Positions);
}

/** Lane of a key's records that waited and were released. */
export const releaseLane = ({ shard, key }: Pick<StreamRecord, 'shard' | 'key'>): string => `${shard}#${key}`;

/** Whether a lane has passed this record. */
export function hasPassed(positions: Positions, lane: string, { sequence }: Pick<StreamRecord, 'sequence'>): boolean {
  const position = positions[lane];
  if (position === undefined || compareSequences(sequence, position.sequence) > 0) return false;
  return position.from === undefined || compareSequences(sequence, position.from) >= 0;
}

/** A shard keeps records for at most 365 days: a position that is older can meet none of them again. */
const forgottenAfter = 366 * 24 * 3_600_000;

/** Positions after these records; lanes that nothing has come through for longer than records are kept are left out. */
export function advanced(
  positions: Positions,
  records: readonly StreamRecord[],
  laneOf: (record: StreamRecord) => string,
  fromOf: (record: StreamRecord) => string | undefined = () => undefined,
): Positions {
  const next: Record<string, Position> = { ...positions };
  for (const record of records) {
    const lane = laneOf(record);
    if (hasPassed(next, lane, record)) continue;
    const from = fromOf(record);
    next[lane] = { sequence: record.sequence, arrived: record.arrived, ...(from === undefined ? {} : { from }) };
  }
  const newest = Object.values(next).reduce((most, { arrived }) => Math.max(most, arrived), 0);
  return Object.fromEntries(Object.entries(next).filter(([, { arrived }]) => arrived >= newest - forgottenAfter));
}
