import type { Construct } from 'constructs';
import type { DbClusterInstanceNode, DbClusterNode, DbInstanceNode } from '../nodes';
import type { Resolved } from '../text';
import {
  DbInstance,
  DbParameterGroup,
  DbProxy,
  DbProxyDefaultTargetGroup,
  DbProxyTarget,
  DbSubnetGroup,
  Fn,
  RdsCluster,
  RdsClusterInstance,
  RdsClusterParameterGroup,
  type TerraformResource,
} from './aws';
import { permissionsOf } from './iam';
import { lifecycle } from './removal';
import type { Renderer } from './render';

export const renderDbSubnetGroup: Renderer<'dbSubnetGroup'> = (scope, node) => {
  const group = new DbSubnetGroup(scope, node.id, { description: node.description, subnetIds: [...node.subnetIds] });
  return { name: group.name };
};

export const renderDbParameterGroup: Renderer<'dbParameterGroup'> = (scope, node) => {
  const Group = node.of === 'cluster' ? RdsClusterParameterGroup : DbParameterGroup;
  const group = new Group(scope, node.id, {
    family: node.family,
    description: node.description,
    parameter: node.parameters.map(({ name, value, needsRestart }) => ({
      name,
      value,
      applyMethod: needsRestart ? 'pending-reboot' : 'immediate',
    })),
    // Another major version needs another group, and the old one goes only once nothing uses it.
    lifecycle: { createBeforeDestroy: true },
  });
  return { name: group.name };
};

export const renderDbInstance: Renderer<'dbInstance'> = (scope, node) => {
  const instance = new DbInstance(scope, node.id, {
    identifier: node.identifier,
    engine: 'postgres',
    instanceClass: node.instanceClass,
    allocatedStorage: node.storageGb,
    maxAllocatedStorage: node.maxStorageGb,
    storageType: 'gp3',
    multiAz: node.multiAz,
    dbName: node.databaseName,
    username: node.masterUser,
    publiclyAccessible: false,
    parameterGroupName: node.parameterGroup,
    backupWindow: node.backupWindow,
    maintenanceWindow: node.maintenanceWindow,
    autoMinorVersionUpgrade: true,
    databaseInsightsMode: 'standard',
    ...common(node),
    ...watch(node),
    dependsOn: follow(scope, node.after, node.monitoring?.roleArn),
  });
  return {
    arn: instance.arn,
    id: instance.identifier,
    host: instance.address,
    resourceId: instance.resourceId,
    secretArn: instance.masterUserSecret.get(0).secretArn,
  };
};

export const renderDbCluster: Renderer<'dbCluster'> = (scope, node) => {
  const cluster = new RdsCluster(scope, node.id, {
    clusterIdentifier: node.identifier,
    engine: 'aurora-postgresql',
    serverlessv2ScalingConfiguration: { minCapacity: node.capacity.min, maxCapacity: node.capacity.max },
    databaseName: node.databaseName,
    masterUsername: node.masterUser,
    dbClusterParameterGroupName: node.parameterGroup,
    preferredBackupWindow: node.backupWindow,
    preferredMaintenanceWindow: node.maintenanceWindow,
    ...common(node),
    dependsOn: follow(scope, node.after),
  });
  return {
    arn: cluster.arn,
    id: cluster.clusterIdentifier,
    host: cluster.endpoint,
    readHost: cluster.readerEndpoint,
    resourceId: cluster.clusterResourceId,
    secretArn: cluster.masterUserSecret.get(0).secretArn,
  };
};

/** What Terraform calls the same for an instance and a cluster. */
const common = (node: Resolved<DbInstanceNode | DbClusterNode>) => ({
  engineVersion: node.version,
  applyImmediately: true,
  storageEncrypted: true,
  kmsKeyId: node.keyArn,
  manageMasterUserPassword: true,
  masterUserSecretKmsKeyId: node.keyArn,
  iamDatabaseAuthenticationEnabled: true,
  port: node.port,
  dbSubnetGroupName: node.subnetGroup,
  vpcSecurityGroupIds: [...node.securityGroupIds],
  backupRetentionPeriod: node.backupDays,
  copyTagsToSnapshot: true,
  deleteAutomatedBackups: node.removal === 'delete',
  deletionProtection: node.removal === 'retain',
  skipFinalSnapshot: node.removal === 'delete',
  finalSnapshotIdentifier: node.removal === 'retain' ? `${node.identifier}-final` : undefined,
  enabledCloudwatchLogsExports: [...node.logExports],
  lifecycle: lifecycle(node.removal),
});

export const renderDbClusterInstance: Renderer<'dbClusterInstance'> = (scope, node) => {
  const instance = new RdsClusterInstance(scope, node.id, {
    identifier: node.identifier,
    clusterIdentifier: node.cluster,
    engine: 'aurora-postgresql',
    instanceClass: 'db.serverless',
    autoMinorVersionUpgrade: true,
    applyImmediately: true,
    publiclyAccessible: false,
    promotionTier: node.promotionTier,
    ...watch(node),
    lifecycle: lifecycle(node.removal),
    dependsOn: follow(scope, [], node.monitoring?.roleArn),
  });
  return { arn: instance.arn, id: instance.identifier };
};

const watch = ({
  monitoring,
  insights,
}: Resolved<Pick<DbInstanceNode | DbClusterInstanceNode, 'monitoring' | 'insights'>>) => ({
  monitoringInterval: monitoring?.seconds ?? 0,
  monitoringRoleArn: monitoring?.roleArn,
  performanceInsightsEnabled: insights !== undefined,
  performanceInsightsKmsKeyId: insights?.keyArn,
  performanceInsightsRetentionPeriod: insights?.days,
});

export const renderDbProxy: Renderer<'dbProxy'> = (scope, node) => {
  const proxy = new DbProxy(scope, node.id, {
    name: node.name,
    engineFamily: 'POSTGRESQL',
    defaultAuthScheme: 'IAM_AUTH',
    requireTls: true,
    debugLogging: false,
    idleClientTimeout: node.idleClientSeconds,
    roleArn: node.roleArn,
    vpcSubnetIds: [...node.subnetIds],
    vpcSecurityGroupIds: [...node.securityGroupIds],
    dependsOn: follow(scope, node.after, node.roleArn),
  });
  const group = new DbProxyDefaultTargetGroup(scope, `${node.id}Targets`, {
    dbProxyName: proxy.name,
    connectionPoolConfig: {
      maxConnectionsPercent: node.maxConnectionsPercent,
      maxIdleConnectionsPercent: node.maxIdleConnectionsPercent,
      connectionBorrowTimeout: node.borrowSeconds,
    },
  });
  const { target } = node;
  new DbProxyTarget(scope, `${node.id}Target`, {
    dbProxyName: proxy.name,
    targetGroupName: group.name,
    ...('instance' in target ? { dbInstanceIdentifier: target.instance } : { dbClusterIdentifier: target.cluster }),
  });
  // IAM knows a proxy by the last part of its ARN.
  const resourceId = Fn.element(Fn.split(':', proxy.arn), 6) as string;
  return { arn: proxy.arn, host: proxy.endpoint, resourceId };
};

/** What must be there before, beside what is referred to: by id of its node, and permissions of the role it acts as. */
function follow(scope: Construct, after: readonly string[], roleArn?: string): TerraformResource[] | undefined {
  const permissions = roleArn === undefined ? undefined : permissionsOf(scope, roleArn);
  const nodes = after.map((id) => scope.node.findChild(id) as TerraformResource);
  const all = [...nodes, ...(permissions ?? [])];
  return all.length === 0 ? undefined : all;
}
