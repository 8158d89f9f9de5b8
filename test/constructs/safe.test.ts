import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import { App as TerraformApp, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import * as cdk from '../../constructs/cdk';
import * as terraform from '../../constructs/terraform';
import type { InventoryResource } from '../../lib/testing';
import { cdkStack, terraformStack } from './engines';
import { manifest } from './manifest';
import { problemsOf } from './problems';
import { regulated } from './regulated';

/** Any file will do as the native runtime. */
const runtime = __filename;

const inCdk = (stack: Stack) => new cdk.Platform(stack, 'Platform', { manifest, runtime });
const inTerraform = (stack: TerraformStack) => new terraform.Platform(stack, 'Platform', { manifest, runtime });

describe.each([
  { engine: 'CloudFormation', created: () => cdkStack(inCdk) },
  { engine: 'Terraform', created: () => terraformStack(inTerraform) },
])('a platform by default, in $engine', ({ created }) => {
  const { text, resources, all } = created();
  const statements = (resource: InventoryResource) =>
    resource.statements.map((statement) => ({ on: `${resource.kind} ${resource.id}`, ...statement }));
  const allowed = resources.flatMap(statements).filter(({ effect }) => effect === 'Allow');
  const identity = allowed.filter(({ policy }) => policy === 'identity');

  test('names no partition, region or account', () => {
    expect(text.match(/.{40}(arn:aws:|\b(us|eu|ap)-[a-z]+-\d\b|"\d{12}").{20}/g) ?? []).toEqual([]);
  });

  test('allows no role an action with a wildcard', () => {
    expect(identity.filter(({ actions = [] }) => actions.some((action) => action.includes('*')))).toEqual([]);
    expect(identity.filter(({ notActions }) => notActions !== undefined)).toEqual([]);
  });

  test('allows on all resources only what has none of its own', () => {
    const everywhere = identity.filter(({ resources: on = [] }) => on.includes('*'));
    const actions = new Set(everywhere.flatMap((statement) => statement.actions ?? []));
    expect([...actions].sort()).toEqual([
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  test('lets no stranger in: whoever a resource names is a service or this account', () => {
    const principals = new Set(allowed.flatMap((statement) => statement.principals ?? []));
    expect([...principals].filter((principal) => !principal.startsWith('Service '))).toEqual([
      'AWS arn:{aws.partition}:iam::{aws.account}:root',
    ]);
  });

  test('binds every service that a key, queue or topic lets in to this account', () => {
    const services = allowed.filter(
      ({ policy, principals = [] }) => policy === 'resource' && principals.some((each) => each.startsWith('Service ')),
    );
    expect(services.length).toBeGreaterThan(3);
    for (const { on, conditions } of services)
      expect(`${on} ${JSON.stringify(conditions)}`).toMatch(/\{aws\.account\}/);
  });

  test('encrypts whatever can be encrypted with a key of its own, but for access logs, which S3 cannot', () => {
    const keyed = { 's3.bucket': 'encryption.0.key', 'sqs.queue': 'key', 'sns.topic': 'key', 'logs.group': 'key' };
    for (const [kind, path] of Object.entries({
      ...keyed,
      'lambda.function': 'environmentKey',
      'athena.workgroup': 'key',
    })) {
      const found = all(kind);
      expect(found.length).toBeGreaterThan(0);
      for (const { id, properties } of found) {
        if (id.endsWith('AccessLogsBucket')) continue;
        const key = path.split('.').reduce<unknown>((at, step) => (at as Record<string, unknown>)?.[step], properties);
        expect(`${kind} ${id} ${String(key)}`).toMatch(/ \{kms\.key:\w+\}\.(arn|id)$/);
      }
    }
    for (const { properties } of all('kms.key')) expect(properties.rotation).toBe(true);
  });

  test('takes nothing over plain HTTP and shows nothing to the public', () => {
    for (const bucket of all('s3.bucket')) {
      expect(statements(bucket)).toContainEqual(
        expect.objectContaining({
          effect: 'Deny',
          actions: ['s3:*'],
          conditions: { Bool: { 'aws:SecureTransport': ['false'] } },
        }),
      );
      expect(bucket.properties.publicAccess).toEqual({
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      });
    }
  });

  test('keeps logs for as long as was said, not for ever', () => {
    for (const { id, properties } of all('logs.group')) expect(`${id} ${properties.retentionDays}`).toMatch(/ 90$/);
  });
});

type Pack = typeof AwsSolutionsChecks | typeof HIPAASecurityChecks | typeof NIST80053R5Checks | typeof PCIDSS321Checks;

function findings(make: (stack: Stack) => void, Checks: Pack = AwsSolutionsChecks): string[] {
  const app = new App();
  const pack = new Checks(app);
  const stack = new Stack(app, 'Stack');
  make(stack);
  // Findings of rules on other stacks' references stand only once the app is prepared, as a synthesis does it.
  Template.fromStack(stack);
  return pack
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
}

describe.each([
  { name: 'NIST 800-53 r5', Checks: NIST80053R5Checks, prefix: 'NIST.800.53.R5' },
  { name: 'HIPAA', Checks: HIPAASecurityChecks, prefix: 'HIPAA.Security' },
  { name: 'PCI DSS', Checks: PCIDSS321Checks, prefix: 'PCI.DSS.321' },
])('cdk-nag $name', ({ Checks, prefix }) => {
  test('finds nothing in a platform for regulated data', () => {
    const made = (stack: Stack) => new cdk.Platform(stack, 'Platform', { manifest, runtime, ...regulated });
    expect(findings(made, Checks)).toEqual([]);
  });

  test('reports what a platform by default does not have, and nothing of it is acknowledged', () => {
    expect(findings(inCdk, Checks)).toMatchSnapshot();
  });

  test('is at work: it finds a bucket without anything', () => {
    const found = findings((stack) => void new s3.CfnBucket(stack, 'Canary'), Checks);
    expect(found).toContain(`${prefix}-S3BucketReplicationEnabled Stack/Canary`);
    expect(found).toContain(`${prefix}-S3BucketVersioningEnabled Stack/Canary`);
  });
});

describe('cdk-nag AwsSolutions', () => {
  test('finds nothing in a platform by default', () => {
    expect(findings(inCdk)).toEqual([]);
  });

  test('finds nothing in a platform for regulated data', () => {
    expect(findings((stack) => new cdk.Platform(stack, 'Platform', { manifest, runtime, ...regulated }))).toEqual([]);
  });

  test('finds nothing in what a grant of the lake adds to a role', () => {
    expect(
      findings((stack) => {
        const lake = new cdk.Lake(stack, 'Lake', { name: 'aviation' });
        const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('glue.amazonaws.com') });
        lake.grantWrite(role);
        lake.grantQuery(role);
      }),
    ).toEqual([]);
  });

  test('finds nothing where lake and catalog are in stacks of their own', () => {
    const app = new App();
    const pack = new AwsSolutionsChecks(app);
    const lake = new cdk.Lake(new Stack(app, 'Storage'), 'Lake', { name: 'aviation' });
    new cdk.Catalog(new Stack(app, 'Tables'), 'Catalog', { lake, manifest });
    app.synth();
    expect(pack.validateScope(app).violations).toEqual([]);
  });

  test('is at work: it finds a bucket without anything, and a wildcard that nobody gave a reason for', () => {
    const found = findings((stack) => {
      new s3.CfnBucket(stack, 'Canary');
      const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('glue.amazonaws.com') });
      new cdk.Lake(stack, 'Lake', { name: 'aviation' }).grantRead(role, 'bronze');
      role.addToPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }));
    });
    expect(found.filter((finding) => !finding.includes('Canary'))).toEqual([
      'AwsSolutions-IAM5[Resource::*] Stack/Role/DefaultPolicy/Resource',
    ]);
    expect(found).toContain('AwsSolutions-S1 Stack/Canary');
    expect(found).toContain('AwsSolutions-S10 Stack/Canary');
  });

  test('is asked by a real synthesis, which fails on what it finds', () => {
    const app = new App();
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    new s3.CfnBucket(new Stack(app, 'Stack'), 'Canary');
    expect(() => app.synth()).toThrow('AwsSolutions-S1');
  });
});

