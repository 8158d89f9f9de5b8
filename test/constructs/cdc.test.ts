import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import { App as TerraformApp, TerraformStack } from 'cdktf';
import { changeDataCaptureModel } from '../../constructs/cdc/model';
import type { ChangeDataCaptureDeclaration } from '../../constructs/cdc/props';
import * as cdk from '../../constructs/cdk';
import * as aws from '../../constructs/core/terraform/aws';
import { sparkApplicationModel } from '../../constructs/emr/model';
import type { SparkApplicationDeclaration } from '../../constructs/emr/props';
import { lakeModel } from '../../constructs/lake/model';
import { idleCost } from '../../constructs/platform/cost';
import { placementOf } from '../../constructs/platform/model';
import * as terraform from '../../constructs/terraform';
import { type DeployedCdcDeclaration, resolveDeployed } from '../../lib/cdc/deployed';
import { platformMigrations } from '../../lib/migrations/platform';
import type { Manifest } from '../../lib/platform/manifest';
import { resolveZones } from '../../lib/platform/zones';
import { engineDifferences, expectParity, inventorySnapshot } from '../../lib/testing';
import { changesManifest } from '../cdc/platform';
import { column, dataset } from '../ingest/datasets';
import { created, expectKnown, jobFilesDiffer } from './engines';
import { findings, type Pack } from './nag';
import { problemsOf } from './problems';
import { regulated, replica } from './regulated';

/** Any file will do as the native runtime: its bytes are no decision of a template. */
const runtime = __filename;

const orders = dataset(
  'orders',
  [column('id', 'long', { required: true }), column('title', 'string', { sourceColumns: ['name'] })],
  { key: ['id'] },
);
const clicks = dataset('clicks', [column('id', 'long', { required: true })], { key: ['id'] });

function manifestWith(said: DeployedCdcDeclaration = {}, name = 'shop'): Manifest {
  const deployed = resolveDeployed(said, true);
  const base = changesManifest(
    [
      [orders, 'mirror'],
      [clicks, 'log'],
    ],
    { name, ...(deployed === undefined ? {} : { deployed }) },
  );
  return { ...base, name: 'shop', zones: resolveZones('shop'), ops: { database: 'shop_ops', zone: 'silver' } };
}

interface Case {
  readonly said?: DeployedCdcDeclaration;
  readonly more?: Partial<ChangeDataCaptureDeclaration>;
  /** An application of Spark whose job applies changes. */
  readonly workers?: SparkApplicationDeclaration;
}

const elsewhere = {
  host: 'db.example.com',
  port: 6432,
  database: 'sales',
  user: 'ingot',
  secretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:sales-AbCdEf',
  keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000',
} as const;

const vpc = { vpcId: 'vpc-00000001', subnetIds: ['subnet-00000001', 'subnet-00000002'] };

const props = ({ said, more }: Case) => ({
  manifest: manifestWith(said),
  source: 'shop',
  runtime,
  sparkPackage: runtime,
  ...more,
});

function inCdk(given: Case, context: object = {}): Stack {
  const stack = new Stack(new App({ context: { ...context } }), 'Stack');
  const lake = new cdk.Lake(stack, 'Lake', { name: 'shop' });
  const { manifest, ...rest } = props(given);
  if (given.said?.source !== undefined) {
    const spark = given.workers && new cdk.SparkApplication(stack, 'Spark', { ...given.workers, network: vpc });
    new cdk.ChangeDataCapture(stack, 'Changes', { manifest, ...rest, lake, sourceNetwork: vpc, spark });
    return stack;
  }
  const database = new cdk.PostgresDatabase(stack, 'Database', {
    name: 'shop',
    network: vpc,
    logicalReplication: true,
  } as cdk.PostgresDatabaseProps);
  const migrations = new cdk.DatabaseMigrations(stack, 'Migrations', {
    migrations: platformMigrations(manifest),
    database,
  });
  new cdk.ChangeDataCapture(stack, 'Changes', { manifest, ...rest, lake, database, migrations });
  return stack;
}

