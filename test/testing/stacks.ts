import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target';
import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { CloudwatchMetricAlarm } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { DataAwsRegion } from '@cdktf/provider-aws/lib/data-aws-region';
import { GlueCatalogDatabase } from '@cdktf/provider-aws/lib/glue-catalog-database';
import { GlueCatalogTable } from '@cdktf/provider-aws/lib/glue-catalog-table';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import { KmsAlias } from '@cdktf/provider-aws/lib/kms-alias';
import { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
import { LambdaInvocation } from '@cdktf/provider-aws/lib/lambda-invocation';
import { LambdaPermission } from '@cdktf/provider-aws/lib/lambda-permission';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketLoggingA } from '@cdktf/provider-aws/lib/s3-bucket-logging';
import { S3BucketNotification } from '@cdktf/provider-aws/lib/s3-bucket-notification';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block';
import { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
import { SchedulerSchedule } from '@cdktf/provider-aws/lib/scheduler-schedule';
import { SfnStateMachine } from '@cdktf/provider-aws/lib/sfn-state-machine';
import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic';
import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue';
import { SqsQueuePolicy } from '@cdktf/provider-aws/lib/sqs-queue-policy';
import * as cdk from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as glue from 'aws-cdk-lib/aws-glue';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { TerraformOutput, TerraformStack, Testing } from 'cdktf';
import { Construct } from 'constructs';

/**
 * One small pipeline, written by hand in each engine and in the words that come naturally there: CDK's L2 constructs and
 * grants, Terraform's split resources and JSON texts.
 */
export function cloudFormation(change: (stack: cdk.Stack) => void = () => {}): Record<string, unknown> {
  const stack = new cdk.Stack(new cdk.App(), 'Stack');
  const lake = new Construct(stack, 'Lake');
  const key = new kms.Key(lake, 'Key', { alias: 'lake', enableKeyRotation: true, pendingWindow: cdk.Duration.days(7) });
  const logsBucket = new s3.Bucket(lake, 'Logs', { removalPolicy: cdk.RemovalPolicy.DESTROY });
  const bucket = new s3.Bucket(new Construct(lake, 'Bronze'), 'Bucket', {
    encryption: s3.BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    versioned: true,
    enforceSSL: true,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    lifecycleRules: [
      {
        id: 'archive',
        transitions: [
          { storageClass: s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: cdk.Duration.days(90) },
        ],
      },
      { id: 'noncurrent', noncurrentVersionExpiration: cdk.Duration.days(30) },
    ],
    removalPolicy: cdk.RemovalPolicy.RETAIN,
  });
  const l1 = bucket.node.defaultChild as s3.CfnBucket;
  l1.loggingConfiguration = { destinationBucketName: logsBucket.bucketName, logFilePrefix: 'bronze/' };
  l1.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };

  const database = new glue.CfnDatabase(lake, 'Database', {
    catalogId: stack.account,
    databaseInput: { name: 'lake_bronze', locationUri: bucket.s3UrlForObject() },
  });
  new glue.CfnTable(lake, 'Table', {
    catalogId: stack.account,
    databaseName: database.ref,
    tableInput: {
      name: 'flights',
      tableType: 'EXTERNAL_TABLE',
      parameters: { classification: 'csv' },
      partitionKeys: [{ name: 'date', type: 'date' }],
      storageDescriptor: {
        columns: [
          { name: 'origin', type: 'string', comment: 'airport' },
          { name: 'delay', type: 'int' },
        ],
        location: `${bucket.s3UrlForObject()}/flights/`,
        serdeInfo: { serializationLibrary: 'org.apache.hadoop.hive.serde2.OpenCSVSerde' },
      },
    },
  });

  const deadLetters = new sqs.Queue(stack, 'DeadLetters', { retentionPeriod: cdk.Duration.days(14) });
  const arrivals = new sqs.Queue(stack, 'Arrivals', {
    visibilityTimeout: cdk.Duration.minutes(5),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: 3 },
  });
  arrivals.addToResourcePolicy(
    new iam.PolicyStatement({
      actions: ['sqs:SendMessage'],
      resources: [arrivals.queueArn],
      principals: [new iam.ServicePrincipal('events.amazonaws.com')],
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
    }),
  );
  new events.CfnRule(stack, 'Rule', {
    eventPattern: { source: ['aws.s3'], detail: { bucket: { name: [bucket.bucketName] } } },
    state: 'ENABLED',
    targets: [{ id: 'Queue', arn: arrivals.queueArn }],
  });

  const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  role.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaBasicExecutionRole'));
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['s3:GetObject', 's3:ListBucket'],
      resources: [bucket.bucketArn, bucket.arnForObjects('*')],
    }),
  );
  role.addToPolicy(new iam.PolicyStatement({ actions: ['kms:Decrypt'], resources: [key.keyArn] }));
  const group = new logs.LogGroup(stack, 'Group', {
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: cdk.RemovalPolicy.DESTROY,
  });
  const handler = new lambda.Function(stack, 'Ingest', {
    code: lambda.Code.fromAsset(__dirname),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_22_X,
    role,
    memorySize: 1024,
    timeout: cdk.Duration.minutes(5),
    environment: { BUCKET: bucket.bucketName, MANIFEST: JSON.stringify({ zones: ['bronze', 'silver'] }) },
    logGroup: group,
  });
  handler.addPermission('Events', {
    principal: new iam.ServicePrincipal('events.amazonaws.com'),
    sourceArn: `arn:${stack.partition}:events:${stack.region}:${stack.account}:rule/x`,
  });
  new cdk.CustomResource(stack, 'Tables', {
    serviceToken: handler.functionArn,
    resourceType: 'Custom::IngotTables',
    properties: { tables: [{ name: 'flights', columns: [{ name: 'delay', type: 'int' }] }] },
  });

  const machineRole = new iam.Role(stack, 'MachineRole', {
    assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
  });
  machineRole.addToPolicy(
    new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [handler.functionArn] }),
  );
  const machine = new sfn.CfnStateMachine(stack, 'Machine', {
    roleArn: machineRole.roleArn,
    definitionString: stack.toJsonString({
      StartAt: 'Ingest',
      States: {
        Ingest: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { FunctionName: handler.functionArn, 'Payload.$': '$' },
          Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 3 }],
          End: true,
        },
      },
    }),
    loggingConfiguration: {
      level: 'ERROR',
      includeExecutionData: true,
      destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: group.logGroupArn } }],
    },
    tracingConfiguration: { enabled: true },
  });
  new scheduler.CfnSchedule(stack, 'Nightly', {
    scheduleExpression: 'cron(0 3 * * ? *)',
    scheduleExpressionTimezone: 'Europe/Vienna',
    flexibleTimeWindow: { mode: 'OFF' },
    target: { arn: machine.attrArn, roleArn: machineRole.roleArn, input: '{"group":"flights"}' },
  });
  const topic = new sns.Topic(stack, 'Alerts', { masterKey: key });
  new cloudwatch.CfnAlarm(stack, 'Failed', {
    comparisonOperator: 'GreaterThanThreshold',
    evaluationPeriods: 1,
    threshold: 0,
    metricName: 'ExecutionsFailed',
    namespace: 'AWS/States',
    statistic: 'Sum',
    period: 300,
    dimensions: [{ name: 'StateMachineArn', value: machine.attrArn }],
    alarmActions: [topic.topicArn],
  });
  new cdk.CfnOutput(lake, 'BucketName', { value: bucket.bucketName });
  change(stack);
  return Template.fromStack(stack).toJSON();
}

