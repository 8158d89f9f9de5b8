/**
 * The only place that imports cdktf and its AWS provider, so that its successor cdktn is two alias lines in
 * package.json. Each resource comes from its own file: the provider's root takes 6 s and 577 MB to load.
 */

export { AthenaWorkgroup } from '@cdktf/provider-aws/lib/athena-workgroup';
export { BackupPlan } from '@cdktf/provider-aws/lib/backup-plan';
export { BackupReportPlan } from '@cdktf/provider-aws/lib/backup-report-plan';
export { BackupRestoreTestingPlan } from '@cdktf/provider-aws/lib/backup-restore-testing-plan';
export { BackupRestoreTestingSelection } from '@cdktf/provider-aws/lib/backup-restore-testing-selection';
export { BackupSelection } from '@cdktf/provider-aws/lib/backup-selection';
export { BackupVault } from '@cdktf/provider-aws/lib/backup-vault';
export { BackupVaultLockConfiguration } from '@cdktf/provider-aws/lib/backup-vault-lock-configuration';
export { BackupVaultNotifications } from '@cdktf/provider-aws/lib/backup-vault-notifications';
export { BackupVaultPolicy } from '@cdktf/provider-aws/lib/backup-vault-policy';
export { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule';
export { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target';
export { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
export { CloudwatchLogMetricFilter } from '@cdktf/provider-aws/lib/cloudwatch-log-metric-filter';
export { CloudwatchLogStream } from '@cdktf/provider-aws/lib/cloudwatch-log-stream';
export {
  CloudwatchMetricAlarm,
  type CloudwatchMetricAlarmConfig,
} from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
export { DataAwsAvailabilityZones } from '@cdktf/provider-aws/lib/data-aws-availability-zones';
export { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
export { DataAwsIamRole } from '@cdktf/provider-aws/lib/data-aws-iam-role';
export { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
export { DataAwsRegion } from '@cdktf/provider-aws/lib/data-aws-region';
export { DataAwsSecretsmanagerSecretVersion } from '@cdktf/provider-aws/lib/data-aws-secretsmanager-secret-version';
export { DbInstance } from '@cdktf/provider-aws/lib/db-instance';
export { DbParameterGroup } from '@cdktf/provider-aws/lib/db-parameter-group';
export { DbProxy } from '@cdktf/provider-aws/lib/db-proxy';
export { DbProxyDefaultTargetGroup } from '@cdktf/provider-aws/lib/db-proxy-default-target-group';
export { DbProxyTarget } from '@cdktf/provider-aws/lib/db-proxy-target';
export { DbSubnetGroup } from '@cdktf/provider-aws/lib/db-subnet-group';
export { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group';
export { DmsEndpoint } from '@cdktf/provider-aws/lib/dms-endpoint';
export { DmsReplicationConfig } from '@cdktf/provider-aws/lib/dms-replication-config';
export { DmsReplicationSubnetGroup } from '@cdktf/provider-aws/lib/dms-replication-subnet-group';
export { DynamodbTable } from '@cdktf/provider-aws/lib/dynamodb-table';
export { EcsCluster } from '@cdktf/provider-aws/lib/ecs-cluster';
export { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
export { EmrCluster, type EmrClusterConfig } from '@cdktf/provider-aws/lib/emr-cluster';
export { EmrInstanceFleet } from '@cdktf/provider-aws/lib/emr-instance-fleet';
export { EmrInstanceGroup } from '@cdktf/provider-aws/lib/emr-instance-group';
export { EmrManagedScalingPolicy } from '@cdktf/provider-aws/lib/emr-managed-scaling-policy';
export { EmrSecurityConfiguration } from '@cdktf/provider-aws/lib/emr-security-configuration';
export { EmrserverlessApplication } from '@cdktf/provider-aws/lib/emrserverless-application';
export { FlowLog } from '@cdktf/provider-aws/lib/flow-log';
export { GlueCatalogDatabase } from '@cdktf/provider-aws/lib/glue-catalog-database';
export {
  GlueCatalogTable,
  type GlueCatalogTableConfig,
  type GlueCatalogTablePartitionKeys,
  type GlueCatalogTableStorageDescriptor,
  glueCatalogTablePartitionKeysToHclTerraform,
  glueCatalogTablePartitionKeysToTerraform,
  glueCatalogTableStorageDescriptorToHclTerraform,
  glueCatalogTableStorageDescriptorToTerraform,
} from '@cdktf/provider-aws/lib/glue-catalog-table';
export { GlueDataQualityRuleset } from '@cdktf/provider-aws/lib/glue-data-quality-ruleset';
export { GlueRegistry } from '@cdktf/provider-aws/lib/glue-registry';
export { GlueSchema } from '@cdktf/provider-aws/lib/glue-schema';
export { IamInstanceProfile } from '@cdktf/provider-aws/lib/iam-instance-profile';
export { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy';
export { IamRole } from '@cdktf/provider-aws/lib/iam-role';
export { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
export { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
export { KinesisFirehoseDeliveryStream } from '@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream';
export { KinesisStream } from '@cdktf/provider-aws/lib/kinesis-stream';
export { KinesisStreamConsumer } from '@cdktf/provider-aws/lib/kinesis-stream-consumer';
export { KmsAlias } from '@cdktf/provider-aws/lib/kms-alias';
export { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
export { LambdaEventSourceMapping } from '@cdktf/provider-aws/lib/lambda-event-source-mapping';
export { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
export { LambdaInvocation } from '@cdktf/provider-aws/lib/lambda-invocation';
export { LambdaLayerVersion } from '@cdktf/provider-aws/lib/lambda-layer-version';
export { LambdaPermission } from '@cdktf/provider-aws/lib/lambda-permission';
export { MwaaEnvironment } from '@cdktf/provider-aws/lib/mwaa-environment';
export { AwsProvider } from '@cdktf/provider-aws/lib/provider';
export { RdsCluster } from '@cdktf/provider-aws/lib/rds-cluster';
export { RdsClusterInstance } from '@cdktf/provider-aws/lib/rds-cluster-instance';
export { RdsClusterParameterGroup } from '@cdktf/provider-aws/lib/rds-cluster-parameter-group';
export { RouteTable } from '@cdktf/provider-aws/lib/route-table';
export { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association';
export { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
export { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
export { S3BucketLoggingA } from '@cdktf/provider-aws/lib/s3-bucket-logging';
export { S3BucketNotification } from '@cdktf/provider-aws/lib/s3-bucket-notification';
export { S3BucketOwnershipControls } from '@cdktf/provider-aws/lib/s3-bucket-ownership-controls';
export { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
export { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block';
export { S3BucketReplicationConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-replication-configuration';
export { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration';
export { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
export { S3Object } from '@cdktf/provider-aws/lib/s3-object';
export { SchedulerSchedule } from '@cdktf/provider-aws/lib/scheduler-schedule';
export { SecretsmanagerSecret } from '@cdktf/provider-aws/lib/secretsmanager-secret';
export { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
export { SfnStateMachine } from '@cdktf/provider-aws/lib/sfn-state-machine';
export { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic';
export { SnsTopicPolicy } from '@cdktf/provider-aws/lib/sns-topic-policy';
export { SnsTopicSubscription } from '@cdktf/provider-aws/lib/sns-topic-subscription';
export { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue';
export { SqsQueuePolicy } from '@cdktf/provider-aws/lib/sqs-queue-policy';
export { Subnet } from '@cdktf/provider-aws/lib/subnet';
export { Vpc } from '@cdktf/provider-aws/lib/vpc';
export { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint';
export { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
export { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
export { App, AssetType, dependable, Fn, TerraformAsset, TerraformResource, TerraformStack } from 'cdktf';
