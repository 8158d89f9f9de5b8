import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Version of this package. */
export const version: string = readVersion(__dirname);

/** The package's folder is above this file, by one in the sources and by two in `dist`. */
function readVersion(folder: string): string {
  try {
    const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string; version?: string };
    if (found.name === 'ingot') return found.version!;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const above = dirname(folder);
  if (above === folder) throw new Error('The package.json of ingot is missing');
  return readVersion(above);
}
