import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { App as TerraformApp, TerraformStack } from 'cdktf';
import * as cdk from '../../constructs/cdk';
import * as aws from '../../constructs/core/terraform/aws';
import * as terraform from '../../constructs/terraform';
import { loadPlatform } from '../../lib/platform/load';
import type { Manifest } from '../../lib/platform/manifest';
import { type Difference, engineDifferences, expectParity, inventorySnapshot } from '../../lib/testing';
import { column } from '../ingest/datasets';
import { expectKnown } from './engines';
import { dataset, manifest } from './manifest';
import { regulated, replica } from './regulated';

/**
 * Every construct and every example has a row here, once for each way of using it that decides differently. A row says
 * the same thing to both engines; what comes out must be the same but for the differences that it lists.
 */
interface Row {
  readonly name: string;
  readonly cdk: (stack: Stack) => unknown;
  readonly terraform: (stack: TerraformStack) => unknown;
  readonly differences: readonly Difference[];
  readonly context?: Readonly<Record<string, unknown>>;
}

const { defaultSecurityGroup, invocationLifecycle, retain } = engineDifferences;

/** Any file will do as the native runtime: its bytes are no decision of a template. */
const runtime = __filename;

const words = ['$', '{var.x} %', '{if y} "quoted" \\'].join('');
const everyFormat = {
  dataQualityRulesets: true,
  arrivalsSince: '2020-01-01',
  architecture: 'x86_64',
  logRetentionDays: 1,
  manifest: {
    datasets: (['csv', 'json', 'parquet'] as const).map((format) =>
      dataset('silver', `${format}_rows`, [column('id', 'long', { required: true, description: words })], {
        description: words,
        key: ['id'],
        tags: [words],
        rules: [{ name: words, type: 'notNull', column: 'id', dimension: 'completeness', severity: 'error' }],
        source: { zone: 'bronze', prefix: format, format, sources: ['bts', 'faa'] },
      }),
    ),
  },
} as const;

const rows: readonly Row[] = [
  {
    name: 'a lake by default',
    cdk: (stack) => new cdk.Lake(stack, 'Lake', { name: 'aviation' }),
    terraform: (stack) => new terraform.Lake(stack, 'Lake', { name: 'aviation' }),
    differences: [retain],
  },
  {
    name: 'a lake with every prop set to something else',
    ...bothLakes({
      name: 'data-1',
      zones: [
        { name: 'landing', holds: 'files', archiveAfterDays: false, retentionDays: 30 },
        { name: 'raw', holds: 'files', archiveAfterDays: 10 },
        { name: 'mart', retentionDays: false },
      ],
      removal: 'delete',
      accessLogs: false,
      queryScanLimitGb: 0.5,
      queryResultDays: 1,
    }),
    context: { 'ingot:allow-data-deletion': 'true' },
    differences: [],
  },
  {
    name: 'a lake over an existing bucket and key, with grants to a role',
    cdk: (stack) => {
      const key = new kms.CfnKey(stack, 'Key', { keyPolicy: { Version: '2012-10-17', Statement: [] } });
      const bucket = new s3.CfnBucket(stack, 'Bucket', { bucketName: 'mine' });
      const role = new iam.Role(stack, 'Analyst', { assumedBy: new iam.ServicePrincipal('glue.amazonaws.com') });
      const lake = new cdk.Lake(stack, 'Lake', {
        name: 'aviation',
        zones: [
          { name: 'bronze', bucket: s3.Bucket.fromCfnBucket(bucket), key: kms.Key.fromCfnKey(key) },
          { name: 'silver', key: kms.Key.fromCfnKey(key) },
        ],
      });
      lake.grantRead(role, 'bronze');
      lake.grantWrite(role, 'silver');
      lake.grantQuery(role);
    },
    terraform: (stack) => {
      const key = new aws.KmsKey(stack, 'Key', { policy: '{"Version":"2012-10-17","Statement":[]}' });
      const bucket = new aws.S3Bucket(stack, 'Bucket', { bucket: 'mine' });
      const role = new aws.IamRole(stack, 'Analyst', {
        assumeRolePolicy: JSON.stringify({
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'glue.amazonaws.com' } }],
        }),
      });
      const lake = new terraform.Lake(stack, 'Lake', {
        name: 'aviation',
        zones: [
          { name: 'bronze', bucket, key },
          { name: 'silver', key },
        ],
      });
      lake.grantRead(role, 'bronze');
      lake.grantWrite(role, 'silver');
      lake.grantQuery(role);
    },
    differences: [retain],
  },
  {
    name: 'a catalog on its own lake',
    cdk: (stack) => {
      const lake = new cdk.Lake(stack, 'Lake', { name: 'aviation' });
      new cdk.Catalog(stack, 'Catalog', { manifest, lake });
    },
    terraform: (stack) => {
      const lake = new terraform.Lake(stack, 'Lake', { name: 'aviation' });
      new terraform.Catalog(stack, 'Catalog', { manifest, lake });
    },
    differences: [retain, invocationLifecycle],
  },
  {
    name: 'a catalog of every format, with an existing key, and texts that an engine could take for its own words',
    cdk: (stack) => {
      const key = kms.Key.fromCfnKey(
        new kms.CfnKey(stack, 'Key', { keyPolicy: { Version: '2012-10-17', Statement: [] } }),
      );
      const lake = new cdk.Lake(stack, 'Lake', { name: 'aviation' });
      new cdk.Catalog(stack, 'Catalog', { ...everyFormat, lake, key });
    },
    terraform: (stack) => {
      const key = new aws.KmsKey(stack, 'Key', { policy: '{"Version":"2012-10-17","Statement":[]}' });
      const lake = new terraform.Lake(stack, 'Lake', { name: 'aviation' });
      new terraform.Catalog(stack, 'Catalog', { ...everyFormat, lake, key });
    },
    differences: [retain, invocationLifecycle],
  },
  {
    name: 'a platform by default',
    ...bothPlatforms({ manifest, runtime }),
    differences: [retain, invocationLifecycle],
  },
  {
    name: 'a platform with every prop set to something else',
    ...bothPlatforms({
      manifest,
      runtime,
      emails: ['data@example.com'],
      architecture: 'x86_64',
      memoryMb: 512,
      diskMb: 512,
      scheduled: false,
      logRetentionDays: 1,
      alarms: { successPercent: false, rowCountPercent: 0.5, durationRatio: false },
      icebergCatalog: { uri: 'https://catalog.example.com', warehouse: 'main', auth: 'none' },
      network: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] },
      replicas: { gold: replica('gold') },
      removal: 'delete',
      accessLogs: false,
    }),
    context: { 'ingot:allow-data-deletion': true },
    differences: [invocationLifecycle],
  },
  {
    name: 'a platform for regulated data',
    ...bothPlatforms({ manifest, runtime, ...regulated }),
    differences: [retain, invocationLifecycle],
  },
  ...['aviation'].map(
    (example): Row => ({
      name: `the example ${example}`,
      cdk: async (stack) => new cdk.Platform(stack, 'Platform', { ...(await load(example)), runtime }),
      terraform: async (stack) => new terraform.Platform(stack, 'Platform', { ...(await load(example)), runtime }),
      differences: [retain, defaultSecurityGroup, invocationLifecycle],
    }),
  ),
];

