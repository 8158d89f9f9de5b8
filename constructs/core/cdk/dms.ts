import type { CfnResource } from 'aws-cdk-lib';
import { CfnEndpoint, CfnReplicationConfig, CfnReplicationSubnetGroup } from 'aws-cdk-lib/aws-dms';
import type { Construct } from 'constructs';
import type { Renderer } from './render';

export const renderDmsSubnetGroup: Renderer<'dmsSubnetGroup'> = (scope, node) => {
  const group = new CfnReplicationSubnetGroup(scope, node.id, {
    replicationSubnetGroupIdentifier: node.name,
    replicationSubnetGroupDescription: node.description,
    subnetIds: [...node.subnetIds],
  });
  return { name: group.ref };
};

export const renderDmsPostgres: Renderer<'dmsPostgres'> = (scope, node) => {
  const endpoint = new CfnEndpoint(scope, node.id, {
    endpointIdentifier: node.name,
    endpointType: 'source',
    engineName: node.engine,
    databaseName: node.database,
    sslMode: 'require',
    kmsKeyId: node.keyArn,
    postgreSqlSettings: {
      secretsManagerSecretId: node.secretArn,
      secretsManagerAccessRoleArn: node.secretRoleArn,
      pluginName: 'test-decoding',
      captureDdls: false,
      failTasksOnLobTruncation: true,
      ...(node.heartbeat === undefined
        ? { heartbeatEnable: false }
        : {
            heartbeatEnable: true,
            heartbeatSchema: node.heartbeat.schema,
            heartbeatFrequency: node.heartbeat.minutes,
          }),
    },
  });
  follow(scope, endpoint, node.after);
  return { arn: endpoint.ref };
};

export const renderDmsKinesis: Renderer<'dmsKinesis'> = (scope, node) => {
  const endpoint = new CfnEndpoint(scope, node.id, {
    endpointIdentifier: node.name,
    endpointType: 'target',
    engineName: 'kinesis',
    kmsKeyId: node.keyArn,
    kinesisSettings: {
      streamArn: node.streamArn,
      serviceAccessRoleArn: node.roleArn,
      messageFormat: 'json-unformatted',
      includeTransactionDetails: node.transactionDetails,
      includeNullAndEmpty: node.nullAndEmpty,
      includeControlDetails: node.controlDetails,
    },
  });
  return { arn: endpoint.ref };
};

export const renderDmsReplication: Renderer<'dmsReplication'> = (scope, node) => {
  const config = new CfnReplicationConfig(scope, node.id, {
    replicationConfigIdentifier: node.name,
    replicationType: node.type,
    sourceEndpointArn: node.sourceArn,
    targetEndpointArn: node.targetArn,
    tableMappings: node.tableMappings,
    replicationSettings: node.settings,
    computeConfig: {
      minCapacityUnits: node.capacity.min,
      maxCapacityUnits: node.capacity.max,
      multiAz: node.multiAz,
      replicationSubnetGroupId: node.subnetGroup,
      vpcSecurityGroupIds: [...node.securityGroupIds],
      kmsKeyId: node.keyArn,
    },
  });
  follow(scope, config, node.after);
  return { arn: config.attrReplicationConfigArn };
};

function follow(scope: Construct, resource: CfnResource, after: readonly string[]): void {
  for (const id of after) resource.node.addDependency(scope.node.findChild(id));
}
