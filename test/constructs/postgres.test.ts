import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnBackupSelection } from 'aws-cdk-lib/aws-backup';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import * as cdk from '../../constructs/cdk';
import { handlerNodes } from '../../constructs/core/handler';
import * as aws from '../../constructs/core/terraform/aws';
import { resolve, type Text } from '../../constructs/core/text';
import { costLine, startsAMonth } from '../../constructs/platform/cost';
import {
  inDatabaseNetwork,
  masterEnvironment,
  masterStatements,
  roleEnvironment,
} from '../../constructs/postgres/facts';
import { postgresModel } from '../../constructs/postgres/model';
import type { PostgresDeclaration } from '../../constructs/postgres/props';
import * as terraform from '../../constructs/terraform';
import { resolveDatabase } from '../../lib/postgres/resolve';
import { engineDifferences, inventory } from '../../lib/testing';
import { type Context, type Created, cdkStack, terraformStack } from './engines';
import { manifest } from './manifest';
import { findings } from './nag';
import { describedProblemsOf } from './problems';
import { regulated } from './regulated';
import { describeRows, type Row } from './rows';

const { defaultSecurityGroup, invocationLifecycle, retain } = engineDifferences;
const name = 'aviation';
const vpcId = 'vpc-00000000000000001';
const subnetIds = ['subnet-00000000000000001', 'subnet-00000000000000002'];
/** A VPC that is there, by ids, which both engines understand. */
const network = { vpcId, subnetIds };
const runtime = __filename;

/** Both engines, for what needs no reference of their own. */
const engines = [
  {
    engine: 'CloudFormation',
    database: (props: Partial<PostgresDeclaration> = {}, context?: Context) =>
      cdkStack((stack) => new cdk.PostgresDatabase(stack, 'Database', { name, network, ...props }), context),
    nowhere: () => cdkStack((stack) => new cdk.PostgresDatabase(stack, 'Database', { name })),
  },
  {
    engine: 'Terraform',
    database: (props: Partial<PostgresDeclaration> = {}, context?: Context) =>
      terraformStack(
        (stack) => new terraform.PostgresDatabase(stack, 'Database', { name, network, ...props }),
        context,
      ),
    nowhere: () => terraformStack((stack) => new terraform.PostgresDatabase(stack, 'Database', { name })),
  },
];

const ofInstance = (created: Created) => created.find('rds.instance', 'DatabaseInstance').properties;
const parametersOf = (created: Created) =>
  created.find('rds.parameterGroup', 'DatabaseParameterGroup').properties.parameters;
const alarmsOf = (created: Created) =>
  created.all('cloudwatch.alarm').map(({ id }) => id.replace(/^Database|Alarm$/g, ''));

const everything = {
  databaseName: 'flights',
  version: '18',
  instanceClass: 'db.r7g.large',
  storageGb: 100,
  maxStorageGb: false,
  multiAz: false,
  port: 5433,
  backupDays: 35,
  backupWindow: '03:00-03:30',
  maintenanceWindow: 'sun:04:00-sun:05:00',
  proxy: { idleClientSeconds: 60, maxConnectionsPercent: 50, maxIdleConnectionsPercent: 0, borrowSeconds: 0 },
  logicalReplication: true,
  slowQueryMs: 0,
  parameters: { work_mem: 65536, jit: false },
  monitoringSeconds: 0,
  insightsDays: false,
  alarms: { cpuPercent: 0, connections: false },
  logRetentionDays: 1,
  removal: 'delete',
} as const;

