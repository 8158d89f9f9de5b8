import { field, flag, map, names, number, object, type Service, type Shape, same, set, tags } from '../kind';

/** What says nothing of its own: implied by something else that is compared. */
const implied: Shape = () => undefined;

/** What instances and clusters have in common. */
const database = {
  engine: same(),
  version: field('EngineVersion', 'engine_version'),
  allowsMajorUpgrade: field('AllowMajorVersionUpgrade', 'allow_major_version_upgrade', flag, false),
  encrypted: field('StorageEncrypted', 'storage_encrypted', flag, false),
  key: field('KmsKeyId', 'kms_key_id'),
  masterSecret: field('ManageMasterUserPassword', 'manage_master_user_password', flag, false),
  masterSecretKey: field('MasterUserSecret.KmsKeyId', 'master_user_secret_kms_key_id'),
  port: same(number),
  subnetGroup: field('DBSubnetGroupName', 'db_subnet_group_name'),
  backupDays: field('BackupRetentionPeriod', 'backup_retention_period', number, 1),
  copiesTags: field('CopyTagsToSnapshot', 'copy_tags_to_snapshot', flag, false),
  deletesBackups: field('DeleteAutomatedBackups', 'delete_automated_backups', flag, true),
  deletionProtection: same(flag, false),
  logs: field('EnableCloudwatchLogsExports', 'enabled_cloudwatch_logs_exports', set()),
  // CloudFormation applies at once unless it is told not to.
  appliesAtOnce: field('ApplyImmediately', 'apply_immediately', flag, true),
  // Terraform asks whether a snapshot is taken at the end; CloudFormation's deletion policy says it, which is compared.
  skipFinalSnapshot: field(undefined, 'skip_final_snapshot', implied),
  finalSnapshot: field(undefined, 'final_snapshot_identifier', implied),
  tags: same(tags),
};

const watched = {
  monitoringSeconds: field('MonitoringInterval', 'monitoring_interval', number, 0),
  monitoringRole: field('MonitoringRoleArn', 'monitoring_role_arn'),
  insights: field('EnablePerformanceInsights', 'performance_insights_enabled', flag, false),
  insightsKey: field('PerformanceInsightsKMSKeyId', 'performance_insights_kms_key_id'),
  insightsDays: field('PerformanceInsightsRetentionPeriod', 'performance_insights_retention_period', number, 7),
  insightsMode: field('DatabaseInsightsMode', 'database_insights_mode', undefined, 'standard'),
};

const instance = {
  ...database,
  ...watched,
  identifier: field('DBInstanceIdentifier', 'identifier'),
  // Of an instance of a cluster; see `clusterInstance`.
  cluster: field('DBClusterIdentifier', undefined),
  promotionTier: field('PromotionTier', undefined, number),
  class: field('DBInstanceClass', 'instance_class'),
  storageGb: field('AllocatedStorage', 'allocated_storage', number),
  maxStorageGb: field('MaxAllocatedStorage', 'max_allocated_storage', number),
  storageType: same(),
  multiAz: field('MultiAZ', 'multi_az', flag, false),
  databaseName: field('DBName', 'db_name'),
  masterUser: field('MasterUsername', 'username'),
  iam: field('EnableIAMDatabaseAuthentication', 'iam_database_authentication_enabled', flag, false),
  public: field('PubliclyAccessible', 'publicly_accessible', flag, false),
  securityGroups: field('VPCSecurityGroups', 'vpc_security_group_ids', set()),
  parameterGroup: field('DBParameterGroupName', 'parameter_group_name'),
  minorUpgrades: field('AutoMinorVersionUpgrade', 'auto_minor_version_upgrade', flag, true),
  backupWindow: field('PreferredBackupWindow', 'backup_window'),
  maintenanceWindow: field('PreferredMaintenanceWindow', 'maintenance_window'),
};

/** What Terraform says of an instance of a cluster. */
const clusterInstance = {
  identifier: instance.identifier,
  cluster: field(undefined, 'cluster_identifier'),
  promotionTier: field(undefined, 'promotion_tier', number),
  engine: database.engine,
  version: database.version,
  class: instance.class,
  public: instance.public,
  minorUpgrades: instance.minorUpgrades,
  subnetGroup: database.subnetGroup,
  copiesTags: database.copiesTags,
  appliesAtOnce: database.appliesAtOnce,
  monitoringSeconds: watched.monitoringSeconds,
  monitoringRole: watched.monitoringRole,
  insights: watched.insights,
  insightsKey: watched.insightsKey,
  insightsDays: watched.insightsDays,
  tags: database.tags,
};

const instanceAttributes = {
  id: names('Ref', 'identifier'),
  arn: names('DBInstanceArn', 'arn'),
  host: names('Endpoint.Address', 'address'),
  resourceId: names('DbiResourceId', 'resource_id'),
  secretArn: names('MasterUserSecret.SecretArn', 'master_user_secret[0].secret_arn'),
};

const parameters = {
  family: same(),
  description: same(),
  // When a setting is read is PostgreSQL's matter; Terraform has to be told, and makes the new group before the old goes.
  parameters: field('Parameters', 'parameter', map('name', 'value')),
  lifecycle: field(undefined, 'lifecycle', implied),
  tags: same(tags),
};

const pool = {
  maxConnectionsPercent: field('MaxConnectionsPercent', 'max_connections_percent', number, 100),
  maxIdleConnectionsPercent: field('MaxIdleConnectionsPercent', 'max_idle_connections_percent', number, 50),
  borrowSeconds: field('ConnectionBorrowTimeout', 'connection_borrow_timeout', number, 120),
};

