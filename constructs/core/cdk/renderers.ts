import { renderWorkgroup } from './athena';
import { renderAlarm } from './cloudwatch';
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
import { renderLogGroup } from './logs';
import { renderQueue, renderSubscription, renderTopic } from './messaging';
import type { Renderers } from './render';
import { renderBucket } from './s3';
import { renderStateMachine } from './states';

/** Which rendering each kind of node has. */
export const renderers: Renderers = {
  alarm: renderAlarm,
  bucket: renderBucket,
  dataQualityRuleset: renderDataQualityRuleset,
  eventRule: renderEventRule,
  function: renderFunction,
  glueDatabase: renderGlueDatabase,
  glueTable: renderGlueTable,
  icebergTable: renderIcebergTable,
  key: renderKey,
  layer: renderLayer,
  logGroup: renderLogGroup,
  permission: renderPermission,
  queue: renderQueue,
  role: renderRole,
  schedule: renderSchedule,
  schema: renderSchema,
  schemaRegistry: renderSchemaRegistry,
  stateMachine: renderStateMachine,
  subscription: renderSubscription,
  topic: renderTopic,
  workgroup: renderWorkgroup,
};
