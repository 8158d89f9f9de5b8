import { App, Fn, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import { Lazy, App as TerraformApp, TerraformStack } from 'cdktf';
import * as cdk from '../../constructs/cdk';
import type { Node, RoleNode } from '../../constructs/core/nodes';
import { policyDocument } from '../../constructs/core/policy';
import * as aws from '../../constructs/core/terraform/aws';
import { type Ref, ref, resolve } from '../../constructs/core/text';
import { sparkApplicationModel } from '../../constructs/emr/model';
import type { SparkApplicationDeclaration } from '../../constructs/emr/props';
import { together } from '../../constructs/emr/streaming-job';
import { lakeModel } from '../../constructs/lake/model';
import { noticesId } from '../../constructs/pipeline/ids';
import { platformParts } from '../../constructs/platform/parts';
import { eventStreamModel } from '../../constructs/stream/model';
import type { EventStreamDeclaration } from '../../constructs/stream/props';
import * as terraform from '../../constructs/terraform';
import { resolveZones } from '../../lib/platform/zones';
import { type EngineDeclaration, engineWords } from '../../lib/sizing/declaration';
import type { Stream } from '../../lib/stream/stream';
import { engineDifferences, expectParity, inventorySnapshot } from '../../lib/testing';
import { created, expectKnown, jobFilesDiffer } from '../constructs/engines';
import { findings, type Pack } from '../constructs/nag';
import { problemsOf } from '../constructs/problems';
import { regulated, replica } from '../constructs/regulated';
import { source } from '../ingest/datasets';
import { manifestOf } from '../transform/memory-lake';
import { clicks, events, perMinute, resultOf } from './world';

/** Any file will do as the native runtime: its bytes are no decision of a template. */
const runtime = __filename;

const manifestWith = (stream: Partial<Stream> = {}, format: 'json' | 'parquet' = 'json') => ({
  ...manifestOf([{ ...events, source: source(format, { prefix: 'events' }) }, resultOf(perMinute, 'per_minute')]),
  name: 'shop',
  zones: resolveZones('shop'),
  ops: { database: 'shop_ops', zone: 'silver' },
  streams: [{ ...clicks, windows: [perMinute], ...stream }],
});

/** `workers` makes an application of Spark that consumes it. */
type More = Omit<Partial<EventStreamDeclaration>, 'stream'> & { readonly workers?: SparkApplicationDeclaration };
const props = ({ workers: _, ...more }: More = {}): EventStreamDeclaration => ({
  manifest: manifestWith(),
  stream: 'clicks',
  runtime,
  sparkPackage: runtime,
  ...more,
});

const vpc = { vpcId: 'vpc-00000001', subnetIds: ['subnet-00000001', 'subnet-00000002'] };

const kafka = {
  kind: 'kafka',
  clusterArn: 'arn:aws:kafka:eu-west-1:111122223333:cluster/events/abcd-1',
  topic: 'clicks',
} as const;

const rows: readonly (readonly [string, More, (keyof typeof engineDifferences)[]])[] = [
  ['by default', {}, ['retain']],
  [
    'with every prop set to something else',
    {
      source: { kind: 'kinesis', capacity: { shards: 4 }, retentionHours: 24, fanOut: true },
      bronze: { sourceField: 'origin', bufferMb: 64, bufferSeconds: 60 },
      consumer: { batchSize: 100, batchSeconds: 0, maxAgeHours: 1, memoryMb: 512, deadLetterDays: 1 },
      emails: ['data@example.com'],
      architecture: 'x86_64',
      network: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] },
      logRetentionDays: 1,
      alarms: { behindMinutes: false, latePercent: 0.5 },
      icebergCatalog: { uri: 'https://catalog.example.com', warehouse: 'main', auth: 'none' },
      removal: 'delete',
    },
    // The lake beside it is kept.
    ['retain'],
  ],
  ['over a topic of Kafka, to Parquet', { source: kafka, manifest: manifestWith({}, 'parquet') }, ['retain']],
  ['of Kinesis alone to bronze', { consumer: false }, ['retain']],
  ['that a job of Spark consumes', { workers: { name: 'shop' } }, ['retain']],
  [
    'over a topic of Kafka, that a job of Spark consumes, with every prop set to something else',
    {
      workers: { name: 'shop', letsOut: [9098], maxWorkers: 21, settings: { 'spark.sql.shuffle.partitions': '16' } },
      source: { ...kafka, brokers: 'b-1.events.example:9098,b-2.events.example:9098' },
      bronze: false,
      consumer: {
        memoryMb: 512,
        spark: {
          batchSeconds: 60,
          batchRecords: 5_000,
          executors: 20,
          paused: true,
          jars: ['s3://jars/kafka.jar', 's3://jars/iam.jar'],
        },
      },
      icebergCatalog: { uri: 'https://catalog.example.com', warehouse: 'main', auth: 'none' },
      logRetentionDays: 1,
      alarms: { behindMinutes: 60, latePercent: false },
    },
    ['retain'],
  ],
  [
    'for regulated data',
    {
      compliance: 'regulated',
      network: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] },
      deadLetterReplica: replica('dead-letters'),
    },
    ['retain'],
  ],
  [
    'that a job of Spark consumes, for regulated data',
    {
      workers: { name: 'shop', compliance: 'regulated' },
      compliance: 'regulated',
      network: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] },
    },
    ['retain'],
  ],
];