function inTerraform(given: Case, context: object = {}): string {
  const stack = new TerraformStack(new TerraformApp({ context: { ...context } }), 'Stack');
  new aws.AwsProvider(stack, 'Aws', { region: 'eu-west-1' });
  const lake = new terraform.Lake(stack, 'Lake', { name: 'shop' });
  const { manifest, ...rest } = props(given);
  if (given.said?.source !== undefined) {
    const spark = given.workers && new terraform.SparkApplication(stack, 'Spark', { ...given.workers, network: vpc });
    new terraform.ChangeDataCapture(stack, 'Changes', { manifest, ...rest, lake, sourceNetwork: vpc, spark });
    return JSON.stringify(stack.toTerraform());
  }
  const database = new terraform.PostgresDatabase(stack, 'Database', {
    name: 'shop',
    network: vpc,
    logicalReplication: true,
  });
  const migrations = new terraform.DatabaseMigrations(stack, 'Migrations', {
    migrations: platformMigrations(manifest),
    database,
  });
  new terraform.ChangeDataCapture(stack, 'Changes', { manifest, ...rest, lake, database, migrations });
  return JSON.stringify(stack.toTerraform());
}

const template = (stack: Stack): object => Template.fromStack(stack).toJSON();

/** What is around it has snapshots of its own. */
const ofChanges = (text: string): string =>
  text
    .split('\n\n')
    .filter((part) => !/^\S+ (Lake|Database|Migrations|Spark)/.test(part))
    .join('\n\n')
    .replace(/[0-9a-f]{64}(?=\.(py|ts|zip))/g, '<hash>')
    // They stand in the order of their hashes.
    .replace(/(\S+<hash>\.\w+, )+\S+<hash>\.\w+/g, (files) => files.split(', ').sort().join(', '));

const cases: readonly (readonly [string, Case])[] = [
  ['of the own database, by default', {}],
  [
    'of another database, with every prop set to something else',
    {
      said: {
        source: { ...elsewhere, heartbeatSchema: 'ingot' },
        replicaIdentity: 'full',
        columns: 'contract',
        capacity: { min: 2, max: 16 },
        multiAz: true,
        maxValueKb: 900,
        reconcile: false,
      },
      more: {
        stream: { capacity: { shards: 2 }, retentionHours: 24 },
        consumer: { batchSize: 100, batchSeconds: 0, maxAgeHours: 1, memoryMb: 512, deadLetterDays: 1 },
        emails: ['data@example.com'],
        architecture: 'x86_64',
        network: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] },
        logRetentionDays: 1,
        alarms: { behindMinutes: false, driftKeys: 10, refusedChanges: 0 },
        icebergCatalog: { uri: 'https://catalog.example.com', warehouse: 'main', auth: 'none' },
        removal: 'delete',
      },
    },
  ],
  [
    'of another database, for regulated data',
    {
      said: { source: elsewhere },
      more: {
        compliance: 'regulated',
        network: regulated.network,
        deadLetterReplica: replica('dead-letters'),
      },
    },
  ],
  [
    'of another database, by a job of Spark, for regulated data',
    {
      said: { source: elsewhere },
      more: {
        compliance: 'regulated',
        network: regulated.network,
        consumer: { memoryMb: 512, spark: { batchSeconds: 60, executors: 2, paused: true } },
      },
      workers: { name: 'shop', compliance: 'regulated' },
    },
  ],
];

describe.each(cases)('change data capture %s', (_, given) => {
  const context = { 'ingot:allow-data-deletion': given.more?.removal === 'delete' };
  let made: object;
  let config: string;
  beforeAll(() => {
    made = template(inCdk(given, context));
    config = inTerraform(given, context);
  });

  test('is the same in both engines, and nothing of it is unknown to the inventory', () => {
    // The lake beside it is kept.
    expectParity(made, config, {
      differences: [
        engineDifferences.retain,
        engineDifferences.invocationLifecycle,
        ...(given.workers === undefined ? [] : jobFilesDiffer),
      ],
    });
    expectKnown(made, config);
  });

  test('is what was reviewed', () => {
    expect(ofChanges(inventorySnapshot(made))).toMatchSnapshot();
  });

  test('allows no role an action with a wildcard, and on all resources only what has none of its own', () => {
    for (const { resources } of [created(JSON.stringify(made)), created(config)]) {
      const identity = resources
        .filter(({ id }) => id.startsWith('Changes'))
        .flatMap(({ statements }) => statements)
        .filter(({ policy }) => policy === 'identity');
      expect(identity.length).toBeGreaterThan(10);
      expect(identity.flatMap(({ actions = [] }) => actions).filter((action) => action.includes('*'))).toEqual([]);
      const everywhere = identity.filter(({ resources: on = [] }) => on.includes('*'));
      for (const { actions = [] } of everywhere)
        for (const action of actions)
          expect(action).toMatch(
            /^(ec2:|xray:|dms:Describe|cloudwatch:PutMetricData$|logs:\w+(LogDelivery|LogDeliveries|LogGroups|ResourcePolic))/,
          );
    }
  });
});

