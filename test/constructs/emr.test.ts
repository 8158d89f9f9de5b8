import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, Key } from 'aws-cdk-lib/aws-kms';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import { App as TerraformApp, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import * as cdk from '../../constructs/cdk';
import { fileIsMissing, missingFiles } from '../../constructs/core/missing-files';
import * as aws from '../../constructs/core/terraform/aws';
import { sparkApplicationModel } from '../../constructs/emr/model';
import type { SparkApplicationDeclaration } from '../../constructs/emr/props';
import * as terraform from '../../constructs/terraform';
import { type Difference, engineDifferences, expectParity, inventorySnapshot } from '../../lib/testing';
import { cdkStack, expectKnown, filesDiffer, terraformStack } from './engines';
import { manifest } from './manifest';
import { findings } from './nag';
import { problemsOf } from './problems';
import { regulated, replica } from './regulated';

const name = 'aviation';
const network = { vpcId: 'vpc-00000000000000001', subnetIds: ['subnet-00000000000000001', 'subnet-00000000000000002'] };
type Given = Partial<SparkApplicationDeclaration> & { readonly network?: typeof network; readonly diskKeyArn?: string };

const inCdk = (stack: Stack, { diskKeyArn, ...given }: Given = {}) => {
  const diskKey = diskKeyArn === undefined ? undefined : Key.fromKeyArn(stack, 'Disks', diskKeyArn);
  return new cdk.SparkApplication(stack, 'Spark', { name, diskKey, ...given });
};
const inTerraform = (stack: TerraformStack, { diskKeyArn, ...given }: Given = {}) => {
  const diskKey = diskKeyArn === undefined ? undefined : { arn: diskKeyArn, keyId: diskKeyArn };
  return new terraform.SparkApplication(stack, 'Spark', { name, diskKey, ...given });
};
const diskKeyArn = 'arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000';
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'states.amazonaws.com' } }],
});

/** An application whose jobs write a lake, and a role that may run them. */
const withGrantsInCdk = (stack: Stack, given: Given) => {
  const spark = inCdk(stack, given);
  new cdk.Lake(stack, 'Lake', { name }).grantWrite(spark.jobRole, 'silver');
  spark.grantRun(new Role(stack, 'Runner', { assumedBy: new ServicePrincipal('states.amazonaws.com') }));
};
const withGrantsInTerraform = (stack: TerraformStack, given: Given) => {
  const spark = inTerraform(stack, given);
  new terraform.Lake(stack, 'Lake', { name }).grantWrite(spark.jobRole, 'silver');
  spark.grantRun(new aws.IamRole(stack, 'Runner', { assumeRolePolicy: trust }));
};

/** A pipeline of which one table is Spark's, and its model's table is not. */
const pipeline = {
  manifest: { ...manifest, engine: { tables: { 'silver.flights': 'spark' } } },
  runtime: __filename,
  sparkPackage: __filename,
} as const;
const withPipelineInCdk = (stack: Stack, given: Given) => {
  const spark = inCdk(stack, given);
  const { network: _, ...more } = given;
  const lake = new cdk.Lake(stack, 'Lake', { name, ...lakeOf(given) });
  return new cdk.Pipeline(stack, 'Pipeline', { ...pipeline, ...functionsOf(more), lake, spark });
};
const withPipelineInTerraform = (stack: TerraformStack, given: Given) => {
  const spark = inTerraform(stack, given);
  const { network: _, ...more } = given;
  const lake = new terraform.Lake(stack, 'Lake', { name, ...lakeOf(given) });
  return new terraform.Pipeline(stack, 'Pipeline', { ...pipeline, ...functionsOf(more), lake, spark });
};
const lakeOf = ({ compliance }: Given) =>
  compliance === undefined
    ? {}
    : {
        compliance,
        replicas: Object.fromEntries(
          ['bronze', 'silver', 'gold', 'access_logs', 'query_results'].map((one) => [one, replica(one)]),
        ),
      };
const functionsOf = ({ compliance }: Given) =>
  compliance === undefined ? {} : { compliance, network: regulated.network };

const policies = 'The CDK gathers what a role is given in one policy; Terraform has one for each grant';
const grantsDiffer: readonly Difference[] = [
  { reason: policies, what: 'resource', kind: 'iam.policy' },
  { reason: policies, what: 'property', kind: 'iam.role', path: 'managedPolicies*' },
  { reason: policies, what: 'edge', kind: 'iam.role', path: 'managedPolicies -> iam.policy:PipelineJobs*' },
];

