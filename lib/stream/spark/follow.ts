import type { RecordSource, SparkSession } from '../../spark/session';
import { type Consumed, consumeBatch } from '../consume';
import type { StreamServices } from '../services';
import type { Stream } from '../stream';
import { tableBatch } from './batch';

/**
 * Consumes a stream with Spark, batch after batch, until it comes to its end, which that of a running job never does. Each
 * batch is applied before Spark notes that it has been read; one that is read again changes nothing.
 *
 * @param services with Spark's lake
 * @throws Error where a batch cannot be applied: whoever starts it again begins with that batch
 */
export async function* follow(
  source: RecordSource,
  session: Pick<SparkSession, 'nextBatch'>,
  stream: Stream,
  services: StreamServices,
): AsyncIterable<Consumed> {
  for (;;) {
    const table = await session.nextBatch(source);
    if (table === undefined) return;
    yield await consumeBatch(await tableBatch(table, stream, services.lake), stream, services);
  }
}
