import { App, type CfnStack, NestedStack, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cdk from '../../constructs/cdk';
import * as terraform from '../../constructs/terraform';
import type { Dataset, Rule } from '../../lib/contract/dataset';
import type { Manifest } from '../../lib/platform/manifest';
import { engineDifferences, expectParity, inventory, withNested } from '../../lib/testing';
import { column } from '../ingest/datasets';
import { terraformStack } from './engines';
import { dataset, manifest } from './manifest';

const { invocationLifecycle, retain } = engineDifferences;
const runtime = __filename;

interface Body {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly DependsOn?: string | readonly string[] }>
  >;
}

const required: Rule = {
  name: 'id.required',
  type: 'notNull',
  column: 'id',
  dimension: 'completeness',
  severity: 'error',
};

/** A platform with as many tables that files arrive for. */
function platformOf(count: number): Manifest {
  const datasets = Array.from({ length: count }, (_, i): Dataset => {
    const name = `table_${i + 1}`;
    return dataset('silver', name, [column('id', 'long', { required: true })], {
      key: ['id'],
      source: { zone: 'bronze', prefix: name, format: 'csv' },
      rules: [required],
    });
  });
  const ingests = datasets.map(({ name }) => `silver.${name}`);
  return { ...manifest, datasets, models: [], groups: [{ ...manifest.groups[0]!, ingests, levels: [] }] };
}

/** The templates of a platform: the stack's own, and those of nested stacks by their logical id in it. */
function templates(
  of: Manifest,
  tableStacks: number,
  more: { readonly dataQualityRulesets?: boolean } = {},
): { own: Body; nested: Record<string, Body> } {
  const stack = new Stack(new App(), 'Stack');
  new cdk.Platform(stack, 'Platform', { manifest: of, runtime, tableStacks, ...more });
  const own = Template.fromStack(stack).toJSON() as Body;
  const stacks = stack.node.findAll().filter((each): each is NestedStack => NestedStack.isNestedStack(each));
  const idOf = (nested: NestedStack) => stack.getLogicalId(nested.nestedStackResource as CfnStack);
  return {
    own,
    nested: Object.fromEntries(stacks.map((each) => [idOf(each), Template.fromStack(each).toJSON() as Body])),
  };
}

test('tables in nested stacks are the same as those that Terraform makes', () => {
  const { own, nested } = templates(manifest, 3);
  expect(Object.keys(nested).length).toBeGreaterThan(1);
  const config = terraformStack((stack) => new terraform.Platform(stack, 'Platform', { manifest, runtime }));
  expectParity(withNested(own, nested), config.text, { differences: [retain, invocationLifecycle] });
  expect(inventory(withNested(own, nested)).unknown).toEqual([]);
});

test('rulesets of AWS Glue Data Quality stand beside their tables, as many and the same as Terraform makes', () => {
  const ruled = platformOf(6);
  const { own, nested } = templates(ruled, 3, { dataQualityRulesets: true });
  const type = 'AWS::Glue::DataQualityRuleset';
  const rulesets = Object.values(nested).flatMap(({ Resources }) =>
    Object.values(Resources)
      .filter(({ Type }) => Type === type)
      .map(({ DependsOn }) => [DependsOn].flat().every((id) => Resources[id ?? '']?.Type === 'Custom::IngotTable')),
  );
  expect(rulesets).toEqual(Array.from({ length: 6 }, () => true));
  expect(Object.values(own.Resources).filter(({ Type }) => Type === type)).toEqual([]);
  const props = { manifest: ruled, runtime, dataQualityRulesets: true };
  const config = terraformStack((stack) => new terraform.Platform(stack, 'Platform', props));
  expectParity(withNested(own, nested), config.text, { differences: [retain, invocationLifecycle] });
});

test('no resource moves to another stack or gets another id when datasets come', () => {
  const idsOf = ({ own, nested }: ReturnType<typeof templates>) =>
    new Set(
      Object.entries({ ...nested, own }).flatMap(([stack, { Resources }]) =>
        Object.keys(Resources).map((id) => `${stack} ${id}`),
      ),
    );
  const [before, after] = [idsOf(templates(platformOf(20), 4)), idsOf(templates(platformOf(21), 4))];
  expect([...before].filter((id) => !after.has(id))).toEqual([]);
  expect(after.size).toBeGreaterThan(before.size);
});

test('a thousand datasets fit: no stack has more than CloudFormation takes', () => {
  const { own, nested } = templates(platformOf(1000), 16, { dataQualityRulesets: true });
  const all = [own, ...Object.values(nested)];
  for (const body of all) {
    expect(Object.keys(body.Resources).length).toBeLessThanOrEqual(500);
    expect(JSON.stringify(body).length).toBeLessThan(1_000_000);
  }
  const types = all.flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type));
  expect(types.filter((type) => type === 'AWS::Glue::Table')).toHaveLength(1000);
  // Each with its quarantine, and the platform's own three.
  expect(types.filter((type) => type === 'Custom::IngotTable')).toHaveLength(1003);
});

test('a number of stacks that is none is a problem', () => {
  expect(() => templates(manifest, 0)).toThrow('tableStacks: must be a whole number from 1 to 200; given 0');
});
