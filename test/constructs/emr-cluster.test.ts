import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import validateAsl from 'asl-validator';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import { App as TerraformApp, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import * as cdk from '../../constructs/cdk';
import * as aws from '../../constructs/core/terraform/aws';
import { resolve } from '../../constructs/core/text';
import type { EmrClusterDeclaration } from '../../constructs/emr/cluster/props';
import { networkModel } from '../../constructs/network/model';
import { stateMachine } from '../../constructs/pipeline/state-machine';
import * as terraform from '../../constructs/terraform';
import type { Asl } from '../../lib/local/states/asl';
import { execute } from '../../lib/local/states/execute';
import { validateStates } from '../../lib/local/states/validate';
import { sparkSize } from '../../lib/sizing/spark-size';
import {
  absent,
  type Difference,
  engineDifferences,
  expectParity,
  inventory,
  inventorySnapshot,
} from '../../lib/testing';
import { type Created, cdkStack, terraformStack } from './engines';
import { manifest } from './manifest';
import { problemsOf } from './problems';

const script = join(mkdtempSync(join(tmpdir(), 'ingot-emr-')), 'agent.sh');
beforeAll(() => writeFileSync(script, '#!/bin/sh\necho ready\n'));

const required = { name: 'aviation', certificates: 's3://aviation-certificates/emr.zip' };
const network = { vpcId: 'vpc-00000000000000001', subnetIds: ['subnet-00000000000000001', 'subnet-00000000000000002'] };
const kerberos = { kerberos: { passwordSecret: 'aviation/kdc' } };
type Given = Partial<EmrClusterDeclaration>;

const inCdk = (stack: Stack, given: Given = {}, lake = new cdk.Lake(stack, 'Lake', { name: 'aviation' })) =>
  new cdk.EmrCluster(stack, 'Emr', { ...required, lake, network, ...given });
const inTerraform = (
  stack: TerraformStack,
  given: Given = {},
  lake = new terraform.Lake(stack, 'Lake', { name: 'aviation' }),
) => new terraform.EmrCluster(stack, 'Emr', { ...required, lake, network, ...given });

/** Out by 2 where less than 15 % of memory is free, in by 1 where most of it is. */
const rules = {
  min: 2,
  max: 20,
  rules: [
    { name: 'out', metric: 'YARNMemoryAvailablePercentage', below: 15, addNodes: 2, coolDownSeconds: 300 },
    { name: 'in', metric: 'YARNMemoryAvailablePercentage', above: 75, addNodes: -1, periods: 3 },
  ],
};

/** Files of this machine: the CDK has a bucket for them, Terraform puts them into the lake. */
const files: readonly Difference[] = [
  {
    reason: 'the CDK puts files into a bucket of its own, Terraform into the lake',
    what: 'resource',
    kind: 's3.object',
    cloudformation: absent,
  },
  { reason: 'whoever reads the file names it', what: 'statement', id: 'EmrJobRole*' },
  { reason: 'whoever reads the file names it', what: 'edge', id: 'EmrJobRole*', cloudformation: absent },
];
const secret: Difference = {
  reason: 'CloudFormation resolves a secret by itself, Terraform reads it by a data source',
  what: 'unknown',
  kind: 'data.aws_secretsmanager_secret_version',
  cloudformation: absent,
};

const cases: readonly {
  readonly title: string;
  readonly given: Given;
  readonly differences?: readonly Difference[];
}[] = [
  { title: 'a cluster as it is by default', given: {} },
  {
    title: 'a cluster in which everything is said',
    given: {
      release: 'emr-spark-8.1.0',
      primary: { instanceTypes: ['m7i.xlarge'], diskGb: 100 },
      core: { instanceTypes: ['m7i.2xlarge', 'm6i.2xlarge'], count: 3, diskGb: 200 },
      task: {
        instanceTypes: ['m7i.2xlarge', 'r7i.2xlarge'],
        count: 4,
        allocation: 'capacity-optimized',
        fallback: 'terminate',
        spotMinutes: 20,
      },
      scaling: { min: 3, max: 40, maxOnDemand: 5 },
      authentication: { kerberos: { realm: 'AVIATION.EXAMPLE.COM', passwordSecret: 'aviation/kdc', ticketHours: 12 } },
      stepsAtOnce: 10,
      idleMinutes: 90,
      bootstrap: [
        { name: 'agent', script, arguments: ['--quiet'] },
        { name: 'more', script: 's3://aviation-scripts/more.sh' },
      ],
      settings: { 'spark.sql.shuffle.partitions': '400', 'spark.sql.adaptive.enabled': 'false' },
      icebergCatalog: { uri: 'https://catalog.example.com/iceberg', warehouse: 'lake', auth: 'none' },
      alarms: { idleMinutes: 30, failedApplications: 5, hdfsPercent: 70, memoryPercent: 5 },
      emails: ['data@example.com'],
      compliance: 'regulated',
    },
    differences: [...files, secret],
  },
  { title: 'a cluster of groups with rules', given: { scaling: rules } },
  { title: 'a cluster whose task group has rules', given: { scaling: rules, task: {} } },
];

describe.each(cases)('$title', ({ given, differences = [] }) => {
  let template: Record<string, unknown>;
  let config: string;
  beforeAll(() => {
    const stack = new Stack(new App(), 'Stack');
    const terraformOf = new TerraformStack(new TerraformApp(), 'Stack');
    new aws.AwsProvider(terraformOf, 'Aws', {});
    const made = inCdk(stack, given);
    made.grantRun(new Role(stack, 'Runner', { assumedBy: new ServicePrincipal('states.amazonaws.com') }));
    inTerraform(terraformOf, given).grantRun(new aws.IamRole(terraformOf, 'Runner', { assumeRolePolicy: trust }));
    template = Template.fromStack(stack).toJSON();
    config = JSON.stringify(terraformOf.toTerraform());
  });

  test('both engines create the same, and nothing of it is unknown to the inventory', () => {
    expectParity(template, config, { differences: [engineDifferences.retain, ...differences] });
    for (const { resources } of [inventory(template), inventory(config)])
      expect(resources.filter(({ unmapped }) => unmapped.length > 0)).toEqual([]);
  });

  test('what it creates is what was reviewed', () => {
    const all = inventory(template);
    expect(
      inventorySnapshot({ ...all, resources: all.resources.filter(({ id }) => id.startsWith('Emr')) }),
    ).toMatchSnapshot();
  });
});

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'states.amazonaws.com' } }],
});