export function terraform(change: (stack: TerraformStack) => void = () => {}): string {
  const stack = new TerraformStack(Testing.app(), 'Stack');
  new AwsProvider(stack, 'aws', { region: 'eu-west-1' });
  const account = new DataAwsCallerIdentity(stack, 'Account').accountId;
  const region = new DataAwsRegion(stack, 'Region').region;
  const partition = new DataAwsPartition(stack, 'Partition').partition;
  const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const trust = (service: string) =>
    policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: `${service}.amazonaws.com` } });

  const lake = new Construct(stack, 'Lake');
  const key = new KmsKey(lake, 'Key', {
    enableKeyRotation: true,
    deletionWindowInDays: 7,
    lifecycle: { preventDestroy: true },
    policy: policy({
      Effect: 'Allow',
      Action: 'kms:*',
      Resource: '*',
      Principal: { AWS: [`arn:${partition}:iam::${account}:root`] },
    }),
  });
  new KmsAlias(lake, 'Alias', { name: 'alias/lake', targetKeyId: key.keyId });
  const logsBucket = new S3Bucket(lake, 'Logs', {});
  const bronze = new Construct(lake, 'Bronze');
  const bucket = new S3Bucket(bronze, 'Bucket', { lifecycle: { preventDestroy: true } });
  new S3BucketServerSideEncryptionConfigurationA(bronze, 'Encryption', {
    bucket: bucket.id,
    rule: [
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.arn },
        bucketKeyEnabled: true,
      },
    ],
  });
  new S3BucketVersioningA(bronze, 'Versioning', { bucket: bucket.id, versioningConfiguration: { status: 'Enabled' } });
  new S3BucketPublicAccessBlock(bronze, 'PublicAccess', {
    bucket: bucket.id,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new S3BucketLifecycleConfiguration(bronze, 'Lifecycle', {
    bucket: bucket.id,
    rule: [
      {
        id: 'noncurrent',
        status: 'Enabled',
        filter: [{ prefix: '' }],
        noncurrentVersionExpiration: [{ noncurrentDays: 30 }],
      },
      {
        id: 'archive',
        status: 'Enabled',
        filter: [{ prefix: '' }],
        transition: [{ days: 90, storageClass: 'GLACIER_IR' }],
      },
    ],
  });
  new S3BucketLoggingA(bronze, 'Logging', {
    bucket: bucket.id,
    targetBucket: logsBucket.bucket,
    targetPrefix: 'bronze/',
  });
  new S3BucketNotification(bronze, 'Notification', { bucket: bucket.id, eventbridge: true });
  new S3BucketPolicy(bronze, 'Policy', {
    bucket: bucket.id,
    policy: policy({
      Effect: 'Deny',
      Action: ['s3:*'],
      Principal: '*',
      Resource: [`${bucket.arn}/*`, bucket.arn],
      Condition: { Bool: { 'aws:SecureTransport': ['false'] } },
    }),
  });

  const database = new GlueCatalogDatabase(lake, 'Database', {
    name: 'lake_bronze',
    locationUri: `s3://${bucket.bucket}`,
  });
  new GlueCatalogTable(lake, 'Table', {
    databaseName: database.name,
    name: 'flights',
    tableType: 'EXTERNAL_TABLE',
    parameters: { classification: 'csv' },
    partitionKeys: [{ name: 'date', type: 'date' }],
    storageDescriptor: {
      columns: [
        { name: 'origin', type: 'string', comment: 'airport' },
        { name: 'delay', type: 'int' },
      ],
      location: `s3://${bucket.bucket}/flights/`,
      serDeInfo: { serializationLibrary: 'org.apache.hadoop.hive.serde2.OpenCSVSerde' },
    },
  });

  const deadLetters = new SqsQueue(stack, 'DeadLetters', { messageRetentionSeconds: 1209600 });
  const arrivals = new SqsQueue(stack, 'Arrivals', {
    visibilityTimeoutSeconds: 300,
    redrivePolicy: JSON.stringify({ maxReceiveCount: 3, deadLetterTargetArn: deadLetters.arn }),
  });
  new SqsQueuePolicy(stack, 'ArrivalsPolicy', {
    queueUrl: arrivals.url,
    policy: policy({
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: arrivals.arn,
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': account } },
    }),
  });
  const rule = new CloudwatchEventRule(stack, 'Rule', {
    eventPattern: JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: [bucket.bucket] } } }),
  });
  new CloudwatchEventTarget(stack, 'Target', { rule: rule.name, arn: arrivals.arn });

  const role = new IamRole(stack, 'Role', { assumeRolePolicy: trust('lambda') });
  new IamRolePolicyAttachment(stack, 'Basic', {
    role: role.name,
    policyArn: `arn:${partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`,
  });
  new IamRolePolicy(stack, 'Objects', {
    role: role.id,
    policy: policy({
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:GetObject'],
      Resource: [bucket.arn, `${bucket.arn}/*`],
    }),
  });
  new IamRolePolicy(stack, 'Keys', {
    role: role.id,
    policy: policy({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: [key.arn] }),
  });
  const group = new CloudwatchLogGroup(stack, 'Group', { retentionInDays: 30 });
  const handler = new LambdaFunction(stack, 'Ingest', {
    functionName: undefined as unknown as string,
    filename: 'ingest.zip',
    handler: 'index.handler',
    runtime: 'nodejs22.x',
    role: role.arn,
    memorySize: 1024,
    timeout: 300,
    environment: { variables: { BUCKET: bucket.bucket, MANIFEST: JSON.stringify({ zones: ['bronze', 'silver'] }) } },
    loggingConfig: { logGroup: group.name, logFormat: undefined as unknown as string },
  });
  new LambdaPermission(stack, 'Permission', {
    functionName: handler.functionName,
    action: 'lambda:InvokeFunction',
    principal: 'events.amazonaws.com',
    sourceArn: `arn:${partition}:events:${region}:${account}:rule/x`,
  });
  new LambdaInvocation(stack, 'Tables', {
    functionName: handler.functionName,
    lifecycleScope: 'CRUD',
    input: JSON.stringify({ tables: [{ name: 'flights', columns: [{ name: 'delay', type: 'int' }] }] }),
  });

  const machineRole = new IamRole(stack, 'MachineRole', { assumeRolePolicy: trust('states') });
  new IamRolePolicy(stack, 'Invoke', {
    role: machineRole.id,
    policy: policy({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: handler.arn }),
  });
  const machine = new SfnStateMachine(stack, 'Machine', {
    roleArn: machineRole.arn,
    definition: JSON.stringify({
      StartAt: 'Ingest',
      States: {
        Ingest: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { 'Payload.$': '$', FunctionName: handler.arn },
          Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 3 }],
          End: true,
        },
      },
    }),
    loggingConfiguration: { level: 'ERROR', includeExecutionData: true, logDestination: `${group.arn}:*` },
    tracingConfiguration: { enabled: true },
  });
  new SchedulerSchedule(stack, 'Nightly', {
    scheduleExpression: 'cron(0 3 * * ? *)',
    scheduleExpressionTimezone: 'Europe/Vienna',
    flexibleTimeWindow: { mode: 'OFF' },
    target: { arn: machine.arn, roleArn: machineRole.arn, input: '{"group":"flights"}' },
  });
  const topic = new SnsTopic(stack, 'Alerts', { kmsMasterKeyId: key.arn });
  new CloudwatchMetricAlarm(stack, 'Failed', {
    alarmName: undefined as unknown as string,
    comparisonOperator: 'GreaterThanThreshold',
    evaluationPeriods: 1,
    threshold: 0,
    metricName: 'ExecutionsFailed',
    namespace: 'AWS/States',
    statistic: 'Sum',
    period: 300,
    dimensions: { StateMachineArn: machine.arn },
    alarmActions: [topic.arn],
  });
  new TerraformOutput(lake, 'BucketName', { value: bucket.bucket });
  change(stack);
  return Testing.synth(stack);
}
