import { isAbsolute, normalize, sep } from 'node:path';
import { locationPath } from '../../tables/location';
import { CatalogError } from './errors';

/**
 * The folder or file that a location names: `file:///a/b`, `file:/a/b` or `/a/b`. Nothing in it is decoded, as no
 * Iceberg reader decodes it: `%20` is a name of three characters.
 */
export function pathOf(location: string): string {
  const path = locationPath(location);
  if (!isAbsolute(path))
    throw CatalogError.badRequest(`A location is file:///folder; given ${JSON.stringify(location)}`);
  return path;
}

/** Refuses a location that lies in none of the roots. `what` begins the sentence of the error. */
export function assertInside(location: string, roots: readonly string[], what: string): void {
  const inS3 = location.startsWith('s3://') && roots.some((root) => root.startsWith('s3://'));
  // Of an object the path is `/bucket/key`.
  const place = (at: string) => (inS3 ? at.replace('s3:/', '') : pathOf(at));
  const path = place(location);
  const plain = normalize(path) === path && !path.includes('\0');
  const around = roots.filter((root) => root.startsWith('s3://') === inS3);
  if (plain && around.some((root) => path.startsWith(withSlash(place(root))))) return;
  throw CatalogError.forbidden(
    `${what} must be inside ${roots.join(' or ')}, without dots or a slash at its end; given ${JSON.stringify(location)}`,
  );
}

const withSlash = (path: string): string => (path.endsWith(sep) ? path : path + sep);