const engines = [
  { engine: 'CloudFormation', cluster: (given: Given = {}) => cdkStack((stack) => inCdk(stack, given)) },
  { engine: 'Terraform', cluster: (given: Given = {}) => terraformStack((stack) => inTerraform(stack, given)) },
];

describe.each(engines)('$engine', ({ cluster: make }) => {
  const made = new Map<string, Created>();
  /** Made once: most tests look at the same. */
  const cluster = (given: Given = {}): Created => {
    const known = JSON.stringify(given);
    if (!made.has(known)) made.set(known, make(given));
    return made.get(known)!;
  };
  const properties = (given?: Given) => cluster(given).find('emr.cluster', 'EmrCluster').properties;
  const security = (given?: Given) =>
    cluster(given).find('emr.securityConfiguration', 'EmrSecurity').properties.configuration;

  test('it has one primary node and two core nodes, and EMR grows it to ten at most', () => {
    expect(properties()).toMatchObject({
      release: 'emr-spark-8.0.0',
      primaryFleet: { onDemand: 1 },
      coreFleet: { onDemand: 2 },
      managedScaling: { unit: 'InstanceFleetUnits', min: 2, max: 10, maxCore: 10, maxOnDemand: 10 },
      subnets: network.subnetIds,
    });
    expect(properties()).not.toHaveProperty('idleSeconds');
  });

  test('what grows beyond the core nodes is on Spot, where task nodes are asked for, and on demand where Spot has none', () => {
    const made = cluster({ task: { count: 3 } });
    expect(made.find('emr.taskFleet', 'EmrTask').properties).toMatchObject({
      spot: 3,
      spotAllocation: 'price-capacity-optimized',
      spotFallback: 'SWITCH_TO_ON_DEMAND',
      spotMinutes: 10,
    });
    expect(properties({ task: {} }).managedScaling).toMatchObject({ maxCore: 2, maxOnDemand: 2 });
  });

  test('rules of your own are on groups, in the words of EMR', () => {
    const core = properties({ scaling: rules }).coreGroup;
    expect(core).toMatchObject({
      instanceType: 'm7g.xlarge',
      scaling: { Constraints: { MinCapacity: 2, MaxCapacity: 20 } },
    });
    const text = JSON.stringify(core);
    expect(text).toMatch(/"ScalingAdjustment":2/);
    expect(text).toMatch(/"CoolDown":300/);
    expect(text).toMatch(/"Threshold":15/);
    expect(text).toContain('$'.concat('{emr.clusterId}'));
    expect(properties({ scaling: rules })).not.toHaveProperty('managedScaling');
    expect(properties({ scaling: rules }).subnet).toBe(network.subnetIds[0]);
  });

  test('false and 0 are answers', () => {
    expect(properties({ scaling: false })).not.toHaveProperty('managedScaling');
    expect(properties({ idleMinutes: 30 }).idleSeconds).toBe(1800);
    expect(properties({ idleMinutes: false })).not.toHaveProperty('idleSeconds');
    const silent = { idleMinutes: false, failedApplications: false, hdfsPercent: false, memoryPercent: false } as const;
    expect(cluster({ alarms: silent }).all('cloudwatch.alarm')).toEqual([]);
    expect(properties({ task: {}, scaling: { maxOnDemand: 0 } }).managedScaling).toMatchObject({ maxOnDemand: 0 });
  });

  test('everything is encrypted, on disk and between nodes, and only version 2 of the metadata is answered', () => {
    expect(security()).toMatchObject({
      EncryptionConfiguration: {
        EnableAtRestEncryption: true,
        EnableInTransitEncryption: true,
        InTransitEncryptionConfiguration: {
          TLSCertificateConfiguration: { CertificateProviderType: 'PEM', S3Object: required.certificates },
        },
        AtRestEncryptionConfiguration: { LocalDiskEncryptionConfiguration: { EnableEbsEncryption: true } },
      },
      InstanceMetadataServiceConfiguration: { MinimumInstanceMetadataServiceVersion: 2, HttpPutResponseHopLimit: 1 },
    });
    expect(JSON.stringify(security())).toContain('LakeSilverKey');
    expect(security()).not.toHaveProperty('AuthenticationConfiguration');
  });

  test('with Kerberos the password of its KDC is a secret, which no template holds', () => {
    const made = cluster({ authentication: kerberos });
    expect(made.find('emr.cluster', 'EmrCluster').properties).toMatchObject({
      kerberosRealm: 'EC2.INTERNAL',
      kerberosPassword: '{secret}',
    });
    expect(made.text).toMatch(/resolve:secretsmanager:aviation\/kdc|data\.aws_secretsmanager_secret_version/);
    expect(security({ authentication: kerberos })).toHaveProperty('AuthenticationConfiguration.KerberosConfiguration');
  });

  test('nothing from outside of the cluster reaches a node: security groups let each other in, and HTTPS out', () => {
    const made = cluster();
    const ins = made.resources.filter(({ kind }) => /ngress/.test(kind));
    expect(ins).toHaveLength(15);
    expect(ins.every(({ properties: rule }) => rule.cidr === undefined)).toBe(true);
    const outs = made.resources.filter(({ kind, properties: rule }) => /gress/.test(kind) && rule.cidr !== undefined);
    expect(outs.map(({ properties: rule }) => rule.from)).toEqual([443, 443]);
  });

  test.each<[number, Given]>([
    [3, {}],
    [3, { scaling: { max: 4 }, task: {} }],
    [1, { scaling: { max: 3 } }],
    [1, { scaling: false }],
    [1, { scaling: rules }],
    [1, { stepsAtOnce: 1 }],
  ])(
    '%i steps run at once: the jobs that a pipeline runs at once, where nodes come for their executors: %j',
    (steps, given) => {
      expect(properties(given).stepsAtOnce ?? 1).toBe(steps);
    },
  );

  test('the alarm on applications rings for each five minutes in which one failed, not ever after the first', () => {
    const { properties: alarm } = cluster().find('cloudwatch.alarm', 'EmrFailedAlarm');
    expect(alarm).toMatchObject({ comparison: 'GreaterThanOrEqualToThreshold', threshold: 1, evaluationPeriods: 1 });
    const metrics = JSON.stringify(alarm.metrics);
    expect(metrics).toContain('DIFF(total)');
    expect(metrics).toContain('AppsFailed');
  });

  test('YARN begins no driver once more, a failed or a cancelled one, unless settings say so', () => {
    const attempts = (given?: Given) =>
      /spark\.yarn\.maxAppAttempts\W+(\d+)/.exec(JSON.stringify(properties(given).settings))?.[1];
    expect(attempts()).toBe('1');
    expect(attempts({ settings: { 'spark.yarn.maxAppAttempts': '3' } })).toBe('3');
  });

  test('logs go to the lake, with its key, and only below their own prefix', () => {
    expect(properties()).toMatchObject({ logs: expect.stringMatching(/^s3:\/\/.*\/_ops\/emr\/aviation\/logs\/$/) });
    expect(properties().logsKey).toMatch(/LakeSilverKey/);
    expect(JSON.stringify(cluster().find('iam.role', 'EmrJobRole'))).toMatch(/_ops\/emr\/aviation\/logs\/\*/);
  });

  test('EMR launches into the subnets and security groups of the cluster alone, and manages what has its tag', () => {
    const role = cluster().find('iam.role', 'EmrServiceRole');
    const statement = (action: string) => role.statements.filter(({ actions }) => actions?.includes(action));
    const placed = statement('ec2:CreateNetworkInterface').flatMap(({ resources }) => resources ?? []);
    expect(placed.filter((arn) => arn.includes('subnet/'))).toHaveLength(2);
    expect(placed.filter((arn) => arn.includes('security-group/'))).toHaveLength(3);
    for (const { conditions } of statement('ec2:TerminateInstances'))
      expect(JSON.stringify(conditions)).toContain('for-use-with-amazon-emr-managed-policies');
    expect(properties().tags).toMatchObject({ 'for-use-with-amazon-emr-managed-policies': 'true' });
    expect(JSON.stringify(role)).not.toMatch(/application-autoscaling/);
  });

  test('everything that is wrong is said at once, and nothing is created', () => {
    const wrong: Given = {
      name: 'A',
      release: '8',
      certificates: 'emr.zip',
      primary: { instanceTypes: [], diskGb: 1 },
      core: { instanceTypes: ['large', 'm7g.xlarge', 'm7g.xlarge'], count: 0 },
      task: { count: 0, allocation: 'cheap' as 'diversified', fallback: 'none' as 'terminate', spotMinutes: 1 },
      scaling: { min: 9, max: 3, maxOnDemand: -1 },
      authentication: { kerberos: { realm: 'x', passwordSecret: '', ticketHours: 0 } },
      stepsAtOnce: 0,
      idleMinutes: 0,
      bootstrap: [{ name: '', script: 's3://nothing' }],
      settings: { cores: '1' },
      alarms: { idleMinutes: 0, hdfsPercent: 101 },
      removal: 'delete',
    };
    expect(problemsOf(() => cluster(wrong))).toEqual([
      'name: must be 2 to 20 lower-case letters, digits and single hyphens, a letter first; given "A"',
      'release: must be a release of EMR such as emr-spark-8.0.0; given "8"',
      'certificates: must be a zip in S3 such as s3://bucket/emr.zip; given "emr.zip"',
      'primary.instanceTypes: must name 1 to 30 types; given 0',
      'primary.diskGb: must be a whole number from 10 to 16384; given 1',
      'core.instanceTypes: must be types of EC2 instances such as m7g.xlarge; given "large"',
      'core.instanceTypes: must name each type once; given large, m7g.xlarge, m7g.xlarge',
      'core.count: must be a whole number from 1; given 0',
      'task.count: must be a whole number from 1; given 0',
      'task.allocation: must be a strategy that EMR has; given "cheap"; allowed: capacity-optimized, capacity-optimized-prioritized, diversified, lowest-price, price-capacity-optimized',
      'task.fallback: must be one that EMR has; given "none"; allowed: on-demand, terminate',
      'task.spotMinutes: must be a whole number from 5 to 1440; given 1',
      'instanceTypes: must all have one processor, since what is compiled for one does not run on another; given m7g.xlarge (arm64) and large (x86_64)',
      'scaling.max: must not be less than min; given 9 to 3',
      'scaling.maxOnDemand: must be a whole number from 0 to 3; given -1',
      'authentication.kerberos.realm: must be capital letters, digits, dots and hyphens; given "x"',
      'authentication.kerberos.passwordSecret: must be the name or ARN of a secret; given ""',
      'authentication.kerberos.ticketHours: must be a whole number from 1; given 0',
      'stepsAtOnce: must be a whole number from 1 to 256; given 0',
      'idleMinutes: must be a whole number from 1 to 10080; given 0',
      'bootstrap[0].name: must be 1 to 64 letters, digits, spaces, - and _; given ""',
      'bootstrap[0].script: must be a file, or an object such as s3://bucket/agent.sh; given "s3://nothing"',
      'settings: must be settings of Spark, whose names begin with spark.; given "cores"',
      'alarms.idleMinutes: must be a whole number from 1; given 0',
      'alarms.hdfsPercent: must be a whole number from 1 to 100; given 101',
      expect.stringMatching(/^removal: must be retain unless/),
    ]);
  });

  test.each<[string, Given, string]>([
    [
      'rules on fleets',
      { scaling: rules, capacity: 'fleets' },
      'scaling.rules: must stay away where capacity is "fleets"; EMR has none for them',
    ],
    [
      'a strategy for groups, which have no choice',
      { capacity: 'groups', task: { allocation: 'diversified' } },
      'task.allocation: must stay away where capacity is "groups"; given diversified',
    ],
    [
      'two types in a group',
      { capacity: 'groups', core: { instanceTypes: ['m7g.xlarge', 'r7g.xlarge'] } },
      'core.instanceTypes: must name one type; given 2',
    ],
    [
      'a rule with two limits',
      { scaling: { rules: [{ name: 'x', metric: 'AppsPending', below: 1, above: 2, addNodes: 1 }] } },
      'scaling.rules[0]: must have either below or above; given both',
    ],
    [
      'more nodes at first than there may be',
      { core: { count: 11 } },
      'scaling.max: must not be less than the 11 nodes at first; given 10',
    ],
    [
      'regulated data without Kerberos',
      { compliance: 'regulated' },
      'authentication: must be kerberos, since compliance is "regulated"; given none',
    ],
    [
      'a script that is not there',
      { bootstrap: [{ name: 'x', script: '/nowhere/x.sh' }] },
      ': needs /nowhere/x.sh, which is not there',
    ],
  ])('%s is refused', (_, given, problem) => {
    expect(problemsOf(() => cluster(given))).toEqual([problem]);
  });
});

