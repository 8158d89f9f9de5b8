import type { CdcSource } from './declaration';
import { type Forgotten, forgetOld } from './forget';
import { type Incoming, type ReceiveServices, receive } from './receive';
import { type Released, releaseTable } from './release';
import { markReload, type Reloading } from './reload';

/** What Kinesis hands to the _apply_ function, of which it reads this. */
export interface KinesisBatch {
  readonly Records: readonly {
    /** `<shard>:<sequence number>`. */
    readonly eventID: string;
    readonly kinesis: {
      readonly sequenceNumber: string;
      /** Base64. */
      readonly data: string;
      /** Seconds since 1970. */
      readonly approximateArrivalTimestamp: number;
    };
  }[];
}

/** What a command or a schedule sends it. */
export type ApplyCommand =
  /** Applies what was kept while a table was paused, and lets it go on. */
  | { readonly action: 'release'; readonly table: string }
  /** Forgets what was remembered for long enough. */
  | { readonly action: 'forget' }
  /** Tables are read anew: rows that are loaded from `at` on (ISO 8601) stand at `lsn`. */
  | { readonly action: 'reload'; readonly lsn: string; readonly at: string };

export type ApplyEvent = KinesisBatch | ApplyCommand;

/** Records from the first of these on are delivered again. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Applies a batch of Kinesis, or does what a command says. Only records of a table that could not be written for a reason
 * that may pass are failures: what is wrong with a record is kept with it, and will not get better.
 */
export async function handleApply(
  event: ApplyEvent,
  source: CdcSource,
  services: ReceiveServices,
): Promise<BatchResponse | Released | Forgotten | Reloading> {
  if ('action' in event && event.action === 'reload') return markReload(event, source, services);
  if ('action' in event)
    return event.action === 'release' ? releaseTable(event.table, services) : forgetOld(source, services);
  const sequences = new Map<string, string>();
  const incoming = event.Records.map(({ eventID, kinesis }): Incoming => {
    sequences.set(eventID, kinesis.sequenceNumber);
    return {
      origin: {
        id: eventID,
        arrivedAt: new Date(Math.round(kinesis.approximateArrivalTimestamp * 1000)).toISOString(),
        raw: Buffer.from(kinesis.data, 'base64').toString('utf8'),
      },
    };
  });
  const { failed } = await receive(incoming, source, services);
  return { batchItemFailures: [...failed.keys()].map((id) => ({ itemIdentifier: sequences.get(id)! })) };
}
