import type { HandlerSetting } from '../core/handler';
import type { Node, Statement } from '../core/nodes';
import { inThisAccount } from '../core/policy';
import { ref, text } from '../core/text';
import { glueResources } from '../lake/grants';
import { deliveryId, streamId } from './ids';
import { readStream, readTopic } from './reading';
import type { Setting } from './setting';

/** Firehose, which keeps events in bronze as they came: by source and by day, as files of a zone lie. */
export function bronzeDelivery(
  setting: Setting,
  { logRetentionDays, keyArn: operationsKey, removal }: HandlerSetting,
): Node[] {
  const { own, stream, bronze, source, files, place } = setting;
  if (bronze === false) return [];
  const { prefix, format } = place.dataset.source!;
  const isParquet = format === 'parquet';
  const root = `${prefix}/source=${bronze.sourceField === undefined ? stream.name : '!{partitionKeyFromQuery:source}'}`;
  const from =
    source.kind === 'kinesis'
      ? ({ streamArn: ref(streamId, 'arn') } as const)
      : ({ clusterArn: source.clusterArn, topic: source.topic, connectivity: source.connectivity } as const);
  return [
    {
      kind: 'logGroup',
      id: `${deliveryId}LogGroup`,
      name: `/aws/kinesisfirehose/${own}`,
      retentionDays: logRetentionDays,
      keyArn: operationsKey,
      removal,
    },
    { kind: 'logStream', id: `${deliveryId}Log`, name: 'delivery', logGroupName: ref(`${deliveryId}LogGroup`, 'name') },
    {
      kind: 'role',
      id: `${deliveryId}Role`,
      description: `${own}: Firehose keeps its events in ${files.name}`,
      assumedBy: { service: 'firehose.amazonaws.com' },
      assumeConditions: inThisAccount,
      statements: deliveryStatements(setting, isParquet),
    },
    {
      kind: 'deliveryStream',
      id: deliveryId,
      name: `${own}-to-${files.name.replaceAll('_', '-')}`,
      roleArn: ref(`${deliveryId}Role`, 'arn'),
      source: from,
      bucketArn: files.bucketArn,
      ...(files.keyArn === undefined ? {} : { keyArn: files.keyArn }),
      prefix: `${root}/date=!{timestamp:yyyy-MM-dd}/`,
      errorPrefix: `_errors/${stream.name}/!{firehose:error-output-type}/date=!{timestamp:yyyy-MM-dd}/`,
      fileExtension: isParquet ? '.parquet' : '.json.gz',
      bufferMb: bronze.bufferMb,
      bufferSeconds: bronze.bufferSeconds,
      compression: isParquet ? 'UNCOMPRESSED' : 'GZIP',
      ...(bronze.sourceField === undefined ? {} : { partitions: { source: `.${bronze.sourceField}` } }),
      ...(isParquet ? { parquet: { database: files.database, table: prefix, compression: 'SNAPPY' as const } } : {}),
      logGroupName: ref(`${deliveryId}LogGroup`, 'name'),
      logStreamName: ref(`${deliveryId}Log`, 'name'),
      exceptions: [
        {
          rule: 'AwsSolutions-KDF1',
          reason:
            'Firehose that reads a stream or a topic keeps nothing itself: what it reads and what it writes is encrypted.',
        },
      ],
    },
  ];
}

function deliveryStatements({ source, keyArn, files, place, stream }: Setting, isParquet: boolean): Statement[] {
  const { prefix } = place.dataset.source!;
  return [
    ...(source.kind === 'kinesis'
      ? readStream(ref(streamId, 'arn'), keyArn)
      : readTopic(source.clusterArn, source.topic, '*')),
    {
      sid: 'WriteBronze',
      because: 'Firehose names each object itself, under the prefix of these events and that of their errors.',
      effect: 'Allow',
      actions: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
      resources: [text`${files.bucketArn}/${prefix}/*`, text`${files.bucketArn}/_errors/${stream.name}/*`],
    },
    {
      sid: 'LookAtBronze',
      effect: 'Allow',
      actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
      resources: [files.bucketArn],
    },
    ...(files.keyArn === undefined
      ? []
      : [
          {
            sid: 'EncryptBronze',
            effect: 'Allow' as const,
            actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
            resources: [files.keyArn],
          },
        ]),
    ...(isParquet
      ? [
          {
            sid: 'ReadSchema',
            because: 'Glue judges a call on a table by its database too; tables come with contracts.',
            effect: 'Allow' as const,
            actions: ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'],
            resources: glueResources([files.database]),
          },
        ]
      : []),
    {
      sid: 'WriteLog',
      effect: 'Allow',
      actions: ['logs:PutLogEvents'],
      resources: [ref(`${deliveryId}LogGroup`, 'arn')],
    },
  ];
}
