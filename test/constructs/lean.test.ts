import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  App,
  Aspects,
  CfnCondition,
  type CfnDeletionPolicy,
  CfnParameter,
  CfnResource,
  Fn,
  Lazy,
  ResolutionTypeHint,
  Stack,
  Tags,
  Token,
  TreeInspector,
} from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Key } from 'aws-cdk-lib/aws-kms';
import * as cdktf from 'cdktf';
import fc from 'fast-check';
import { synthCloudFormation } from '../../constructs/app/cdk';
import * as cdk from '../../constructs/cdk';
import { renderAlarm } from '../../constructs/core/cdk/cloudwatch';
import { Lean } from '../../constructs/core/lean';
import { type CloudwatchMetricAlarm, KmsKey } from '../../constructs/core/terraform/aws';
import * as terraform from '../../constructs/terraform';
import { terraformStack } from './engines';
import { manifest } from './manifest';

const runtime = __filename;
const alarmId = 'AviationRunFailedAlarm';

/** A stack of each engine, with what may stand in a document for what is known later. */
const inCdk = () => {
  const stack = new Stack(new App(), 'Stack');
  const resource = new CfnResource(stack, 'Resource', { type: 'AWS::X::Y' });
  const list = new CfnParameter(stack, 'List', { type: 'CommaDelimitedList' }).valueAsList;
  const lazy = Lazy.any({
    produce: () => ({ at: resource.ref, un: undefined, list: [undefined, resource.getAtt('A')] }),
  });
  const texts = [resource.ref, resource.getAtt('Arn').toString(), stack.account, Lazy.string({ produce: () => 'x' })];
  const others = [list, lazy, resource.getAtt('B'), Token.asNumber(resource.getAtt('C')), new Date(0)];
  return { stack, texts, others, resolve: (value: unknown): unknown => stack.resolve(value) };
};
const inTerraform = () => {
  const stack = new cdktf.TerraformStack(new cdktf.App(), 'Stack');
  const resource = new cdktf.TerraformResource(stack, 'Resource', { terraformResourceType: 'x_y' });
  const lazy = cdktf.Lazy.anyValue({ produce: () => ({ at: resource.fqn, un: undefined, list: [undefined, 'a'] }) });
  const texts = [resource.fqn, resource.getStringAttribute('arn'), cdktf.Fn.upper(resource.fqn)];
  const map = resource.getStringMapAttribute('map');
  const numbers = cdktf.Token.asNumberList(resource.interpolationForAttribute('numbers'));
  const others = [resource.getListAttribute('list'), resource.getNumberAttribute('n'), numbers, map, lazy];
  const resolver = new cdktf.DefaultTokenResolver(new cdktf.StringConcat());
  const options = { scope: stack, resolver, preparing: false };
  return { stack, texts, others, resolve: (value: unknown): unknown => cdktf.Tokenization.resolve(value, options) };
};

/** So that whoever changes a document fails; tokens are left alone. */
function freeze(document: unknown): void {
  const plain =
    typeof document === 'object' && document !== null && Object.getPrototypeOf(document) === Object.prototype;
  if (plain || Array.isArray(document)) Object.values(Object.freeze(document)).forEach(freeze);
}

test.each([
  { engine: 'the CDK', made: inCdk() },
  { engine: 'cdktf', made: inTerraform() },
])(
  'a lean document is what $engine itself makes of it, whatever it holds',
  ({ made: { stack, texts, others, resolve } }) => {
    const literal = fc.oneof(fc.string(), fc.constantFrom('Token[', '1e+9', '$' + '{a}', '%{', 'a}b', ''));
    const text = fc
      .array(fc.oneof(literal, fc.constantFrom(...texts)), { maxLength: 3 })
      .map((parts) => parts.join(''));
    // An engine takes a key `__proto__` for the prototype, and so loses it.
    const key = fc
      .oneof(fc.constantFrom('a', 'B', '$' + '{a}', '&', ''), literal)
      .filter((each) => each !== '__proto__');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, undefined, true, 0, -1.5, 1e300, ...others),
        literal,
        text,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (document) => {
        freeze(document);
        const source = { stack, refers: () => document, document: () => document };
        for (const lean of [new Lean(source), new Lean({ ...source, shares: true })])
          expect(resolve({ lean })).toEqual(resolve({ lean: document }));
      }),
      { numRuns: 300 },
    );
  },
);

/** A stack, and what is written of a lean resource in it, beside what the CDK's own class would write. */
function inStack() {
  const stack = new Stack(new App({ context: { 'aws:cdk:enable-path-metadata': true } }), 'Stack');
  // As the CDK does it: each resource, and what came of it once more.
  const text = (fragment: object): string => JSON.stringify(stack.resolve(stack.resolve(fragment)));
  const written = (resource: CfnResource): string => text(own(resource)._toCloudFormation());
  const byCdk = (resource: CfnResource): string =>
    text(own(Object.getPrototypeOf(resource))._toCloudFormation.call(resource));
  return { stack, written, byCdk };
}