test('what is first comes first: password, then a stop, then what is changed, then the start', () => {
  const after = (text: string, id: RegExp): string[] => {
    const { Resources } = JSON.parse(text) as { Resources: Record<string, { DependsOn?: string | string[] }> };
    const [, found] = Object.entries(Resources).find(([name]) => id.test(name))!;
    return [found.DependsOn ?? []].flat().map((name) => name.replace(/^Changes(.+)[0-9A-F]{8}$/, '$1'));
  };
  const text = JSON.stringify(template(inCdk({})));
  expect(after(text, /^ChangesLogin/)).toEqual([expect.stringMatching(/^MigrationsRelease/)]);
  expect(after(text, /^ChangesDatabaseEndpoint/)).toEqual(['Login', 'Prepare']);
  expect(after(text, /^ChangesReplication[0-9A-F]{8}$/)).toEqual(['Prepare']);
  const { resource } = JSON.parse(inTerraform({})) as {
    resource: Record<string, Record<string, { depends_on?: string[]; input?: string }>>;
  };
  const [endpoint] = Object.values(resource.aws_dms_endpoint!);
  expect(endpoint!.depends_on).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/invocation\..*Login/),
      expect.stringMatching(/invocation\..*Prepare/),
    ]),
  );
  const [config] = Object.values(resource.aws_dms_replication_config!);
  expect(config!.depends_on).toEqual([expect.stringMatching(/invocation\..*Prepare/)]);
});

/** What is decided of a source that is not the platform's own. */
function nodesOf({ said, more, workers }: Case) {
  const declared = props({ said: { source: elsewhere, ...said }, ...(more === undefined ? {} : { more }) });
  const { facts } = lakeModel('Lake', { name: 'shop' });
  const around = { nodes: new Set<string>(), folder: '/work', vpc };
  const spark = workers && sparkApplicationModel('Spark', workers, { nodes: around.nodes, network: vpc }).facts;
  return changeDataCaptureModel('Stack/Changes', declared, facts, { ...around, spark }).nodes;
}

test('a change of the replication is told to what stops it before and to what starts it afterwards, and nothing else is', () => {
  const told = (given: Case) =>
    nodesOf(given)
      .filter((node) => node.kind === 'invocation')
      .map(({ input }) => input.change);
  const [prepare, start, ...rest] = told({});
  expect(rest).toEqual([]);
  expect(prepare).toBe(start);
  for (const said of [
    { capacity: { min: 1, max: 8 } },
    { columns: 'contract' },
    { maxValueKb: 1 },
    { multiAz: true },
    { replicaIdentity: 'full' },
    { source: { ...elsewhere, host: 'other.example.com' } },
  ] as const)
    expect(told({ said })[0]).not.toBe(prepare);
  expect(told({ said: { reconcile: false } })[0]).toBe(prepare);
  expect(told({ more: { consumer: { batchSize: 1 } } })[0]).toBe(prepare);
});

test('a job that says nothing while it should be at work rings, and no function, nor a job that is paused', () => {
  const rings = (more: Case['more'], workers?: Case['workers']) =>
    nodesOf({ more, workers }).flatMap((node) =>
      node.kind === 'alarm' && node.id === 'SilentAlarm' ? [[node.name, node.periods, node.missingData]] : [],
    );
  const workers = { name: 'shop' };
  expect(rings({ alarms: { behindMinutes: 30 } }, workers)).toEqual([['shop-cdc-shop-silent', 6, 'breaching']]);
  expect(rings({ consumer: { spark: { paused: true } } }, workers)).toEqual([]);
  expect(rings({})).toEqual([]);
});

