import type { Construct } from 'constructs';
import type { Node } from '../nodes';
import { type Attributes, type Lookup, renderNodes } from '../render';
import { renderers } from './renderers';
import { whereabouts } from './whereabouts';

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
