import { readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode, makeFolder, syncFolder, writeNewFile } from './durable';
import { pathOf } from './location';

/** Where metadata files lie, beside the data of their tables. */
export interface MetadataFiles {
  /** The text at a location, undefined where there is none. */
  read(location: string): Promise<string | undefined>;
  /** Writes a file of a name that no other has; it is there for good when this returns. */
  writeNew(location: string, text: string): Promise<void>;
  remove(location: string): Promise<void>;
}

/** Metadata files in folders of this machine. */
export const folderFiles: MetadataFiles = {
  async read(location) {
    try {
      return await readFile(pathOf(location), 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  },

  async writeNew(location, text) {
    const path = pathOf(location);
    await makeFolder(dirname(path));
    await writeNewFile(path, text);
    await syncFolder(dirname(path));
  },

  remove: (location) => unlink(pathOf(location)),
};
