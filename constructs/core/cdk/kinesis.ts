import { CfnStream, CfnStreamConsumer } from 'aws-cdk-lib/aws-kinesis';
import { acknowledge } from './acknowledge';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderKinesisStream: Renderer<'kinesisStream'> = (scope, node) => {
  const stream = new CfnStream(scope, node.id, {
    name: node.name,
    ...(node.capacity === 'onDemand'
      ? { streamModeDetails: { streamMode: 'ON_DEMAND' } }
      : { streamModeDetails: { streamMode: 'PROVISIONED' }, shardCount: node.capacity.shards }),
    retentionPeriodHours: node.retentionHours,
    streamEncryption: { encryptionType: 'KMS', keyId: node.keyArn },
  });
  applyRemoval(stream, node.removal);
  acknowledge(stream, node.exceptions);
  return { arn: stream.attrArn, name: stream.ref };
};

export const renderStreamConsumer: Renderer<'streamConsumer'> = (scope, node) => {
  const consumer = new CfnStreamConsumer(scope, node.id, { consumerName: node.name, streamArn: node.streamArn });
  return { arn: consumer.attrConsumerArn };
};
