import { patiently } from '../../spark/job';
import type { RecordSource, SparkSession } from '../../spark/session';
import { type Consumed, consumeBatch } from '../consume';
import { streamMetrics } from '../metrics';
import type { StreamServices } from '../services';
import { findStream, type Stream } from '../stream';
import { tableBatch } from './batch';
import { appliedBatches } from './batches';
import { type Pace, recordSource, type StreamSource } from './source';

/** What a job that consumes a stream is told. */
export interface ConsumeJobEvent {
  /** Name of the stream. */
  readonly stream: string;
  readonly source: StreamSource;
  readonly pace: Pace;
}

/** What a job has consumed that has come to the end of what was there. */
export interface ConsumedByJob {
  readonly stream: string;
  readonly batches: number;
  readonly records: number;
  /** Rows that the stream's table got or changed. */
  readonly changed: number;
}

/**
 * Consumes a stream with Spark, batch after batch, until it comes to its end. Each batch is applied before Spark notes that
 * it has been read; one that is read again changes nothing.
 *
 * @param services with Spark's lake
 * @param flush called where the stream has brought nothing for a minute, which the metrics then say
 * @throws Error where a batch cannot be read or applied: whoever starts it again begins with that batch
 */
export const follow = (
  source: RecordSource,
  session: Pick<SparkSession, 'nextBatch'>,
  stream: Stream,
  services: StreamServices,
  flush: () => Promise<void> = async () => {},
): AsyncIterable<Consumed> =>
  appliedBatches(
    source,
    session,
    (table) =>
      patiently(async () => {
        const batch = await tableBatch(table, stream, services.lake);
        return { done: await consumeBatch(batch, stream, services), newest: batch.newest };
      }, services.log),
    services,
    {
      behind: (seconds) => services.metrics.put(streamMetrics.behind, seconds, 'Seconds', { Stream: stream.name }),
      flush,
    },
  );

/** The work of a job: `flush` is called after each batch, and each minute without one. Throws where a batch cannot be applied. */
export async function consumeJob(
  { stream: name, source, pace }: ConsumeJobEvent,
  session: Pick<SparkSession, 'nextBatch'>,
  services: StreamServices,
  flush: () => Promise<void>,
): Promise<ConsumedByJob> {
  const stream = findStream(name, services.manifest);
  let [batches, records, changed] = [0, 0, 0];
  for await (const consumed of follow(recordSource(source, pace), session, stream, services, flush)) {
    batches += 1;
    records += consumed.records;
    changed += consumed.changed;
    services.log.info('A batch is applied', { ...consumed, stream: name });
    await flush();
  }
  return { stream: name, batches, records, changed };
}