/** With the lean resources of a platform. */
function leanResources() {
  const { stack, ...others } = inStack();
  new cdk.Platform(stack, 'Platform', { manifest, runtime });
  const lean = stack.node.findAll().filter((each) => Object.hasOwn(each, '_toCloudFormation')) as CfnResource[];
  return { stack, lean, ...others };
}

/** With one lean alarm. */
function leanAlarm() {
  const { stack, ...others } = inStack();
  renderAlarm(stack, {
    kind: 'alarm',
    id: 'Alarm',
    name: 'late',
    description: 'Rows are late',
    metrics: [
      {
        id: 'value',
        returns: true,
        namespace: 'Ingot',
        name: 'Freshness',
        dimensions: { Table: 'silver.flights' },
        statistic: 'Maximum',
        periodSeconds: 3600,
      },
    ],
    comparison: 'GreaterThanThreshold',
    threshold: 24,
    periods: 1,
    periodsToAlarm: 1,
    missingData: 'breaching',
    actions: [],
  });
  return { stack, alarm: stack.node.findChild('Alarm') as CfnAlarm, ...others };
}

const own = (resource: CfnResource) =>
  resource as unknown as { _toCloudFormation(): object; renderProperties(): object };

test('in CloudFormation, a lean resource is written without the CDK and to the byte as by the CDK', () => {
  const { lean, written, byCdk } = leanResources();
  expect([...new Set(lean.map((each) => each.cfnResourceType))].sort()).toEqual([
    'AWS::CloudWatch::Alarm',
    'AWS::Glue::Schema',
    'AWS::Glue::SchemaVersion',
    'AWS::Glue::Table',
    'Custom::IngotTable',
  ]);
  for (const resource of lean) {
    const asked = jest.spyOn(own(resource), 'renderProperties');
    const text = written(resource);
    expect(asked).not.toHaveBeenCalled();
    expect(text).toBe(byCdk(resource));
  }
});

test.each<[string, (resource: CfnResource, other: CfnResource) => void]>([
  ['an override', (resource) => resource.addPropertyOverride('Threshold', 7)],
  ['a deletion override', (resource) => resource.addPropertyDeletionOverride('AlarmDescription')],
  [
    'a condition',
    (resource) => {
      resource.cfnOptions.condition = new CfnCondition(resource, 'If');
    },
  ],
  ['a dependency', (resource, other) => resource.addResourceDependency(other)],
  [
    'a policy',
    (resource) => {
      resource.cfnOptions.updatePolicy = { enableVersionUpgrade: true };
    },
  ],
  [
    'a deletion policy given as a token',
    (resource) => {
      const policy = Token.asString(Fn.conditionIf('Prod', 'Retain', 'Delete'));
      resource.cfnOptions.deletionPolicy = policy as CfnDeletionPolicy;
      resource.cfnOptions.updateReplacePolicy = policy as CfnDeletionPolicy;
    },
  ],
  ['metadata with a token', (resource, other) => resource.addMetadata('other', other.ref)],
  [
    'empty metadata',
    (resource) => {
      resource.cfnOptions.metadata = {};
    },
  ],
  ['tags', (resource) => Tags.of(resource).add('team', 'flights')],
  ['another id', (resource) => resource.overrideLogicalId('Another')],
  [
    'a property that we never give',
    (resource, other) => {
      (resource as CfnAlarm).okActions = [other.ref];
    },
  ],
  [
    'a name that we never give',
    (resource) => {
      (resource as CfnAlarm).dimensions = [{ name: 'a', value: 'b', more: 1 } as never];
    },
  ],
  [
    'a property given as a token',
    (resource) => {
      (resource as CfnAlarm).dimensions = Lazy.any({ produce: () => [{ name: 'a', value: 'b' }] });
    },
  ],
  [
    'a list given as a token',
    (resource, other) => {
      (resource as CfnAlarm).alarmActions = other.getAtt('Arns', ResolutionTypeHint.STRING_LIST) as never;
    },
  ],
  [
    'a list encoded as a token',
    (resource, other) => {
      (resource as CfnAlarm).alarmActions = Token.asList(other.getAtt('Arns'));
    },
  ],
  [
    'a number given as a token',
    (resource, other) => {
      (resource as CfnAlarm).threshold = Token.asNumber(other.getAtt('Most'));
    },
  ],
  [
    'nothing',
    (resource) => {
      (resource as CfnAlarm).threshold = undefined;
      (resource as CfnAlarm).alarmActions = [];
    },
  ],
])('in CloudFormation, a lean resource that is given %s is written to the byte as by the CDK', (_, change) => {
  const { stack, alarm, written, byCdk } = leanAlarm();
  change(alarm, new CfnResource(stack, 'Other', { type: 'AWS::X::Y' }));
  const before = JSON.stringify(stack.resolve(alarm.cfnOptions.metadata));
  expect(written(alarm)).toBe(byCdk(alarm));
  expect(written(alarm)).toBe(byCdk(alarm));
  expect(JSON.stringify(stack.resolve(alarm.cfnOptions.metadata))).toBe(before);
});

