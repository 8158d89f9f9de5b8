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
  // Asked for at each use, so that there is a data source only where something needs it.
  return renderNodes(scope, nodes, given, { renderers, whereabouts: () => whereabouts(scope), literal: escapeLiteral });
}

/** Terraform would read `${` and `%{` of a literal as its own; cdktf's tokens are the only ones that are meant. */
function escapeLiteral(text: string): string {
  if (!text.includes('{')) return text;
  return text.replaceAll(/\$\{(?!TfToken\[)/g, '$$$${').replaceAll('%{', '%%{');
}

const known = new WeakMap<TerraformStack, Attributes>();

/**
 * Partition, region and account of the stack's provider: one data source each in a stack, whoever asks. Their tokens are
 * made once, since each that cdktf makes costs a stack trace.
 */
export function whereabouts(scope: IConstruct): Attributes {
  const stack = TerraformStack.of(scope);
  const before = known.get(stack);
  if (before !== undefined) return before;
  const { partition, dnsSuffix } = new DataAwsPartition(stack, 'AwsPartition');
  const { region } = new DataAwsRegion(stack, 'AwsRegion');
  const { accountId } = new DataAwsCallerIdentity(stack, 'AwsCallerIdentity');
  const attributes = { partition, urlSuffix: dnsSuffix, region, account: accountId };
  known.set(stack, attributes);
  return attributes;
}
