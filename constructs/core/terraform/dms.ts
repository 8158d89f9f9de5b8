import type { Construct } from 'constructs';
import { DmsEndpoint, DmsReplicationConfig, DmsReplicationSubnetGroup, type TerraformResource } from './aws';
import { permissionsOf } from './iam';
import type { Renderer } from './render';

export const renderDmsSubnetGroup: Renderer<'dmsSubnetGroup'> = (scope, node) => {
  const group = new DmsReplicationSubnetGroup(scope, node.id, {
    replicationSubnetGroupId: node.name,
    replicationSubnetGroupDescription: node.description,
    subnetIds: [...node.subnetIds],
  });
  return { name: group.id };
};

export const renderDmsPostgres: Renderer<'dmsPostgres'> = (scope, node) => {
  const endpoint = new DmsEndpoint(scope, node.id, {
    endpointId: node.name,
    endpointType: 'source',
    engineName: node.engine,
    databaseName: node.database,
    sslMode: 'require',
    kmsKeyArn: node.keyArn,
    secretsManagerArn: node.secretArn,
    secretsManagerAccessRoleArn: node.secretRoleArn,
    postgresSettings: {
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
    dependsOn: follow(scope, node.after, node.secretRoleArn),
  });
  return { arn: endpoint.endpointArn };
};

export const renderDmsKinesis: Renderer<'dmsKinesis'> = (scope, node) => {
  const endpoint = new DmsEndpoint(scope, node.id, {
    endpointId: node.name,
    endpointType: 'target',
    engineName: 'kinesis',
    kmsKeyArn: node.keyArn,
    kinesisSettings: {
      streamArn: node.streamArn,
      serviceAccessRoleArn: node.roleArn,
      messageFormat: 'json-unformatted',
      includeTransactionDetails: node.transactionDetails,
      includeNullAndEmpty: node.nullAndEmpty,
      includeControlDetails: node.controlDetails,
    },
    dependsOn: follow(scope, [], node.roleArn),
  });
  return { arn: endpoint.endpointArn };
};

export const renderDmsReplication: Renderer<'dmsReplication'> = (scope, node) => {
  const config = new DmsReplicationConfig(scope, node.id, {
    replicationConfigIdentifier: node.name,
    replicationType: node.type,
    sourceEndpointArn: node.sourceArn,
    targetEndpointArn: node.targetArn,
    tableMappings: JSON.stringify(node.tableMappings),
    replicationSettings: JSON.stringify(node.settings),
    computeConfig: {
      minCapacityUnits: node.capacity.min,
      maxCapacityUnits: node.capacity.max,
      multiAz: node.multiAz,
      replicationSubnetGroupId: node.subnetGroup,
      vpcSecurityGroupIds: [...node.securityGroupIds],
      kmsKeyId: node.keyArn,
    },
    dependsOn: follow(scope, node.after),
  });
  return { arn: config.arn };
};

/** What must be there before, beside what is referred to: by id of its node, and permissions of the role DMS acts as. */
function follow(scope: Construct, after: readonly string[], roleArn?: string): TerraformResource[] | undefined {
  const nodes = after.map((id) => scope.node.findChild(id) as TerraformResource);
  const all = [...nodes, ...(roleArn === undefined ? [] : (permissionsOf(scope, roleArn) ?? []))];
  return all.length === 0 ? undefined : all;
}
