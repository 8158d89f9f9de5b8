import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { InvalidInputError } from '../errors';

/**
 * The path of a file that `platform.yaml` names: relative to the platform's folder, or `npm:<package>/<path>` for one
 * of an installed npm package, looked for from the platform's folder upwards and then from this package's.
 *
 * @throws InvalidInputError where the npm package is not installed
 */
export function localFile(file: string, folder: string): string {
  if (!file.startsWith('npm:')) return isAbsolute(file) ? file : join(folder, file);
  const [, name, path] = /^npm:((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(file) ?? [];
  if (name === undefined || path === undefined)
    throw invalid(`must be npm:<package>/<path>, given ${JSON.stringify(file)}`);
  for (const start of [resolve(folder), __dirname]) {
    for (let above = start; ; above = dirname(above)) {
      const found = join(above, 'node_modules', name);
      if (existsSync(found)) return join(found, path);
      if (above === dirname(above)) break;
    }
  }
  throw invalid(`names a file of the npm package ${name}, which is not installed; npm install ${name}`);
}

const invalid = (message: string) => new InvalidInputError([{ where: 'platform.yaml', path: 'local.land', message }]);
