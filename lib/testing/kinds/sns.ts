import { field, flag, json, names, type Service, same, tags } from '../kind';
import { policy } from '../policy';

export const sns: Service = {
  kinds: [
    {
      kind: 'sns.topic',
      cloudformation: 'AWS::SNS::Topic',
      terraform: 'aws_sns_topic',
      attributes: { arn: names(['Ref', 'TopicArn'], ['id', 'arn']), name: names('TopicName', 'name') },
      properties: {
        name: field('TopicName', 'name'),
        namePrefix: field(undefined, 'name_prefix'),
        displayName: same(),
        key: field('KmsMasterKeyId', 'kms_master_key_id'),
        fifo: field('FifoTopic', 'fifo_topic', flag, false),
        contentDeduplication: field('ContentBasedDeduplication', 'content_based_deduplication', flag, false),
        tracing: field('TracingConfig', 'tracing_config', undefined, 'PassThrough'),
        signatureVersion: same(),
        policy: field(undefined, 'policy', policy('resource')),
        tags: same(tags),
      },
    },
    {
      kind: 'sns.subscription',
      cloudformation: 'AWS::SNS::Subscription',
      terraform: 'aws_sns_topic_subscription',
      attributes: { arn: names(['Ref', 'Arn'], ['id', 'arn']) },
      properties: {
        topic: field('TopicArn', 'topic_arn'),
        protocol: same(),
        endpoint: same(),
        rawDelivery: field('RawMessageDelivery', 'raw_message_delivery', flag, false),
        filter: field('FilterPolicy', 'filter_policy', json),
        filterScope: field('FilterPolicyScope', 'filter_policy_scope'),
        redrive: field('RedrivePolicy', 'redrive_policy', json),
        role: field('SubscriptionRoleArn', 'subscription_role_arn'),
        region: field('Region', undefined),
      },
    },
  ],
  satellites: [
    {
      of: 'sns.topic',
      cloudformation: 'AWS::SNS::TopicPolicy',
      terraform: 'aws_sns_topic_policy',
      owner: names('Topics', 'arn'),
      properties: { policy: field('PolicyDocument', 'policy', policy('resource')) },
    },
  ],
};
