import { TransientError } from '../../errors';
import { patiently } from '../../spark/job';
import type { RecordSource, SparkSession } from '../../spark/session';
import { appliedBatches, type Done } from '../../stream/spark/batches';
import { type Pace, recordSource, type StreamSource } from '../../stream/spark/source';
import type { CdcSource } from '../declaration';
import { findSource } from '../feed';
import { cdcMetrics } from '../metrics';
import { type Incoming, type Received, type ReceiveServices, receive } from '../receive';
import { engineOfSpark } from './engine';
import { incomingOf, type SliceLimits, slicesOf } from './records';

/** What a job that applies changes is told. */
export interface ApplyJobEvent {
  /** Name of the source, of `cdc` in `platform.yaml`. */
  readonly source: string;
  /** The stream that its changes come in. */
  readonly from: StreamSource;
  readonly pace: Pace;
}

/** What a job has applied that has come to the end of what was there. */
export interface AppliedByJob {
  readonly source: string;
  readonly batches: number;
  readonly records: number;
  /** Changes that were applied, or are kept as their table is paused. */
  readonly changes: number;
  /** Records that could not be read, and are kept. */
  readonly unreadable: number;
}

/** What became of a batch. */
export interface AppliedBatch {
  readonly records: number;
  readonly received: readonly Received[];
}

/**
 * Applies changes of a source with Spark, batch after batch, until their stream comes to its end. Each batch is applied
 * before Spark notes that it has been read; one that is read again changes nothing.
 *
 * @param services with Spark's lake
 * @param flush called where the stream has brought nothing for a minute, which the metrics then say
 * @throws Error where a batch cannot be read or applied: whoever starts it again begins with that batch
 */
export const followChanges = (
  from: RecordSource,
  session: Pick<SparkSession, 'nextBatch'>,
  source: CdcSource,
  services: ReceiveServices,
  flush: () => Promise<void> = async () => {},
): AsyncIterable<AppliedBatch> =>
  appliedBatches(from, session, (table) => applyTable(table, source, services), services, {
    behind: (seconds) => services.metrics.put(cdcMetrics.behind, seconds, 'Seconds', { Source: source.name }),
    flush,
  });

/**
 * Applies records that are in a temporary table (`lib/stream/spark/records.ts`), slice after slice: they come to this
 * process to be read, and go back as the rows that the lake works on.
 *
 * @throws Error where records of a table could not be written, also when tried again
 */
export async function applyTable(
  table: string,
  source: CdcSource,
  services: ReceiveServices,
  limits?: SliceLimits,
): Promise<Done<AppliedBatch>> {
  const received: Received[] = [];
  let records = 0;
  const { slices, newest } = await slicesOf(table, services.lake, limits);
  for (const slice of slices) {
    const incoming = await patiently(() => incomingOf(table, slice, services.lake), services.log);
    received.push(...(await applyAll(incoming, source, services)));
    records += incoming.length;
  }
  return { done: { records, received }, newest };
}

/** Applies records until none is left: those that failed for a reason that may pass come again, by themselves. */
async function applyAll(
  incoming: readonly Incoming[],
  source: CdcSource,
  services: ReceiveServices,
): Promise<Received[]> {
  const received: Received[] = [];
  let left = incoming;
  await patiently(async () => {
    const one = await receive(left, source, { ...services, ...engineOfSpark });
    received.push(one);
    left = left.filter(({ origin }) => one.failed.has(origin.id));
    const errors = [...one.failed.values()];
    const error = errors.find((each) => !(each instanceof TransientError)) ?? errors[0];
    if (error !== undefined) throw error;
  }, services.log);
  return received;
}

/** The work of a job: `flush` is called after each batch, and each minute without one. Throws where a batch cannot be applied. */
export async function applyJob(
  { source: name, from, pace }: ApplyJobEvent,
  session: Pick<SparkSession, 'nextBatch'>,
  services: ReceiveServices,
  flush: () => Promise<void>,
): Promise<AppliedByJob> {
  const source = findSource(name, services.manifest);
  let [batches, records, changes, unreadable] = [0, 0, 0, 0];
  for await (const applied of followChanges(recordSource(from, pace), session, source, services, flush)) {
    const counted = countsOf(applied);
    batches += 1;
    records += applied.records;
    changes += counted.changes;
    unreadable += counted.unreadable;
    services.log.info('A batch of changes is applied', { source: name, records: applied.records, ...counted });
    await flush();
  }
  return { source: name, batches, records, changes, unreadable };
}

function countsOf({ received }: AppliedBatch) {
  const tables = received.flatMap((one) => one.tables);
  const sum = (of: (one: (typeof tables)[number]) => number) => tables.reduce((total, one) => total + of(one), 0);
  return {
    changes: sum((one) => one.changes),
    added: sum((one) => one.added),
    removed: sum((one) => one.removed),
    rejected: sum((one) => one.rejected),
    unreadable: received.reduce((total, one) => total + one.unreadable, 0),
  };
}
