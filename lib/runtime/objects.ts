import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ErasableObjects } from '../erasure/services';
import type { ObjectInfo } from './services';

/**
 * The root of a zone of Iceberg tables, for objects that stand beside them. In a location of Iceberg nothing is encoded;
 * the URI of an object that is a file here is a URL.
 */
export const objectRoot = (location: string): string =>
  location.startsWith('file://') ? pathToFileURL(location.slice('file://'.length)).href : location;

/** Objects that are files on this machine, by `file:///…`. */
export const localObjects: ErasableObjects = {
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
    const etag = `${file.size}-${file.mtimeNs}`;
    const arrivedAs = await arrivalOf(fileURLToPath(uri), etag);
    return {
      uri,
      size: Number(file.size),
      etag,
      modified: file.mtime.toISOString(),
      ...(arrivedAs === undefined ? {} : { arrivedAs }),
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

  async replace(seen, file) {
    const path = fileURLToPath(seen.uri);
    if ((await localObjects.head(seen.uri))?.etag !== seen.etag) return false;
    const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}`);
    try {
      await copyFile(file, unfinished);
      const { size, mtimeNs } = await stat(unfinished, { bigint: true });
      // First what the new file is, then the file: a crash in between leaves the old one, which is told of too.
      const arrivedAs = seen.arrivedAs ?? seen.etag;
      const told = { [seen.etag]: arrivedAs, [`${size}-${mtimeNs}`]: arrivedAs };
      await localObjects.write(pathToFileURL(arrivalFile(path)).href, JSON.stringify(told));
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    return true;
  },

  async remove(uri) {
    await rm(fileURLToPath(uri), { force: true });
    await rm(arrivalFile(fileURLToPath(uri)), { force: true });
  },
};

/** Beside a file that was replaced: with which ETag it arrived, by the ETag that it has. */
const arrivalFile = (path: string): string => join(dirname(path), `.${basename(path)}.arrived`);

/** The ETag with which a file arrived that now has another, as it was replaced since. */
export async function arrivalOf(path: string, etag: string): Promise<string | undefined> {
  const text = await readFile(arrivalFile(path), 'utf8').catch(ifMissing);
  const told = text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
  return told[etag];
}

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