function bothPlatforms(props: cdk.PlatformProps & terraform.PlatformProps): Pick<Row, 'cdk' | 'terraform'> {
  return {
    cdk: (stack) => new cdk.Platform(stack, 'Platform', props),
    terraform: (stack) => new terraform.Platform(stack, 'Platform', props),
  };
}

async function load(example: string): Promise<{ manifest: Manifest }> {
  const { manifest, deployment } = await loadPlatform(join(__dirname, '../../examples', example));
  return { manifest, ...deployment };
}

function bothLakes(props: cdk.LakeProps & terraform.LakeProps): Pick<Row, 'cdk' | 'terraform'> {
  return {
    cdk: (stack) => new cdk.Lake(stack, 'Lake', props),
    terraform: (stack) => new terraform.Lake(stack, 'Lake', props),
  };
}

async function synth({ cdk, terraform, context = {} }: Row) {
  const stack = new Stack(new App({ context: { ...context } }), 'Stack');
  await cdk(stack);
  const terraformStack = new TerraformStack(new TerraformApp({ context: { ...context } }), 'Stack');
  new aws.AwsProvider(terraformStack, 'Aws', { region: 'eu-west-1' });
  await terraform(terraformStack);
  return { template: Template.fromStack(stack).toJSON(), config: JSON.stringify(terraformStack.toTerraform()) };
}

describe.each(rows)('$name', (row) => {
  let template: object;
  let config: string;
  beforeAll(async () => {
    ({ template, config } = await synth(row));
  });

  test('both engines create the same', () => {
    expectParity(template, config, { differences: row.differences });
  });

  test('nothing of it is unknown to the inventory', () => {
    expectKnown(template, config);
  });

  test('what it creates is what was reviewed', () => {
    expect(inventorySnapshot(template)).toMatchSnapshot();
  });

  test('the same declaration gives the same bytes', async () => {
    expect(JSON.stringify(await synth(row))).toBe(JSON.stringify({ template, config }));
  });
});
