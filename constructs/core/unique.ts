import type { Problem } from '../../lib/errors';
import type { Node } from './nodes';

/** Nodes whose names differ only in what construct ids leave out: `a__b` and `a_b`. An engine would say less of it. */
export function idProblems(where: string, nodes: readonly Node[]): Problem[] {
  const named = new Map<string, string>();
  return nodes.flatMap((node) => {
    const name = nameOf(node);
    const other = named.get(node.id);
    named.set(node.id, name);
    if (other === undefined) return [];
    const message = `must have names that differ in letters or digits, since ${node.id} is the id of both; given ${other} and ${name}`;
    return [{ where, path: node.kind, message }];
  });
}

function nameOf(node: Node): string {
  if (node.kind === 'icebergTable') return JSON.stringify((node.spec as { readonly table: string }).table);
  if (node.kind === 'subscription') return JSON.stringify(node.endpoint);
  return JSON.stringify('name' in node ? node.name : node.id);
}
