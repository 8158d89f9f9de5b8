import { renderWorkgroup } from './athena';
import { renderAlarm } from './cloudwatch';
import {
  renderFlowLog,
  renderRouteTable,
  renderSecurityGroup,
  renderSecurityGroupRule,
  renderSubnet,
  renderVpc,
  renderVpcEndpoint,
} from './ec2';
import { renderEventRule, renderSchedule } from './events';
import {
  renderDataQualityRuleset,
  renderGlueDatabase,
  renderGlueTable,
  renderIcebergTable,
  renderSchema,
  renderSchemaRegistry,
} from './glue';
import { renderRole } from './iam';
import { renderKey } from './kms';
import { renderFunction, renderLayer, renderPermission } from './lambda';
import { renderLogGroup, renderMetricFilter } from './logs';
import { renderQueue, renderSubscription, renderTopic } from './messaging';
import {
  renderDbCluster,
  renderDbClusterInstance,
  renderDbInstance,
  renderDbParameterGroup,
  renderDbProxy,
  renderDbSubnetGroup,
} from './rds';
import type { Renderers } from './render';
import { renderBucket } from './s3';
import { renderStateMachine } from './states';

/** Which rendering each kind of node has. */
export const renderers: Renderers = {
  alarm: renderAlarm,
  bucket: renderBucket,
  dataQualityRuleset: renderDataQualityRuleset,
  dbCluster: renderDbCluster,
  dbClusterInstance: renderDbClusterInstance,
  dbInstance: renderDbInstance,
  dbParameterGroup: renderDbParameterGroup,
  dbProxy: renderDbProxy,
  dbSubnetGroup: renderDbSubnetGroup,
  eventRule: renderEventRule,
  flowLog: renderFlowLog,
  function: renderFunction,
  glueDatabase: renderGlueDatabase,
  glueTable: renderGlueTable,
  icebergTable: renderIcebergTable,
  key: renderKey,
  layer: renderLayer,
  logGroup: renderLogGroup,
  metricFilter: renderMetricFilter,
  permission: renderPermission,
  queue: renderQueue,
  role: renderRole,
  routeTable: renderRouteTable,
  schedule: renderSchedule,
  schema: renderSchema,
  schemaRegistry: renderSchemaRegistry,
  securityGroup: renderSecurityGroup,
  securityGroupRule: renderSecurityGroupRule,
  stateMachine: renderStateMachine,
  subnet: renderSubnet,
  subscription: renderSubscription,
  topic: renderTopic,
  vpc: renderVpc,
  vpcEndpoint: renderVpcEndpoint,
  workgroup: renderWorkgroup,
};
