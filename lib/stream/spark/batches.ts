import type { Services } from '../../runtime/services';
import { patiently } from '../../spark/job';
import type { RecordSource, SparkSession } from '../../spark/session';

/** Who hears how a stream is followed. */
export interface Told {
  /** How old the newest record of a batch is once the batch is applied, in seconds; 0 where the stream has brought nothing. */
  behind(seconds: number): void;
  /** Called where the stream has brought nothing for a minute. */
  flush(): Promise<void>;
}

/** What was done with a batch. */
export interface Done<T> {
  readonly done: T;
  /** When the newest of its records arrived, in milliseconds since 1970; undefined where there is none. */
  readonly newest: number | undefined;
}

/**
 * Reads a stream with Spark, batch after batch, until it comes to its end, which that of a running job never does. Spark
 * notes that it has read a batch once `apply` has ended: it has to be such that a batch which comes again changes nothing.
 *
 * @param apply what is done with a batch: a temporary table of records (`records.ts` has its columns), by its name
 * @throws Error where a batch cannot be read or applied: whoever starts it again begins with that batch
 */
export async function* appliedBatches<T>(
  source: RecordSource,
  session: Pick<SparkSession, 'nextBatch'>,
  apply: (table: string) => Promise<Done<T>>,
  { clock, log }: Pick<Services, 'clock' | 'log'>,
  { behind, flush }: Told,
): AsyncIterable<T> {
  for (;;) {
    // After a failure Spark reads from its checkpoint on: the same batch, or the one before where that was not noted yet.
    const table = await patiently(() => session.nextBatch(source), log);
    if (table === undefined) return;
    if (table === null) {
      behind(0);
      await flush();
      continue;
    }
    const { done, newest } = await apply(table);
    if (newest !== undefined) behind(Math.max(0, clock.now() - newest) / 1000);
    yield done;
  }
}
