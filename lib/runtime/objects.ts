import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ObjectInfo, Objects } from './services';

/**
 * The root of a zone of Iceberg tables, for objects that stand beside them. In a location of Iceberg nothing is encoded;
 * the URI of an object that is a file here is a URL.
 */
export const objectRoot = (location: string): string =>
  location.startsWith('file://') ? pathToFileURL(location.slice('file://'.length)).href : location;

/** Objects that are files on this machine, by `file:///…`. */
export const localObjects: Objects = {
  async *list(prefix) {
    const path = fileURLToPath(prefix);
    const folder = prefix.endsWith('/') ? path : dirname(path);
    for await (const file of filesIn(folder)) {
      const uri = pathToFileURL(file).href;
      if (!uri.startsWith(prefix)) continue;
      const object = await localObjects.head(uri);
      if (object !== undefined) yield object;
    }
  },

  async head(uri) {
    const file = await stat(fileURLToPath(uri), { bigint: true }).catch(ifMissing);
    if (file === undefined || !file.isFile()) return undefined;
    return {
      uri,
      size: Number(file.size),
      etag: `${file.size}-${file.mtimeNs}`,
      modified: file.mtime.toISOString(),
    } satisfies ObjectInfo;
  },

  read: (uri) => readFile(fileURLToPath(uri)),

  stream: async (uri, start = 0) => createReadStream(fileURLToPath(uri), { start, highWaterMark: 256 * 1024 }),

  async write(uri, body) {
    const path = fileURLToPath(uri);
    await mkdir(dirname(path), { recursive: true });
    const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}`);
    try {
      await writeFile(unfinished, body);
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  },
};

/** Files below a folder, in the order of their paths, as S3 lists keys; none where there is no such folder. */
async function* filesIn(folder: string): AsyncIterable<string> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(ifMissing)) ?? [];
  const order = (entry: (typeof entries)[number]) => (entry.isDirectory() ? `${entry.name}/` : entry.name);
  for (const entry of entries.sort((a, b) => (order(a) < order(b) ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else yield path;
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
