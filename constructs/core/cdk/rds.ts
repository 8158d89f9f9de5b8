import { type CfnResource, Fn } from 'aws-cdk-lib';
import {
  CfnDBCluster,
  CfnDBClusterParameterGroup,
  CfnDBInstance,
  CfnDBParameterGroup,
  CfnDBProxy,
  CfnDBProxyTargetGroup,
  CfnDBSubnetGroup,
} from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import type { DbClusterInstanceNode, DbInstanceNode } from '../nodes';
import type { Resolved } from '../text';
import { acknowledge } from './acknowledge';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderDbSubnetGroup: Renderer<'dbSubnetGroup'> = (scope, node) => {
  const group = new CfnDBSubnetGroup(scope, node.id, {
    dbSubnetGroupDescription: node.description,
    subnetIds: [...node.subnetIds],
  });
  return { name: group.ref };
};

export const renderDbParameterGroup: Renderer<'dbParameterGroup'> = (scope, node) => {
  const Group = node.of === 'cluster' ? CfnDBClusterParameterGroup : CfnDBParameterGroup;
  const group = new Group(scope, node.id, {
    family: node.family,
    description: node.description,
    parameters: Object.fromEntries(node.parameters.map(({ name, value }) => [name, value])),
  });
  return { name: group.ref };
};

export const renderDbInstance: Renderer<'dbInstance'> = (scope, node) => {
  const instance = new CfnDBInstance(scope, node.id, {
    dbInstanceIdentifier: node.identifier,
    engine: 'postgres',
    engineVersion: node.version,
    autoMinorVersionUpgrade: true,
    applyImmediately: true,
    dbInstanceClass: node.instanceClass,
    allocatedStorage: String(node.storageGb),
    maxAllocatedStorage: node.maxStorageGb,
    storageType: 'gp3',
    storageEncrypted: true,
    kmsKeyId: node.keyArn,
    multiAz: node.multiAz,
    dbName: node.databaseName,
    masterUsername: node.masterUser,
    manageMasterUserPassword: true,
    masterUserSecret: { kmsKeyId: node.keyArn },
    enableIamDatabaseAuthentication: true,
    port: String(node.port),
    publiclyAccessible: false,
    dbSubnetGroupName: node.subnetGroup,
    vpcSecurityGroups: [...node.securityGroupIds],
    dbParameterGroupName: node.parameterGroup,
    backupRetentionPeriod: node.backupDays,
    preferredBackupWindow: node.backupWindow,
    preferredMaintenanceWindow: node.maintenanceWindow,
    copyTagsToSnapshot: true,
    deleteAutomatedBackups: node.removal === 'delete',
    deletionProtection: node.removal === 'retain',
    enableCloudwatchLogsExports: [...node.logExports],
    databaseInsightsMode: 'standard',
    ...watch(node),
  });
  applyRemoval(instance, node.removal);
  follow(scope, instance, node.after);
  acknowledge(instance, node.exceptions);
  return {
    arn: instance.attrDbInstanceArn,
    id: instance.ref,
    host: instance.attrEndpointAddress,
    resourceId: instance.attrDbiResourceId,
    secretArn: instance.attrMasterUserSecretSecretArn,
  };
};

export const renderDbCluster: Renderer<'dbCluster'> = (scope, node) => {
  const cluster = new CfnDBCluster(scope, node.id, {
    dbClusterIdentifier: node.identifier,
    engine: 'aurora-postgresql',
    engineVersion: node.version,
    serverlessV2ScalingConfiguration: { minCapacity: node.capacity.min, maxCapacity: node.capacity.max },
    storageEncrypted: true,
    kmsKeyId: node.keyArn,
    databaseName: node.databaseName,
    masterUsername: node.masterUser,
    manageMasterUserPassword: true,
    masterUserSecret: { kmsKeyId: node.keyArn },
    enableIamDatabaseAuthentication: true,
    port: node.port,
    dbSubnetGroupName: node.subnetGroup,
    vpcSecurityGroupIds: [...node.securityGroupIds],
    dbClusterParameterGroupName: node.parameterGroup,
    backupRetentionPeriod: node.backupDays,
    preferredBackupWindow: node.backupWindow,
    preferredMaintenanceWindow: node.maintenanceWindow,
    copyTagsToSnapshot: true,
    deleteAutomatedBackups: node.removal === 'delete',
    deletionProtection: node.removal === 'retain',
    enableCloudwatchLogsExports: [...node.logExports],
  });
  applyRemoval(cluster, node.removal);
  follow(scope, cluster, node.after);
  return {
    arn: cluster.attrDbClusterArn,
    id: cluster.ref,
    host: cluster.attrEndpointAddress,
    readHost: cluster.attrReadEndpointAddress,
    resourceId: cluster.attrDbClusterResourceId,
    secretArn: cluster.attrMasterUserSecretSecretArn,
  };
};

export const renderDbClusterInstance: Renderer<'dbClusterInstance'> = (scope, node) => {
  const instance = new CfnDBInstance(scope, node.id, {
    dbInstanceIdentifier: node.identifier,
    dbClusterIdentifier: node.cluster,
    engine: 'aurora-postgresql',
    dbInstanceClass: 'db.serverless',
    autoMinorVersionUpgrade: true,
    applyImmediately: true,
    publiclyAccessible: false,
    promotionTier: node.promotionTier,
    ...watch(node),
  });
  applyRemoval(instance, node.removal);
  return { arn: instance.attrDbInstanceArn, id: instance.ref };
};

const watch = ({
  monitoring,
  insights,
}: Resolved<Pick<DbInstanceNode | DbClusterInstanceNode, 'monitoring' | 'insights'>>) => ({
  monitoringInterval: monitoring?.seconds ?? 0,
  monitoringRoleArn: monitoring?.roleArn,
  enablePerformanceInsights: insights !== undefined,
  performanceInsightsKmsKeyId: insights?.keyArn,
  performanceInsightsRetentionPeriod: insights?.days,
});

export const renderDbProxy: Renderer<'dbProxy'> = (scope, node) => {
  const proxy = new CfnDBProxy(scope, node.id, {
    dbProxyName: node.name,
    engineFamily: 'POSTGRESQL',
    defaultAuthScheme: 'IAM_AUTH',
    requireTls: true,
    debugLogging: false,
    idleClientTimeout: node.idleClientSeconds,
    roleArn: node.roleArn,
    vpcSubnetIds: [...node.subnetIds],
    vpcSecurityGroupIds: [...node.securityGroupIds],
  });
  follow(scope, proxy, node.after);
  const { target } = node;
  new CfnDBProxyTargetGroup(scope, `${node.id}Targets`, {
    dbProxyName: proxy.ref,
    targetGroupName: 'default',
    ...('instance' in target
      ? { dbInstanceIdentifiers: [target.instance] }
      : { dbClusterIdentifiers: [target.cluster] }),
    connectionPoolConfigurationInfo: {
      maxConnectionsPercent: node.maxConnectionsPercent,
      maxIdleConnectionsPercent: node.maxIdleConnectionsPercent,
      connectionBorrowTimeout: node.borrowSeconds,
    },
  });
  // IAM knows a proxy by the last part of its ARN.
  const resourceId = Fn.select(6, Fn.split(':', proxy.attrDbProxyArn));
  return { arn: proxy.attrDbProxyArn, host: proxy.attrEndpoint, resourceId };
};

function follow(scope: Construct, resource: CfnResource, after: readonly string[]): void {
  for (const id of after) resource.node.addDependency(scope.node.findChild(id));
}
