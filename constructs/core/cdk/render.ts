import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Node } from '../nodes';
import { type Attributes, type Lookup, renderNodes } from '../render';
import { renderers } from './renderers';

export type { Attributes, Lookup, NodeOf, Renderer, Renderers } from '../render';

/**
 * Creates each node's CloudFormation resource in `scope`, in order. `given` holds the attributes of nodes that the user
 * brought along and the model therefore did not decide; `place` says where a node is created, if elsewhere.
 */
export function render(
  scope: Construct,
  nodes: readonly Node[],
  given: Readonly<Record<string, Attributes>> = {},
  place?: (node: Node) => Construct,
): Lookup {
  const { partition, region, account, urlSuffix } = Stack.of(scope);
  const whereabouts = { partition, region, account, urlSuffix };
  return renderNodes(scope, nodes, given, { renderers, whereabouts: () => whereabouts, place });
}
