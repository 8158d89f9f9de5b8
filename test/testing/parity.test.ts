import { DataAwsIamPolicyDocument } from '@cdktf/provider-aws/lib/data-aws-iam-policy-document';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { SsmParameter } from '@cdktf/provider-aws/lib/ssm-parameter';
import { App as CdkApp, CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Fn, TerraformStack, Testing } from 'cdktf';
import * as fc from 'fast-check';
import {
  absent,
  compare,
  type Difference,
  engineDifferences,
  expectParity,
  type Finding,
  inventory,
  ParityError,
} from '../../lib/testing';
import { neutralId } from '../../lib/testing/identity';
import { cloudFormation, terraform } from './stacks';

const { retain, invocationLifecycle } = engineDifferences;
const meant: readonly Difference[] = [retain, invocationLifecycle];
const template = JSON.stringify(cloudFormation());
const config = terraform();

const findings = (cfn: string, tf: string): readonly Finding[] => {
  try {
    expectParity(cfn, tf, { differences: meant });
    return [];
  } catch (error) {
    if (error instanceof ParityError) return error.findings;
    throw error;
  }
};

test('one declaration, written in the words that come naturally in each engine, is equal', () => {
  expectParity(template, config, { differences: meant });
});

test('a template is read from an object as from its text', () => {
  expect(inventory(JSON.parse(template))).toEqual(inventory(template));
  expect(inventory(JSON.parse(config))).toEqual(inventory(config));
});

test('what is no template is refused with what was given and what is allowed', () => {
  expect(() => inventory({ Foo: 1 })).toThrow('given an object with Foo; allowed: a CloudFormation template');
});

// biome-ignore lint/suspicious/noExplicitAny: templates are broken on purpose, wherever it hurts
type Broken = any;

