import type { Construct } from 'constructs';
import type { Node, NodeKind } from './nodes';
import { type Ref, type Resolved, resolve } from './text';

/** A node's attributes as tokens of an engine, by name: `{ arn, name }`. */
export type Attributes = Readonly<Record<string, string>>;
export type NodeOf<K extends NodeKind> = Resolved<Extract<Node, { kind: K }>>;
/** Creates a node's resources in an engine. */
export type Renderer<K extends NodeKind> = (scope: Construct, node: NodeOf<K>) => Attributes;
export type Renderers = { readonly [K in NodeKind]: Renderer<K> };

/** Resolves texts of a rendered model to tokens. */
export type Lookup = (ref: Ref) => string;

/** What an engine brings to the rendering of a model. */
export interface Engine {
  readonly renderers: Renderers;
  /** Where the stack is: its partition, region, account and URL suffix. */
  readonly whereabouts: () => Attributes;
  /** How it must be told a literal text, where it would read some characters as its own. */
  readonly literal?: (text: string) => string;
  /** Where a node is created, if elsewhere than in the scope. */
  readonly place?: (node: Node) => Construct;
}

/**
 * Creates each node's resources in `scope`, in order. `given` holds the attributes of nodes that the user brought along
 * and the model therefore did not decide.
 */
export function renderNodes(
  scope: Construct,
  nodes: readonly Node[],
  given: Readonly<Record<string, Attributes>>,
  { renderers, whereabouts, literal, place = () => scope }: Engine,
): Lookup {
  const known = new Map<string, Attributes>(Object.entries(given));
  const lookup: Lookup = ({ node, attr }) => {
    const value = node === 'aws' ? whereabouts()[attr] : known.get(node)?.[attr];
    if (value === undefined)
      throw new Error(`${scope.node.path} refers to ${node}.${attr}, which no node before it has`);
    return value;
  };
  for (const node of nodes) {
    const renderer = renderers[node.kind] as Renderer<NodeKind>;
    const resolved = resolve(node, lookup, literal);
    // What is in a zip goes to Lambda as it is, past the engine's own language.
    const rendered = 'zip' in node ? { ...resolved, zip: node.zip } : resolved;
    known.set(node.id, renderer(place(node), rendered as NodeOf<NodeKind>));
  }
  return lookup;
}
