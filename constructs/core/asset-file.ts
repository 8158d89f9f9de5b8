import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError } from '../../lib/errors';
import type { AssetNode } from './nodes';
import type { Resolved } from './text';
import { distFolder, zipFile } from './zip';

/**
 * The file, where it is there.
 *
 * @param where path of the construct that needs it, for the message
 * @throws InvalidInputError where it is not there
 */
export function assetFile(where: string, file: Resolved<AssetNode['file']>): string {
  if (typeof file !== 'string' && !('packaged' in file)) return zipFile(where, file);
  const path = typeof file === 'string' ? file : join(distFolder(), '..', file.packaged);
  if (existsSync(path)) return path;
  throw new InvalidInputError([{ where, path: '', message: `needs ${path}, which is not there` }]);
}