/** Each way in which two engines can come apart, done once to the Terraform side, and the one finding it must give. */
const planted: readonly [string, (resources: Broken, whole: Broken) => void, Partial<Finding>][] = [
  [
    'a missing resource',
    (r) => delete r.aws_sns_topic.Alerts,
    { what: 'resource', kind: 'sns.topic', id: 'Alerts', cloudformation: 'present' },
  ],
  [
    'an additional resource',
    (r) => (r.aws_sqs_queue.More = {}),
    { what: 'resource', kind: 'sqs.queue', id: 'More', terraform: 'present' },
  ],
  [
    'a changed number',
    (r) => (one(r.aws_lambda_function).timeout = 60),
    { what: 'property', kind: 'lambda.function', path: 'timeoutSeconds', cloudformation: 300, terraform: 60 },
  ],
  [
    'a number that became 0',
    (r) => (r.aws_sqs_queue.DeadLetters.message_retention_seconds = 0),
    { what: 'property', path: 'retentionSeconds', terraform: 0 },
  ],
  [
    'a flag that became false',
    (r) => (one(r.aws_kms_key).enable_key_rotation = false),
    { what: 'property', kind: 'kms.key', path: 'rotation', cloudformation: true },
  ],
  [
    'a satellite that is missing',
    (r) => delete r.aws_s3_bucket_versioning,
    { what: 'property', kind: 's3.bucket', path: 'versioning', cloudformation: true },
  ],
  [
    'a satellite that says something else',
    (r) => (one(r.aws_s3_bucket_public_access_block).block_public_policy = false),
    { what: 'property', path: 'publicAccess.blockPublicPolicy', cloudformation: true },
  ],
  [
    'another order of columns',
    (r) => one(r.aws_glue_catalog_table).storage_descriptor.columns.reverse(),
    { what: 'property', kind: 'glue.table' },
  ],
  [
    'another environment variable',
    (r) => (one(r.aws_lambda_function).environment.variables.EXTRA = '1'),
    { what: 'property', path: 'environment.EXTRA', terraform: '1' },
  ],
  [
    'another value inside JSON in a text',
    (r) => (one(r.aws_lambda_function).environment.variables.MANIFEST = '{"zones":["bronze"]}'),
    { what: 'property', path: 'environment.MANIFEST.zones' },
  ],
  [
    'an additional IAM action',
    (r) => policy(r.aws_iam_role_policy.Objects, (s) => s.Action.push('s3:DeleteObject')),
    { what: 'statement', kind: 'iam.role', id: 'Role' },
  ],
  [
    'a wildcard as resource',
    (r) => policy(r.aws_iam_role_policy.Objects, (s) => (s.Resource = '*')),
    { what: 'statement', kind: 'iam.role', id: 'Role' },
  ],
  [
    'a missing statement',
    (r) => delete r.aws_iam_role_policy.Keys,
    { what: 'statement', path: 'identity: allow kms:Decrypt on {kms.key:LakeKey}.arn', cloudformation: 'present' },
  ],
  [
    'Deny that became Allow',
    (r) => policy(one(r.aws_s3_bucket_policy), (s) => (s.Effect = 'Allow')),
    { what: 'statement', kind: 's3.bucket' },
  ],
  [
    'a condition that is missing',
    (r) => policy(one(r.aws_sqs_queue_policy), (s) => delete s.Condition),
    { what: 'statement', kind: 'sqs.queue', id: 'Arrivals' },
  ],
  [
    'another principal',
    (r) => policy(one(r.aws_sqs_queue_policy), (s) => (s.Principal = '*')),
    { what: 'statement', kind: 'sqs.queue' },
  ],
  [
    'another principal that may assume a role',
    (r) => policy(r.aws_iam_role.Role, (s) => (s.Principal.Service = 'ec2.amazonaws.com'), 'assume_role_policy'),
    { what: 'statement', kind: 'iam.role' },
  ],
  [
    'another managed policy',
    (r) => (r.aws_iam_role_policy_attachment.Basic.policy_arn = 'arn:aws:iam::aws:policy/AdministratorAccess'),
    { what: 'property', path: 'managedPolicies[0]' },
  ],
  [
    'another edge',
    (r) => (one(r.aws_s3_bucket_logging).target_bucket = one(r.aws_s3_bucket_versioning).bucket),
    { what: 'edge', kind: 's3.bucket', path: 'logging.bucket -> s3.bucket:LakeLogs', cloudformation: 'present' },
  ],
  [
    'another target of a rule',
    (r) => (one(r.aws_cloudwatch_event_target).arn = `\${aws_sqs_queue.DeadLetters.arn}`),
    { what: 'property', kind: 'events.rule', path: 'targets[0].arn' },
  ],
  [
    'an additional permission to call a function',
    (r) => (r.aws_lambda_permission.Anyone = { ...one(r.aws_lambda_permission), principal: '*' }),
    { what: 'property', kind: 'lambda.function', path: 'permissions' },
  ],
  [
    'another state in a state machine',
    (r) => definition(r, (states) => (states.Ingest.Retry[0].MaxAttempts = 9)),
    { what: 'property', path: 'definition.States.Ingest.Retry[0].MaxAttempts', cloudformation: 3, terraform: 9 },
  ],
  [
    'an additional state',
    (r) => definition(r, (states) => (states.Extra = { Type: 'Succeed' })),
    { what: 'property', path: 'definition.States.Extra', terraform: { Type: 'Succeed' } },
  ],
  [
    'another schema of a table made at deploy',
    (r) => (one(r.aws_lambda_invocation).input = '{"tables":[]}'),
    { what: 'property', kind: 'lambda.invocation' },
  ],
  [
    'protection that is missing',
    (r) => delete one(r.aws_kms_key).lifecycle,
    { what: 'property', kind: 'kms.key', path: 'removal', cloudformation: 'retain' },
  ],
  [
    'another threshold of an alarm',
    (r) => (one(r.aws_cloudwatch_metric_alarm).threshold = 5),
    { what: 'property', kind: 'cloudwatch.alarm', path: 'threshold' },
  ],
  [
    'a property that no kind speaks of',
    (r) => (r.aws_sqs_queue.DeadLetters.shiny = true),
    { what: 'unmapped', kind: 'sqs.queue', path: 'shiny', terraform: 'present' },
  ],
  [
    'a nested property that no kind speaks of',
    (r) => (one(r.aws_s3_bucket_lifecycle_configuration).rule[0].expiration = { shiny: 1 }),
    { what: 'unmapped', path: 'rule[0].expiration.shiny' },
  ],
  [
    'a property of a satellite that no kind speaks of',
    (r) => (one(r.aws_s3_bucket_versioning).mfa = 'x'),
    { what: 'unmapped', kind: 's3.bucket', path: 'aws_s3_bucket_versioning.mfa' },
  ],
  [
    'a kind that is not known',
    (r) => (r.aws_ssm_parameter = { P: { name: 'p', value: 'v' } }),
    { what: 'unknown', kind: 'aws_ssm_parameter', id: 'P', terraform: 'present' },
  ],
  [
    'a data source that is not known',
    (_, whole) => (whole.data.aws_vpc = { V: {} }),
    { what: 'unknown', kind: 'data.aws_vpc', id: 'V' },
  ],
  [
    'another output',
    (_, whole) => (one(whole.output).value = 'x'),
    { what: 'output', id: 'LakeBucketName', terraform: 'x' },
  ],
];