export const rds: Service = {
  kinds: [
    {
      kind: 'rds.subnetGroup',
      cloudformation: 'AWS::RDS::DBSubnetGroup',
      terraform: 'aws_db_subnet_group',
      attributes: { name: names('Ref', ['name', 'id']) },
      properties: {
        name: field('DBSubnetGroupName', 'name'),
        description: field('DBSubnetGroupDescription', 'description'),
        subnets: field('SubnetIds', 'subnet_ids', set()),
        tags: same(tags),
      },
    },
    {
      kind: 'rds.parameterGroup',
      cloudformation: 'AWS::RDS::DBParameterGroup',
      terraform: 'aws_db_parameter_group',
      attributes: { name: names(['Ref', 'DBParameterGroupName'], ['name', 'id']) },
      properties: { name: field('DBParameterGroupName', 'name'), ...parameters },
    },
    {
      kind: 'rds.clusterParameterGroup',
      cloudformation: 'AWS::RDS::DBClusterParameterGroup',
      terraform: 'aws_rds_cluster_parameter_group',
      attributes: { name: names('Ref', ['name', 'id']) },
      properties: { name: field('DBClusterParameterGroupName', 'name'), ...parameters },
    },
    {
      kind: 'rds.instance',
      cloudformation: 'AWS::RDS::DBInstance',
      terraform: 'aws_db_instance',
      attributes: instanceAttributes,
      properties: instance,
    },
    {
      // CloudFormation has one type for both.
      kind: 'rds.instance',
      terraform: 'aws_rds_cluster_instance',
      attributes: { id: names(undefined, 'identifier'), arn: names(undefined, 'arn') },
      properties: clusterInstance,
    },
    {
      kind: 'rds.cluster',
      cloudformation: 'AWS::RDS::DBCluster',
      terraform: 'aws_rds_cluster',
      attributes: {
        id: names('Ref', ['cluster_identifier', 'id']),
        arn: names('DBClusterArn', 'arn'),
        host: names('Endpoint.Address', 'endpoint'),
        readHost: names('ReadEndpoint.Address', 'reader_endpoint'),
        resourceId: names('DBClusterResourceId', 'cluster_resource_id'),
        secretArn: names('MasterUserSecret.SecretArn', 'master_user_secret[0].secret_arn'),
      },
      properties: {
        ...database,
        identifier: field('DBClusterIdentifier', 'cluster_identifier'),
        databaseName: same(),
        masterUser: field('MasterUsername', 'master_username'),
        iam: field('EnableIAMDatabaseAuthentication', 'iam_database_authentication_enabled', flag, false),
        securityGroups: field('VpcSecurityGroupIds', 'vpc_security_group_ids', set()),
        parameterGroup: field('DBClusterParameterGroupName', 'db_cluster_parameter_group_name'),
        backupWindow: field('PreferredBackupWindow', 'preferred_backup_window'),
        maintenanceWindow: field('PreferredMaintenanceWindow', 'preferred_maintenance_window'),
        capacity: field(
          'ServerlessV2ScalingConfiguration',
          'serverlessv2_scaling_configuration',
          object({
            min: field('MinCapacity', 'min_capacity', number),
            max: field('MaxCapacity', 'max_capacity', number),
          }),
        ),
      },
    },
    {
      kind: 'rds.proxy',
      cloudformation: 'AWS::RDS::DBProxy',
      terraform: 'aws_db_proxy',
      attributes: {
        name: names('Ref', ['name', 'id']),
        arn: names('DBProxyArn', 'arn'),
        host: names('Endpoint', 'endpoint'),
      },
      properties: {
        name: field('DBProxyName', 'name'),
        engine: field('EngineFamily', 'engine_family'),
        auth: field('DefaultAuthScheme', 'default_auth_scheme', undefined, 'NONE'),
        requiresTls: field('RequireTLS', 'require_tls', flag, false),
        logsQueries: field('DebugLogging', 'debug_logging', flag, false),
        idleClientSeconds: field('IdleClientTimeout', 'idle_client_timeout', number, 1800),
        role: field('RoleArn', 'role_arn'),
        subnets: field('VpcSubnetIds', 'vpc_subnet_ids', set()),
        securityGroups: field('VpcSecurityGroupIds', 'vpc_security_group_ids', set()),
        tags: same(tags),
      },
    },
  ],
  satellites: [
    {
      of: 'rds.proxy',
      cloudformation: 'AWS::RDS::DBProxyTargetGroup',
      terraform: 'aws_db_proxy_default_target_group',
      owner: names('DBProxyName', 'db_proxy_name'),
      attributes: { name: names(undefined, 'name') },
      properties: {
        // There is one, and it is called so.
        targetGroup: field('TargetGroupName', undefined, undefined, 'default'),
        pool: field('ConnectionPoolConfigurationInfo', 'connection_pool_config', object(pool)),
        instances: field('DBInstanceIdentifiers', undefined, set()),
        clusters: field('DBClusterIdentifiers', undefined, set()),
      },
    },
    {
      of: 'rds.proxy',
      terraform: 'aws_db_proxy_target',
      owner: names(undefined, 'db_proxy_name'),
      properties: {
        targetGroup: field(undefined, 'target_group_name', implied),
        instances: field(undefined, 'db_instance_identifier', set()),
        clusters: field(undefined, 'db_cluster_identifier', set()),
      },
    },
  ],
};
