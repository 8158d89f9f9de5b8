import { field, flag, json, names, number, object, type Service, same, set, tags } from '../kind';

export const dms: Service = {
  kinds: [
    {
      kind: 'dms.subnetGroup',
      cloudformation: 'AWS::DMS::ReplicationSubnetGroup',
      terraform: 'aws_dms_replication_subnet_group',
      attributes: { name: names('Ref', ['id', 'replication_subnet_group_id']) },
      properties: {
        name: field('ReplicationSubnetGroupIdentifier', 'replication_subnet_group_id'),
        description: field('ReplicationSubnetGroupDescription', 'replication_subnet_group_description'),
        subnets: field('SubnetIds', 'subnet_ids', set()),
        tags: same(tags),
      },
    },
    {
      kind: 'dms.endpoint',
      cloudformation: 'AWS::DMS::Endpoint',
      terraform: 'aws_dms_endpoint',
      attributes: { arn: names('Ref', 'endpoint_arn') },
      properties: {
        name: field('EndpointIdentifier', 'endpoint_id'),
        type: field('EndpointType', 'endpoint_type'),
        engine: field('EngineName', 'engine_name'),
        database: field('DatabaseName', 'database_name'),
        tls: field('SslMode', 'ssl_mode', undefined, 'none'),
        key: field('KmsKeyId', 'kms_key_arn'),
        secret: field('PostgreSqlSettings.SecretsManagerSecretId', 'secrets_manager_arn'),
        secretRole: field('PostgreSqlSettings.SecretsManagerAccessRoleArn', 'secrets_manager_access_role_arn'),
        plugin: field('PostgreSqlSettings.PluginName', 'postgres_settings.plugin_name'),
        capturesDdl: field('PostgreSqlSettings.CaptureDdls', 'postgres_settings.capture_ddls', flag),
        failsOnTruncation: field(
          'PostgreSqlSettings.FailTasksOnLobTruncation',
          'postgres_settings.fail_tasks_on_lob_truncation',
          flag,
          false,
        ),
        heartbeat: field('PostgreSqlSettings.HeartbeatEnable', 'postgres_settings.heartbeat_enable', flag, false),
        heartbeatSchema: field('PostgreSqlSettings.HeartbeatSchema', 'postgres_settings.heartbeat_schema'),
        heartbeatMinutes: field(
          'PostgreSqlSettings.HeartbeatFrequency',
          'postgres_settings.heartbeat_frequency',
          number,
          5,
        ),
        kinesis: field(
          'KinesisSettings',
          'kinesis_settings',
          object({
            stream: field('StreamArn', 'stream_arn'),
            role: field('ServiceAccessRoleArn', 'service_access_role_arn'),
            format: field('MessageFormat', 'message_format'),
            transactionDetails: field('IncludeTransactionDetails', 'include_transaction_details', flag, false),
            nullAndEmpty: field('IncludeNullAndEmpty', 'include_null_and_empty', flag, false),
            controlDetails: field('IncludeControlDetails', 'include_control_details', flag, false),
          }),
        ),
        tags: same(tags),
      },
    },
    {
      kind: 'dms.replication',
      cloudformation: 'AWS::DMS::ReplicationConfig',
      terraform: 'aws_dms_replication_config',
      attributes: { arn: names(['ReplicationConfigArn', 'Ref'], ['arn', 'id']) },
      properties: {
        name: field('ReplicationConfigIdentifier', 'replication_config_identifier'),
        type: field('ReplicationType', 'replication_type'),
        source: field('SourceEndpointArn', 'source_endpoint_arn'),
        target: field('TargetEndpointArn', 'target_endpoint_arn'),
        tableMappings: same(json),
        settings: field('ReplicationSettings', 'replication_settings', json),
        // A handler does, in both engines alike.
        starts: field(undefined, 'start_replication', flag, false),
        compute: field(
          'ComputeConfig',
          'compute_config',
          object({
            minCapacity: field('MinCapacityUnits', 'min_capacity_units', number, 1),
            maxCapacity: field('MaxCapacityUnits', 'max_capacity_units', number),
            multiAz: field('MultiAZ', 'multi_az', flag, false),
            subnetGroup: field('ReplicationSubnetGroupId', 'replication_subnet_group_id'),
            securityGroups: field('VpcSecurityGroupIds', 'vpc_security_group_ids', set()),
            key: field('KmsKeyId', 'kms_key_id'),
          }),
        ),
        tags: same(tags),
      },
    },
  ],
};