const rows: readonly Row[] = [
  {
    title: 'a database by default, in a network of its own',
    cdk: (stack) => {
      const network = new cdk.Network(stack, 'Network', { name, cidr: '10.42.0.0/16', endpoints: ['secretsmanager'] });
      new cdk.PostgresDatabase(stack, 'Database', { name, network });
    },
    terraform: (stack) => {
      const network = new terraform.Network(stack, 'Network', {
        name,
        cidr: '10.42.0.0/16',
        endpoints: ['secretsmanager'],
      });
      new terraform.PostgresDatabase(stack, 'Database', { name, network });
    },
    differences: [retain, defaultSecurityGroup],
    isReviewed: true,
  },
  {
    title: 'a database with every prop set to something else, over what is there',
    cdk: (stack) => {
      const key = kms.Key.fromCfnKey(
        new kms.CfnKey(stack, 'Key', { keyPolicy: { Version: '2012-10-17', Statement: [] } }),
      );
      new cdk.PostgresDatabase(stack, 'Database', {
        name,
        ...everything,
        network: {
          vpc: ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
            vpcId,
            availabilityZones: ['a', 'b'],
            isolatedSubnetIds: subnetIds,
          }),
        },
        key,
        operationsKey: key,
        topic: sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:111122223333:alarms'),
        allowFrom: { analysts: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Analysts', 'sg-00000000000000001') },
      });
    },
    terraform: (stack) => {
      const key = new aws.KmsKey(stack, 'Key', { policy: '{"Version":"2012-10-17","Statement":[]}' });
      new terraform.PostgresDatabase(stack, 'Database', {
        name,
        ...everything,
        network,
        key,
        operationsKey: key,
        topic: { arn: 'arn:aws:sns:eu-west-1:111122223333:alarms' },
        allowFrom: { analysts: 'sg-00000000000000001' },
      });
    },
    context: { 'ingot:allow-data-deletion': true },
    differences: [],
    isReviewed: true,
  },
  {
    title: 'Aurora with readers and a proxy, and a role that may connect',
    cdk: (stack) => {
      const props = { engine: 'aurora', readReplicas: 2, proxy: true, emails: ['data@example.com'] } as const;
      const database = new cdk.PostgresDatabase(stack, 'Database', { name, network, ...props });
      const role = new iam.Role(stack, 'Search', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
      database.grantConnect(role, 'ingot_search');
    },
    terraform: (stack) => {
      const props = { engine: 'aurora', readReplicas: 2, proxy: true, emails: ['data@example.com'] } as const;
      const database = new terraform.PostgresDatabase(stack, 'Database', { name, network, ...props });
      const role = new aws.IamRole(stack, 'Search', {
        assumeRolePolicy: JSON.stringify({
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
        }),
      });
      database.grantConnect(role, 'ingot_search');
    },
    differences: [retain],
    isReviewed: true,
  },
  {
    title: 'a database that is there, and a role that may connect',
    cdk: (stack) => {
      const database = cdk.PostgresDatabase.fromExisting(stack, 'Database', {
        ...existing,
        securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-00000000000000001'),
      });
      const role = new iam.Role(stack, 'Search', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
      database.grantConnect(role, 'ingot_search');
    },
    terraform: (stack) => {
      const database = terraform.PostgresDatabase.fromExisting(stack, 'Database', {
        ...existing,
        securityGroupId: 'sg-00000000000000001',
      });
      const role = new aws.IamRole(stack, 'Search', {
        assumeRolePolicy: JSON.stringify({
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
        }),
      });
      database.grantConnect(role, 'ingot_search');
    },
    differences: [],
    isReviewed: true,
  },
  {
    title: 'a platform for regulated data, whose functions are in its own network',
    cdk: (stack) => new cdk.Platform(stack, 'Platform', { ...regulatedPlatform(), runtime }),
    terraform: (stack) => new terraform.Platform(stack, 'Platform', { ...regulatedPlatform(), runtime }),
    differences: [retain, defaultSecurityGroup, invocationLifecycle],
    isReviewed: false,
  },
];

const existing = {
  name,
  identifier: 'theirs',
  resourceId: 'db-ABCDEFGHIJKL01234',
  host: 'theirs.abc.eu-west-1.rds.amazonaws.com',
  databaseName: 'flights',
  proxy: {
    host: 'theirs.proxy-abc.eu-west-1.rds.amazonaws.com',
    resourceId: 'prx-ABCDEFGHIJKL01234',
    securityGroupId: 'sg-00000000000000002',
  },
  network,
};

function regulatedPlatform() {
  const { compliance, replicas } = regulated;
  return {
    compliance,
    replicas,
    manifest: {
      ...manifest,
      network: { cidr: '10.42.0.0/16', zones: 3, endpoints: [] },
      database: resolveDatabase(name, {}),
    },
  };
}

describeRows(rows);

describe.each(engines)('$engine', ({ database, nowhere }) => {
  test('without a VPC it says what to pass, and makes none', () => {
    expect(describedProblemsOf(nowhere)).toEqual([
      'Stack/Database network: must be given, since no VPC is made silently: a Network (new Network(scope, id, { name, cidr })), or an existing VPC by vpcId and subnetIds, or in CDK by vpc; given nothing',
    ]);
  });

  test('by default it is encrypted, private, protected, in two zones, upgraded, watched, and has no password but one', () => {
    expect(ofInstance(database())).toMatchObject({
      encrypted: true,
      key: '{kms.key:DatabaseDatabaseKey}.arn',
      deletionProtection: true,
      multiAz: true,
      iam: true,
      masterSecret: true,
      masterSecretKey: '{kms.key:DatabaseDatabaseKey}.arn',
      version: '17',
      backupDays: 7,
      logs: ['postgresql', 'upgrade'],
      insights: true,
      insightsKey: '{kms.key:DatabaseDatabaseKey}.arn',
      monitoringSeconds: 60,
    });
    expect(ofInstance(database())).not.toMatchObject({ public: true });
    expect(ofInstance(database())).not.toMatchObject({ minorUpgrades: false });
    expect(parametersOf(database())).toEqual({
      log_lock_waits: '1',
      log_min_duration_statement: '1000',
      'rds.force_ssl': '1',
      shared_preload_libraries: 'pg_stat_statements',
    });
  });

  test('a prop that is false or 0 is not a prop that is left out', () => {
    const said = database({
      maxStorageGb: false,
      multiAz: false,
      slowQueryMs: 0,
      monitoringSeconds: 0,
      insightsDays: false,
      alarms: { cpuPercent: 0, freeStorageGb: false, connections: 0, slowQueries: 0 },
    });
    const properties = ofInstance(said);
    for (const absent of ['maxStorageGb', 'multiAz', 'monitoringSeconds', 'monitoringRole', 'insights'])
      expect(properties).not.toHaveProperty(absent);
    expect(parametersOf(said)).toMatchObject({ log_min_duration_statement: '0' });
    expect(said.resources.map(({ id }) => id)).not.toContain('DatabaseMonitoringRole');
    const thresholds = said.all('cloudwatch.alarm').map(({ id, properties: { threshold } }) => `${id} ${threshold}`);
    expect(thresholds).toEqual(
      expect.arrayContaining(['DatabaseCpuAlarm 0', 'DatabaseConnectionsAlarm 0', 'DatabaseSlowQueriesAlarm 0']),
    );
    expect(alarmsOf(said)).not.toContain('Storage');

    const silent = database({ slowQueryMs: false });
    expect(parametersOf(silent)).toMatchObject({ log_min_duration_statement: '-1' });
    expect(alarmsOf(silent)).not.toContain('SlowQueries');
    expect(silent.all('logs.metricFilter')).toEqual([]);
    expect(silent.all('rds.proxy')).toEqual([]);
  });

  test('Aurora that may pause says 0 capacity units, and does not ring when it pauses', () => {
    const paused = database({ engine: 'aurora', capacity: { min: 0, max: 1 }, multiAz: false });
    expect(paused.find('rds.cluster', 'DatabaseCluster').properties.capacity).toEqual({ min: 0, max: 1 });
    expect(paused.all('rds.instance').map(({ id }) => id)).toEqual(['DatabaseInstance1']);
    expect(paused.find('cloudwatch.alarm', 'DatabaseCpuAlarm').properties.missingData).toBe('notBreaching');
  });

  test('alarms: one for each thing that ends a database, each to the topic', () => {
    expect(alarmsOf(database())).toEqual(['Connections', 'Cpu', 'SlowQueries', 'Storage', 'TransactionIds']);
    const aurora = database({ engine: 'aurora', logicalReplication: true });
    expect(alarmsOf(aurora)).toEqual([
      'Capacity',
      'Connections',
      'Cpu',
      'ReplicaLag',
      'ReplicationSlot',
      'SlowQueries',
      'Storage',
      'TransactionIds',
    ]);
    for (const { properties } of aurora.all('cloudwatch.alarm'))
      expect(properties.alarmActions).toEqual(['{sns.topic:DatabaseNoticesTopic}.arn']);
  });

  test('nobody comes in but clients and the proxy, each from its own security group', () => {
    const rules = (created: Created, kind: string) =>
      created
        .all(kind)
        .map(({ properties: { group, peer, cidr, from, to } }) => [group, peer ?? cidr, from, to].join(' '));
    const group = (id: string) => `{ec2.securityGroup:Database${id}}.id`;
    const made = database({ proxy: true, port: 5433 });
    expect(rules(made, 'ec2.ingressRule')).toEqual([
      `${group('SecurityGroup')} ${group('ClientSecurityGroup')} 5433 5433`,
      `${group('ProxySecurityGroup')} ${group('ClientSecurityGroup')} 5433 5433`,
      `${group('SecurityGroup')} ${group('ProxySecurityGroup')} 5433 5433`,
    ]);
    expect(rules(made, 'ec2.egressRule')).toEqual([
      `${group('ClientSecurityGroup')} 0.0.0.0/0 443 443`,
      `${group('ClientSecurityGroup')} ${group('ProxySecurityGroup')} 5433 5433`,
      `${group('ClientSecurityGroup')} ${group('SecurityGroup')} 5433 5433`,
      `${group('ProxySecurityGroup')} ${group('SecurityGroup')} 5433 5433`,
    ]);
    for (const { properties } of made.all('ec2.securityGroup')) {
      expect(properties).not.toHaveProperty('ingress');
      expect(properties).not.toHaveProperty('egress');
    }
  });

  test('data goes with its stack only where both the prop and the context say so', () => {
    expect(describedProblemsOf(() => database({ removal: 'delete' }))).toEqual([
      'Stack/Database removal: must be retain unless the context says ingot:allow-data-deletion=true as well; given "delete" and no such context',
    ]);
    const gone = database({ removal: 'delete' }, { 'ingot:allow-data-deletion': true });
    expect(gone.resources.filter(({ properties }) => properties.removal !== undefined)).toEqual([]);
    expect(ofInstance(gone)).not.toHaveProperty('deletionProtection');
  });

  test('what holds data keeps its logical id and its name: another one would be another, empty one', () => {
    const held = (created: Created) =>
      created.resources
        .filter(({ properties }) => properties.removal !== undefined)
        .map(
          ({ kind, id, properties }) =>
            `${kind} ${id} ${properties.identifier ?? properties.name ?? properties.aliases}`,
        );
    expect(held(database({ proxy: true }))).toEqual([
      'kms.key DatabaseDatabaseKey alias/aviation-database',
      'kms.key DatabaseOperationsKey alias/aviation-database-operations',
      'logs.group DatabasePostgresqlLogGroup /aws/rds/instance/aviation-database/postgresql',
      'logs.group DatabaseProxyLogGroup /aws/rds/proxy/aviation-database',
      'logs.group DatabaseUpgradeLogGroup /aws/rds/instance/aviation-database/upgrade',
      'rds.instance DatabaseInstance aviation-database',
    ]);
    expect(held(database({ engine: 'aurora' })).filter((one) => one.startsWith('rds'))).toEqual([
      'rds.cluster DatabaseCluster aviation-database',
      'rds.instance DatabaseInstance1 aviation-database-1',
      'rds.instance DatabaseInstance2 aviation-database-2',
    ]);
  });

  test('everything that is wrong is said at once, and nothing is created', () => {
    const wrong = {
      name: 'Aviation Database',
      version: '16' as '17',
      databaseName: 'Flights!',
      instanceClass: 'large',
      capacity: { min: 1, max: 2 },
      storageGb: 10,
      maxStorageGb: 5,
      readReplicas: 1,
      port: 80,
      backupDays: 0,
      backupWindow: 'at night',
      maintenanceWindow: '04:00',
      proxy: { idleClientSeconds: 0, maxConnectionsPercent: 101, borrowSeconds: 301 },
      slowQueryMs: -1,
      parameters: { 'rds.force_ssl': 0, shared_preload_libraries: 'pg_cron' },
      monitoringSeconds: 2,
      insightsDays: 8,
      alarms: { cpuPercent: 101 },
      logRetentionDays: 2,
      compliance: 'regulated' as const,
      multiAz: false,
    };
    expect(
      describedProblemsOf(() => database(wrong)).map((problem) => problem.replace(/^Stack\/Database /, '')),
    ).toEqual([
      'name: must be 2 to 20 lower-case letters, digits and single hyphens, a letter first; given "Aviation Database"',
      'version: must be one of these words: given "16"; allowed: 17, 18; did you mean 17?',
      'capacity: must be left out where engine is "instance"; given {"min":1,"max":2}',
      'databaseName: must be 1 to 63 lower-case letters, digits and underscores, a letter first; given "Flights!"',
      'instanceClass: must be a class of instance such as db.t4g.medium; given "large"',
      'storageGb: must be a whole number from 20 to 65536; given 10',
      'maxStorageGb: must be a whole number from 11 to 65536; given 5',
      'readReplicas: must be 0 where engine is "instance": RDS makes no read replica of an instance whose master secret it keeps; given 1; with engine "aurora" there may be 15',
      'port: must be a whole number from 1150 to 65535; given 80',
      'backupDays: must be a whole number from 1 to 35; given 0',
      'backupWindow: must be hours of UTC such as 03:00-03:30; given "at night"',
      'maintenanceWindow: must be days and hours of UTC such as sun:04:00-sun:05:00; given "04:00"',
      'proxy.idleClientSeconds: must be a whole number from 1 to 28800; given 0',
      'proxy.maxConnectionsPercent: must be a whole number from 1 to 100; given 101',
      'proxy.borrowSeconds: must be a whole number from 0 to 300; given 301',
      'slowQueryMs: must be a whole number from 0 to 2147483647; given -1',
      'parameters.rds.force_ssl: must be left out: TLS is not optional',
      'parameters.shared_preload_libraries: must name pg_stat_statements too; given "pg_cron"',
      'monitoringSeconds: must be one of 0, 1, 5, 10, 15, 30, 60; given 2',
      'insightsDays: must be 7, a multiple of 31 up to 713, 731, or false; given 8',
      'alarms.cpuPercent: must be a number from 0 to 100; given 101',
      'alarms.connections: must be given, or false, since how many connections large allows is not known',
      'multiAz: must be true, since compliance is "regulated"; given false',
      expect.stringMatching(
        /^logRetentionDays: must be a number of days that CloudWatch Logs knows; given 2; allowed: 1, 3/,
      ),
    ]);
  });

  test('a class whose connections are not known needs a threshold of its own', () => {
    const [problem] = describedProblemsOf(() => database({ instanceClass: 'db.x2iedn.xlarge' }));
    expect(problem).toBe(
      'Stack/Database alarms.connections: must be given, or false, since how many connections db.x2iedn.xlarge allows is not known',
    );
    expect(
      describedProblemsOf(() => database({ instanceClass: 'db.x2iedn.xlarge', alarms: { connections: 100 } })),
    ).toEqual([]);
  });

  test('Aurora is told what belongs to an instance, and that a reader is what takes over', () => {
    const wrong = {
      engine: 'aurora',
      instanceClass: 'db.t4g.medium',
      capacity: { min: 0.3, max: 300 },
      readReplicas: 0,
    };
    expect(describedProblemsOf(() => database(wrong as PostgresDeclaration))).toEqual([
      'Stack/Database instanceClass: must be left out where engine is "aurora"; given "db.t4g.medium"',
      'Stack/Database capacity.min: must be a number from 0 to 256 in steps of 0.5; given 0.3',
      'Stack/Database capacity.max: must be a number from 1 to 256 in steps of 0.5; given 300',
      'Stack/Database readReplicas: must be 1 at least where multiAz is true, since a reader is what takes over; given 0',
    ]);
    expect(
      describedProblemsOf(() => database({ engine: 'aurora', capacity: { min: 0, max: 1 }, proxy: true })),
    ).toEqual(['Stack/Database capacity.min: must be 0.5 at least, since a proxy keeps it from pausing; given 0']);
  });
});

test('logical ids of what holds data', () => {
  const [instance, aurora] = (['instance', 'aurora'] as const).map((engine) =>
    Object.keys(JSON.parse(engines[0]!.database({ engine }).text).Resources),
  );
  const held = [...instance!, ...aurora!].filter((id) =>
    /^Database(DatabaseKey|Instance\d?|Cluster)[0-9A-F]{8}$/.test(id),
  );
  expect([...new Set(held)]).toMatchInlineSnapshot(`
[
  "DatabaseDatabaseKey69A11EA1",
  "DatabaseInstance02E622FB",
  "DatabaseClusterC6094C50",
  "DatabaseInstance1844F58FD",
  "DatabaseInstance2AA380DEE",
]
`);
});

describe('grantConnect', () => {
  const granted = (role: string) => {
    const stack = new Stack(new App(), 'Stack');
    const database = new cdk.PostgresDatabase(stack, 'Database', { name, network, proxy: true });
    const principal = new iam.Role(stack, 'Search', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    database.grantConnect(principal, role);
    return inventory(Template.fromStack(stack).toJSON()).resources.find(({ id }) => id === 'Search')!;
  };

  test('lets a principal be one role of the database and of its proxy, and no other', () => {
    const { statements } = granted('ingot_search');
    const rights = statements.filter(({ policy }) => policy === 'identity');
    expect(rights).toEqual([
      expect.objectContaining({
        actions: ['rds-db:connect'],
        resources: [
          'arn:{aws.partition}:rds-db:{aws.region}:{aws.account}:dbuser:split(: {rds.proxy:DatabaseProxy}.arn)[6]/ingot_search',
          'arn:{aws.partition}:rds-db:{aws.region}:{aws.account}:dbuser:{rds.instance:DatabaseInstance}.resourceId/ingot_search',
        ],
      }),
    ]);
  });

  test.each([
    ['postgres', 'must name a role of its own, made by a migration, and never the master\'s; given "postgres"'],
    [
      'ingot_*',
      'must name a role by 1 to 63 lower-case letters, digits and underscores, no digit first; given "ingot_*"',
    ],
  ])('refuses %s', (role, message) => {
    expect(describedProblemsOf(() => granted(role))).toEqual([`Stack/Database grantConnect: ${message}`]);
  });

  test('refuses a principal that it could not change', () => {
    const stack = new Stack(new App(), 'Stack');
    const database = new cdk.PostgresDatabase(stack, 'Database', { name, network });
    const role = iam.Role.fromRoleArn(stack, 'Theirs', 'arn:aws:iam::111122223333:role/theirs', { mutable: false });
    expect(() => database.grantConnect(role, 'ingot_search')).toThrow('it was imported and cannot be changed here');
  });
});

describe('what functions are told of a database', () => {
  const vpc = { vpcId, subnetIds };
  const facts = (more: Partial<PostgresDeclaration> = {}) =>
    postgresModel('Database', { name, ...more }, { nodes: new Set(), vpc }).facts;
  /** Texts as an engine would put them. */
  const read = (environment: Record<string, Text>) => {
    const { INGOT_DATABASE } = resolve(environment, ({ node, attr }) => `<${node}.${attr}>`);
    return JSON.parse(INGOT_DATABASE!);
  };

  test('a role logs in with IAM, through the proxy where there is one, or to the database itself', () => {
    const login = { port: 5432, database: name, user: 'ingot_search', auth: 'iam', region: '<aws.region>' };
    const proxied = facts({ proxy: true });
    expect(read(roleEnvironment(proxied, 'ingot_search'))).toEqual({ host: '<Proxy.host>', ...login });
    expect(read(roleEnvironment(proxied, 'ingot_search', 'itself'))).toEqual({ host: '<Instance.host>', ...login });
    expect(read(roleEnvironment(facts(), 'ingot_search'))).toEqual({ host: '<Instance.host>', ...login });
  });

  test('the master logs in with its secret, to the database itself, and reads that secret alone', () => {
    const aurora = facts({ engine: 'aurora', proxy: true });
    expect(read(masterEnvironment(aurora))).toEqual({
      host: '<Cluster.host>',
      port: 5432,
      database: name,
      user: 'postgres',
      auth: 'secret',
      secretArn: '<Cluster.secretArn>',
      region: '<aws.region>',
    });
    expect(masterStatements(aurora).flatMap(({ resources }) => resources)).toEqual([
      { node: 'Cluster', attr: 'secretArn' },
      { node: 'DatabaseKey', attr: 'arn' },
    ]);
    const { masterSecretArn: _, ...without } = aurora;
    expect(() => masterEnvironment(without)).toThrow('given without the ARN of its master secret');
  });

  test('functions and their roles join its network; what else there is stays as it is', () => {
    const handler = handlerNodes(
      {
        id: 'Search',
        bundle: 'search',
        functionName: 'search',
        description: 'Searches',
        memoryMb: 512,
        timeoutSeconds: 30,
        diskMb: 512,
        environment: {},
        layers: [],
        statements: [],
      },
      { architecture: 'arm64', logRetentionDays: 90, keyArn: 'key', removal: 'retain' },
    );
    const [logGroup, role, fn] = inDatabaseNetwork(handler, facts());
    expect(logGroup).toEqual(handler[0]);
    expect(fn).toMatchObject({
      network: { subnetIds, securityGroupIds: [{ node: 'ClientSecurityGroup', attr: 'id' }] },
    });
    expect(role?.kind === 'role' && role.statements.map(({ sid }) => sid)).toContain('JoinNetwork');
  });

  test('a VPC with private subnets in one zone is not enough', () => {
    const one = () =>
      postgresModel('Database', { name }, { nodes: new Set(), vpc: { vpcId, subnetIds: ['subnet-1'] } });
    expect(describedProblemsOf(one)).toEqual([
      'Database network: must have private subnets in two availability zones or more; given 1',
    ]);
  });
});

describe('cdk-nag', () => {
  const inNetwork = (stack: Stack, props: Partial<PostgresDeclaration> = {}) => {
    const { compliance } = props;
    const network = new cdk.Network(stack, 'Network', {
      name,
      cidr: '10.42.0.0/16',
      endpoints: ['secretsmanager'],
      compliance,
    });
    return new cdk.PostgresDatabase(stack, 'Database', { name, network, proxy: true, ...props });
  };

  test.each(['instance', 'aurora'] as const)('AwsSolutions finds nothing in an %s by default', (engine) => {
    expect(findings(AwsSolutionsChecks, (stack) => void inNetwork(stack, { engine }))).toEqual([]);
  });

  test.each([NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks, AwsSolutionsChecks])(
    'nothing is found in a database for regulated data that is in a backup plan',
    (Checks) => {
      const made = (stack: Stack) => {
        const { facts } = inNetwork(stack, { compliance: 'regulated' });
        new CfnBackupSelection(stack, 'Backup', {
          backupPlanId: 'plan',
          backupSelection: { iamRoleArn: 'arn', selectionName: 'database', resources: [facts.arn] },
        });
      };
      expect(findings(Checks, made)).toEqual([]);
    },
  );

  test('is at work: it finds one standby too few, and no backup plan', () => {
    expect(findings(AwsSolutionsChecks, (stack) => void inNetwork(stack, { multiAz: false }))).toEqual([
      'AwsSolutions-RDS3 Stack/Database/Instance',
    ]);
    expect(findings(NIST80053R5Checks, (stack) => void inNetwork(stack, { compliance: 'regulated' }))).toEqual([
      'NIST.800.53.R5-RDSInBackupPlan Stack/Database/Instance',
    ]);
  });
});

test.each([
  ['rate(5 minutes)', 8640],
  ['rate(1 day)', 30],
  ['cron(0 3 * * ? *)', 30],
  ['cron(0 4 ? * SUN *)', 30 / 7],
  ['cron(0 6-8 ? * MON-FRI *)', (3 * 5 * 30) / 7],
  ['cron(0 */2 * * ? *)', 360],
  ['cron(0/20 * 1,15 * ? *)', 3 * 24 * 2],
  ['cron(0 5 L 1-3 ? *)', 1 / 4],
])('%s starts %d times a month', (expression, times) => {
  expect(startsAMonth(expression)).toBeCloseTo(times, 6);
});

test('the cost line names what runs while nobody uses it', () => {
  const platform = new cdk.Platform(new Stack(new App(), 'Stack'), 'Platform', {
    manifest: {
      ...manifest,
      network: { cidr: '10.42.0.0/16', zones: 2, endpoints: [] },
      database: resolveDatabase(name, { proxy: true }),
    },
    runtime,
  });
  expect(costLine(1, platform.idleCost)).toMatch(
    /\d endpoints by zone \$[\d.]+, 2 db\.t4g\.medium \$94\.17, 40 GB of database storage \$4\.60, 2 units of RDS Proxy \$21\.90, 1 secret \$0\.40\)/,
  );
  const { database } = platform;
  expect(database?.model.nodes.filter(({ id }) => /OperationsKey|NoticesTopic/.test(id))).toEqual([]);
});
