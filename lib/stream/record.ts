/** One record of a stream, from wherever it came. */
export interface StreamRecord {
  /** Kinesis: the shard's id; Kafka: `topic-partition`. Records of a shard have an order, those of several have none. */
  readonly shard: string;
  /** A whole number as text, up to 128 digits; it grows within a shard. */
  readonly sequence: string;
  /** Partition key, as `plainKey` leaves it: records of one key are in one shard, in their order. */
  readonly key: string;
  readonly data: Buffer;
  /** When the stream took it, in milliseconds since 1970. */
  readonly arrived: number;
}

/** Names a record among all of its stream's. */
export const recordId = ({ shard, sequence }: Pick<StreamRecord, 'shard' | 'sequence'>): string =>
  `${shard}/${sequence}`;

/** Which of two sequence numbers is the greater one: they have more digits than a number holds. */
export function compareSequences(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** A sequence number as text that sorts as the number does. */
export const sortable = (sequence: string): string => `${String(sequence.length).padStart(3, '0')}_${sequence}`;

/**
 * A key as it is known here, without NUL, which no SQL text holds, and without the separator of texts: a key of Kafka is
 * any bytes. Keys that differ in nothing else stop together.
 */
export const plainKey = (key: string): string => key.replaceAll('\0', '').replaceAll(separator, '');

/** What Lambda sends for a Kinesis stream. */
export interface KinesisEvent {
  readonly Records: readonly {
    /** `shardId-000000000006:49545115243490985018280067714973144582180062593244200961`. */
    readonly eventID: string;
    readonly kinesis: {
      readonly partitionKey: string;
      readonly sequenceNumber: string;
      /** Base64. */
      readonly data: string;
      /** Seconds since 1970, with a fraction. */
      readonly approximateArrivalTimestamp: number;
    };
  }[];
}

/** What Lambda sends for a topic of Kafka. */
export interface KafkaEvent {
  /** By `topic-partition`. */
  readonly records: Readonly<Record<string, readonly KafkaRecord[]>>;
}

export interface KafkaRecord {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Base64; absent or null where the producer gave none. */
  readonly key?: string | null;
  readonly value?: string | null;
}

/** Records in the order in which they came. */
export function recordsOf(event: KinesisEvent | KafkaEvent): StreamRecord[] {
  if ('Records' in event)
    return event.Records.map(({ eventID, kinesis }) => ({
      shard: eventID.slice(0, eventID.lastIndexOf(':')),
      sequence: kinesis.sequenceNumber,
      key: plainKey(kinesis.partitionKey),
      data: Buffer.from(kinesis.data, 'base64'),
      arrived: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    }));
  return Object.entries(event.records).flatMap(([shard, records]) =>
    records.map(({ offset, timestamp, key, value }) => ({
      shard,
      sequence: String(offset),
      key: key === undefined || key === null ? '' : plainKey(Buffer.from(key, 'base64').toString()),
      data: Buffer.from(value ?? '', 'base64'),
      arrived: timestamp,
    })),
  );
}

/** Kinesis Producer Library's mark of several records packed into one. */
const packed = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Why a record can't be judged by its contract. */
export interface RecordFault {
  readonly rule: string;
  readonly message: string;
}

/** A record's text, or what is wrong with it. That it is JSON is found out later, with its fields. */
export function textOf({ data }: StreamRecord, maxRecordKb: number): string | RecordFault {
  if (data.length > maxRecordKb * 1024)
    return {
      rule: 'record.size',
      message: `the record has ${data.length} bytes; allowed are ${maxRecordKb * 1024}`,
    };
  if (data.subarray(0, packed.length).equals(packed))
    return {
      rule: 'row.unreadable',
      message: 'the record was packed by the Kinesis Producer Library; turn its aggregation off',
    };
  try {
    const text = utf8.decode(data);
    if (!text.includes('\0') && !text.includes(separator)) return text;
  } catch {
    // Said below.
  }
  return { rule: 'row.unreadable', message: notJson };
}

export const notJson = 'the record is not a JSON object';
/** Parts texts from one another: JSON never holds it unescaped. */
export const separator = '\u001e';

/** What is kept of a record that no one can read: its text, or its bytes in base64. */
export function keptText({ data }: StreamRecord): string {
  try {
    const text = utf8.decode(data);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  return `base64:${data.toString('base64')}`;
}
