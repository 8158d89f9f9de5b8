import type { Text } from '../text';
import type { NodeBase, Removal } from './common';

/** Kinesis data stream. Attributes: `arn`, `name`. */
export interface KinesisStreamNode extends NodeBase {
  readonly kind: 'kinesisStream';
  readonly name: string;
  /** As many as it needs, or as many as are said. */
  readonly capacity: 'onDemand' | { readonly shards: number };
  readonly retentionHours: number;
  readonly keyArn: Text;
  /** Rules of auditors that it cannot meet, by their exact ids. */
  readonly exceptions?: readonly { readonly rule: string; readonly reason: string }[];
  readonly removal: Removal;
}

/** A consumer of a stream with throughput of its own (enhanced fan-out). Attributes: `arn`. */
export interface StreamConsumerNode extends NodeBase {
  readonly kind: 'streamConsumer';
  readonly name: string;
  readonly streamArn: Text;
}
