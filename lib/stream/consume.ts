import { findTable } from '../platform/lookup';
import { identifier } from '../sql/quote';
import { type Applied, apply } from './apply';
import { delivered, isApplied } from './delivery';
import { isFaultOfValues, type Judged, judge, judged, poisonRule } from './judge';
import { putMetrics } from './metrics';
import { byKey, park, waits } from './park';
import { positionsOf } from './positions';
import type { StreamRecord } from './record';
import { quarantine, type Reason, type Refused, refusedOf } from './refused';
import type { StreamServices } from './services';
import type { Stream } from './stream';

/** What became of a delivery. */
export interface Consumed extends Applied {
  /** Records that were given. */
  readonly records: number;
  /** Those of them that had been applied before. */
  readonly repeated: number;
  readonly quarantined: number;
  /** Records that wait, because their key has stopped. */
  readonly parked: number;
}

/**
 * Applies records of a stream: good ones to its table and windows, bad ones to quarantine, and those of a key that has
 * stopped to where they wait for it. Given again, in whole or in part, it changes nothing that it has changed before.
 *
 * @throws TransientError where the catalog, the store or the database fails in a way that may pass
 */
export async function consume(
  records: readonly StreamRecord[],
  stream: Stream,
  services: StreamServices,
): Promise<Consumed> {
  const consumed = await inParts(records, stream, services);
  putMetrics(consumed, stream, services);
  return consumed;
}

/**
 * Where a value makes the SQL fail that no rule has found, the delivery is halved, down to the record that holds it: that
 * one is poison, and the others go on.
 */
async function inParts(
  records: readonly StreamRecord[],
  stream: Stream,
  services: StreamServices,
  poison?: string,
): Promise<Consumed> {
  try {
    for (;;) {
      const consumed = await attempt(records, stream, services, poison);
      if (consumed !== undefined) return consumed;
    }
  } catch (error) {
    if (!isFaultOfValues(error) || poison !== undefined) throw error;
    if (records.length === 1) return inParts(records, stream, services, error.message.split('\n', 1)[0]);
    const middle = records.length >> 1;
    const first = await inParts(records.slice(0, middle), stream, services);
    return sum(first, await inParts(records.slice(middle), stream, services));
  }
}

function sum(a: Consumed, b: Consumed): Consumed {
  const windows = { ...a.windows };
  for (const [name, { inTime, late }] of Object.entries(b.windows)) {
    const before = windows[name] ?? { inTime: 0, late: 0 };
    windows[name] = { inTime: before.inTime + inTime, late: before.late + late };
  }
  return {
    records: a.records + b.records,
    repeated: a.repeated + b.repeated,
    quarantined: a.quarantined + b.quarantined,
    parked: a.parked + b.parked,
    changed: a.changed + b.changed,
    windows,
  };
}

/** Undefined where a key was released or stopped by somebody else meanwhile. */
async function attempt(
  records: readonly StreamRecord[],
  stream: Stream,
  services: StreamServices,
  poison: string | undefined,
): Promise<Consumed | undefined> {
  const { lake, manifest } = services;
  const place = findTable(stream.table, manifest);
  const parked = byKey(await services.parked.list(stream.name));
  // Read after the keys: a release takes its position first, and then the key off the list.
  const positions = positionsOf(await lake.properties(place.database, place.table));
  const fresh = delivered(records).records.filter((record) => !isApplied(positions, record));
  const repeated = records.length - fresh.length;
  if (fresh.length === 0)
    return { records: records.length, repeated, quarantined: 0, parked: 0, changed: 0, windows: {} };

  const waiting = fresh.filter((record) => waits(record, parked));
  const delivery = { ...delivered(fresh.filter((record) => !waits(record, parked))), passed: fresh };
  const given = await judge(delivery, stream, place.dataset, lake);
  try {
    const refused =
      poison === undefined
        ? await refusedOf(delivery.records, given, lake)
        : delivery.records.map((record, ordinal) => ({ ordinal, record, reasons: [because(poison)] }));
    const stopped = stoppedBy(refused, stream);
    const behind = delivery.records.filter((record, i) => i >= (stopped.get(record.key)?.ordinal ?? Infinity));
    // Of the records of a key that stops, the first says why; those behind it are judged when they are released. It is
    // in quarantine before its key is known to wait: nobody judges it again after that.
    const set = new Set(behind);
    const bad = refused.filter(({ record }) => !set.has(record) || stopped.get(record.key)?.record === record);
    await quarantine(bad, stream, place, lake);
    for (const [key, ofKey] of grouped([...waiting, ...behind]))
      if (!(await park(ofKey, parked.get(key), reasonOf(stopped.get(key)), stream, services))) return undefined;
    await takeOut(behind, delivery.records, given, services);
    const applied = await apply(delivery, given, stream, services);
    return {
      records: records.length,
      repeated,
      quarantined: bad.length,
      parked: waiting.length + behind.length,
      ...applied,
    };
  } finally {
    await given.drop();
  }
}

const because = (message: string): Reason => ({ rule: poisonRule, column: null, message });

/** The record that stops each key that stops: one that no rule can judge, and any bad one where the stream says so. */
function stoppedBy(refused: readonly Refused[], { onInvalid }: Stream): Map<string, Refused> {
  const stopped = new Map<string, Refused>();
  for (const one of refused)
    if (!stopped.has(one.record.key) && (onInvalid === 'park' || one.reasons.some(({ rule }) => rule === poisonRule)))
      stopped.set(one.record.key, one);
  return stopped;
}

const reasonOf = (refused: Refused | undefined): string =>
  refused?.reasons.map(({ rule, message }) => `${rule}: ${message}`).join('; ') ?? '';

function grouped(records: readonly StreamRecord[]): Map<string, StreamRecord[]> {
  const groups = new Map<string, StreamRecord[]>();
  for (const record of records) {
    const group = groups.get(record.key);
    if (group === undefined) groups.set(record.key, [record]);
    else group.push(record);
  }
  return groups;
}

async function takeOut(
  records: readonly StreamRecord[],
  all: readonly StreamRecord[],
  given: Judged,
  { lake }: StreamServices,
): Promise<void> {
  if (records.length === 0) return;
  const set = new Set(records);
  const ordinals = all.flatMap((record, i) => (set.has(record) ? [i] : []));
  await lake.run(`DELETE FROM ${identifier(given.table)} WHERE ${judged.ordinal} IN (${ordinals.join(', ')})`);
}
