import { consume } from './consume';
import { type KafkaEvent, type KinesisEvent, recordsOf, type StreamRecord } from './record';
import type { StreamServices } from './services';
import type { Stream } from './stream';

/** What Lambda is told of a batch of Kinesis: from which record on it has to come again; none: all is done. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** How many records of a delivery are applied at once. Fewer would be more commits, more would need more memory. */
const recordsAtOnce = 5_000;

/**
 * Consumes what Lambda delivers. Where a part of it fails, the parts before are done and Lambda delivers the rest again;
 * where the first does, the call fails.
 */
export async function consumeEvent(
  event: KinesisEvent | KafkaEvent,
  stream: Stream,
  services: StreamServices,
): Promise<BatchResponse> {
  const records = recordsOf(event);
  for (let start = 0; start < records.length; start += recordsAtOnce) {
    try {
      await consume(records.slice(start, start + recordsAtOnce), stream, services);
    } catch (error) {
      // Kafka has no way to say it; what was done is known by its position all the same.
      if (start === 0 || !('Records' in event)) throw error;
      const { sequence } = records[start]!;
      services.log.error('A part of a delivery failed and comes again', {
        stream: stream.name,
        from: sequence,
        error: message(error),
      });
      return { batchItemFailures: [{ itemIdentifier: sequence }] };
    }
  }
  return { batchItemFailures: [] };
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Records as Lambda delivers them. */
export const kinesisEvent = (records: readonly StreamRecord[]): KinesisEvent => ({
  Records: records.map(({ shard, sequence, key, data, arrived }) => ({
    eventID: `${shard}:${sequence}`,
    kinesis: {
      partitionKey: key,
      sequenceNumber: sequence,
      data: data.toString('base64'),
      approximateArrivalTimestamp: arrived / 1000,
    },
  })),
});
