import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { App as TerraformApp, TerraformStack } from 'cdktf';
import * as cdkCatalog from '../../constructs/catalog/cdk';
import type { CatalogDeclaration } from '../../constructs/catalog/props';
import * as terraformCatalog from '../../constructs/catalog/terraform';
import { AwsProvider } from '../../constructs/core/terraform/aws';
import * as cdkLake from '../../constructs/lake/cdk';
import type { LakeDeclaration } from '../../constructs/lake/props';
import * as terraformLake from '../../constructs/lake/terraform';
import { absent, type Difference, type InventoryResource, inventory } from '../../lib/testing';

/** One body of a test asks both engines: what a declaration creates, in words of neither. */
export interface Engine {
  readonly name: string;
  lake(props: LakeDeclaration, context?: Context): Created;
  catalog(props: CatalogDeclaration, context?: Context): Created;
}

export type Context = Readonly<Record<string, unknown>>;

export interface Created {
  readonly resources: readonly InventoryResource[];
  /** As the engine wrote it. */
  readonly text: string;
  /** Of a kind and id. */
  find(kind: string, id: string): InventoryResource;
  /** All of a kind. */
  all(kind: string): readonly InventoryResource[];
}

export function created(text: string): Created {
  const { resources } = inventory(text);
  return {
    resources,
    text,
    all: (kind) => resources.filter((resource) => resource.kind === kind),
    find: (kind, id) => {
      const found = resources.find((resource) => resource.kind === kind && resource.id === id);
      if (found === undefined)
        throw new Error(`no ${kind} ${id}; there are ${resources.map((r) => `${r.kind} ${r.id}`)}`);
      return found;
    },
  };
}

/** Both engines wrote nothing that the inventory does not know. */
export function expectKnown(template: Parameters<typeof inventory>[0], config: string): void {
  for (const { unknown, resources } of [inventory(template), inventory(config)]) {
    expect(unknown).toEqual([]);
    expect(resources.filter(({ unmapped }) => unmapped.length > 0)).toEqual([]);
  }
}

export function cdkStack(make: (stack: Stack) => void, context: Context = {}): Created {
  const stack = new Stack(new App({ context: { ...context } }), 'Stack');
  make(stack);
  return created(JSON.stringify(Template.fromStack(stack).toJSON()));
}

export function terraformStack(make: (stack: TerraformStack) => void, context: Context = {}): Created {
  const stack = new TerraformStack(new TerraformApp({ context: { ...context } }), 'Stack');
  new AwsProvider(stack, 'Aws', {});
  make(stack);
  return created(JSON.stringify(stack.toTerraform()));
}

const ofSubmit = 'definition.*JobDriver.SparkSubmit.*';
const files = 'Files are objects in Terraform; the CDK puts them into its own bucket before it deploys';
/** What differs where jobs of Spark have files. */
export const filesDiffer: readonly Difference[] = [
  { reason: files, what: 'resource', kind: 's3.object', cloudformation: absent, terraform: 'present' },
  { reason: files, what: 'statement', path: '*cdk-*-assets-*', cloudformation: 'present', terraform: absent },
  { reason: files, what: 'statement', path: '*{s3.object:*', cloudformation: absent, terraform: 'present' },
  { reason: files, what: 'edge', path: '* -> s3.object:*', cloudformation: absent, terraform: 'present' },
  { reason: files, what: 'property', path: ofSubmit },
];
/** The same of jobs that a state machine keeps at work, which says first what they are started with. */
export const jobFilesDiffer: readonly Difference[] = [
  ...filesDiffer.filter(({ path }) => path !== ofSubmit),
  { reason: files, what: 'property', path: 'definition.States.Input.Parameters.job.*' },
];

export const engines: readonly Engine[] = [
  {
    name: 'CloudFormation',
    lake: (props, context) => cdkStack((stack) => new cdkLake.Lake(stack, 'Lake', props), context),
    catalog: (props, context) =>
      cdkStack((stack) => {
        const lake = new cdkLake.Lake(stack, 'Lake', { name: 'aviation' });
        new cdkCatalog.Catalog(stack, 'Catalog', { ...props, lake });
      }, context),
  },
  {
    name: 'Terraform',
    lake: (props, context) => terraformStack((stack) => new terraformLake.Lake(stack, 'Lake', props), context),
    catalog: (props, context) =>
      terraformStack((stack) => {
        const lake = new terraformLake.Lake(stack, 'Lake', { name: 'aviation' });
        new terraformCatalog.Catalog(stack, 'Catalog', { ...props, lake });
      }, context),
  },
];
