import { renderWorkgroup } from './athena';
import {
  renderBackupPlan,
  renderBackupReportPlan,
  renderBackupSelection,
  renderBackupVault,
  renderRestoreTestingPlan,
  renderRestoreTestingSelection,
} from './backup';
import { renderAlarm } from './cloudwatch';
import { renderDmsKinesis, renderDmsPostgres, renderDmsReplication, renderDmsSubnetGroup } from './dms';
import { renderDynamoTable } from './dynamodb';
import {
  renderFlowLog,
  renderRouteTable,
  renderSecurityGroup,
  renderSecurityGroupRule,
  renderSubnet,
  renderVpc,
  renderVpcEndpoint,
} from './ec2';
import { renderEcsCluster, renderTaskDefinition } from './ecs';
import { renderSparkApplication } from './emr';
import { renderEmrCluster, renderEmrSecurity, renderEmrTaskFleet, renderEmrTaskGroup } from './emr-cluster';
import { renderStreamSource } from './event-source';
import { renderEventRule, renderSchedule } from './events';
import { renderDeliveryStream, renderLogStream } from './firehose';
import {
  renderDataQualityRuleset,
  renderGlueDatabase,
  renderGlueTable,
  renderIcebergTable,
  renderSchema,
  renderSchemaRegistry,
} from './glue';
import { renderInstanceProfile, renderRole } from './iam';
import { renderInvocation } from './invocation';
import { renderKinesisStream, renderStreamConsumer } from './kinesis';
import { renderKey } from './kms';
import { renderEventSource, renderFunction, renderLayer, renderPermission } from './lambda';
import { renderLogGroup, renderMetricFilter } from './logs';
import { renderQueue, renderSubscription, renderTopic } from './messaging';
import { renderAirflowEnvironment } from './mwaa';
import {
  renderDbCluster,
  renderDbClusterInstance,
  renderDbInstance,
  renderDbParameterGroup,
  renderDbProxy,
  renderDbSubnetGroup,
} from './rds';
import type { Renderers } from './render';
import { renderAsset, renderBucket } from './s3';
import { renderSecret } from './secrets';
import { renderStateMachine } from './states';

/** Which rendering each kind of node has. */
export const renderers: Renderers = {
  airflowEnvironment: renderAirflowEnvironment,
  alarm: renderAlarm,
  asset: renderAsset,
  backupPlan: renderBackupPlan,
  backupReportPlan: renderBackupReportPlan,
  backupSelection: renderBackupSelection,
  backupVault: renderBackupVault,
  bucket: renderBucket,
  dataQualityRuleset: renderDataQualityRuleset,
  dbCluster: renderDbCluster,
  dbClusterInstance: renderDbClusterInstance,
  dbInstance: renderDbInstance,
  dbParameterGroup: renderDbParameterGroup,
  dbProxy: renderDbProxy,
  dbSubnetGroup: renderDbSubnetGroup,
  deliveryStream: renderDeliveryStream,
  dmsKinesis: renderDmsKinesis,
  dmsPostgres: renderDmsPostgres,
  dmsReplication: renderDmsReplication,
  dmsSubnetGroup: renderDmsSubnetGroup,
  dynamoTable: renderDynamoTable,
  ecsCluster: renderEcsCluster,
  emrCluster: renderEmrCluster,
  emrSecurity: renderEmrSecurity,
  emrTaskFleet: renderEmrTaskFleet,
  emrTaskGroup: renderEmrTaskGroup,
  eventRule: renderEventRule,
  eventSource: renderEventSource,
  flowLog: renderFlowLog,
  function: renderFunction,
  glueDatabase: renderGlueDatabase,
  glueTable: renderGlueTable,
  icebergTable: renderIcebergTable,
  instanceProfile: renderInstanceProfile,
  invocation: renderInvocation,
  key: renderKey,
  kinesisStream: renderKinesisStream,
  layer: renderLayer,
  logGroup: renderLogGroup,
  logStream: renderLogStream,
  metricFilter: renderMetricFilter,
  permission: renderPermission,
  queue: renderQueue,
  restoreTestingPlan: renderRestoreTestingPlan,
  restoreTestingSelection: renderRestoreTestingSelection,
  role: renderRole,
  routeTable: renderRouteTable,
  schedule: renderSchedule,
  schema: renderSchema,
  schemaRegistry: renderSchemaRegistry,
  secret: renderSecret,
  securityGroup: renderSecurityGroup,
  securityGroupRule: renderSecurityGroupRule,
  sparkApplication: renderSparkApplication,
  stateMachine: renderStateMachine,
  streamConsumer: renderStreamConsumer,
  streamSource: renderStreamSource,
  subnet: renderSubnet,
  subscription: renderSubscription,
  taskDefinition: renderTaskDefinition,
  topic: renderTopic,
  vpc: renderVpc,
  vpcEndpoint: renderVpcEndpoint,
  workgroup: renderWorkgroup,
};
