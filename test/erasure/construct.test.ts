import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import { App as TerraformApp, TerraformStack } from 'cdktf';
import * as cdk from '../../constructs/cdk';
import * as aws from '../../constructs/core/terraform/aws';
import type { ErasureDeclaration } from '../../constructs/erasure/props';
import { eraseMachine } from '../../constructs/erasure/state-machine';
import * as terraform from '../../constructs/terraform';
import type { Manifest } from '../../lib/platform/manifest';
import { resolveZones } from '../../lib/platform/zones';
import { engineDifferences, expectParity, inventorySnapshot } from '../../lib/testing';
import { cdkStack, created, expectKnown, terraformStack } from '../constructs/engines';
import { dataset, manifest as platform } from '../constructs/manifest';
import { regulated, replica } from '../constructs/regulated';
import { column, source } from '../ingest/datasets';

/** Any file will do as the native runtime: its bytes are no decision of a template. */
const runtime = __filename;

const manifest: Manifest = {
  name: 'shop',
  zones: resolveZones('shop'),
  datasets: [
    dataset('silver', 'customers', [column('customer_id', 'long', { subject: 'customer' })], {
      source: source('csv', { prefix: 'customers' }),
    }),
    dataset('gold', 'fct_sales', [column('day', 'date')]),
  ],
  models: [],
  groups: [],
  ops: { database: 'shop_ops', zone: 'silver' },
};

type More = Partial<ErasureDeclaration>;
const { compliance, network } = regulated;
const rows: readonly (readonly [string, More])[] = [
  ['by default', {}],
  [
    'with every prop set to something else',
    {
      schedule: false,
      memoryMb: 512,
      replicated: ['bronze'],
      queryResultDays: 0,
      emails: ['data@example.com'],
      architecture: 'x86_64',
      logRetentionDays: 1,
      icebergCatalog: { uri: 'https://catalog.example.com', warehouse: 'main', auth: 'none' },
      removal: 'delete',
      network,
    },
  ],
  ['for regulated data', { compliance, network }],
];

function inCdk(more: More): Stack {
  const stack = new Stack(new App({ context: { 'ingot:allow-data-deletion': 'true' } }), 'Stack');
  const lake = new cdk.Lake(stack, 'Lake', { name: 'shop' });
  const erasure = new cdk.Erasure(stack, 'Erasure', { manifest, runtime, ...more, lake });
  erasure.grantRequest(new iam.Role(stack, 'Officer', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }));
  return stack;
}

function inTerraform(more: More): string {
  const stack = new TerraformStack(new TerraformApp({ context: { 'ingot:allow-data-deletion': 'true' } }), 'Stack');
  new aws.AwsProvider(stack, 'Aws', { region: 'eu-west-1' });
  const lake = new terraform.Lake(stack, 'Lake', { name: 'shop' });
  const erasure = new terraform.Erasure(stack, 'Erasure', { manifest, runtime, ...more, lake });
  const assumeRolePolicy = JSON.stringify({
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
  });
  erasure.grantRequest(new aws.IamRole(stack, 'Officer', { assumeRolePolicy }));
  return JSON.stringify(stack.toTerraform());
}

/** The lake has snapshots of its own. */
const ofErasure = (text: string): string =>
  text
    .split('\n\n')
    .filter((part) => !/^\S+ Lake/.test(part))
    .join('\n\n');

describe.each(rows)('erasures %s', (_, more) => {
  let template: object;
  let config: string;
  beforeAll(() => {
    template = Template.fromStack(inCdk(more)).toJSON();
    config = inTerraform(more);
  });

  test('are the same in both engines, known to the inventory, and what was reviewed', () => {
    expectParity(template, config, { differences: [engineDifferences.retain] });
    expectKnown(template, config);
    expect(ofErasure(inventorySnapshot(template))).toMatchSnapshot();
  });

  test('touch no zone in which nobody is, and give no role an action with a wildcard', () => {
    for (const { resources } of [created(JSON.stringify(template)), created(config)]) {
      const identity = resources
        .filter(({ id }) => /Erasure/.test(id))
        .flatMap(({ statements }) => statements)
        .filter(({ policy }) => policy === 'identity');
      expect(identity.length).toBeGreaterThan(3);
      expect(identity.flatMap(({ actions = [] }) => actions).filter((action) => action.includes('*'))).toEqual([]);
      expect(JSON.stringify(identity)).not.toMatch(/gold/i);
    }
  });
});

test('cdk-nag finds nothing in erasures for regulated data, with any pack', () => {
  const stack = inCdk({ compliance, network });
  const app = stack.node.root as App;
  const packs = [AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks].map(
    (Checks) => new Checks(app),
  );
  Template.fromStack(stack);
  const found = packs.flatMap((pack) =>
    pack
      .validateScope(app)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
      ),
  );
  expect(found.filter((finding) => finding.includes('/Erasure/'))).toEqual([]);
  expect(found.length).toBeGreaterThan(0);
});

test('a platform has it where a contract names a subject, and else not', () => {
  const [first, ...rest] = platform.datasets;
  const columns = first!.columns.map((one) => (one.name === 'origin' ? { ...one, subject: 'customer' } : one));
  const named = { ...platform, datasets: [{ ...first!, columns }, ...rest] };
  const props = { runtime, replicas: { silver: replica('silver') }, scheduled: false };
  const inCloudFormation = cdkStack((stack) => new cdk.Platform(stack, 'Platform', { ...props, manifest: named }));
  const inTerraform = terraformStack(
    (stack) => new terraform.Platform(stack, 'Platform', { ...props, manifest: named }),
  );
  expectParity(inCloudFormation.text, inTerraform.text, {
    differences: [engineDifferences.retain, engineDifferences.invocationLifecycle],
  });
  for (const made of [inCloudFormation, inTerraform]) {
    const { environment } = made.find('lambda.function', 'PlatformErasureEraseFunction').properties as {
      environment: Record<string, unknown>;
    };
    expect(environment.INGOT_HOLDS).toEqual({
      versionDays: 30,
      queryResultDays: 30,
      replicas: ['silver'],
    });
    expect(made.all('scheduler.schedule').filter(({ id }) => /Erasure/.test(id))).toEqual([]);
  }
  const without = cdkStack((stack) => new cdk.Platform(stack, 'Platform', { runtime, manifest: platform }));
  expect(without.resources.filter(({ id }) => /Erasure/.test(id))).toEqual([]);
});

test('every problem of the declaration is said at once', () => {
  const nobody = { ...manifest, datasets: manifest.datasets.slice(1) };
  expect(() => inCdk({ manifest: nobody, memoryMb: 100, schedule: 'daily', replicated: ['iron'] })).toThrow(
    [
      'Stack/Erasure manifest: must have a contract that says whom a column names, by the custom property subject; given none',
      'Stack/Erasure memoryMb: must be a whole number from 512 to 10240; given 100',
      'Stack/Erasure schedule: must be a schedule such as rate(1 hour) or cron(0 6 * * ? *) or false; given "daily"',
      'Stack/Erasure replicated[0]: must be a zone of the lake; given "iron"; allowed: bronze, silver, gold',
    ].join('\n'),
  );
});

test('no event of the state machine names a person', () => {
  expect(JSON.stringify(eraseMachine('shop', 'fn'))).not.toMatch(/keys|subject/);
});
