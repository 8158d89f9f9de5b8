import { existsSync } from 'node:fs';
import { InvalidInputError } from '../../lib/errors';

/**
 * The file, where it is there.
 *
 * @param where path of the construct that needs it, for the message
 * @throws InvalidInputError where it is not there
 */
export function assetFile(where: string, file: string): string {
  if (existsSync(file)) return file;
  throw new InvalidInputError([{ where, path: '', message: `needs ${file}, which is not there` }]);
}
