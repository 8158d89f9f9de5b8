import { readFile } from 'node:fs/promises';
import { isAbsolute, normalize, sep } from 'node:path';
import { hasCode } from './durable';
import { CatalogError } from './errors';

/**
 * The folder or file that a location names: `file:///a/b`, `file:/a/b` or `/a/b`. Nothing in it is decoded, as no
 * Iceberg reader decodes it: `%20` is a name of three characters.
 */
export function pathOf(location: string): string {
  const path = location.replace(/^file:(\/\/)?(?=\/)/, '');
  if (!isAbsolute(path))
    throw CatalogError.badRequest(`A location is file:///folder; given ${JSON.stringify(location)}`);
  return path;
}

/** The path of a location, where it lies inside one of the roots. `what` begins the sentence of the error. */
export function pathInside(location: string, roots: readonly string[], what: string): string {
  const path = pathOf(location);
  const plain = normalize(path) === path && !path.includes('\0');
  if (plain && roots.some((root) => path.startsWith(withSlash(pathOf(root))))) return path;
  throw CatalogError.forbidden(
    `${what} must be inside ${roots.join(' or ')}, without dots or a slash at its end; given ${JSON.stringify(location)}`,
  );
}

const withSlash = (path: string): string => (path.endsWith(sep) ? path : path + sep);

/** The text at a location, undefined where there is none. */
export async function readLocation(location: string): Promise<string | undefined> {
  try {
    return await readFile(pathOf(location), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
