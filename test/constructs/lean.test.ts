import { App, Aspects, CfnParameter, CfnResource, Lazy, Stack, Tags, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Key } from 'aws-cdk-lib/aws-kms';
import * as cdktf from 'cdktf';
import fc from 'fast-check';
import * as cdk from '../../constructs/cdk';
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
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, undefined, true, 0, -1.5, 1e300, ...others),
        literal,
        text,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.constantFrom('a', 'B', '$' + '{a}', '&', ''), literal), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (document) => {
        const lean = new Lean({ stack, refers: () => document, document: () => document });
        expect(resolve({ lean })).toEqual(resolve({ lean: document }));
      }),
      { numRuns: 300 },
    );
  },
);

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
  alarm.overrideLogicalId('RunFailed');
  const { Resources } = Template.fromStack(stack).toJSON();
  expect(Resources.RunFailed).toMatchObject({
    Properties: {
      Threshold: 7,
      Tags: [{ Key: 'team', Value: 'flights' }],
      OKActions: [{ 'Fn::ImportValue': expect.stringMatching(/^Elsewhere:ExportsOutput.*Arn/) }],
    },
    Metadata: { owner: { 'Fn::ImportValue': expect.stringMatching(/^Elsewhere:ExportsOutput/) } },
  });
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
