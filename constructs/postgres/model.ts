import { assertValid, type Problem } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { type DatabaseManifest, databaseProblems, resolveDatabase } from '../../lib/postgres/resolve';
import { logRetentionOf, logRetentionProblems } from '../core/log-retention';
import { nameProblems } from '../core/names';
import type { KeyNode, LogGroupNode, Node, RoleNode } from '../core/nodes';
import { operationsKey, operationsKeyId } from '../core/operations-key';
import { accountAdministersKey, inThisAccount } from '../core/policy';
import { removalProblems } from '../core/removal';
import { aws, ref, type Text, text } from '../core/text';
import { idProblems } from '../core/unique';
import type { VpcFacts } from '../network/model';
import { noticesId } from '../pipeline/ids';
import { emailProblems, notices, withoutGiven } from '../pipeline/notices';
import { databaseAlarms } from './alarms';
import type { DatabaseFacts } from './facts';
import {
  clientSecurityGroupId,
  clusterId,
  instanceId,
  keyId,
  monitoringRoleId,
  proxyId,
  proxySecurityGroupId,
  securityGroupId,
  serverLogGroupId,
} from './ids';
import { databaseParameters } from './parameters';
import type { PostgresDeclaration } from './props';
import { securityNodes } from './security';

/** What stands of a database once it is decided: its resources, and what others need to know to use it. */
export interface PostgresModel {
  readonly nodes: readonly Node[];
  readonly facts: DatabaseFacts;
}

/** What the user brought along. */
export interface PostgresGiven {
  /** Ids of nodes that are not to be made: `DatabaseKey`, `OperationsKey`, `NoticesTopic`. */
  readonly nodes: ReadonlySet<string>;
  /** Absent where nobody said where the database is to be: that is a problem, never a new VPC. */
  readonly vpc?: VpcFacts;
  /** Security groups that may connect, by a name for each. */
  readonly allowFrom?: Readonly<Record<string, Text>>;
  readonly deletionFlag?: unknown;
}

/** RDS knows it under this name alone; its password is in a secret. */
const masterUser = 'postgres';

