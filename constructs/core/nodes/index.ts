import type { WorkgroupNode } from './athena';
import type {
  BackupPlanNode,
  BackupReportPlanNode,
  BackupSelectionNode,
  BackupVaultNode,
  RestoreTestingPlanNode,
  RestoreTestingSelectionNode,
} from './backup';
import type { AlarmNode } from './cloudwatch';
import type { DmsKinesisNode, DmsPostgresNode, DmsReplicationNode, DmsSubnetGroupNode } from './dms';
import type { DynamoTableNode } from './dynamodb';
import type {
  FlowLogNode,
  RouteTableNode,
  SecurityGroupNode,
  SecurityGroupRuleNode,
  SubnetNode,
  VpcEndpointNode,
  VpcNode,
} from './ec2';
import type { EcsClusterNode, TaskDefinitionNode } from './ecs';
import type { EmrClusterNode, EmrSecurityNode, EmrTaskFleetNode, EmrTaskGroupNode, SparkApplicationNode } from './emr';
import type { StreamSourceNode } from './event-source';
import type { EventRuleNode, ScheduleNode } from './events';
import type { DeliveryStreamNode, LogStreamNode } from './firehose';
import type {
  DataQualityRulesetNode,
  GlueDatabaseNode,
  GlueTableNode,
  IcebergTableNode,
  SchemaNode,
  SchemaRegistryNode,
} from './glue';
import type { InstanceProfileNode, RoleNode } from './iam';
import type { InvocationNode } from './invocation';
import type { KinesisStreamNode, StreamConsumerNode } from './kinesis';
import type { KeyNode } from './kms';
import type { EventSourceNode, FunctionNode, LayerNode, PermissionNode } from './lambda';
import type { LogGroupNode, MetricFilterNode } from './logs';
import type { QueueNode, SubscriptionNode, TopicNode } from './messaging';
import type { AirflowEnvironmentNode } from './mwaa';
import type {
  DbClusterInstanceNode,
  DbClusterNode,
  DbInstanceNode,
  DbParameterGroupNode,
  DbProxyNode,
  DbSubnetGroupNode,
} from './rds';
import type { AssetNode, BucketNode } from './s3';
import type { SecretNode } from './secrets';
import type { StateMachineNode } from './states';

export type * from './athena';
export type * from './backup';
export type * from './cloudwatch';
export type * from './common';
export type * from './dms';
export type * from './dynamodb';
export type * from './ec2';
export type * from './ecs';
export type * from './emr';
export type * from './event-source';
export type * from './events';
export type * from './firehose';
export type * from './glue';
export type * from './iam';
export type * from './invocation';
export type * from './kinesis';
export type * from './kms';
export type * from './lambda';
export type * from './logs';
export type * from './messaging';
export type * from './mwaa';
export type * from './rds';
export type * from './s3';
export type * from './secrets';
export type * from './states';

/**
 * What a model decides, as data: one node a resource, in an order in which each refers only to those before it. Each
 * service has its kinds in a file here, and their two renderings in `../cdk/` and `../terraform/`, which add nothing: no
 * default, no choice, no statement of their own.
 */
export type Node =
  | AirflowEnvironmentNode
  | AlarmNode
  | AssetNode
  | BackupPlanNode
  | BackupReportPlanNode
  | BackupSelectionNode
  | BackupVaultNode
  | BucketNode
  | DataQualityRulesetNode
  | DbClusterInstanceNode
  | DbClusterNode
  | DbInstanceNode
  | DbParameterGroupNode
  | DbProxyNode
  | DbSubnetGroupNode
  | DeliveryStreamNode
  | DmsKinesisNode
  | DmsPostgresNode
  | DmsReplicationNode
  | DmsSubnetGroupNode
  | DynamoTableNode
  | EcsClusterNode
  | EmrClusterNode
  | EmrSecurityNode
  | EmrTaskFleetNode
  | EmrTaskGroupNode
  | EventRuleNode
  | EventSourceNode
  | FlowLogNode
  | FunctionNode
  | GlueDatabaseNode
  | GlueTableNode
  | IcebergTableNode
  | InstanceProfileNode
  | InvocationNode
  | KeyNode
  | KinesisStreamNode
  | LayerNode
  | LogGroupNode
  | LogStreamNode
  | MetricFilterNode
  | PermissionNode
  | QueueNode
  | RestoreTestingPlanNode
  | RestoreTestingSelectionNode
  | RoleNode
  | RouteTableNode
  | ScheduleNode
  | SchemaNode
  | SchemaRegistryNode
  | SecretNode
  | SecurityGroupNode
  | SecurityGroupRuleNode
  | SparkApplicationNode
  | StateMachineNode
  | StreamConsumerNode
  | StreamSourceNode
  | SubnetNode
  | SubscriptionNode
  | TaskDefinitionNode
  | TopicNode
  | VpcEndpointNode
  | VpcNode
  | WorkgroupNode;

export type NodeKind = Node['kind'];
