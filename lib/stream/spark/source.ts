import type { RecordSource } from '../../spark/session';

/** Where a job of Spark reads a stream, as its application says it. */
export type StreamSource =
  | { readonly kind: 'kinesis'; readonly stream: string; readonly region: string }
  | {
      readonly kind: 'kafka';
      readonly topic: string;
      /** `host:port`, separated by commas. */
      readonly brokers: string;
      /** `iam` is that of Amazon MSK. */
      readonly authentication: 'none' | 'iam';
    };

/** When batches begin, and how large they become. */
export interface Pace {
  /** Folder in which Spark keeps how far it has read. */
  readonly checkpoint: string;
  /** How often a batch begins, where there is something to read; 0: what is there now is read, and no more. */
  readonly seconds: number;
  /** Most records of a batch. Of Kinesis a batch has what comes in its time. */
  readonly records: number;
}

/**
 * A stream in words of Spark's readers. Where Spark has not read it before it begins with the oldest record that there is:
 * what was applied already, by whichever engine, changes nothing.
 */
export function recordSource(source: StreamSource, { checkpoint, seconds, records }: Pace): RecordSource {
  const options = source.kind === 'kinesis' ? kinesis(source, seconds) : kafka(source, records);
  return { format: source.kind === 'kinesis' ? 'aws-kinesis' : 'kafka', options, checkpoint, seconds };
}

/** The least that the connector takes, so that a shard is read on at all. */
const leastFetchSeconds = 10;

const kinesis = (
  { stream, region }: Extract<StreamSource, { kind: 'kinesis' }>,
  seconds: number,
): Record<string, string> => ({
  'kinesis.region': region,
  'kinesis.streamName': stream,
  'kinesis.endpointUrl': `https://kinesis.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
  'kinesis.consumerType': 'GetRecords',
  'kinesis.startingposition': 'TRIM_HORIZON',
  // Else a shard to which something comes all the time is read until a batch has 100,000 of its records.
  'kinesis.maxFetchTimePerShardSec': String(Math.max(leastFetchSeconds, seconds)),
});

const kafka = (
  { topic, brokers, authentication }: Extract<StreamSource, { kind: 'kafka' }>,
  records: number,
): Record<string, string> => ({
  'kafka.bootstrap.servers': brokers,
  subscribe: topic,
  startingOffsets: 'earliest',
  maxOffsetsPerTrigger: String(records),
  ...(authentication === 'none'
    ? {}
    : {
        'kafka.security.protocol': 'SASL_SSL',
        'kafka.sasl.mechanism': 'AWS_MSK_IAM',
        'kafka.sasl.jaas.config': 'software.amazon.msk.auth.iam.IAMLoginModule required;',
        'kafka.sasl.client.callback.handler.class': 'software.amazon.msk.auth.iam.IAMClientCallbackHandler',
      }),
});
