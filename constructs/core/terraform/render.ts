import type { Construct, IConstruct } from 'constructs';
import type { Node } from '../nodes';
import { type Attributes, type Lookup, renderNodes } from '../render';
import { DataAwsCallerIdentity, DataAwsPartition, DataAwsRegion, TerraformStack } from './aws';
import { renderers } from './renderers';

export type { Attributes, Lookup, NodeOf, Renderer, Renderers } from '../render';

/**
 * Creates each node's Terraform resources in `scope`, in order. `given` holds the attributes of nodes that the user
 * brought along and the model therefore did not decide.
 */
export function render(
  scope: Construct,
  nodes: readonly Node[],
  given: Readonly<Record<string, Attributes>> = {},
): Lookup {
  // Asked for at each use: cdktf makes a new token at each access, and a data source only where something needs it.
  return renderNodes(scope, nodes, given, { renderers, whereabouts: () => whereabouts(scope), literal: escapeLiteral });
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