test('in CloudFormation, the tree says of a lean resource what it says of any', () => {
  const { stack, lean } = leanResources();
  for (const resource of lean) {
    const told = (inspect: ((inspector: TreeInspector) => void) | undefined): string => {
      const inspector = new TreeInspector();
      inspect?.call(resource, inspector);
      return JSON.stringify(stack.resolve(inspector.attributes));
    };
    expect(told((resource as CfnAlarm).inspect)).toBe(told(Object.getPrototypeOf(resource).inspect));
  }
});

test('in CloudFormation, the CDK says what is wrong with a lean resource', () => {
  const { alarm, written } = leanAlarm();
  alarm.metrics = [{ returnData: true } as never];
  expect(() => written(alarm)).toThrow('id: required but missing');
  alarm.comparisonOperator = 7 as never;
  expect(() => written(alarm)).toThrow('comparisonOperator: 7 should be a string');
});

test('in CloudFormation, what aspects, tags and overrides say of a lean resource is written, across stacks too', () => {
  const app = new App();
  const elsewhere = new Key(new Stack(app, 'Elsewhere'), 'Key');
  const stack = new Stack(app, 'Stack');
  const { pipeline } = new cdk.Platform(stack, 'Platform', { manifest, runtime });
  const alarm = pipeline.node.findChild(alarmId) as CfnAlarm;
  Tags.of(alarm).add('team', 'flights');
  Aspects.of(stack).add({
    visit: (node) => {
      if (node instanceof CfnAlarm) node.threshold = 7;
    },
  });
  alarm.addPropertyOverride('OKActions', [elsewhere.keyArn]);
  alarm.addMetadata('owner', elsewhere.keyId);
  alarm.alarmDescription = `Encrypted with ${elsewhere.keyArn}, or ${elsewhere.keyId}.`;
  alarm.overrideLogicalId('RunFailed');
  const { Resources } = Template.fromStack(stack).toJSON();
  expect(Resources.RunFailed).toMatchObject({
    Properties: {
      Threshold: 7,
      AlarmDescription: {
        'Fn::Join': [
          '',
          [
            'Encrypted with ',
            { 'Fn::ImportValue': expect.any(String) },
            ', or ',
            { 'Fn::ImportValue': expect.any(String) },
            '.',
          ],
        ],
      },
      Tags: [{ Key: 'team', Value: 'flights' }],
      OKActions: [{ 'Fn::ImportValue': expect.stringMatching(/^Elsewhere:ExportsOutput.*Arn/) }],
    },
    Metadata: { owner: { 'Fn::ImportValue': expect.stringMatching(/^Elsewhere:ExportsOutput/) } },
  });
});

test('in CloudFormation, an id that an aspect changes is another one wherever it stands, though it was known before', () => {
  const app = new App();
  Aspects.of(app).add({
    visit: (node) => {
      if (!CfnResource.isCfnResource(node) || node.node.id !== 'NoticesTopic') return;
      node.stack.renameLogicalId(node.stack.getLogicalId(node), 'RenamedTopic');
    },
  });
  const platform = { manifest, deployment: {}, local: {}, notices: [] };
  const { folder } = synthCloudFormation(platform, app, runtime);
  const template = readFileSync(join(folder, `${manifest.name}.template.json`), 'utf8');
  expect(template).toMatch(/"RenamedTopic": \{\s*"Type": "AWS::SNS::Topic"/);
  expect(template).toContain('"Ref": "RenamedTopic"');
  expect(template).not.toMatch(/NoticesTopic[0-9A-F]{8}/);
});

test('in Terraform, what aspects and overrides say of a lean resource is written, those of its stack too', () => {
  const { text } = terraformStack((stack) => {
    const key = new KmsKey(stack, 'Key', {});
    const { pipeline } = new terraform.Platform(stack, 'Platform', { manifest, runtime });
    const alarm = pipeline.node.findChild(alarmId) as CloudwatchMetricAlarm;
    alarm.threshold = 7;
    alarm.addOverride('ok_actions', [key.arn]);
    alarm.overrideLogicalId('run_failed');
    stack.addOverride('resource.aws_cloudwatch_metric_alarm.run_failed.tags.team', 'flights');
  });
  expect(JSON.parse(text).resource.aws_cloudwatch_metric_alarm.run_failed).toMatchObject({
    threshold: 7,
    ok_actions: ['$' + '{aws_kms_key.Key.arn}'],
    tags: { team: 'flights' },
  });
});
