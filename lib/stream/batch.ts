import type { TablePlace } from '../platform/lookup';
import type { Lake } from '../runtime/services';
import { type Delivery, delivered, isApplied, type ListedDelivery } from './delivery';
import { type Judged, poisonRule } from './judge';
import { waits } from './park';
import type { ParkedKey } from './parked';
import type { Positions } from './positions';
import type { StreamRecord } from './record';
import { quarantine, type Refused, refusedOf } from './refused';
import type { Stream } from './stream';

/** Records that are consumed together: in this process, or in a table of the engine that applies them. */
export interface Batch {
  readonly size: number;
  /**
   * Some of them, by their places. Records of a shard stand in their order, so that those in `slice(0, n)` come before
   * those in `slice(n, …)`.
   */
  slice(start: number, end: number): Batch;
  /** What of it was not applied before. */
  fresh(positions: Positions, parked: ReadonlyMap<string, ParkedKey>): Promise<Fresh>;
}

/** Records that are to be applied now. */
export interface Fresh {
  /** How many, with those that wait. */
  readonly size: number;
  /** Those whose key has stopped. */
  readonly waiting: readonly StreamRecord[];
  /** All others. */
  readonly delivery: Delivery;
  /** Which of these are bad; `poison` says why nobody can judge any of them. */
  refusals(given: Judged, poison: string | undefined, place: TablePlace): Promise<Refusals>;
}

/** Records that the contract refuses. */
export interface Refusals {
  /** The record that stops each key that stops: one that no rule can judge, and any bad one where the stream says so. */
  stopping(): Promise<readonly Refused[]>;
  /** The records of these keys, from the one that stops it on, in their order. */
  behind(stopping: readonly Refused[]): Promise<readonly Placed[]>;
  /** Puts the bad ones into quarantine, but for those behind one that stops their key; gives how many. */
  quarantine(stopping: readonly Refused[]): Promise<number>;
  drop(): Promise<void>;
}

/** A record, and its place in its delivery. */
export interface Placed {
  readonly ordinal: number;
  readonly record: StreamRecord;
}

/** Records that this process holds; those of a shard stand in their order, as streams deliver them. */
export const listedBatch = (records: readonly StreamRecord[], stream: Stream, lake: Lake): Batch => ({
  size: records.length,
  slice: (start, end) => listedBatch(records.slice(start, end), stream, lake),
  async fresh(positions, parked) {
    const fresh = delivered(records).records.filter((record) => !isApplied(positions, record));
    const delivery: ListedDelivery = {
      ...delivered(fresh.filter((record) => !waits(record, parked))),
      passed: fresh,
    };
    return {
      size: fresh.length,
      waiting: fresh.filter((record) => waits(record, parked)),
      delivery,
      refusals: async (given, poison, place) =>
        listedRefusals(
          delivery.records,
          poison === undefined ? await refusedOf(delivery.records, given, lake) : allPoison(delivery.records, poison),
          { stream, place, lake },
        ),
    };
  },
});

const allPoison = (records: readonly StreamRecord[], message: string): Refused[] =>
  records.map((record, ordinal) => ({ ordinal, record, reasons: [{ rule: poisonRule, column: null, message }] }));

function listedRefusals(
  records: readonly StreamRecord[],
  refused: readonly Refused[],
  { stream, place, lake }: { stream: Stream; place: TablePlace; lake: Lake },
): Refusals {
  const behind = (stopping: readonly Refused[]): Placed[] => {
    const from = new Map(stopping.map(({ record, ordinal }) => [record.key, ordinal]));
    return records.flatMap((record, ordinal) =>
      ordinal >= (from.get(record.key) ?? Infinity) ? [{ ordinal, record }] : [],
    );
  };
  return {
    stopping: async () => {
      const stopped = new Map<string, Refused>();
      for (const one of refused)
        if (!stopped.has(one.record.key) && stops(one, stream)) stopped.set(one.record.key, one);
      return [...stopped.values()];
    },
    behind: async (stopping) => behind(stopping),
    async quarantine(stopping) {
      const set = new Set(behind(stopping).map(({ record }) => record));
      const first = new Set(stopping.map(({ record }) => record));
      const bad = refused.filter(({ record }) => !set.has(record) || first.has(record));
      await quarantine(bad, stream, place, lake);
      return bad.length;
    },
    drop: async () => {},
  };
}

const stops = ({ reasons }: Refused, { onInvalid }: Stream): boolean =>
  onInvalid === 'park' || reasons.some(({ rule }) => rule === poisonRule);
