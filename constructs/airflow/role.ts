import type { RoleNode } from '../core/nodes';
import { operationsKeyId } from '../core/operations-key';
import { inThisAccount } from '../core/policy';
import { aws, ref, text } from '../core/text';

export const executionRoleId = 'ExecutionRole';
export const dagsBucketId = 'DagsBucket';

/** What Airflow acts as: it runs by itself. What its DAGs may call is for grants to say. */
export function executionRole(own: string, isRegulated: boolean): RoleNode {
  const bucket = ref(dagsBucketId, 'arn');
  const here = text`${aws.region}:${aws.account}`;
  return {
    kind: 'role',
    id: executionRoleId,
    description: `${own}: what Airflow and its DAGs act as`,
    assumedBy: { service: ['airflow-env.amazonaws.com', 'airflow.amazonaws.com'] },
    assumeConditions: inThisAccount,
    statements: [
      {
        sid: 'ReadDags',
        because: 'DAGs come with platforms; the bucket is named.',
        effect: 'Allow',
        actions: [
          's3:GetBucketLocation',
          's3:GetBucketPublicAccessBlock',
          's3:GetBucketVersioning',
          's3:GetEncryptionConfiguration',
          's3:GetObject',
          's3:GetObjectVersion',
          's3:ListBucket',
          's3:ListBucketVersions',
        ],
        resources: [bucket, text`${bucket}/*`],
      },
      {
        sid: 'LookAtAccount',
        because: 'Whether the account lets anything be public is asked of no resource.',
        effect: 'Allow',
        actions: ['s3:GetAccountPublicAccessBlock'],
        resources: ['*'],
      },
      {
        sid: 'WriteLogs',
        because: 'MWAA makes the log groups; their names begin so.',
        effect: 'Allow',
        actions: [
          'logs:CreateLogGroup',
          'logs:CreateLogStream',
          'logs:GetLogEvents',
          'logs:GetLogGroupFields',
          'logs:GetLogRecord',
          'logs:GetQueryResults',
          'logs:PutLogEvents',
        ],
        resources: [text`arn:${aws.partition}:logs:${here}:log-group:airflow-${own}-*`],
      },
      {
        sid: 'FindLogs',
        because: 'Log groups are looked up among all.',
        effect: 'Allow',
        actions: ['logs:DescribeLogGroups'],
        resources: ['*'],
      },
      {
        sid: 'PublishMetrics',
        effect: 'Allow',
        actions: ['airflow:PublishMetrics'],
        resources: [text`arn:${aws.partition}:airflow:${here}:environment/${own}`],
      },
      {
        sid: 'PutMetrics',
        because: 'Metrics are no resources; their namespaces are named.',
        effect: 'Allow',
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': ['AWS/MWAA', 'AmazonMWAA'] } },
      },
      {
        sid: 'PassTasks',
        because: "The queue that gives tasks to workers is in an account of MWAA's; its name begins so.",
        effect: 'Allow',
        actions: [
          'sqs:ChangeMessageVisibility',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:GetQueueUrl',
          'sqs:ReceiveMessage',
          'sqs:SendMessage',
        ],
        resources: [text`arn:${aws.partition}:sqs:${aws.region}:*:airflow-celery-*`],
      },
      {
        sid: 'UseKey',
        effect: 'Allow',
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
        resources: [ref(operationsKeyId, 'arn')],
        conditions: {
          StringEquals: {
            'kms:ViaService': [text`s3.${aws.region}.${aws.urlSuffix}`, text`sqs.${aws.region}.${aws.urlSuffix}`],
          },
        },
      },
    ],
    ...(isRegulated ? { permissions: 'managed' } : {}),
  };
}