/**
 * Decides a PostgreSQL database: an instance of RDS or an Aurora cluster, who may connect to it, how it is watched.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function postgresModel(path: string, declared: PostgresDeclaration, given: PostgresGiven): PostgresModel {
  const { name, compliance } = declared;
  const removal = declared.removal ?? 'retain';
  const regulated = compliance === 'regulated';
  const logRetentionDays = logRetentionOf(declared);
  const database = resolveDatabase(name, declared);
  assertValid([
    ...nameProblems(path, 'name', name),
    ...databaseProblems(name, declared).map((problem) => ({ where: path, ...problem })),
    ...emailProblems(path, declared.emails),
    ...networkProblems(path, given.vpc),
    ...(regulated ? regulationProblems(path, database) : []),
    ...logRetentionProblems(path, logRetentionDays),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const { engine, port, proxy } = database;
  const { vpcId, subnetIds } = given.vpc!;
  const aurora = engine === 'aurora';
  const identifier = `${name}-database`;
  const permissions = regulated ? ({ permissions: 'managed' } as const) : {};
  const operations = ref(operationsKeyId, 'arn');
  const logGroup = (id: string, logName: string): LogGroupNode => ({
    kind: 'logGroup',
    id,
    name: logName,
    retentionDays: logRetentionDays,
    keyArn: operations,
    removal,
  });
  const key: KeyNode = {
    kind: 'key',
    id: keyId,
    alias: `alias/${identifier}`,
    description: `${name}: the database, its snapshots and its master secret`,
    policy: [accountAdministersKey],
    removal,
  };
  const logs = `/aws/rds/${aurora ? 'cluster' : 'instance'}/${identifier}`;
  // RDS would make them without a key, to be kept for ever.
  const logGroups = [
    logGroup(serverLogGroupId, `${logs}/postgresql`),
    ...(aurora ? [] : [logGroup('UpgradeLogGroup', `${logs}/upgrade`)]),
  ];
  const server = databaseNodes(identifier, database, {
    backupDays: database.backupDays ?? (regulated ? 35 : 7),
    removal,
    subnetIds,
    after: logGroups.map(({ id }) => id),
  });
  const resourceId = ref(aurora ? clusterId : instanceId, 'resourceId');

  const all: Node[] = [
    key,
    operationsKey(identifier, 'operations', removal),
    ...notices(identifier, declared.emails ?? [], operations),
    ...securityNodes({ name, vpcId, port, proxy: proxy !== false, allowFrom: given.allowFrom ?? {} }),
    ...(database.monitoringSeconds === 0 ? [] : [{ ...monitoringRole(name), ...permissions }]),
    ...logGroups,
    ...server,
    ...(proxy === false
      ? []
      : [
          logGroup('ProxyLogGroup', `/aws/rds/proxy/${identifier}`),
          { ...proxyRole(name, resourceId), ...permissions },
          {
            kind: 'dbProxy' as const,
            id: proxyId,
            name: identifier,
            roleArn: ref('ProxyRole', 'arn'),
            subnetIds,
            securityGroupIds: [ref(proxySecurityGroupId, 'id')],
            ...proxy,
            target: aurora ? { cluster: ref(clusterId, 'id') } : { instance: ref(instanceId, 'id') },
            after: ['ProxyLogGroup', ...server.flatMap(({ kind, id }) => (kind === 'dbClusterInstance' ? [id] : []))],
          },
        ]),
    ...databaseAlarms(identifier, database, ref(noticesId, 'arn')),
  ];
  const nodes = withoutGiven(all, given.nodes);
  assertValid(idProblems(path, nodes));

  const host = aurora ? clusterId : instanceId;
  return deepFreeze({
    nodes,
    facts: {
      name,
      engine,
      identifier: ref(host, 'id'),
      arn: ref(host, 'arn'),
      resourceId,
      host: ref(host, 'host'),
      ...(database.readReplicas > 0 ? { readHost: ref(clusterId, 'readHost') } : {}),
      port,
      database: database.databaseName,
      masterUser,
      masterSecretArn: ref(host, 'secretArn'),
      keyArn: ref(keyId, 'arn'),
      ...(proxy === false ? {} : { proxy: { host: ref(proxyId, 'host'), resourceId: ref(proxyId, 'resourceId') } }),
      securityGroupId: ref(securityGroupId, 'id'),
      clientSecurityGroupId: ref(clientSecurityGroupId, 'id'),
      vpcId,
      subnetIds,
    },
  });
}

/** The instance, or the cluster with its instances, and the groups that they are of. */
function databaseNodes(
  identifier: string,
  database: DatabaseManifest,
  decided: {
    readonly backupDays: number;
    readonly removal: 'retain' | 'delete';
    readonly subnetIds: readonly Text[];
    readonly after: readonly string[];
  },
): Node[] {
  const { version, databaseName, port, backupWindow, maintenanceWindow, monitoringSeconds, insightsDays } = database;
  const { backupDays, removal, subnetIds, after } = decided;
  const keyArn = ref(keyId, 'arn');
  const watch = {
    ...(monitoringSeconds === 0
      ? {}
      : { monitoring: { seconds: monitoringSeconds, roleArn: ref(monitoringRoleId, 'arn') } }),
    ...(insightsDays === false ? {} : { insights: { days: insightsDays, keyArn } }),
  };
  const common = {
    identifier,
    version,
    databaseName,
    masterUser,
    port,
    keyArn,
    subnetGroup: ref('SubnetGroup', 'name'),
    parameterGroup: ref('ParameterGroup', 'name'),
    securityGroupIds: [ref(securityGroupId, 'id')],
    backupDays,
    ...(backupWindow === undefined ? {} : { backupWindow }),
    ...(maintenanceWindow === undefined ? {} : { maintenanceWindow }),
    removal,
    after,
  };
  const subnetGroup: Node = {
    kind: 'dbSubnetGroup',
    id: 'SubnetGroup',
    description: `${identifier}: private subnets`,
    subnetIds,
  };
  const parameterGroup = (of: 'instance' | 'cluster', family: string): Node => ({
    kind: 'dbParameterGroup',
    id: 'ParameterGroup',
    of,
    family: `${family}${version}`,
    description: `${identifier}: settings of PostgreSQL ${version}`,
    parameters: databaseParameters(database),
  });
  if (database.engine === 'aurora')
    return [
      subnetGroup,
      parameterGroup('cluster', 'aurora-postgresql'),
      { kind: 'dbCluster', id: clusterId, ...common, capacity: database.capacity!, logExports: ['postgresql'] },
      ...Array.from(
        { length: 1 + database.readReplicas },
        (_, i): Node => ({
          kind: 'dbClusterInstance',
          id: `${instanceId}${i + 1}`,
          identifier: `${identifier}-${i + 1}`,
          cluster: ref(clusterId, 'id'),
          // Serverless readers of the first two tiers are as large as the writer, ready to take over.
          promotionTier: Math.min(i, 15),
          removal,
          ...watch,
        }),
      ),
    ];
  const { instanceClass, storageGb, maxStorageGb, multiAz } = database;
  return [
    subnetGroup,
    parameterGroup('instance', 'postgres'),
    {
      kind: 'dbInstance',
      id: instanceId,
      ...common,
      ...watch,
      instanceClass: instanceClass!,
      storageGb: storageGb!,
      ...(maxStorageGb === false || maxStorageGb === undefined ? {} : { maxStorageGb }),
      multiAz,
      logExports: ['postgresql', 'upgrade'],
      ...(port === 5432 ? { exceptions: [usualPort] } : {}),
    },
  ];
}

