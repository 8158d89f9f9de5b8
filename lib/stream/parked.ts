import type { StreamRecord } from './record';

/** A key that has stopped: its records wait, in their order, until somebody releases them. */
export interface ParkedKey {
  readonly key: string;
  /** The record that stopped it; the records of its shard before it went through. */
  readonly first: Place;
  /** The last record that waits. */
  readonly last: Place;
  /** Why it stopped, in one sentence. */
  readonly reason: string;
}

export type Place = Pick<StreamRecord, 'shard' | 'sequence' | 'arrived'>;

/**
 * Which keys of a stream have stopped. Each change is made only where the key is still as it was seen, so that a
 * consumer that parks one more record and a release that has come to the end never miss one another.
 */
export interface ParkedKeys {
  /** All that have stopped now, whoever stopped them. */
  list(stream: string): Promise<ParkedKey[]>;
  /** Puts `next` in the place of `seen` (undefined: nothing); false where it is not as it was seen. */
  put(stream: string, seen: ParkedKey | undefined, next: ParkedKey): Promise<boolean>;
  /** The key goes on; false where it is not as it was seen. */
  remove(stream: string, seen: ParkedKey): Promise<boolean>;
}

const samePlace = (a: Place, b: Place): boolean => a.shard === b.shard && a.sequence === b.sequence;

/** Keys that have stopped, in memory. */
export function memoryParkedKeys(): ParkedKeys {
  const streams = new Map<string, Map<string, ParkedKey>>();
  const of = (stream: string): Map<string, ParkedKey> => {
    const known = streams.get(stream) ?? new Map<string, ParkedKey>();
    streams.set(stream, known);
    return known;
  };
  return {
    list: async (stream) => [...of(stream).values()],
    async put(stream, seen, next) {
      if (!isAsSeen(of(stream).get(next.key), seen)) return false;
      of(stream).set(next.key, next);
      return true;
    },
    async remove(stream, seen) {
      return isAsSeen(of(stream).get(seen.key), seen) && of(stream).delete(seen.key);
    },
  };
}

export function isAsSeen(now: ParkedKey | undefined, seen: ParkedKey | undefined): boolean {
  if (now === undefined || seen === undefined) return now === seen;
  return samePlace(now.first, seen.first) && samePlace(now.last, seen.last);
}
