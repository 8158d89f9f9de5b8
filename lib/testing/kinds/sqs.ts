import { field, flag, json, names, number, type Service, same, tags } from '../kind';
import { policy } from '../policy';

export const sqs: Service = {
  kinds: [
    {
      kind: 'sqs.queue',
      cloudformation: 'AWS::SQS::Queue',
      terraform: 'aws_sqs_queue',
      attributes: {
        url: names(['Ref', 'QueueUrl'], ['id', 'url']),
        arn: names('Arn', 'arn'),
        name: names('QueueName', 'name'),
      },
      properties: {
        name: field('QueueName', 'name'),
        namePrefix: field(undefined, 'name_prefix'),
        visibilitySeconds: field('VisibilityTimeout', 'visibility_timeout_seconds', number, 30),
        retentionSeconds: field('MessageRetentionPeriod', 'message_retention_seconds', number, 345600),
        delaySeconds: same(number, 0),
        waitSeconds: field('ReceiveMessageWaitTimeSeconds', 'receive_wait_time_seconds', number, 0),
        maximumBytes: field('MaximumMessageSize', 'max_message_size', number),
        redrive: field('RedrivePolicy', 'redrive_policy', json),
        redriveAllow: field('RedriveAllowPolicy', 'redrive_allow_policy', json),
        key: field('KmsMasterKeyId', 'kms_master_key_id'),
        keyReuseSeconds: field('KmsDataKeyReusePeriodSeconds', 'kms_data_key_reuse_period_seconds', number, 300),
        sqsManagedEncryption: field('SqsManagedSseEnabled', 'sqs_managed_sse_enabled', flag),
        fifo: field('FifoQueue', 'fifo_queue', flag, false),
        contentDeduplication: field('ContentBasedDeduplication', 'content_based_deduplication', flag, false),
        deduplicationScope: same(),
        fifoThroughputLimit: same(),
        policy: field(undefined, 'policy', policy('resource')),
        tags: same(tags),
      },
    },
  ],
  satellites: [
    {
      of: 'sqs.queue',
      cloudformation: 'AWS::SQS::QueuePolicy',
      terraform: 'aws_sqs_queue_policy',
      owner: names('Queues', 'queue_url'),
      properties: { policy: field('PolicyDocument', 'policy', policy('resource')) },
    },
    {
      of: 'sqs.queue',
      terraform: 'aws_sqs_queue_redrive_policy',
      owner: names(undefined, 'queue_url'),
      properties: { redrive: field(undefined, 'redrive_policy', json) },
    },
    {
      of: 'sqs.queue',
      terraform: 'aws_sqs_queue_redrive_allow_policy',
      owner: names(undefined, 'queue_url'),
      properties: { redriveAllow: field(undefined, 'redrive_allow_policy', json) },
    },
  ],
};
