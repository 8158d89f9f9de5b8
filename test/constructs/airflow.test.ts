import { App, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import type { TerraformStack } from 'cdktf';
import type { AirflowEnvironmentDeclaration } from '../../constructs/airflow/props';
import * as cdk from '../../constructs/cdk';
import * as terraform from '../../constructs/terraform';
import { airflowDags } from '../../lib/airflow/dag';
import { engineDifferences, expectParity, inventory, inventorySnapshot } from '../../lib/testing';
import { cdkStack, terraformStack } from './engines';
import { manifest } from './manifest';
import { findings } from './nag';
import { problemsOf } from './problems';

const name = 'aviation';
const network = {
  vpcId: 'vpc-00000000000000001',
  subnetIds: ['subnet-00000000000000001', 'subnet-00000000000000002', 'subnet-00000000000000003'],
};
type Given = Partial<AirflowEnvironmentDeclaration> & { readonly network?: typeof network };

const inCdk = (stack: Stack, { lake, ...given }: Given & { readonly lake?: cdk.Lake } = {}) =>
  new cdk.AirflowEnvironment(stack, 'Airflow', {
    name,
    network,
    lake: lake ?? new cdk.Lake(stack, 'Lake', { name }),
    ...given,
  });
const inTerraform = (stack: TerraformStack, { lake, ...given }: Given & { readonly lake?: terraform.Lake } = {}) =>
  new terraform.AirflowEnvironment(stack, 'Airflow', {
    name,
    network,
    lake: lake ?? new terraform.Lake(stack, 'Lake', { name }),
    ...given,
  });

/** A pipeline whose runs Airflow starts, with a table that is Spark's. */
const pipeline = {
  manifest: { ...manifest, engine: { tables: { 'silver.flights': 'spark' } } },
  runtime: __filename,
  sparkPackage: __filename,
  startedBy: 'airflow',
} as const;

const said: Given = {
  version: '3.1.0',
  size: 'mw1.large',
  workers: { min: 2, max: 20 },
  schedulers: 3,
  requirements: 'requirements.txt',
  options: { 'core.default_timezone': 'utc' },
  readers: ['10.1.0.0/16'],
  maintenance: 'SAT:22:30',
  compliance: 'regulated',
};

test.each([
  ['as it is by default', {}],
  ['in which everything is said', said],
])('both engines create the same environment %s', (_, given: Given) => {
  const template = cdkStack((stack) => inCdk(stack, given)).text;
  const config = terraformStack((stack) => inTerraform(stack, given)).text;
  expectParity(template, config, { differences: [engineDifferences.retain] });
  const all = inventory(template);
  for (const { resources } of [all, inventory(config)])
    expect(resources.filter(({ unmapped }) => unmapped.length > 0)).toEqual([]);
  expect(
    inventorySnapshot({ ...all, resources: all.resources.filter(({ id }) => id.startsWith('Airflow')) }),
  ).toMatchSnapshot();
});

test.each([
  { engine: 'CloudFormation', made: cdkStack((stack) => inCdk(stack)) },
  { engine: 'Terraform', made: terraformStack((stack) => inTerraform(stack)) },
])(
  '$engine: pages are private, bucket and environment have its own key, and nobody from outside comes in',
  ({ made }) => {
    const { properties } = made.find('mwaa.environment', 'AirflowEnvironment');
    expect(properties).toMatchObject({
      version: '3.0.6',
      size: 'mw1.small',
      subnets: network.subnetIds.slice(0, 2),
      key: '{kms.key:AirflowOperationsKey}.arn',
      dags: 'dags',
    });
    expect(made.text).toContain('PRIVATE_ONLY');
    const bucket = made.find('s3.bucket', 'AirflowDagsBucket').properties;
    expect(bucket).toMatchObject({ versioning: true });
    expect(JSON.stringify(bucket.encryption)).toContain('AirflowOperationsKey');
    const ins = made.resources.filter(({ kind, properties: rule }) => /ngress/.test(kind) && rule.cidr !== undefined);
    expect(ins).toEqual([]);
    const role = JSON.stringify(made.find('iam.role', 'AirflowExecutionRole'));
    expect(role).not.toMatch(/lambda:|emr|states:/);
  },
);

const diskKeyArn = 'arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000';

describe('a pipeline whose runs Airflow starts', () => {
  const variables: Readonly<Record<string, unknown>>[] = [];
  const made = cdkStack((stack) => {
    const lake = new cdk.Lake(stack, 'Lake', { name });
    const diskKey = Key.fromKeyArn(stack, 'Disks', diskKeyArn);
    const spark = new cdk.SparkApplication(stack, 'Spark', { name, diskKey });
    const there = new cdk.Pipeline(stack, 'Pipeline', { ...pipeline, lake, spark });
    there.grantDags(inCdk(stack, { lake }).executionRole);
    variables.push(there.facts.airflow);
  });
  const other = terraformStack((stack) => {
    const lake = new terraform.Lake(stack, 'Lake', { name });
    const diskKey = { arn: diskKeyArn, keyId: diskKeyArn };
    const spark = new terraform.SparkApplication(stack, 'Spark', { name, diskKey });
    const there = new terraform.Pipeline(stack, 'Pipeline', { ...pipeline, lake, spark });
    there.grantDags(inTerraform(stack, { lake }).executionRole);
    variables.push(there.facts.airflow);
  });

  test.each([
    { engine: 'CloudFormation', of: made },
    { engine: 'Terraform', of: other },
  ])('$engine: nothing else starts them, and freshness and retention stay on their schedules', ({ of }) => {
    const schedules = of.all('scheduler.schedule').map(({ id }) => id);
    expect(schedules).toEqual(['PipelineAviationProbeSchedule', 'PipelineAviationRetainSchedule']);
    expect(of.text).not.toContain('states:StartExecution');
    expect(of.all('cloudwatch.alarm').map(({ id }) => id)).not.toContain('PipelineAviationSuccessAlarm');
    expect(of.all('cloudwatch.alarm').map(({ id }) => id)).toContain('PipelineAviationRunFailedAlarm');
  });

  test('Airflow may call the functions and run the jobs of this pipeline, and start no state machine', () => {
    for (const { find } of [made, other]) {
      const text = JSON.stringify(find('iam.role', 'AirflowExecutionRole'));
      for (const handler of ['Ingest', 'Quality', 'Transform', 'Publish'])
        expect(text).toContain(`Pipeline${handler}Function`);
      expect(text).toMatch(/emr-serverless:StartJobRun.*Spark/);
      expect(text).toMatch(/spark\/answers\/\*/);
      expect(text).toContain(diskKeyArn);
      expect(text).not.toMatch(/RetainFunction|states:/);
    }
  });

  test('its DAGs are told where it is deployed by variables, whose names they hold', () => {
    const python = airflowDags(pipeline.manifest);
    expect(variables).toHaveLength(2);
    for (const facts of variables) {
      expect(Object.keys(facts)).toEqual([
        'ingot_aviation_notices',
        'ingot_aviation_dead_letters',
        'ingot_aviation_spark',
      ]);
      for (const variable of Object.keys(facts)) expect(python).toContain(variable);
      const told = facts.ingot_aviation_spark as object;
      expect(told).toHaveProperty('diskKeyArn', diskKeyArn);
      for (const key of Object.keys(told))
        expect(python).toMatch(new RegExp(`spark\\["${key}"\\]|spark\\['${key}'\\]|_spark\\.${key}`));
    }
  });
});

describe('a pipeline whose jobs run on an EMR cluster', () => {
  const emr = { name, network, certificates: 's3://given-certificates/emr.zip' };
  let variables: Readonly<Record<string, unknown>>;

  test.each([
    {
      engine: 'CloudFormation',
      make: () =>
        cdkStack((stack) => {
          const lake = new cdk.Lake(stack, 'Lake', { name });
          const spark = new cdk.EmrCluster(stack, 'Emr', { ...emr, lake });
          const there = new cdk.Pipeline(stack, 'Pipeline', { ...pipeline, lake, spark });
          there.grantDags(inCdk(stack, { lake }).executionRole);
          variables = there.facts.airflow;
        }),
    },
    {
      engine: 'Terraform',
      make: () =>
        terraformStack((stack) => {
          const lake = new terraform.Lake(stack, 'Lake', { name });
          const spark = new terraform.EmrCluster(stack, 'Emr', { ...emr, lake });
          const there = new terraform.Pipeline(stack, 'Pipeline', { ...pipeline, lake, spark });
          there.grantDags(inTerraform(stack, { lake }).executionRole);
          variables = there.facts.airflow;
        }),
    },
  ])('$engine: Airflow may run steps of that cluster, and its DAGs are told which one it is', ({ make }) => {
    const role = JSON.stringify(make().find('iam.role', 'AirflowExecutionRole'));
    const may = ['AddJobFlowSteps', 'CancelSteps', 'DescribeCluster', 'DescribeStep'];
    expect(role).toContain(JSON.stringify(may.map((action) => `elasticmapreduce:${action}`)));
    expect(role).toMatch(/spark\/answers\/\*/);
    expect(role).not.toMatch(/emr-serverless|states:/);
    const told = variables.ingot_aviation_spark as object;
    expect(Object.keys(told)).toEqual(['clusterId', 'main', 'package', 'platform', 'bucket', 'settings', 'given']);
    const python = airflowDags(pipeline.manifest, 'cluster');
    for (const key of Object.keys(told))
      expect(python).toMatch(new RegExp(`spark\\["${key}"\\]|spark\\['${key}'\\]|_spark\\.${key}`));
  });
});

test('everything that is wrong is said at once, and nothing is created', () => {
  const wrong: Given = {
    name: 'A',
    version: '2.10.3',
    size: 'big' as 'mw1.small',
    workers: { min: 3, max: 2 },
    schedulers: 1,
    requirements: 's3://x',
    options: { timezone: 'utc' },
    readers: ['everybody', '0.0.0.0/0'],
    maintenance: 'sunday',
    network: { ...network, subnetIds: ['subnet-00000000000000001'] },
  };
  expect(problemsOf(() => inCdk(new Stack(new App(), 'Stack'), wrong))).toEqual([
    'name: must be 2 to 20 lower-case letters, digits and single hyphens, a letter first; given "A"',
    'version: must be a version of Airflow 3 such as 3.0.6; given "2.10.3"',
    'size: must be a class that MWAA has; given "big"; allowed: mw1.small, mw1.medium, mw1.large, mw1.xlarge, mw1.2xlarge',
    'workers.max: must not be less than min; given 3 to 2',
    'schedulers: must be a whole number from 2 to 5; given 1',
    'requirements: must be the key of a .txt file in the bucket; given "s3://x"',
    'options: must be options of Airflow as section.option; given "timezone"',
    'readers: must be ranges of addresses such as 10.0.0.0/16; given "everybody"',
    'readers: must not let everybody in; given "0.0.0.0/0"',
    'maintenance: must be a day and a half hour such as SUN:03:00; given "sunday"',
    'network.subnetIds: must name two private subnets; given 1',
  ]);
});

test.each([AwsSolutionsChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks])(
  'cdk-nag finds nothing in an environment',
  (Checks) => {
    const compliance = Checks === AwsSolutionsChecks ? {} : { compliance: 'regulated' as const };
    const found = findings(Checks, (stack) => inCdk(stack, compliance));
    expect(found.filter((finding) => finding.includes('/Airflow'))).toEqual([]);
  },
);