const cases: readonly {
  readonly title: string;
  readonly given: Given;
  readonly grants?: true;
  readonly pipeline?: true;
}[] = [
  { title: 'an application as it is by default', given: {} },
  {
    title: 'an application in which everything is said',
    given: {
      release: 'emr-spark-8.1.0',
      architecture: 'x86_64',
      worker: { vcpu: 16, memoryGb: 64, diskGb: 100 },
      maxWorkers: 40,
      ready: { drivers: 1, executors: 4 },
      autoStart: false,
      idleMinutes: false,
      settings: { 'spark.sql.shuffle.partitions': '400', 'spark.sql.adaptive.enabled': 'false' },
      icebergCatalog: { uri: 'https://catalog.example.com/iceberg', warehouse: 'lake', auth: 'none' },
      logRetentionDays: 30,
      compliance: 'regulated',
      network,
    },
  },
  { title: 'an application with grants', given: { network }, grants: true },
  { title: 'a pipeline with jobs', given: {}, pipeline: true },
  { title: 'an application whose disks have a key', given: { diskKeyArn } },
  { title: 'a pipeline with jobs whose disks have a key', given: { diskKeyArn }, pipeline: true },
  { title: 'a pipeline with jobs, for regulated data', given: { compliance: 'regulated', network }, pipeline: true },
];

describe.each(cases)('$title', ({ given, grants, pipeline: isPipeline }) => {
  let template: Record<string, unknown>;
  let config: string;
  beforeAll(() => {
    const stack = new Stack(new App(), 'Stack');
    const terraformOf = new TerraformStack(new TerraformApp(), 'Stack');
    new aws.AwsProvider(terraformOf, 'Aws', {});
    if (isPipeline) {
      withPipelineInCdk(stack, given);
      withPipelineInTerraform(terraformOf, given);
    } else if (grants) {
      withGrantsInCdk(stack, given);
      withGrantsInTerraform(terraformOf, given);
    } else {
      inCdk(stack, given);
      inTerraform(terraformOf, given);
    }
    template = Template.fromStack(stack).toJSON();
    config = JSON.stringify(terraformOf.toTerraform());
  });

  test('both engines create the same, and nothing of it is unknown to the inventory', () => {
    const differences = [
      engineDifferences.retain,
      ...(isPipeline ? filesDiffer : []),
      ...(isPipeline && given.compliance !== undefined ? grantsDiffer : []),
    ];
    expectParity(template, config, {
      // What jobs may do is in the policy of another id there.
      differences:
        given.compliance === undefined ? differences : differences.filter(({ what }) => what !== 'statement'),
    });
    expectKnown(template, config);
  });

  test('a key of the disks is named where there is one, and nowhere else', () => {
    for (const text of [JSON.stringify(template), config]) {
      expect(text.includes(diskKeyArn)).toBe(given.diskKeyArn !== undefined);
      expect(text.includes('DiskEncryptionConfiguration')).toBe(given.diskKeyArn !== undefined && isPipeline === true);
    }
  });

  test('what it creates is what was reviewed', () => {
    if (!grants && !isPipeline) expect(inventorySnapshot(template)).toMatchSnapshot();
  });
});

const engines = [
  {
    engine: 'CloudFormation',
    application: (given: Given = {}) => cdkStack((stack) => inCdk(stack, given)),
    granted: (given: Given = {}) => cdkStack((stack) => withGrantsInCdk(stack, given)),
  },
  {
    engine: 'Terraform',
    application: (given: Given = {}) => terraformStack((stack) => inTerraform(stack, given)),
    granted: (given: Given = {}) => terraformStack((stack) => withGrantsInTerraform(stack, given)),
  },
];

