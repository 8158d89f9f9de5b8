import type { Construct, IConstruct } from 'constructs';
import type { Problem } from '../../lib/errors';

interface Missing {
  /** Path of the construct that needed one first. */
  readonly where: string;
  readonly files: Set<string>;
}

/** By the tree's root, then by what brings the files. */
const missing = new WeakMap<IConstruct, Map<string, Missing>>();

/**
 * Keeps in mind that a file is needed and not there. The engine's own validation refuses to synthesise then, once, with
 * all that are missing: each file has its command, and whoever runs one should not learn of the next only then.
 *
 * @param remedy what to do about it: files of one remedy are told together
 */
export function fileIsMissing(scope: Construct, file: string, remedy: string): void {
  const { root } = scope.node;
  const inTree = missing.get(root) ?? new Map<string, Missing>();
  missing.set(root, inTree);
  const known = inTree.get(remedy);
  if (known !== undefined) {
    known.files.add(file);
    return;
  }
  const first = { where: scope.node.path, files: new Set([file]) };
  inTree.set(remedy, first);
  scope.node.addValidation({ validate: () => [sentence(first, remedy)] });
}

/** What constructs of a tree need and was not there when they were made. */
export function missingFiles(root: IConstruct): Problem[] {
  const inTree = [...(missing.get(root) ?? [])];
  return inTree.map(([remedy, one]) => ({ where: one.where, path: '', message: sentence(one, remedy) }));
}

function sentence({ files }: Missing, remedy: string): string {
  const named = [...files].sort();
  const list = named.length === 1 ? named[0] : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`;
  return `needs ${list}, which ${named.length === 1 ? 'is' : 'are'} not there; ${remedy}`;
}