const usualPort = {
  rule: 'AwsSolutions-RDS11',
  reason:
    'Only security groups that are named one by one reach the port, from inside the VPC: another number would hide it from nobody. The prop port takes one.',
};

/** What enhanced monitoring acts as. All databases of an account write to the one log group that RDS makes for them. */
function monitoringRole(name: string): RoleNode {
  const logGroup = text`arn:${aws.partition}:logs:${aws.region}:${aws.account}:log-group:RDSOSMetrics`;
  return {
    kind: 'role',
    id: monitoringRoleId,
    description: `${name}: enhanced monitoring of the database`,
    assumedBy: { service: 'monitoring.rds.amazonaws.com' },
    assumeConditions: inThisAccount,
    statements: [
      {
        sid: 'MakeLogGroup',
        effect: 'Allow',
        actions: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'],
        resources: [logGroup],
      },
      {
        sid: 'WriteMeasurements',
        because: 'RDS names a stream after each instance, in the log group that is named.',
        effect: 'Allow',
        actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:GetLogEvents', 'logs:PutLogEvents'],
        resources: [text`${logGroup}:log-stream:*`],
      },
    ],
  };
}

/**
 * What the proxy logs in as at the database: whichever role its client has logged in as at the proxy, end to end with
 * IAM. No secret is needed, none is kept, and no role has a password.
 */
function proxyRole(name: string, resourceId: Text): RoleNode {
  return {
    kind: 'role',
    id: 'ProxyRole',
    description: `${name}: the proxy of the database`,
    assumedBy: { service: 'rds.amazonaws.com' },
    assumeConditions: inThisAccount,
    statements: [
      {
        sid: 'ConnectAsClients',
        because:
          'Which role of the database a client may have is judged by its own permission at the proxy; the database is named, and its master, who has no rds_iam, cannot log in so.',
        effect: 'Allow',
        actions: ['rds-db:connect'],
        resources: [text`arn:${aws.partition}:rds-db:${aws.region}:${aws.account}:dbuser:${resourceId}/*`],
      },
    ],
  };
}

function networkProblems(where: string, vpc: VpcFacts | undefined): Problem[] {
  if (vpc === undefined) {
    const message =
      'must be given, since no VPC is made silently: a Network (new Network(scope, id, { name, cidr })), or an existing VPC by vpcId and subnetIds, or in CDK by vpc; given nothing';
    return [{ where, path: 'network', message }];
  }
  if (vpc.subnetIds.length > 1) return [];
  const message = `must have private subnets in two availability zones or more; given ${vpc.subnetIds.length}`;
  return [{ where, path: 'network', message }];
}

function regulationProblems(where: string, { multiAz, monitoringSeconds }: DatabaseManifest): Problem[] {
  const since = 'since compliance is "regulated"';
  return [
    ...(multiAz ? [] : [{ where, path: 'multiAz', message: `must be true, ${since}; given false` }]),
    ...(monitoringSeconds > 0
      ? []
      : [{ where, path: 'monitoringSeconds', message: `must be 1, 5, 10, 15, 30 or 60, ${since}; given 0` }]),
  ];
}