function inCdk(more: More, context: object): { template: object; stream: cdk.EventStream } {
  const stack = new Stack(new App({ context: { ...context } }), 'Stack');
  const lake = new cdk.Lake(stack, 'Lake', { name: 'shop' });
  const stream = new cdk.EventStream(stack, 'Clicks', { ...props(more), lake, spark: sparkInCdk(stack, more) });
  return { template: Template.fromStack(stack).toJSON(), stream };
}

const sparkInCdk = (stack: Stack, { workers }: More): cdk.SparkApplication | undefined =>
  workers && new cdk.SparkApplication(stack, 'Spark', { ...workers, network: vpc });

function inTerraform(more: More, context: object): string {
  const stack = new TerraformStack(new TerraformApp({ context: { ...context } }), 'Stack');
  new aws.AwsProvider(stack, 'Aws', { region: 'eu-west-1' });
  const lake = new terraform.Lake(stack, 'Lake', { name: 'shop' });
  const spark = more.workers && new terraform.SparkApplication(stack, 'Spark', { ...more.workers, network: vpc });
  new terraform.EventStream(stack, 'Clicks', { ...props(more), lake, spark });
  return JSON.stringify(stack.toTerraform());
}

/** The lake, and the application, have snapshots of their own. */
const ofStream = (text: string): string =>
  text
    .split('\n\n')
    .filter((part) => !/^\S+ (Lake|Spark)/.test(part))
    .join('\n\n')
    .replace(/[0-9a-f]{64}(?=\.(py|ts|zip))/g, '<hash>')
    // They stand in the order of their hashes.
    .replace(/(\S+<hash>\.\w+, )+\S+<hash>\.\w+/g, (files) => files.split(', ').sort().join(', '));

describe.each(rows)('an event stream %s', (_, more, differences) => {
  const context = { 'ingot:allow-data-deletion': more.removal === 'delete' };
  let template: object;
  let config: string;
  beforeAll(() => {
    template = inCdk(more, context).template;
    config = inTerraform(more, context);
  });

  test('is the same in both engines, and nothing of it is unknown to the inventory', () => {
    const ofFiles = more.workers === undefined ? [] : jobFilesDiffer;
    expectParity(template, config, {
      differences: [...differences.map((name) => engineDifferences[name]), ...ofFiles],
    });
    expectKnown(template, config);
  });

  test('is what was reviewed', () => {
    expect(ofStream(inventorySnapshot(template))).toMatchSnapshot();
  });

  test('allows no role an action with a wildcard, and on all resources only what has none of its own', () => {
    for (const { resources } of [created(JSON.stringify(template)), created(config)]) {
      const identity = resources.flatMap(({ statements }) => statements).filter(({ policy }) => policy === 'identity');
      expect(identity.flatMap(({ actions = [] }) => actions).filter((action) => action.includes('*'))).toEqual([]);
      const everywhere = identity.filter(({ resources: on = [] }) => on.includes('*'));
      for (const { actions = [] } of everywhere)
        for (const action of actions)
          expect(action).toMatch(
            /^(ec2:|xray:|cloudwatch:PutMetricData$|logs:\w+(LogDelivery|LogDeliveries|LogGroups|ResourcePolic))/,
          );
    }
  });
});