const one = (byName: Broken): Broken => Object.values(byName)[0];
function policy(holder: Broken, change: (statement: Broken) => void, property = 'policy'): void {
  const document = JSON.parse(holder[property]);
  change(document.Statement[0]);
  holder[property] = JSON.stringify(document);
}
function definition(resources: Broken, change: (states: Broken) => void): void {
  const machine = one(resources.aws_sfn_state_machine);
  const parsed = JSON.parse(machine.definition);
  change(parsed.States);
  machine.definition = JSON.stringify(parsed);
}

test.each(planted)('%s is found', (_, breakIt, expected) => {
  const broken = JSON.parse(config);
  breakIt(broken.resource, broken);
  expect(findings(template, JSON.stringify(broken))).toContainEqual(expect.objectContaining(expected));
});

test('a whole resource is found missing on either side, and so is what CloudFormation alone does not say', () => {
  const broken = JSON.parse(template);
  delete broken.Resources[Object.keys(broken.Resources).find((id) => id.startsWith('Alerts'))!];
  expect(findings(JSON.stringify(broken), config)).toContainEqual(
    expect.objectContaining({ what: 'resource', kind: 'sns.topic', terraform: 'present' }),
  );
});

test('a difference reads as a sentence with both sides', () => {
  const broken = JSON.parse(config);
  one(broken.resource.aws_lambda_function).timeout = 60;
  delete broken.resource.aws_iam_role_policy.Keys;
  expect(() => expectParity(template, broken, { differences: meant })).toThrow(
    [
      'CloudFormation and Terraform differ in 3 points:',
      '',
      'iam.role Role',
      '  statement only in CloudFormation: identity: allow kms:Decrypt on {kms.key:LakeKey}.arn',
      '  edge only in CloudFormation: statements.identity -> kms.key:LakeKey',
      '',
      'lambda.function Ingest',
      '  property timeoutSeconds',
      '    CloudFormation: 300',
      '    Terraform:      60',
    ].join('\n'),
  );
});

describe('listed differences', () => {
  const shorter = JSON.parse(config);
  one(shorter.resource.aws_lambda_function).timeout = 60;
  const listed: Difference = {
    reason: 'a test',
    what: 'property',
    kind: 'lambda.*',
    path: 'timeoutSeconds',
    cloudformation: 300,
    terraform: 60,
  };

  test('excuse what they fit', () => {
    expectParity(template, shorter, { differences: [...meant, listed] });
  });

  test.each<[string, Partial<Difference>]>([
    ['another value', { terraform: 61 }],
    ['another kind', { kind: 's3.*' }],
    ['another resource', { id: 'Publish' }],
    ['another property', { path: 'timeout' }],
    ['another sort of difference', { what: 'statement' }],
    ['an absent side that is there', { terraform: absent }],
  ])('excuse nothing with %s, and are themselves named as wrong', (_, change) => {
    const expected = expect.objectContaining({
      findings: [expect.objectContaining({ path: 'timeoutSeconds' })],
      unused: [expect.objectContaining(change)],
    });
    expect(() => expectParity(template, shorter, { differences: [...meant, { ...listed, ...change }] })).toThrow(
      expected,
    );
  });

  test('that are no longer true fail the test by their reason', () => {
    expect(() => expectParity(template, config, { differences: [...meant, listed] })).toThrow(
      /1 listed differences fit nothing.*\n.*timeoutSeconds.*\(a test\)/,
    );
  });
});

