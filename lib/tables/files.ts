import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { localObjects } from '../runtime/objects';
import { locationPath } from './location';

/** Files of Iceberg tables by their locations, `s3://bucket/key` or `file:///path`, in which nothing is encoded. */
export interface TableFiles {
  read(location: string): Promise<Buffer>;
  /** Writes a file of a name that no other has. */
  writeNew(location: string, content: Buffer): Promise<void>;
  /** Does nothing where it is gone. */
  remove(location: string): Promise<void>;
  /** Every file below a folder, with when it was last written, in milliseconds since 1970. */
  list(folder: string): AsyncIterable<{ readonly location: string; readonly modified: number }>;
}

/** Files of this machine. */
export const localTableFiles: TableFiles = {
  read: (location) => readFile(locationPath(location)),
  writeNew: (location, content) => writeFile(locationPath(location), content, { flag: 'wx', flush: true }),
  remove: (location) => rm(locationPath(location), { force: true }),
  async *list(folder) {
    for await (const { uri, modified } of localObjects.list(`${pathToFileURL(locationPath(folder)).href}/`))
      yield { location: `file://${fileURLToPath(uri)}`, modified: Date.parse(modified) };
  },
};
