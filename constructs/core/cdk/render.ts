import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Node, NodeKind } from '../nodes';
import { type Ref, type Resolved, resolve } from '../text';
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
 * Creates each node's CloudFormation resource in `scope`, in order. `given` holds the attributes of nodes that the user
 * brought along and the model therefore did not decide; `place` says where a node is created, if elsewhere.
 */
export function render(
  scope: Construct,
  nodes: readonly Node[],
  given: Readonly<Record<string, Attributes>> = {},
  place: (node: Node) => Construct = () => scope,
): Lookup {
  const known = new Map<string, Attributes>(Object.entries(given));
  const stack = Stack.of(scope);
  known.set('aws', {
    partition: stack.partition,
    region: stack.region,
    account: stack.account,
    urlSuffix: stack.urlSuffix,
  });
  const lookup: Lookup = ({ node, attr }) => {
    const value = known.get(node)?.[attr];
    if (value === undefined)
      throw new Error(`${scope.node.path} refers to ${node}.${attr}, which no node before it has`);
    return value;
  };
  for (const node of nodes) {
    const renderer = renderers[node.kind] as Renderer<NodeKind>;
    known.set(node.id, renderer(place(node), resolve(node, lookup) as NodeOf<NodeKind>));
  }
  return lookup;
}