describe.each(engines)('$engine', ({ application, granted }) => {
  const properties = (given?: Given) =>
    application(given).find('emr.serverlessApplication', 'SparkApplication').properties;
  const settings = (given?: Given) =>
    (properties(given).settings as unknown as [{ properties: Record<string, string> }])[0].properties;

  test('it has Spark 4 on ARM, starts by itself, and stops after a quarter of an hour without a job', () => {
    expect(properties()).toMatchObject({ type: 'spark', release: 'emr-spark-8.0.0', architecture: 'ARM64' });
    expect(application().text).toMatch(/idle_?timeout_?minutes\W+15\b/i);
    expect(properties()).not.toHaveProperty('autoStart');
    expect(properties()).not.toHaveProperty('initialCapacity');
    expect(properties()).not.toHaveProperty('subnets');
  });

  test('false and 0 are answers', () => {
    expect(properties({ autoStart: false, idleMinutes: false })).toMatchObject({ autoStart: false, autoStop: false });
    expect(properties({ ready: { drivers: 0, executors: 2 } }).initialCapacity).toEqual([
      { role: 'Executor', count: 2, worker: { cpu: '4 vCPU', memory: '16 GB', disk: '20 GB' } },
    ]);
  });

  test('what all jobs together may have is so many workers, and no job asks for more', () => {
    const given = { worker: { vcpu: 8, memoryGb: 32, diskGb: 50 }, maxWorkers: 5 };
    expect(properties(given).maximumCapacity).toEqual({ cpu: '40 vCPU', memory: '160 GB', disk: '250 GB' });
    expect(settings(given)).toMatchObject({
      'spark.dynamicAllocation.enabled': 'true',
      'spark.dynamicAllocation.maxExecutors': '4',
      'spark.executor.cores': '8',
      'spark.emr-serverless.executor.disk': '50G',
    });
  });

  test('tables are found through Glue by the Iceberg REST protocol, signed', () => {
    expect(settings()).toMatchObject({
      'spark.sql.catalog.lake.type': 'rest',
      'spark.sql.catalog.lake.uri': 'https://glue.{aws.region}.{aws.urlSuffix}/iceberg',
      'spark.sql.catalog.lake.warehouse': '{aws.account}',
      'spark.sql.catalog.lake.rest.sigv4-enabled': 'true',
      'spark.sql.catalog.lake.rest.signing-name': 'glue',
      'spark.sql.adaptive.enabled': 'true',
    });
  });

  test('settings that are given take the place of those that are not', () => {
    const given = settings({ settings: { 'spark.dynamicAllocation.maxExecutors': '2', 'spark.x': '0' } });
    expect(given).toMatchObject({ 'spark.dynamicAllocation.maxExecutors': '2', 'spark.x': '0' });
  });

  test('output of jobs goes to a log group with a key, and nowhere else', () => {
    const { logs, managedLogs } = properties() as { logs: unknown; managedLogs: unknown };
    expect(managedLogs).toBe(false);
    expect(logs).toMatchObject({ enabled: true, group: expect.stringContaining('SparkLogs') });
    expect(application().find('logs.group', 'SparkLogs').properties).toMatchObject({
      key: '{kms.key:SparkOperationsKey}.arn',
      retentionDays: 90,
    });
  });

  test('in a network its workers have a security group of their own, which lets HTTPS out and nothing in', () => {
    const made = application({ network });
    expect(made.find('emr.serverlessApplication', 'SparkApplication').properties).toMatchObject({
      subnets: network.subnetIds,
      securityGroups: ['{ec2.securityGroup:SparkSecurityGroup}.id'],
    });
    const ports = made.resources
      .filter(({ kind }) => /gress|Rule/i.test(kind))
      .map(({ kind, properties: rule }) => `${kind} ${rule.from}`);
    expect(ports).toEqual([expect.stringMatching(/gress.* 443|Rule.* 443/i)]);
  });

  test('only EMR Serverless, for this application, acts as the job role', () => {
    const role = JSON.stringify(application().find('iam.role', 'SparkJobRole'));
    expect(role).toContain('emr-serverless.amazonaws.com');
    expect(role).toMatch(/aws:SourceAccount.{0,8}\{aws\.account\}/);
    expect(role).toMatch(/aws:SourceArn.{0,8}\{emr\.serverlessApplication:SparkApplication\}\.arn/);
    expect(role).not.toMatch(/s3:|glue:/);
  });

  test('a lake gives the job role what it gives any other, and who may run jobs may pass that role to EMR alone', () => {
    const text = JSON.stringify(granted().resources);
    expect(text).toMatch(/s3:PutObject/);
    expect(text).toMatch(/glue:UpdateTable/);
    for (const action of ['StartJobRun', 'GetJobRun', 'CancelJobRun'])
      expect(text).toContain(`emr-serverless:${action}`);
    expect(text).toMatch(/iam:PassedToService.{0,8}emr-serverless\.amazonaws\.com/);
  });

  test('jobs may use the key of their disks, and who starts them may give it them, through EMR alone', () => {
    const made = granted({ diskKeyArn });
    const statements = (id: string) =>
      made
        .find('iam.role', id)
        .statements.filter(({ resources }) => resources?.includes(diskKeyArn))
        .map(({ actions, conditions }) => ({ actions, conditions }));
    expect(statements('SparkJobRole')).toEqual([
      { actions: ['kms:Decrypt', 'kms:GenerateDataKey'], conditions: undefined },
    ]);
    expect(statements('Runner')).toEqual([
      {
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
        conditions: { StringEquals: { 'kms:ViaService': ['emr-serverless.{aws.region}.{aws.urlSuffix}'] } },
      },
    ]);
  });

  test('everything that is wrong is said at once, and nothing is created', () => {
    const wrong: Given = {
      name: 'A',
      release: '8',
      architecture: 'arm' as 'arm64',
      worker: { vcpu: 3, memoryGb: 1, diskGb: 0 },
      maxWorkers: 1,
      ready: { drivers: -1, executors: 0.5 },
      idleMinutes: 0,
      settings: { cores: '1' },
      icebergCatalog: { uri: 'x', warehouse: '' },
      logRetentionDays: 0,
      removal: 'delete',
      compliance: 'regulated',
    };
    expect(problemsOf(() => application(wrong))).toEqual([
      'name: must be 2 to 20 lower-case letters, digits and single hyphens, a letter first; given "A"',
      'release: must be a release of EMR such as emr-spark-8.0.0; given "8"',
      'architecture: must be one that EMR has; given "arm"; allowed: arm64, x86_64',
      'worker.vcpu: must be 1, 2, 4, 8 or 16; given 3',
      'worker.diskGb: must be a whole number from 20 to 200; given 0',
      'maxWorkers: must be a whole number from 2; given 1',
      'ready.drivers: must be a whole number from 0; given -1',
      'ready.executors: must be a whole number from 0; given 0.5',
      'idleMinutes: must be a whole number from 1 to 10080; given 0',
      'settings: must be settings of Spark, whose names begin with spark.; given "cores"',
      'network: must give a VPC for the workers, since compliance is "regulated"; given nothing',
      'icebergCatalog.uri: must be an http or https address; given "x"',
      'icebergCatalog.warehouse: must name the warehouse of the catalog; given ""',
      expect.stringMatching(/^logRetentionDays: must be a number of days that CloudWatch Logs knows; given 0;/),
      expect.stringMatching(/^removal: must be retain unless/),
    ]);
  });
});

