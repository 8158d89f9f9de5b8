import type { Log } from '../runtime/services';
import { patiently } from './job';
import type { RecordSource, SparkSession } from './session';

/**
 * Reads a stream with Spark, batch after batch, until it comes to its end, which that of a running job never does. Spark
 * notes that it has read a batch once `apply` has ended: it has to be such that a batch which comes again changes nothing.
 *
 * @param apply what is done with a batch: a temporary table of records (`lib/stream/spark/records.ts`), by its name
 * @param idle called where the stream has brought nothing for a minute
 * @throws Error where a batch cannot be read or applied: whoever starts it again begins with that batch
 */
export async function* appliedBatches<T>(
  source: RecordSource,
  session: Pick<SparkSession, 'nextBatch'>,
  apply: (table: string) => Promise<T>,
  log: Pick<Log, 'warn'>,
  idle: () => Promise<void>,
): AsyncIterable<T> {
  for (;;) {
    // After a failure Spark reads from its checkpoint on: the same batch, or the one before where that was not noted yet.
    const table = await patiently(() => session.nextBatch(source), log);
    if (table === undefined) return;
    if (table === null) await idle();
    else yield await apply(table);
  }
}
