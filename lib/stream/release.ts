import { findTable } from '../platform/lookup';
import { apply } from './apply';
import { released } from './delivery';
import { judge } from './judge';
import { waitingRecords } from './park';
import type { ParkedKey } from './parked';
import { hasPassed, type Positions, positionsOf, releaseLane } from './positions';
import { compareSequences, recordId, type StreamRecord } from './record';
import { quarantine, refusedOf } from './refused';
import type { StreamServices } from './services';
import type { Stream } from './stream';

export interface ReleaseOptions {
  /** The key that goes on. */
  readonly key: string;
  /** Records that are still bad go to quarantine, and those behind them go on. By default the release ends at the first. */
  readonly skip?: boolean;
}

/** What became of a key. */
export interface Released {
  readonly key: string;
  /** `released`: it goes on. `stopped`: a record is still bad; those before it have been applied. `unknown`: it does not wait. */
  readonly status: 'released' | 'stopped' | 'unknown';
  /** Records that were applied. */
  readonly applied: number;
  /** Records that went to quarantine instead. */
  readonly skipped: number;
  /** Why it is still stopped, and at which record. */
  readonly reason?: string;
}

/** How many waiting records are applied at once. */
const recordsAtOnce = 5_000;

/**
 * Applies the records of a key that has stopped, in their order, and lets the key go on. Records that come meanwhile wait
 * too, until it has come to their end. Done again, after a crash at any step, it applies none of them twice.
 *
 * @throws TransientError where the catalog or the store fails in a way that may pass
 */
export async function release(
  { key, skip = false }: ReleaseOptions,
  stream: Stream,
  services: StreamServices,
): Promise<Released> {
  let applied = 0;
  let skipped = 0;
  for (;;) {
    const waiting = await services.parked.list(stream.name);
    const seen = waiting.find((one) => one.key === key);
    if (seen === undefined) return { key, status: applied + skipped === 0 ? 'unknown' : 'released', applied, skipped };
    for await (const records of chunks(seen, stream, services)) {
      const done = await releaseSome(records, seen, waiting, skip, stream, services);
      applied += done.applied;
      skipped += done.skipped;
      if (done.reason !== undefined) return { key, status: 'stopped', applied, skipped, reason: done.reason };
    }
    // Where one more record has come to wait meanwhile, it is next.
    if (await services.parked.remove(stream.name, seen)) return { key, status: 'released', applied, skipped };
  }
}

async function* chunks(seen: ParkedKey, stream: Stream, services: StreamServices): AsyncIterable<StreamRecord[]> {
  let records: StreamRecord[] = [];
  for await (const record of waitingRecords(seen, stream, services)) {
    records.push(record);
    if (records.length < recordsAtOnce) continue;
    yield records;
    records = [];
  }
  if (records.length > 0) yield records;
}

async function releaseSome(
  records: readonly StreamRecord[],
  seen: ParkedKey,
  waiting: readonly ParkedKey[],
  skip: boolean,
  stream: Stream,
  services: StreamServices,
): Promise<{ applied: number; skipped: number; reason?: string }> {
  const { lake, manifest } = services;
  const place = findTable(stream.table, manifest);
  const positions = positionsOf(await lake.properties(place.database, place.table));
  const fresh = released(records, seen.first, isNeeded(waiting)).records.filter(
    (record) => !hasPassed(positions, releaseLane(record), record),
  );
  if (fresh.length === 0) return { applied: 0, skipped: 0 };
  const delivery = released(fresh, seen.first, isNeeded(waiting));
  const given = await judge(delivery, stream, place.dataset, lake);
  const refused = await refusedOf(fresh, given, lake);
  const stop = skip ? undefined : refused[0];
  if (stop === undefined) {
    try {
      await quarantine(refused, stream, place, lake);
      await apply(delivery, given, stream, services);
    } finally {
      await given.drop();
    }
    return { applied: fresh.length - refused.length, skipped: refused.length };
  }
  await given.drop();
  const before = await releaseSome(fresh.slice(0, stop.ordinal), seen, waiting, skip, stream, services);
  const why = stop.reasons.map(({ rule, message }) => `${rule}: ${message}`).join('; ');
  return { ...before, reason: `record ${recordId(stop.record)}: ${why}` };
}

/**
 * Positions of keys that were released earlier are needed as long as their shard could deliver those records again, which
 * it does not once it has passed them; so there are never many.
 */
const isNeeded =
  (waiting: readonly ParkedKey[]) =>
  (lane: string, positions: Positions): boolean => {
    const [shard, key] = splitLane(lane);
    if (key === undefined || waiting.some((one) => one.key === key)) return true;
    const passed = positions[shard];
    return passed === undefined || compareSequences(passed.sequence, positions[lane]!.sequence) < 0;
  };

function splitLane(lane: string): [shard: string, key?: string] {
  const at = lane.indexOf('#');
  return at === -1 ? [lane] : [lane.slice(0, at), lane.slice(at + 1)];
}

/** Keys of a stream that wait, those that stopped first at the head. */
export async function waitingKeys(stream: Stream, { parked }: Pick<StreamServices, 'parked'>): Promise<ParkedKey[]> {
  const keys = await parked.list(stream.name);
  return keys.sort((a, b) => a.first.arrived - b.first.arrived);
}