test('in a network with an endpoint of EMR its nodes can read their packages, which nobody signs for', () => {
  const policy = (endpoints: string[]) =>
    JSON.stringify(
      networkModel('Network', { name: 'aviation', cidr: '10.0.0.0/16', endpoints }).nodes.find(
        ({ id }) => id === 'S3Endpoint',
      ),
    );
  expect(policy(['elasticmapreduce'])).toContain('PackagesOfNodes');
  expect(policy(['kms'])).not.toContain('PackagesOfNodes');
});

describe('a pipeline whose jobs are steps of a cluster', () => {
  const pipeline = {
    manifest: { ...manifest, engine: { tables: { 'silver.flights': 'spark' } } },
    runtime: __filename,
    sparkPackage: __filename,
  } as const;

  test('is the same in both engines, which let it run steps of this cluster, and nodes fetch what a job is made of', () => {
    const stack = new Stack(new App(), 'Stack');
    const lake = new cdk.Lake(stack, 'Lake', { name: 'aviation' });
    new cdk.Pipeline(stack, 'Pipeline', { ...pipeline, lake, spark: inCdk(stack, {}, lake) });
    const terraformOf = new TerraformStack(new TerraformApp(), 'Stack');
    new aws.AwsProvider(terraformOf, 'Aws', {});
    const same = new terraform.Lake(terraformOf, 'Lake', { name: 'aviation' });
    const spark = inTerraform(terraformOf, {}, same);
    new terraform.Pipeline(terraformOf, 'Pipeline', { ...pipeline, lake: same, spark });
    const template = Template.fromStack(stack).toJSON();
    const config = JSON.stringify(terraformOf.toTerraform());
    const where = 'the CDK puts files into a bucket of its own, Terraform into the lake';
    expectParity(template, config, {
      differences: [
        engineDifferences.retain,
        { reason: where, what: 'resource', kind: 's3.object', cloudformation: absent },
        { reason: where, what: 'statement', path: '*cdk-*-assets-*' },
        { reason: where, what: 'statement', path: '*{s3.object:*' },
        { reason: where, what: 'edge', path: '* -> s3.object:*' },
        { reason: where, what: 'property', path: 'definition.*HadoopJarStep*' },
      ],
    });
    for (const text of [JSON.stringify(template), config]) {
      expect(text).toContain('elasticmapreduce:addStep.sync');
      expect(text).toContain('StepFunctionsGetEventForEMRAddJobFlowStepsRule');
      expect(text).not.toContain('emr-serverless');
      expect(text).toMatch(
        /for up to a minute more\.[^"]*\(stepsAtOnce of the EmrCluster\)[^"]*instanceTypes of the EmrCluster/,
      );
      expect(text).not.toContain('engine.spark.worker');
      expect(text).toMatch(/INGOT_SPARK_ON[\\"]+:[\\"]+cluster/);
      expect(text).toMatch(/INGOT_EMR_CLUSTER[\\"]+:[\\"]+/);
    }
  });

  const target = {
    clusterId: 'j-CLUSTER',
    main: 's3://b/main.py',
    package: 's3://b/package.zip',
    platform: 's3://b/platform.zip',
    bucketName: 'answers',
    settings: { environment: { INGOT_WAREHOUSE: 'w' }, scratch: 's3://answers/spark/scratch' },
    tables: new Map(['silver.flights', 'gold.fct_flights'].map((table) => [table, sparkSize()])),
    given: [],
  };
  const handlers = { ingest: 'ingest', quality: 'quality', transform: 'transform', publish: 'publish' };
  const machine = resolve(
    stateMachine(manifest.groups[0]!, manifest, { ...handlers, deadLetters: 'queue', notices: 'topic', spark: target }),
    ({ attr }) => (attr === 'partition' ? 'aws' : attr),
  ) as unknown as Asl;

  /** Runs it, with steps that are given what `answers` says as their answer, or fail. */
  async function run(answers: (handler: string, event: Record<string, unknown>) => object | Error) {
    const steps: { readonly handler: string; readonly event: unknown; readonly args: readonly string[] }[] = [];
    const objects = new Map<string, string>();
    const plain = (given: string) =>
      JSON.parse(Buffer.from(given.replace(/^base64:/, ''), 'base64').toString()) as Record<string, unknown>;
    const end = await execute(
      machine,
      { machine: 'aviation', name: 'run-1', input: { range: { from: '2001-01-01', to: '2001-01-31' } } },
      {
        sleep: async () => {},
        task: async ({ resource, input }) => {
          const given = input as Record<string, unknown>;
          if (resource.endsWith('listExecutions')) return { Executions: [] };
          if (resource.endsWith('getObject')) return { Body: objects.get(`s3://${given.Bucket}/${given.Key}`) };
          if (resource.endsWith('addStep.sync')) {
            const { Step } = given as { Step: { HadoopJarStep: { Jar: string; Args: string[] } } };
            const args = Step.HadoopJarStep.Args;
            const [settings, handler, event, answer] = args.slice(-4) as [string, string, string, string];
            expect(plain(settings)).toEqual(target.settings);
            steps.push({ handler, event: plain(event), args: args.slice(0, -4) });
            const answered = answers(handler, plain(event));
            if (answered instanceof Error) throw answered;
            objects.set(answer, JSON.stringify(answered));
            return {};
          }
          const { Payload } = given as { Payload?: { action?: string } };
          const tables = [{ table: 'silver.flights', batches: [{ batch: 1 }] }];
          return { Payload: Payload?.action === 'plan' ? { empty: false, tables } : {} };
        },
      },
    );
    return { end, steps };
  }

  test('runs within what Step Functions and this machine know', () => {
    expect(validateStates(machine)).toEqual([]);
    expect(validateAsl(machine).isValid).toBe(true);
  });

  test('gives each step the event that a function gets, no argument of which YARN reads as its own', async () => {
    const { end, steps } = await run(() => ({ passed: true }));
    expect(end.status).toBe('SUCCEEDED');
    const range = { from: '2001-01-01', to: '2001-01-31' };
    expect(steps.map(({ handler, event }) => [handler, event])).toEqual([
      ['ingest', { action: 'load', table: 'silver.flights', batch: 1, run: 'run-1' }],
      ['quality', { group: 'aviation', table: 'silver.flights', run: 'run-1' }],
      ['transform', { model: 'fct_flights', run: 'run-1', range }],
      ['quality', { group: 'aviation', table: 'gold.fct_flights', run: 'run-1' }],
    ]);
    for (const { args } of steps)
      expect(args).toEqual([
        'spark-submit',
        '--deploy-mode',
        'cluster',
        '--archives',
        's3://b/package.zip#ingot,s3://b/platform.zip#platform',
        '--conf',
        'spark.sql.shuffle.partitions=1024',
        '--conf',
        'spark.sql.adaptive.advisoryPartitionSizeInBytes=134217728',
        '--conf',
        'spark.sql.iceberg.advisory-partition-size=536870912',
        's3://b/main.py',
      ]);
    expect(JSON.stringify(machine)).not.toMatch(/EntryPoint|startJobRun/);
  });

  test('tries a step that failed twice more, and ends where a rule fails', async () => {
    const failing = await run(() => new Error('executor lost'));
    expect(failing.end).toMatchObject({ status: 'FAILED', error: 'IngestFailed' });
    expect(failing.steps).toHaveLength(3);
    const refused = await run((handler) => ({ passed: handler !== 'quality' }));
    expect(refused.end).toMatchObject({ status: 'FAILED', error: 'CheckIngestedFailed' });
  });
});

test.each([AwsSolutionsChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks])(
  'cdk-nag finds nothing in a cluster',
  (Checks) => {
    const app = new App();
    const pack = new Checks(app);
    const stack = new Stack(app, 'Stack');
    const regulated = { compliance: 'regulated', authentication: kerberos } as const;
    for (const [id, given] of Object.entries(
      Checks === AwsSolutionsChecks ? { Groups: { scaling: rules }, Fleets: {} } : { Regulated: regulated },
    ))
      new cdk.EmrCluster(new Construct(stack, id), 'Emr', {
        ...required,
        lake: new cdk.Lake(new Stack(app, `LakeOf${id}`), 'Lake', { name: 'aviation' }),
        network,
        ...given,
      });
    Template.fromStack(stack);
    const found = pack.validateScope(app).violations;
    expect(found.filter(({ violatingResources }) => JSON.stringify(violatingResources).includes('Emr'))).toEqual([]);
  },
);
