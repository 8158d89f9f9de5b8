import { findTable } from '../platform/lookup';
import { identifier } from '../sql/quote';
import { type Applied, apply } from './apply';
import { type Batch, listedBatch, type Placed, type Refusals } from './batch';
import { isFaultOfValues, type Judged, judge, judged } from './judge';
import { putMetrics } from './metrics';
import { byKey, park } from './park';
import { positionsOf } from './positions';
import type { StreamRecord } from './record';
import type { Refused } from './refused';
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
  return consumeBatch(listedBatch(records, stream, services.lake), stream, services);
}

/** The same for records wherever they are. */
export async function consumeBatch(batch: Batch, stream: Stream, services: StreamServices): Promise<Consumed> {
  const consumed = await inParts(batch, stream, services);
  putMetrics(consumed, stream, services);
  return consumed;
}

/**
 * Where a value makes the SQL fail that no rule has found, the delivery is halved, down to the record that holds it: that
 * one is poison, and the others go on.
 */
async function inParts(batch: Batch, stream: Stream, services: StreamServices, poison?: string): Promise<Consumed> {
  try {
    for (;;) {
      const consumed = await attempt(batch, stream, services, poison);
      if (consumed !== undefined) return consumed;
    }
  } catch (error) {
    if (!isFaultOfValues(error) || poison !== undefined) throw error;
    if (batch.size === 1) return inParts(batch, stream, services, error.message.split('\n', 1)[0]);
    const middle = batch.size >> 1;
    const first = await inParts(batch.slice(0, middle), stream, services);
    return sum(first, await inParts(batch.slice(middle, batch.size), stream, services));
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
  batch: Batch,
  stream: Stream,
  services: StreamServices,
  poison: string | undefined,
): Promise<Consumed | undefined> {
  const { lake, manifest } = services;
  const place = findTable(stream.table, manifest);
  const parked = byKey(await services.parked.list(stream.name));
  // Read after the keys: a release takes its position first, and then the key off the list.
  const positions = positionsOf(await lake.properties(place.database, place.table));
  const { size, waiting, delivery, refusals } = await batch.fresh(positions, parked);
  const before = { records: batch.size, repeated: batch.size - size };
  if (size === 0) return { ...before, quarantined: 0, parked: 0, changed: 0, windows: {} };

  const given = await judge(delivery, stream, place.dataset, lake);
  try {
    const { stopping, behind, quarantined } = await setAside(await refusals(given, poison, place));
    const stopped = new Map(stopping.map((one) => [one.record.key, one]));
    for (const [key, ofKey] of grouped([...waiting, ...behind.map(({ record }) => record)]))
      if (!(await park(ofKey, parked.get(key), reasonOf(stopped.get(key)), stream, services))) return undefined;
    await takeOut(behind, given, services);
    const applied = await apply(delivery, given, stream, services);
    return { ...before, quarantined, parked: waiting.length + behind.length, ...applied };
  } finally {
    await given.drop();
  }
}

/**
 * Of the records of a key that stops, the first says why; those behind it are judged when they are released. It is in
 * quarantine before its key is known to wait: nobody judges it again after that.
 */
async function setAside(refused: Refusals): Promise<SetAside> {
  try {
    const stopping = await refused.stopping();
    const behind = await refused.behind(stopping);
    return { stopping, behind, quarantined: await refused.quarantine(stopping) };
  } finally {
    await refused.drop();
  }
}

interface SetAside {
  readonly stopping: readonly Refused[];
  readonly behind: readonly Placed[];
  readonly quarantined: number;
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

async function takeOut(records: readonly Placed[], given: Judged, { lake }: StreamServices): Promise<void> {
  if (records.length === 0) return;
  const ordinals = records.map(({ ordinal }) => ordinal);
  await lake.run(`DELETE FROM ${identifier(given.table)} WHERE ${judged.ordinal} IN (${ordinals.join(', ')})`);
}
