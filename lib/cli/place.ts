import { relative } from 'node:path';

/** A path as a reader here finds it best: from the working folder on where it is below it, else whole. */
export function place(path: string): string {
  const below = relative(process.cwd(), path);
  if (below === '') return '.';
  return below.startsWith('..') ? path : below;
}
