import type { Construct, IConstruct } from 'constructs';
import type { Node, NodeKind } from '../nodes';
import { type Ref, type Resolved, resolve } from '../text';
import { DataAwsCallerIdentity, DataAwsPartition, DataAwsRegion, TerraformStack } from './aws';
import { renderAlarm } from './cloudwatch';
import { renderEventRule, renderSchedule } from './events';
import {
  renderDatabase,
  renderDataQualityRuleset,
  renderGlueTable,
  renderIcebergTable,
  renderSchema,
  renderSchemaRegistry,
  renderWorkgroup,
} from './glue';
import { renderRole } from './iam';
import { renderKey } from './kms';
import { renderFunction, renderLayer, renderLogGroup, renderPermission } from './lambda';
import { renderQueue, renderSubscription, renderTopic } from './messaging';
import { renderBucket } from './s3';
import { renderStateMachine } from './states';

/** A node's attributes as tokens, by name: `{ arn, name }`. */
export type Attributes = Readonly<Record<string, string>>;
export type NodeOf<K extends NodeKind> = Resolved<Extract<Node, { kind: K }>>;
export type Renderer<K extends NodeKind> = (scope: Construct, node: NodeOf<K>) => Attributes;

const renderers: { readonly [K in NodeKind]: Renderer<K> } = {
  alarm: renderAlarm,
  bucket: renderBucket,
  database: renderDatabase,
  dataQualityRuleset: renderDataQualityRuleset,
  eventRule: renderEventRule,
  function: renderFunction,
  glueTable: renderGlueTable,
  icebergTable: renderIcebergTable,
  key: renderKey,
  layer: renderLayer,
  logGroup: renderLogGroup,
  permission: renderPermission,
  queue: renderQueue,
  role: renderRole,
  schedule: renderSchedule,
  schema: renderSchema,
  schemaRegistry: renderSchemaRegistry,
  stateMachine: renderStateMachine,
  subscription: renderSubscription,
  topic: renderTopic,
  workgroup: renderWorkgroup,
};

/** Resolves texts of a rendered model to tokens. */
export type Lookup = (ref: Ref) => string;

/**
 * Creates each node's Terraform resources in `scope`, in order. `given` holds the attributes of nodes that the user
 * brought along and the model therefore did not decide.
 */
export function render(
  scope: Construct,
  nodes: readonly Node[],
  given: Readonly<Record<string, Attributes>> = {},
): Lookup {
  const known = new Map<string, Attributes>(Object.entries(given));
  const lookup: Lookup = ({ node, attr }) => {
    const value = node === 'aws' ? whereabouts(scope)[attr] : known.get(node)?.[attr];
    if (value === undefined)
      throw new Error(`${scope.node.path} refers to ${node}.${attr}, which no node before it has`);
    return value;
  };
  for (const node of nodes) {
    const renderer = renderers[node.kind] as Renderer<NodeKind>;
    const resolved = resolve(node, lookup, escapeLiteral);
    // What is in a zip goes to Lambda as it is, past Terraform.
    const rendered = 'zip' in node ? { ...resolved, zip: node.zip } : resolved;
    known.set(node.id, renderer(scope, rendered as NodeOf<NodeKind>));
  }
  return lookup;
}

/** Terraform would read `${` and `%{` of a literal as its own; cdktf's tokens are the only ones that are meant. */
function escapeLiteral(text: string): string {
  return text.replaceAll(/\$\{(?!TfToken\[)/g, '$$$${').replaceAll('%{', '%%{');
}

/** Partition, region and account of the stack's provider: one data source each in a stack, whoever asks. */
export function whereabouts(scope: IConstruct): Attributes {
  const stack = TerraformStack.of(scope);
  const partition =
    (stack.node.tryFindChild('AwsPartition') as DataAwsPartition | undefined) ??
    new DataAwsPartition(stack, 'AwsPartition');
  const region =
    (stack.node.tryFindChild('AwsRegion') as DataAwsRegion | undefined) ?? new DataAwsRegion(stack, 'AwsRegion');
  const identity =
    (stack.node.tryFindChild('AwsCallerIdentity') as DataAwsCallerIdentity | undefined) ??
    new DataAwsCallerIdentity(stack, 'AwsCallerIdentity');
  return {
    partition: partition.partition,
    urlSuffix: partition.dnsSuffix,
    region: region.region,
    account: identity.accountId,
  };
}
