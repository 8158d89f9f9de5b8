import { KinesisStream, KinesisStreamConsumer } from './aws';
import { lifecycle } from './removal';
import type { Renderer } from './render';

export const renderKinesisStream: Renderer<'kinesisStream'> = (scope, node) => {
  const stream = new KinesisStream(scope, node.id, {
    name: node.name,
    ...(node.capacity === 'onDemand'
      ? { streamModeDetails: { streamMode: 'ON_DEMAND' } }
      : { streamModeDetails: { streamMode: 'PROVISIONED' }, shardCount: node.capacity.shards }),
    retentionPeriod: node.retentionHours,
    encryptionType: 'KMS',
    kmsKeyId: node.keyArn,
    lifecycle: lifecycle(node.removal),
  });
  return { arn: stream.arn, name: stream.name };
};

export const renderStreamConsumer: Renderer<'streamConsumer'> = (scope, node) => {
  const consumer = new KinesisStreamConsumer(scope, node.id, { name: node.name, streamArn: node.streamArn });
  return { arn: consumer.arn };
};
