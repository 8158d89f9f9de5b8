import { readdir } from 'node:fs/promises';

/** Files in a folder whose path is like `pattern`: `*` stands for any part of a name, `**` for any folders. Sorted. */
export async function findFiles(folder: string, pattern: string): Promise<string[]> {
  const wanted = pattern.replace(/^\.\//, '');
  const source = wanted
    .split(/(\*\*\/|\*)/)
    .map((part) => (part === '**/' ? '(?:.+/)?' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  const expression = new RegExp(`^${source}$`);
  const found: string[] = [];
  for await (const file of filesBelow(folder, '', wanted.split('*')[0]!)) if (expression.test(file)) found.push(file);
  return found.sort();
}

/** Every file below a folder whose path can begin with `start`, by its path from there, with `/`. */
async function* filesBelow(root: string, below: string, start: string): AsyncIterable<string> {
  const entries = await readdir(`${root}/${below}`, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  for (const entry of entries) {
    const path = `${below}${entry.name}`;
    const mayMatch = path.startsWith(start) || start.startsWith(`${path}/`);
    if (!mayMatch || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) yield* filesBelow(root, `${path}/`, start);
    else yield path;
  }
}