describe('laws', () => {
  /** Terraform with other names everywhere, beside the paths of constructs that cdktf writes down. */
  function renamed(name: (i: number) => string): string {
    const whole = JSON.parse(config);
    const addresses: [string, string][] = [];
    whole.resource = Object.fromEntries(
      Object.entries<Broken>(whole.resource).map(([type, byName]) => [
        type,
        Object.fromEntries(
          Object.entries<Broken>(byName).map(([id, body]) => {
            const path = `Stack/${id.replace(/_[0-9A-F]{8}$/, '').replaceAll('_', '/')}`;
            const other = name(addresses.length);
            addresses.push([`${type}.${id}.`, `${type}.${other}.`]);
            return [other, { ...body, '//': { metadata: { path, uniqueId: id } } }];
          }),
        ),
      ]),
    );
    return addresses.reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(whole));
  }

  test('renaming logical ids never changes what is found', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), (prefix) => {
        expect(
          findings(
            template,
            renamed((i) => `${prefix}_${i}`),
          ),
        ).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('the hash in a logical id of CloudFormation means nothing', () => {
    const ids = Object.keys(JSON.parse(template).Resources);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
        const hash = seed.toString(16).toUpperCase().padStart(8, '0');
        const other = ids.reduce(
          (all, id) => (/[0-9A-F]{8}$/.test(id) ? all.replaceAll(`"${id}"`, `"${id.slice(0, -8)}${hash}"`) : all),
          template,
        );
        expect(findings(other, config)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('the order in which anything stands never changes what is found', () => {
    const orders = fc.infiniteStream(fc.nat());
    const shuffled = (value: Broken, next: () => number): Broken => {
      if (Array.isArray(value)) return value.map((item) => shuffled(item, next));
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, held]) => [next(), key, shuffled(held, next)] as const)
          .sort(([a], [b]) => a - b)
          .map(([, key, held]) => [key, held]),
      );
    };
    fc.assert(
      fc.property(orders, (stream) => {
        const next = () => stream.next().value as number;
        const [a, b] = [shuffled(JSON.parse(template), next), shuffled(JSON.parse(config), next)];
        expect(findings(JSON.stringify(a), JSON.stringify(b))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('however statements are split, they are the same statements', () => {
    const actions = fc.uniqueArray(fc.constantFrom('s3:GetObject', 's3:ListBucket', 's3:PutObject'), { minLength: 1 });
    const resources = fc.uniqueArray(fc.constantFrom('arn:a', 'arn:b', 'arn:c'), { minLength: 1 });
    const role = (statements: object[]) =>
      inventory({
        Resources: {
          Role: {
            Type: 'AWS::IAM::Role',
            Properties: { Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: statements } }] },
          },
        },
      });
    fc.assert(
      fc.property(actions, resources, (Action, Resource) => {
        const whole = [{ Sid: 'x', Effect: 'Allow', Action, Resource }];
        const split = Action.flatMap((a) =>
          Resource.map((r) => ({ Effect: 'Allow', Action: a, Resource: r })),
        ).reverse();
        expect(compare(role(whole), role(split))).toEqual([]);
      }),
    );
  });
});

test.each([
  ['LakeBronzeBucket4D17A87A', undefined, 'LakeBronzeBucket'],
  ['Lake_Bronze_Bucket_1803C007', undefined, 'LakeBronzeBucket'],
  ['Bucket', undefined, 'Bucket'],
  ['Overridden', 'Stack/Lake/Bronze/Bucket/Resource', 'LakeBronzeBucket'],
  ['Overridden', 'Stack/Lake/Bronze/Bucket/Default', 'LakeBronzeBucket'],
  ['LakeBucket1803C007', 'Stage/Stack/Lake/Bucket/Resource', 'LakeBucket'],
  ['LakeBucket1803C007', 'Stack/Lake/Lake/Bucket', 'LakeBucket'],
  ['Lake_my-bucket_1803C007', 'Stack/Lake/my-bucket', 'Lakemybucket'],
])('%s at %s is %s whatever engine wrote it', (logicalId, path, expected) => {
  expect(neutralId(logicalId, path)).toBe(expected);
});

test('what CloudFormation says of a resource beside its properties is not lost', () => {
  const Resources = {
    Function: { Type: 'AWS::Lambda::Function', CreationPolicy: { A: 1 }, Condition: 'Sometimes' },
    Bucket: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain' },
    Policy: {
      Type: 'AWS::S3::BucketPolicy',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: { Statement: [] } },
    },
  };
  const found = inventory({ Resources, Parameters: { Size: { Type: 'Number' } } });
  expect(found.resources).toMatchObject([
    { kind: 'lambda.function', unmapped: ['CreationPolicy'] },
    {
      kind: 's3.bucket',
      properties: { removal: 'retain, on replacement delete' },
      unmapped: ['AWS::S3::BucketPolicy: retain'],
    },
  ]);
  expect(found.unknown).toEqual([
    { type: 'condition', id: 'Function if Sometimes' },
    { type: 'parameter', id: 'Size' },
  ]);
});

describe('references', () => {
  const synth = (build: (stack: TerraformStack) => void) => {
    const stack = new TerraformStack(Testing.app(), 'Stack');
    new AwsProvider(stack, 'Aws', { region: 'eu-west-1' });
    build(stack);
    return inventory(Testing.synth(stack));
  };
  const statement = {
    policy: 'trust',
    effect: 'Allow',
    actions: ['sts:AssumeRole'],
    principals: ['Service lambda.amazonaws.com'],
    conditions: { StringEquals: { 'aws:SourceArn': ['{s3.bucket:Bucket}.arn', '{s3.bucket:Bucket}.arn/*'] } },
  };

  test('a policy is the same as JSON, as jsonencode(…) and as a data source', () => {
    const found = synth((stack) => {
      const { arn } = new S3Bucket(stack, 'Bucket', {});
      const values = [arn, `${arn}/*`];
      const document = {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { Service: 'lambda.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceArn': values } },
          },
        ],
      };
      new IamRole(stack, 'Json', { assumeRolePolicy: JSON.stringify(document) });
      new IamRole(stack, 'Encoded', { assumeRolePolicy: Fn.jsonencode(document) });
      const data = new DataAwsIamPolicyDocument(stack, 'Document', {
        statement: [
          {
            actions: ['sts:AssumeRole'],
            principals: [{ type: 'Service', identifiers: ['lambda.amazonaws.com'] }],
            condition: [{ test: 'StringEquals', variable: 'aws:SourceArn', values }],
          },
        ],
      });
      new IamRole(stack, 'Data', { assumeRolePolicy: data.json });
    });
    const roles = found.resources.filter(({ kind }) => kind === 'iam.role');
    expect(roles.map(({ statements }) => statements)).toEqual([[statement], [statement], [statement]]);
    expect(found.unknown).toEqual([]);
  });

  test('an unknown kind is listed, and references to it keep its own words', () => {
    const found = synth((stack) => {
      const parameter = new SsmParameter(stack, 'Parameter', { name: 'p', type: 'String', value: 'v' });
      new S3Bucket(stack, 'Bucket', { bucket: parameter.value });
    });
    expect(found.unknown).toEqual([{ type: 'aws_ssm_parameter', id: 'Parameter' }]);
    expect(found.resources[0]).toMatchObject({
      properties: { name: '{aws_ssm_parameter:Parameter}.value' },
      edges: [{ role: 'name', to: 'aws_ssm_parameter:Parameter' }],
    });
  });

  test('a satellite of a resource outside of the template is kept, under the name by which it is called', () => {
    const stack = new Stack(new CdkApp(), 'Stack');
    const imported = iam.Role.fromRoleName(stack, 'Imported', 'theirs');
    imported.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }));
    const found = inventory(Template.fromStack(stack).toJSON());
    expect(found.resources).toMatchObject([
      { kind: 'iam.role', id: 'imported theirs', statements: [{ actions: ['s3:GetObject'], resources: ['*'] }] },
    ]);
  });

  test('paths that give the same id are told apart, never merged', () => {
    const resources = { ABC11111111: { Type: 'AWS::S3::Bucket' }, ABC22222222: { Type: 'AWS::S3::Bucket' } };
    expect(inventory({ Resources: resources }).resources.map(({ id }) => id)).toEqual(['ABC11111111', 'ABC22222222']);
  });

  test('every form of a reference in CloudFormation is the same symbol', () => {
    const stack = new Stack(new CdkApp(), 'Stack');
    new CfnResource(stack, 'Bucket', { type: 'AWS::S3::Bucket' });
    const forms = [
      { 'Fn::GetAtt': ['Bucket', 'Arn'] },
      { 'Fn::GetAtt': 'Bucket.Arn' },
      { 'Fn::Sub': `\${Bucket.Arn}` },
      { 'Fn::Sub': [`\${X}`, { X: { 'Fn::GetAtt': ['Bucket', 'Arn'] } }] },
      { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }]] },
    ];
    forms.forEach((form, i) => {
      new CfnResource(stack, `Topic${i}`, {
        type: 'AWS::SNS::Topic',
        properties: { TopicName: form, DisplayName: { 'Fn::Sub': `\${!A}\${AWS::Region}` } },
      });
    });
    const topics = inventory(Template.fromStack(stack).toJSON()).resources.filter(({ kind }) => kind === 'sns.topic');
    expect(topics.map(({ properties }) => properties)).toEqual(
      forms.map(() => ({ name: '{s3.bucket:Bucket}.arn', displayName: `\${A}{aws.region}` })),
    );
  });
});
