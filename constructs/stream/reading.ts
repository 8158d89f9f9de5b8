import type { Statement } from '../core/nodes';
import { aws, ref, type Text, text } from '../core/text';
import { fanOutId, streamId } from './ids';
import type { Setting } from './setting';

/** What whoever reads a stream of Kinesis must be allowed. */
export const readStream = (streamArn: Text, keyArn: Text): Statement[] => [
  {
    sid: 'ReadStream',
    effect: 'Allow',
    actions: [
      'kinesis:DescribeStream',
      'kinesis:DescribeStreamSummary',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
      'kinesis:ListShards',
    ],
    resources: [streamArn],
  },
  { sid: 'DecryptRecords', effect: 'Allow', actions: ['kms:Decrypt'], resources: [keyArn] },
];

/** What whoever writes to a stream of Kinesis must be allowed. */
export const putToStream = (streamArn: Text, keyArn: Text): Statement[] => [
  {
    sid: 'PutRecords',
    effect: 'Allow',
    actions: ['kinesis:DescribeStreamSummary', 'kinesis:ListShards', 'kinesis:PutRecord', 'kinesis:PutRecords'],
    resources: [streamArn],
  },
  { sid: 'EncryptRecords', effect: 'Allow', actions: ['kms:GenerateDataKey'], resources: [keyArn] },
];

/** What the consumer must be allowed of its source. */
export function consumeSource({ source, keyArn }: Setting): Statement[] {
  if (source.kind === 'kinesis')
    return [
      ...readStream(ref(streamId, 'arn'), keyArn),
      ...(source.fanOut
        ? [
            {
              sid: 'FanOut',
              effect: 'Allow' as const,
              actions: ['kinesis:DescribeStreamConsumer', 'kinesis:SubscribeToShard'],
              resources: [ref(fanOutId, 'arn')],
            },
          ]
        : []),
    ];
  return [
    ...readTopic(source.clusterArn, source.topic, source.consumerGroup),
    {
      sid: 'ReachBrokers',
      because: "Lambda looks at the cluster's network, and makes interfaces in it that have no name yet.",
      effect: 'Allow',
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
      ],
      resources: ['*'],
    },
  ];
}

/** What a job of Spark must be allowed of its source: it names its own consumer groups, one for each start. */
export const followSource = ({ source, keyArn }: Setting): Statement[] =>
  source.kind === 'kinesis'
    ? readStream(ref(streamId, 'arn'), keyArn)
    : readTopic(source.clusterArn, source.topic, 'spark-kafka-source-*', 'Spark names a group anew for each start.');

/** What whoever reads a topic with IAM authentication must be allowed; `group`: its consumer group, `*` for any. */
export function readTopic(
  clusterArn: Text,
  topic: string,
  group: string,
  because = 'Firehose names its consumer group itself.',
): Statement[] {
  const of = (kind: 'topic' | 'group', name: string): Text =>
    text`arn:${aws.partition}:kafka:${aws.region}:${aws.account}:${kind}/${clusterName(clusterArn)}/${name}`;
  return [
    {
      sid: 'ConnectToCluster',
      effect: 'Allow',
      actions: [
        'kafka-cluster:Connect',
        'kafka-cluster:DescribeCluster',
        'kafka-cluster:DescribeClusterDynamicConfiguration',
        'kafka:DescribeCluster',
        'kafka:DescribeClusterV2',
        'kafka:GetBootstrapBrokers',
      ],
      resources: [clusterArn],
    },
    {
      sid: 'ReadTopic',
      effect: 'Allow',
      actions: [
        'kafka-cluster:DescribeTopic',
        'kafka-cluster:DescribeTopicDynamicConfiguration',
        'kafka-cluster:ReadData',
      ],
      resources: [of('topic', topic)],
    },
    {
      sid: 'JoinGroup',
      ...(group.includes('*') ? { because } : {}),
      effect: 'Allow',
      actions: ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
      resources: [of('group', group)],
    },
  ];
}

/** `name/uuid` of a cluster's ARN, which topics and groups have in theirs. */
function clusterName(clusterArn: Text): Text {
  const [, found] = typeof clusterArn === 'string' ? (/:cluster\/(.+)$/.exec(clusterArn) ?? []) : [];
  if (found === undefined)
    throw new Error('the ARN of a Kafka cluster must be known at synth, since those of its topics are made from it');
  return found;
}
