import type { Text } from '../text';
import type { NodeBase } from './common';

/** A stream of Firehose that brings records to S3. Attributes: `arn`, `name`. */
export interface DeliveryStreamNode extends NodeBase {
  readonly kind: 'deliveryStream';
  readonly name: string;
  /** Reads the source, writes the bucket and its log. */
  readonly roleArn: Text;
  readonly source:
    | { readonly streamArn: Text }
    | { readonly clusterArn: Text; readonly topic: string; readonly connectivity: 'PRIVATE' | 'PUBLIC' };
  readonly bucketArn: Text;
  readonly keyArn?: Text;
  readonly prefix: string;
  readonly errorPrefix: string;
  readonly fileExtension: string;
  readonly bufferMb: number;
  readonly bufferSeconds: number;
  /** Of the objects; Parquet compresses itself. */
  readonly compression: 'GZIP' | 'UNCOMPRESSED';
  /** Names of the prefix's parts that are taken from each record, and the jq expression of each. */
  readonly partitions?: Readonly<Record<string, string>>;
  /** Records are written as Parquet, with the columns of a table of Glue; by default as they are, each on a line. */
  readonly parquet?: { readonly database: Text; readonly table: Text; readonly compression: 'SNAPPY' | 'GZIP' };
  readonly logGroupName: Text;
  readonly logStreamName: Text;
  /** Rules of auditors that it cannot meet, by their exact ids. */
  readonly exceptions?: readonly { readonly rule: string; readonly reason: string }[];
}

/** A stream of a log group. Attributes: `name`. */
export interface LogStreamNode extends NodeBase {
  readonly kind: 'logStream';
  readonly name: string;
  readonly logGroupName: Text;
}