test.each([
  [4, 7, '8 to 30 for 4'],
  [4, 31, '8 to 30 for 4'],
  [8, 18, '16 to 60 in steps of 4 for 8'],
  [16, 124, '32 to 120 in steps of 8 for 16'],
])('workers of %d processors and %d GB are refused: there are none', (vcpu, memoryGb, range) => {
  expect(problemsOf(() => sparkApplicationModel('Spark', { name, worker: { vcpu, memoryGb } }))).toEqual([
    `worker.memoryGb: must be a whole number from ${range} vcpu; given ${memoryGb}`,
  ]);
});

test("heap and what is outside of it are no more than a worker's memory", () => {
  for (const [vcpu, memoryGb] of [
    [1, 2],
    [2, 4],
    [4, 30],
    [16, 120],
  ] as const) {
    const { nodes } = sparkApplicationModel('Spark', { name, worker: { vcpu, memoryGb } });
    const node = nodes.find((one) => one.kind === 'sparkApplication')!;
    const heap = Number(String(node.settings['spark.executor.memory']).replace('m', ''));
    expect(heap + Math.max(384, heap * 0.1)).toBeLessThanOrEqual(memoryGb * 1024);
    expect(heap + Math.max(384, heap * 0.1)).toBeGreaterThan(memoryGb * 1024 - 3);
  }
});