test('everything that is wrong is said at once', () => {
  const problems = (given: Case & { bare?: true }, over: Partial<ChangeDataCaptureDeclaration> = {}) =>
    problemsOf(() => {
      const stack = new Stack(new App(), 'Stack');
      const lake = new cdk.Lake(stack, 'Lake', { name: 'shop' });
      new cdk.ChangeDataCapture(stack, 'Changes', {
        ...props(given),
        ...over,
        lake,
        ...(given.bare ? {} : { sourceNetwork: vpc }),
      });
    });
  expect(problems({}, { source: 'shpo' })).toEqual([
    'source: must be a source of changes of the manifest; given "shpo"; allowed: shop',
  ]);
  expect(problems({})).toEqual(["database: must be given, since shop follows the platform's own; given nothing"]);
  expect(problems({ said: { source: elsewhere }, bare: true })).toEqual([
    'sourceNetwork: must be given (to a Platform as network in platform.yaml): the VPC from which db.example.com is reached; given nothing',
  ]);
  const nowhere = { ...manifestWith(), cdc: [{ ...manifestWith().cdc![0]!, deployed: undefined }] } as Manifest;
  expect(problems({}, { manifest: nowhere })[0]).toMatch(/^source: must follow a database that can be deployed to/);
  const long = 'a_name_that_is_long_enough';
  expect(problems({}, { manifest: manifestWith({ source: elsewhere }, long), source: long })).toEqual([
    expect.stringMatching(/^source: must have a name that makes, with the platform's, at most 30 characters/),
  ]);
  expect(
    problems(
      { said: { source: elsewhere } },
      {
        stream: { retentionHours: 24, capacity: { shards: 0 } },
        consumer: { maxAgeHours: 24, batchSize: 0 },
        emails: ['nobody'],
        alarms: { driftKeys: -1 },
        logRetentionDays: 2,
        compliance: 'regulated',
        removal: 'delete',
      },
    ).map((problem) => problem.split(':')[0]),
  ).toEqual([
    'stream.capacity.shards',
    'consumer.batchSize',
    'consumer.maxAgeHours',
    'alarms.driftKeys',
    'emails',
    'deadLetterReplica',
    'network',
    'logRetentionDays',
    'removal',
  ]);
});

test('a replication costs while nothing changes, by its smallest capacity and twice with a standby', () => {
  const { parts } = idleCost(nodesOf({ said: { capacity: { min: 2, max: 4 }, multiAz: true } }));
  expect(parts.find(({ what }) => what === 'DMS capacity units')?.dollars).toBeCloseTo(4 * 0.087 * 730);
});

test('a network that is asked for has a way to what AWS DMS and the functions in it call, and to nothing more', () => {
  const placed = (said: DeployedCdcDeclaration | undefined, compliance?: 'regulated') =>
    placementOf({
      manifest: {
        ...manifestWith(said),
        ...(said === undefined ? { cdc: [] } : {}),
        network: { cidr: '10.42.0.0/16', zones: 2, endpoints: [] },
      },
      ...(compliance === undefined ? {} : { compliance }),
    }).asked?.endpoints;
  expect(placed(undefined)).toEqual([]);
  expect(placed({})).toEqual(['glue', 'kinesis-streams', 'secretsmanager']);
  expect(placed({ reconcile: false })).toEqual(['kinesis-streams', 'secretsmanager']);
  expect(placed({}, 'regulated')).toEqual(['dms', 'glue', 'kinesis-streams', 'lambda', 'secretsmanager', 'sqs']);
});

const packs: readonly Pack[] = [AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks];

/** What these packs of cdk-nag find. */
const found = (make: (stack: Stack) => void, only: readonly Pack[] = packs): string[] =>
  only.flatMap((Checks) => findings(Checks, make)).filter((finding) => finding.includes('/Changes/'));

const makeIn = (stack: Stack, more: Partial<ChangeDataCaptureDeclaration>) => {
  const lake = new cdk.Lake(stack, 'Lake', { name: 'shop' });
  const database = new cdk.PostgresDatabase(stack, 'Database', {
    name: 'shop',
    network: vpc,
    logicalReplication: true,
  } as cdk.PostgresDatabaseProps);
  new cdk.ChangeDataCapture(stack, 'Changes', { ...props({ more }), lake, database });
};

test('cdk-nag finds nothing by default that AWS asks for', () => {
  expect(found((stack) => makeIn(stack, {}), [AwsSolutionsChecks])).toEqual([]);
});

test('cdk-nag finds nothing, with any pack, of what regulated data gets', () => {
  const { compliance, network } = regulated;
  const more = { compliance, network, deadLetterReplica: replica('dead-letters') };
  expect(found((stack) => makeIn(stack, more))).toEqual([]);
});