test('the stream, what has stopped and the dead letters are encrypted with its key and kept', () => {
  const { all, find } = created(JSON.stringify(inCdk({}, {}).template));
  const key = '{kms.key:ClicksKey}';
  expect(all('kinesis.stream')[0]?.properties).toMatchObject({
    encryption: 'KMS',
    mode: 'ON_DEMAND',
    retentionHours: 168,
  });
  expect(JSON.stringify(all('kinesis.stream')[0]?.properties.key)).toContain(key);
  expect(all('dynamodb.table')[0]?.properties).toMatchObject({ pointInTimeRecovery: true, deletionProtection: true });
  expect(JSON.stringify(all('dynamodb.table')[0]?.properties.key)).toContain(key);
  expect(JSON.stringify(find('s3.bucket', 'ClicksDeadLettersBucket').properties.encryption)).toContain(key);
  expect(all('lambda.eventSource')[0]?.properties).toMatchObject({
    bisectOnError: true,
    responseTypes: ['ReportBatchItemFailures'],
    maximumAgeSeconds: 6 * 3600,
    batchSize: 10_000,
    batchSeconds: 30,
  });
});

test('a result that goes to PostgreSQL lets the consumer log in as its own role, in the network of the database', () => {
  const stack = new Stack(new App(), 'Stack');
  const lake = new cdk.Lake(stack, 'Lake', { name: 'shop' });
  const network = new cdk.Network(stack, 'Network', { name: 'shop', cidr: '10.42.0.0/16' });
  const database = new cdk.PostgresDatabase(stack, 'Database', { name: 'shop', network } as cdk.PostgresDatabaseProps);
  const manifest = manifestWith({ windows: [{ ...perMinute, into: { kind: 'postgres', table: 'user_metrics' } }] });
  new cdk.EventStream(stack, 'Clicks', { ...props({ manifest }), lake, database });
  const text = JSON.stringify(Template.fromStack(stack).toJSON());
  expect(text).toContain('rds-db:connect');
  expect(text).toContain('ingot_stream');
  const consume = created(text).find('lambda.function', 'ClicksConsumeFunction');
  expect(JSON.stringify(consume.properties.securityGroups)).toContain('ec2.securityGroup');
});

test('a topic that exists is told of alarms, and gets no subscriptions: it has its own', () => {
  const given = { nodes: new Set([noticesId]), folder: '/' };
  const lake = lakeModel('Lake', { name: 'shop' }).facts;
  const { nodes } = eventStreamModel('Clicks', props({ emails: ['data@example.com'] }), lake, given);
  expect(nodes.filter(({ kind }) => kind === 'topic' || kind === 'subscription')).toEqual([]);
  expect(nodes.flatMap((node) => (node.kind === 'alarm' ? node.actions : []))).toContainEqual(ref(noticesId, 'arn'));
});