test('a job begins with no more executors than it may have, where EMR would have it begin with three', () => {
  const initial = (given: Partial<SparkApplicationDeclaration>) => {
    const { nodes } = sparkApplicationModel('Spark', { name, ...given });
    const node = nodes.find((one) => one.kind === 'sparkApplication')!;
    return node.settings['spark.dynamicAllocation.initialExecutors'];
  };
  expect(initial({ maxWorkers: 2 })).toBe('1');
  expect(initial({ maxWorkers: 3 })).toBe('2');
  expect(initial({ maxWorkers: 4 })).toBeUndefined();
  expect(initial({ settings: { 'spark.dynamicAllocation.maxExecutors': '1' } })).toBe('1');
  expect(initial({ maxWorkers: 3, settings: { 'spark.dynamicAllocation.initialExecutors': '0' } })).toBe('0');
});

test('more workers kept ready than there may be are refused', () => {
  expect(problemsOf(() => sparkApplicationModel('Spark', { name, maxWorkers: 3, ready: { executors: 4 } }))).toEqual([
    'ready: must not be more than maxWorkers, 3, together; given 4',
  ]);
});

test.each([AwsSolutionsChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks])(
  'cdk-nag finds nothing in an application whose jobs are run by a pipeline',
  (Checks) => {
    const given: Given = Checks === AwsSolutionsChecks ? {} : { compliance: 'regulated', network };
    expect(findings(Checks, (stack) => withPipelineInCdk(stack, given))).toEqual([]);
  },
);

test('the package of jobs is that of the processor of their application', () => {
  const given = { architecture: 'x86_64' } as const;
  const made = () => cdkStack((stack) => pipelineOn(inCdk(stack, given), stack));
  // The engine's own validation says it.
  expect(made).toThrow(
    /needs .*spark-x86_64\.zip, which is not there; write it with: npx ingot runtime --spark --arch x86_64/,
  );
});

test('files that one command brings are named together, wherever they are needed', () => {
  const stack = new Stack(new App(), 'Stack');
  const of = new Construct(stack, 'Of');
  fileIsMissing(of, 'quality.zip', 'build it');
  fileIsMissing(of, 'ingest.zip', 'build it');
  fileIsMissing(new Construct(stack, 'Beside'), 'publish.zip', 'build it');
  fileIsMissing(of, 'arm64.zip', 'fetch it');
  expect(missingFiles(stack.node.root)).toEqual([
    {
      where: 'Stack/Of',
      path: '',
      message: 'needs ingest.zip, publish.zip and quality.zip, which are not there; build it',
    },
    { where: 'Stack/Of', path: '', message: 'needs arm64.zip, which is not there; fetch it' },
  ]);
});

const pipelineOn = (spark: cdk.SparkApplication, stack: Stack) =>
  new cdk.Pipeline(stack, 'Pipeline', {
    manifest: pipeline.manifest,
    runtime: __filename,
    lake: new cdk.Lake(stack, 'Lake', { name }),
    spark,
  });

test("a pipeline with tables of Spark's needs an application, and says why", () => {
  expect(problemsOf(() => cdkStack((stack) => pipelineAlone(stack)))).toEqual([
    'spark: must give a SparkApplication or an EmrCluster, since Spark is the engine of silver.flights (platform.yaml says so; its contract declares no volumePerDay); given nothing',
  ]);
});

const pipelineAlone = (stack: Stack) =>
  new cdk.Pipeline(stack, 'Pipeline', { ...pipeline, lake: new cdk.Lake(stack, 'Lake', { name }) });

test('disks have a key, and no alias of one, which EMR Serverless does not take', () => {
  const alias = (stack: Stack) => Alias.fromAliasName(stack, 'Disks', 'alias/disks');
  expect(
    problemsOf(() =>
      cdkStack((stack) => void new cdk.SparkApplication(stack, 'Spark', { name, diskKey: alias(stack) })),
    ),
  ).toEqual([
    expect.stringMatching(/^diskKey: must be the ARN of a key, .*, and not of an alias; given ".*:alias\/disks"$/),
  ]);
  const arn = diskKeyArn.replace(/key.*/, 'alias/disks');
  for (const given of [arn, '00000000-0000-0000-0000-000000000000'])
    expect(problemsOf(() => sparkApplicationModel('Spark', { name }, { nodes: new Set(), diskKeyArn: given }))).toEqual(
      [
        `diskKey: must be the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>, and not of an alias; given "${given}"`,
      ],
    );
});
