import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAsSeen, type ParkedKey, type ParkedKeys } from '../stream/parked';

/** Keys of streams that have stopped, one file each; the lock of the platform keeps other processes away. */
export function folderParkedKeys(folder: string): ParkedKeys {
  const fileOf = (stream: string, key: string) =>
    join(folder, stream, 'parked', `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  const read = async (file: string): Promise<ParkedKey | undefined> => {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as ParkedKey;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return {
    async list(stream) {
      const of = join(folder, stream, 'parked');
      const files = await readdir(of).catch(() => []);
      const keys = await Promise.all(
        files.filter((file) => file.endsWith('.json')).map((file) => read(join(of, file))),
      );
      return keys.filter((key) => key !== undefined);
    },
    async put(stream, seen, next) {
      const file = fileOf(stream, next.key);
      if (!isAsSeen(await read(file), seen)) return false;
      await mkdir(join(folder, stream, 'parked'), { recursive: true });
      await writeFile(`${file}.new`, `${JSON.stringify(next)}\n`);
      await rename(`${file}.new`, file);
      return true;
    },
    async remove(stream, seen) {
      const file = fileOf(stream, seen.key);
      if (!isAsSeen(await read(file), seen)) return false;
      await rm(file);
      return true;
    },
  };
}
