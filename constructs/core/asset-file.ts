import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Construct } from 'constructs';
import { InvalidInputError } from '../../lib/errors';
import type { AssetNode } from './nodes';
import type { Resolved } from './text';
import { distFolder, zipFile } from './zip';

/**
 * The file, where it is there.
 *
 * @throws InvalidInputError where it is not there, and nothing would bring it
 */
export function assetFile(scope: Construct, file: Resolved<AssetNode['file']>): string {
  if (typeof file !== 'string' && !('packaged' in file)) return zipFile(scope, file);
  const path = typeof file === 'string' ? file : join(distFolder(), '..', file.packaged);
  if (existsSync(path)) return path;
  throw new InvalidInputError([{ where: scope.node.path, path: '', message: `needs ${path}, which is not there` }]);
}