describe.each([
  { engine: 'CloudFormation', stack: () => new Stack(new App(), 'Stack'), Platform: cdk.Platform },
  { engine: 'Terraform', stack: () => new TerraformStack(new TerraformApp(), 'Stack'), Platform: terraform.Platform },
])('what no platform can be made of, in $engine', ({ stack, Platform }) => {
  const make = (scope: Construct, id: string, given: unknown) =>
    problemsOf(() => new Platform(scope, id, { manifest: given, runtime } as never));
  const must = 'manifest: must be the manifest of what loadPlatform or definePlatform gives; given';

  test.each([
    ['nothing', undefined, 'nothing'],
    ['a promise', Promise.resolve({ manifest }), 'a promise: await it, and take its manifest'],
    ['what is loaded, and not its manifest', { manifest }, 'all that it gives: take its manifest'],
    ['a name', 'aviation', '"aviation"'],
  ])('%s is no manifest', (_, given, said) => {
    expect(make(stack(), 'Platform', given)).toEqual([`${must} ${said}`]);
  });

  test('a name that another of its stack has', () => {
    const scope = stack();
    expect(make(scope, 'One', manifest)).toEqual([]);
    expect(make(scope, 'Two', manifest)).toEqual([
      'manifest: must have a name of its own in its stack; given "aviation", which Stack/One has',
    ]);
    expect(make(scope, 'Three', { ...manifest, name: 'rail' })).toEqual([]);
  });
});
