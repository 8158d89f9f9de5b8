import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErasureLedger } from '../erasure/ledger';

/** The ledger of erasures as a folder: a file for each entry, `<kind>/<id>.json`. It is no part of the lake. */
export function folderErasureLedger(folder: string): ErasureLedger {
  const fileOf = (kind: string, id: string) => join(folder, encodeURIComponent(kind), `${encodeURIComponent(id)}.json`);
  const read = async (file: string): Promise<string | undefined> => {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  const draft = async (kind: string, id: string, value: string): Promise<string> => {
    await mkdir(join(folder, encodeURIComponent(kind)), { recursive: true });
    const file = `${fileOf(kind, id)}.${process.pid}.new`;
    await writeFile(file, value, { flush: true });
    return file;
  };
  return {
    get: (kind, id) => read(fileOf(kind, id)),
    async list(kind) {
      const names = await readdir(join(folder, encodeURIComponent(kind))).catch(() => []);
      const ids = names.filter((name) => name.endsWith('.json')).map((name) => decodeURIComponent(name.slice(0, -5)));
      const found = new Map<string, string>();
      for (const id of ids.sort()) found.set(id, (await read(fileOf(kind, id)))!);
      return found;
    },
    async add(kind, id, value) {
      const file = await draft(kind, id, value);
      try {
        await link(file, fileOf(kind, id));
        return value;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        return (await read(fileOf(kind, id)))!;
      } finally {
        await rm(file, { force: true });
      }
    },
    async put(kind, id, value) {
      await rename(await draft(kind, id, value), fileOf(kind, id));
    },
  };
}