test('grants give what it takes to put and to read, and the key with it', () => {
  const stack = new Stack(new App(), 'Stack');
  const lake = new cdk.Lake(stack, 'Lake', { name: 'shop' });
  const stream = new cdk.EventStream(stack, 'Clicks', { ...props(), lake });
  const role = new iam.Role(stack, 'Producer', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
  stream.grantPut(role);
  stream.grantRead(role);
  const producer = created(JSON.stringify(Template.fromStack(stack).toJSON())).find('iam.role', 'Producer');
  const actions = producer.statements.flatMap((statement) => statement.actions ?? []);
  expect([...new Set(actions)].sort()).toEqual([
    'kinesis:DescribeStream',
    'kinesis:DescribeStreamSummary',
    'kinesis:GetRecords',
    'kinesis:GetShardIterator',
    'kinesis:ListShards',
    'kinesis:PutRecord',
    'kinesis:PutRecords',
    'kms:Decrypt',
    'kms:GenerateDataKey',
    'sts:AssumeRole',
  ]);
});

/** What is wrong, where `inNetwork` is that of its application. */
const wrongIn = (more: More & { inNetwork?: typeof vpc }, stream = 'clicks'): string[] =>
  problemsOf(() => {
    const stack = new Stack(new App(), 'Stack');
    new cdk.EventStream(stack, 'Clicks', {
      ...props(more),
      stream,
      lake: new cdk.Lake(stack, 'Lake', { name: 'shop' }),
      spark: more.workers && new cdk.SparkApplication(stack, 'Spark', { network: more.inNetwork, ...more.workers }),
    });
  });

test('everything that is wrong is said at once', () => {
  expect(wrongIn({}, 'click')).toEqual([
    'stream: must be a stream of the manifest; given "click"; allowed: clicks; did you mean clicks?',
  ]);
  expect(
    wrongIn({
      source: { kind: 'kinesis', retentionHours: 24, capacity: { shards: 0 } },
      consumer: { maxAgeHours: 24, batchSize: 0 },
      bronze: { bufferMb: 1, sourceField: 'a b' },
      emails: ['nobody'],
      logRetentionDays: 2,
      removal: 'delete',
    }).map((problem) => problem.split(':')[0]),
  ).toEqual([
    'source.capacity.shards',
    'bronze.bufferMb',
    'bronze.sourceField',
    'consumer.batchSize',
    'consumer.maxAgeHours',
    'emails',
    'logRetentionDays',
    'removal',
  ]);
  expect(wrongIn({ bronze: false, consumer: false })).toEqual([
    'consumer: must not be false where bronze is false too: nothing would read the stream',
  ]);
  expect(wrongIn({ compliance: 'regulated' }).map((problem) => problem.split(':')[0])).toEqual([
    'deadLetterReplica',
    'network',
  ]);
  const manifest = manifestWith({ windows: [{ ...perMinute, into: { kind: 'postgres', table: 'user_metrics' } }] });
  expect(wrongIn({ manifest })).toEqual([
    'database: must be given, since results go to PostgreSQL (per-minute); given nothing',
  ]);
});

/** What cdk-nag finds in a stream that a function consumes, and in one of a job. */
const found = (Checks: Pack, more: More, byJob?: More): string[] =>
  findings(Checks, (stack) => {
    const lake = new cdk.Lake(stack, 'Lake', { name: 'shop' });
    new cdk.EventStream(stack, 'Clicks', { ...props(more), lake });
    if (byJob !== undefined)
      new cdk.EventStream(stack, 'ByJob', { ...props(byJob), lake, spark: sparkInCdk(stack, byJob) });
  }).filter((finding) => /\/(Clicks|ByJob)\//.test(finding));

test.each([
  ['AwsSolutions', AwsSolutionsChecks, []],
  ['HIPAA', HIPAASecurityChecks, undefined],
  ['NIST 800-53 r5', NIST80053R5Checks, undefined],
  ['PCI DSS', PCIDSS321Checks, undefined],
] as const)('cdk-nag %s finds nothing that was not reviewed', (_, Checks, expected) => {
  if (expected === undefined) expect(found(Checks, {})).toMatchSnapshot();
  else expect(found(Checks, {}, { workers: { name: 'shop' } })).toEqual(expected);
});

test('cdk-nag finds nothing, with any pack, of what regulated data gets', () => {
  const { compliance, network } = regulated;
  const more = { compliance, network, deadLetterReplica: replica('dead-letters') };
  const byJob = { compliance, network, workers: { name: 'shop', compliance } };
  for (const Checks of [AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks])
    expect(found(Checks, more, byJob)).toEqual([]);
});

test('what a job needs, and what is said of it in vain, is said at once', () => {
  const workers = { name: 'shop' };
  const words = (more: More & { inNetwork?: typeof vpc }) => wrongIn(more).map((problem) => problem.split(': ')[0]);
  expect(wrongIn({ workers })).toEqual([
    "spark: must be an application with a network of yours (of a Platform: network in platform.yaml), since EMR's own does not lead to Kinesis; given one with none",
  ]);
  expect(wrongIn({ workers, inNetwork: vpc })).toEqual([]);
  const said = {
    batchSize: 1,
    batchSeconds: 1,
    maxAgeHours: 1,
    deadLetterDays: 1,
    spark: { executors: 11, batchSeconds: 0 },
  };
  expect(words({ workers, inNetwork: vpc, consumer: said, source: { kind: 'kinesis', fanOut: true } })).toEqual([
    'consumer.spark.batchSeconds',
    'consumer.spark.executors',
    'consumer.batchSize',
    'consumer.batchSeconds',
    'consumer.maxAgeHours',
    'consumer.deadLetterDays',
    'source.fanOut',
  ]);
  expect(words({ consumer: { spark: {} } })).toEqual(['consumer.spark']);
  expect(words({ workers, inNetwork: vpc, consumer: false })).toEqual(['consumer']);
  expect(words({ workers, inNetwork: vpc, source: kafka })).toEqual(['source.brokers', 'consumer.spark.jars']);
  const source = { ...kafka, brokers: 'b-1:9098,b-2:9098,b-3:9198,b-4:443' };
  const jars = { spark: { jars: ['s3://jars/kafka.jar'] } };
  expect(wrongIn({ workers, inNetwork: vpc, source, consumer: jars })).toEqual([
    'spark: must be an application that lets workers connect to the brokers: letsOut: [9098, 9198] of SparkApplication; given one that lets them connect to 443 alone',
  ]);
  expect(wrongIn({ workers: { ...workers, letsOut: [9098] }, inNetwork: vpc, source, consumer: jars })).toEqual([
    'spark: must be an application that lets workers connect to the brokers: letsOut: [9098, 9198] of SparkApplication; given letsOut: [9098]',
  ]);
  const open = { workers: { ...workers, letsOut: [9098, 9198] }, inNetwork: vpc, consumer: jars };
  expect(wrongIn({ ...open, source })).toEqual([]);
  expect(words({ ...open, source: { ...kafka, brokers: 'b-1' } })).toEqual(['source.brokers']);
  expect(words({ ...open, source, consumer: { spark: { jars: ['kafka.jar'] } } })).toEqual(['consumer.spark.jars']);
  const manifest = manifestWith({ windows: [{ ...perMinute, into: { kind: 'postgres', table: 'user_metrics' } }] });
  expect(wrongIn({ workers, inNetwork: vpc, manifest })).toEqual([
    'spark: must not be given where results go to PostgreSQL (per-minute), which jobs do not reach: let a function consume, or write them to tables',
  ]);
});

test('brokers and a bucket that are known once they are deployed are taken; an address of which nothing is known is not', () => {
  const token = Token.asString({ Ref: 'Known' });
  const source = { ...kafka, brokers: token };
  const consumer = { spark: { jars: [`s3://${token}/kafka.jar`] } };
  const given = { source, consumer, inNetwork: vpc };
  expect(wrongIn({ ...given, workers: { name: 'shop', letsOut: [9098] } })).toEqual([]);
  expect(wrongIn({ ...given, workers: { name: 'shop' } })).toEqual([
    'spark: must be an application that lets workers connect to the brokers: letsOut: [9098] of SparkApplication; given one that lets them connect to 443 alone',
  ]);
  const workers = { name: 'shop', letsOut: [9098] };
  expect(wrongIn({ ...given, workers, consumer: { spark: { jars: [token] } } })).toEqual([
    expect.stringMatching(/^consumer\.spark\.jars: must be objects, s3:\/\/bucket\/key; given/),
  ]);
});

test('brokers and a bucket of the same stack are what the job is told, and may fetch, in both engines', () => {
  const given = (brokers: string, bucket: string): More => ({
    workers: { name: 'shop', letsOut: [9098] },
    source: { ...kafka, brokers },
    consumer: { spark: { jars: [`s3://${bucket}/kafka.jar`] } },
  });
  const template = JSON.stringify(inCdk(given(Fn.importValue('brokers'), Fn.importValue('jars')), {}).template);
  const config = inTerraform(given(fromVariable('brokers'), fromVariable('jars')), {});
  const imported = (name: string) => `{"Fn::ImportValue":"${name}"}`;
  expect(template).toContain(`:s3:::",${imported('jars')},"/kafka.jar"`);
  expect(template).toContain(`,s3://",${imported('jars')},"/kafka.jar --conf`);
  expect(template).toContain(`\\"brokers\\":\\"",${imported('brokers')},"\\"`);
  expect(config).toContain(`s3:::${variable('jars')}/kafka.jar`);
  expect(config).toContain(`,s3://${variable('jars')}/kafka.jar --conf`);
  expect(config).toContain(`\\"brokers\\":\\"${variable('brokers')}\\"`);
});

const variable = (name: string): string => `\${var.${name}}`;
/** The same as a token of cdktf. */
const fromVariable = (name: string): string => Lazy.stringValue({ produce: () => variable(name) });

test('a release that keeps no streaming job at work is refused; of one that is known later nothing is said', () => {
  const of = (release: string) => wrongIn({ workers: { name: 'shop', release }, inNetwork: vpc });
  expect(of('emr-7.0.0')).toEqual([
    'spark: must be an application of a release that has streaming jobs and a connector to Kinesis, emr-7.1.0 or newer, or emr-spark-…; given "emr-7.0.0"',
  ]);
  expect(of('emr-6.15.0')).toHaveLength(1);
  for (const release of ['emr-7.1.0', 'emr-7.10.0', 'emr-10.0.0', 'emr-spark-8.0.0', Token.asString({ Ref: 'Known' })])
    expect(of(release)).toEqual([]);
});

/** What a job is decided as; `inNetwork` of its application. */
function nodesWith({ workers = { name: 'shop' }, ...more }: More = {}): readonly Node[] {
  const { facts: lake } = lakeModel('Lake', { name: 'shop' });
  const { facts: spark } = sparkApplicationModel('Spark', workers, { nodes: new Set(), network: vpc });
  return eventStreamModel('Clicks', props(more), lake, { nodes: new Set(), folder: '/', spark }).nodes;
}

test('a paused job is stopped and started by nobody, and none of its alarms rings for want of it', () => {
  const nodes = nodesWith({ consumer: { spark: { paused: true } } });
  const [machine] = nodes.filter((node) => node.kind === 'stateMachine');
  expect(machine?.definition).toMatchObject({ States: { Defaults: { Parameters: { defaults: { action: 'stop' } } } } });
  expect(nodes.flatMap((node) => (node.kind === 'schedule' ? [node.input] : []))).toEqual([
    { at: '<aws.scheduler.scheduled-time>' },
  ]);
  const rings = nodes.filter((node) => node.kind === 'alarm' && node.missingData !== 'notBreaching');
  expect(rings).toEqual([]);
});

test('a job that says nothing for as long as it may be behind rings, once it had time to begin; not where nobody looks after it', () => {
  const periods = (alarms: More['alarms'], spark: NonNullable<More['consumer']> = {}) =>
    nodesWith({ alarms, consumer: spark }).flatMap((node) =>
      node.kind === 'alarm' && node.name === 'shop-clicks-silent' ? [[node.periods, node.periodsToAlarm]] : [],
    );
  const within = [1, 15, 16, 60, 10_080].map((behindMinutes) => periods({ behindMinutes }));
  expect(within).toEqual([3, 3, 4, 12, 288].map((of) => [[of, of]]));
  expect(periods({ behindMinutes: false })).toEqual([]);
  expect(periods({}, { spark: { scheduled: false } })).toEqual([]);
  expect(periods({}, { spark: { paused: true } })).toEqual([]);
});

test('a job begins with no more executors than it may have', () => {
  const told = (executors?: number) => {
    const [machine] = nodesWith({ consumer: { spark: { executors } } }).filter(({ kind }) => kind === 'stateMachine');
    return JSON.stringify(machine).match(/Executors=\d+/g);
  };
  expect(told(2)).toEqual(['Executors=2', 'Executors=2']);
  expect(told(8)).toEqual(['Executors=3', 'Executors=8']);
});

test('a version is a hash of all that a job is told, which States.Hash takes however long that is', () => {
  const longest = 's3://jars/'.padEnd(3000, 'x');
  const brokers = `${'b'.repeat(2995)}:9098`;
  const given = { workers: { name: 'shop', letsOut: [9098] }, source: { ...kafka, brokers } };
  const nodes = nodesWith({ ...given, consumer: { spark: { jars: [longest] } } });
  const [machine] = nodes.filter((node) => node.kind === 'stateMachine');
  // Addresses of files have 130 characters, ARNs 131 at most.
  const { States } = resolve(machine!.definition, () => 'x'.repeat(131)) as unknown as {
    States: { Input: { Parameters: { job: object } } };
  };
  expect(JSON.stringify(States.Input.Parameters.job).length).toBeLessThan(10_000);
  expect(
    wrongIn({ ...given, inNetwork: vpc, consumer: { spark: { jars: [`${longest}x`] } } }).concat(
      wrongIn({
        ...given,
        inNetwork: vpc,
        source: { ...kafka, brokers: `b${brokers}` },
        consumer: { spark: { jars: [longest] } },
      }),
    ),
  ).toEqual([
    'consumer.spark.jars: must have at most 3000 characters together; given 3001',
    'source.brokers: must have at most 3000 characters together; given 3001',
  ]);
});

test('what is denied is never put together with what is allowed', () => {
  const statement = { actions: ['s3:GetObject'], resources: ['a'] };
  const [allowed, denied] = [
    { ...statement, effect: 'Allow' },
    { ...statement, effect: 'Deny', resources: ['b'] },
  ] as const;
  expect(together([allowed, denied, { ...allowed, sid: 'More', resources: ['a', 'c'] }])).toEqual([
    { ...allowed, resources: ['a', 'c'] },
    denied,
  ]);
});

test('what a job may do fits into one policy of IAM, where all that is unknown at synth is as long as it becomes', () => {
  const { facts: lake } = lakeModel('Lake', { name: 'shop' });
  const { facts: spark } = sparkApplicationModel('Spark', { name: 'shop' }, { nodes: new Set(), network: vpc });
  const { nodes } = eventStreamModel('Clicks', props(), lake, { nodes: new Set(), folder: '/', spark });
  const role = nodes.find((node) => node.kind === 'role' && node.id === 'JobRole') as RoleNode;
  // An ARN of a key has 80 characters, of a bucket 76, of a file 131; a name 40.
  const length = ({ node, attr }: Ref) =>
    node === 'aws' ? 14 : attr !== 'arn' ? 40 : node.startsWith('Spark') ? 131 : 80;
  const document = policyDocument(resolve(role.statements, (one) => 'x'.repeat(length(one))));
  expect(JSON.stringify(document).length).toBeLessThan(6_144);
});

test('what holds data keeps its logical id where a job takes the place of the function', () => {
  const held = (more: More) => {
    const { Resources } = inCdk(more, {}).template as { Resources: Record<string, { Type: string }> };
    return Object.entries(Resources)
      .filter(([, { Type }]) =>
        /^AWS::(Kinesis::Stream|DynamoDB::Table|KMS::Key|KinesisFirehose::DeliveryStream)$/.test(Type),
      )
      .map(([id]) => id)
      .filter((id) => id.startsWith('Clicks'))
      .sort();
  };
  const byFunction = held({});
  expect(byFunction).toMatchSnapshot();
  expect(held({ workers: { name: 'shop' } })).toEqual(byFunction);
});

describe('a platform whose stream is of Spark', () => {
  const manifest = {
    ...manifestWith(),
    groups: [],
    network: { cidr: '10.42.0.0/16', zones: 2, endpoints: [] },
    engine: { tables: { 'silver.events': 'spark' as const } },
  };
  const declared = { manifest, runtime, sparkPackage: runtime };

  test('gives it the application, in its network with an endpoint of Kinesis, and the key of its disks, in both engines alike', () => {
    const stack = new Stack(new App(), 'Stack');
    const diskKeyArn = 'arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000';
    const engine = { ...manifest.engine, spark: { diskKeyArn } };
    const withKey = { ...declared, manifest: { ...manifest, engine } };
    const platform = new cdk.Platform(stack, 'Platform', withKey);
    const template = Template.fromStack(stack).toJSON();
    const config = new TerraformStack(new TerraformApp(), 'Stack');
    new aws.AwsProvider(config, 'Aws', {});
    new terraform.Platform(config, 'Platform', withKey);
    expectParity(template, JSON.stringify(config.toTerraform()), {
      differences: [
        engineDifferences.retain,
        engineDifferences.defaultSecurityGroup,
        engineDifferences.invocationLifecycle,
        ...jobFilesDiffer,
      ],
    });
    const { all } = created(JSON.stringify(template));
    const may = all('iam.role').flatMap(({ id, statements }) =>
      statements.filter(({ resources }) => resources?.includes(diskKeyArn)).map(({ actions }) => [id, actions?.length]),
    );
    expect(may).toEqual([
      ['PlatformSparkJobRole', 2],
      ['PlatformStreamclicksJobMachineRole', 3],
      ['PlatformStreamclicksJobRole', 2],
    ]);
    expect(all('stepfunctions.stateMachine')[0]!.properties.definition).toMatchObject({
      States: {
        Input: {
          Parameters: { job: { overrides: { DiskEncryptionConfiguration: { EncryptionKeyArn: diskKeyArn } } } },
        },
        StartJob: { Parameters: { 'ConfigurationOverrides.$': '$.job.overrides' } },
      },
    });
    expect(
      all('lambda.function')
        .map(({ id }) => id)
        .filter((id) => /Consume/.test(id)),
    ).toEqual([]);
    expect(all('emr.serverlessApplication')).toHaveLength(1);
    expect(JSON.stringify(template)).toContain('.kinesis-streams');
    const { parts } = platform.idleCost;
    expect(parts).toContainEqual({
      what: 'drivers of jobs that never end',
      count: 1,
      dollars: expect.closeTo(221.2, 1),
    });
    expect(parts).toContainEqual({ what: 'looks at jobs of Spark', count: 8640, dollars: expect.closeTo(4.32, 2) });
  });

  test('has as many workers as its jobs need, or is told how many these are', () => {
    const workersOf = (engine: EngineDeclaration) =>
      platformParts({ ...declared, manifest: { ...manifest, engine } }).spark?.maxWorkers;
    const { tables } = manifest.engine;
    expect(workersOf({ tables })).toBe(5);
    expect(workersOf({ tables, spark: { maxWorkers: 9 } })).toBe(9);
    expect(() => workersOf({ tables, spark: { maxWorkers: 4 } })).toThrow(
      /engine\.spark\.maxWorkers: must be at least 5/,
    );
    expect(workersOf({})).toBeUndefined();
  });

  test('keeps workers for its jobs that tables cannot take', () => {
    const group = { name: 'all', ingests: ['silver.events'], levels: [], schedule: 'rate(1 day)', timeZone: 'UTC' };
    const of = (groups: (typeof group)[], maxWorkers?: number) => {
      const engine = { ...manifest.engine, spark: { maxWorkers } };
      return platformParts({ ...declared, manifest: { ...manifest, groups, engine } }).spark;
    };
    const most = 'spark.dynamicAllocation.maxExecutors';
    expect(of([group])).toMatchObject({ maxWorkers: 16, settings: { [most]: '10' } });
    expect(of([group], 7)).toMatchObject({ maxWorkers: 7, settings: { [most]: '1' } });
    // Two groups at once: 11 workers each, or what is left, divided.
    const two = [group, { ...group, name: 'again' }];
    expect(of(two)).toMatchObject({ maxWorkers: 27, settings: { [most]: '10' } });
    expect(of(two, 12)).toMatchObject({ settings: { [most]: '2' } });
    expect(() => of(two, 8)).toThrow(
      /engine\.spark\.maxWorkers: must be at least 9, .* have 5 workers, drivers included, and jobs of tables, up to 2 at once, need 2 each; given 8/,
    );
    expect(of([])?.settings).toBeUndefined();
  });

  test('pauses its jobs where engine.spark of platform.yaml says so, and tells only them', () => {
    const engine = { ...manifest.engine, spark: { paused: true } };
    const { streams, spark } = platformParts({ ...declared, manifest: { ...manifest, engine } });
    expect(streams.map(({ consumer }) => consumer)).toEqual([{ spark: { paused: true } }]);
    expect(spark).not.toHaveProperty('paused');
    expect(engineWords.parse({ spark: { paused: true } })).toEqual({ spark: { paused: true } });
  });

  test('has no schedule that would start again what was stopped by hand, where none of its schedules run', () => {
    const made = (scheduled: boolean) => {
      const [{ consumer } = { consumer: undefined }] = platformParts({ ...declared, scheduled }).streams;
      return inCdk({ workers: { name: 'shop' }, ...(consumer === undefined ? {} : { consumer }) }, {}).stream.model
        .nodes;
    };
    expect(made(true).some(({ kind }) => kind === 'schedule')).toBe(true);
    expect(made(false).some(({ kind }) => kind === 'schedule')).toBe(false);
    expect(made(false).some(({ kind }) => kind === 'stateMachine')).toBe(true);
  });
});
