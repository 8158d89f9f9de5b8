import type { Text } from '../text';
import type { NodeBase } from './common';

/** Lambda reads a stream, or a topic of Kafka, for a function, from its oldest record on. Attributes: `id`. */
export interface StreamSourceNode extends NodeBase {
  readonly kind: 'streamSource';
  readonly functionName: Text;
  /** A stream, a consumer of one, or a Kafka cluster. */
  readonly sourceArn: Text;
  /** Absent for a stream. */
  readonly kafka?: { readonly topic: string; readonly consumerGroup: string };
  readonly batchSize: number;
  readonly batchSeconds: number;
  /** How a stream's batch that fails is tried again; Lambda tries Kafka's until it expires. */
  readonly retry?: {
    /** A batch that fails is halved. */
    readonly bisect: boolean;
    /** Records that are older are given up on. */
    readonly maxAgeSeconds: number;
    readonly attempts: number;
    /** The function may say from which record on a batch has failed. */
    readonly partial: boolean;
  };
  /** The bucket that gets what was given up on, records included. */
  readonly deadLettersArn: Text;
}
