import { randomUUID } from 'node:crypto';
import { access, link, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson, toJson } from '../../tables/json';
import { hasCode, makeFolder, syncFolder, writeNewFile } from './durable';
import { CatalogError } from './errors';

/** A state and its number. Number 0 is "never written". */
export interface Version<T> {
  readonly number: number;
  /** Undefined: never written, or dropped. */
  readonly value: T | undefined;
}

/** How many files of older states are kept beside the current one. */
const kept = 16;
/** Age in milliseconds at which a file that a dead process was still writing is removed. */
const abandoned = 3_600_000;

/**
 * One durable value that several processes change without a server or a lock: a folder of files `1.json`, `2.json`, …
 * of which the highest number is the current state. To change state N is to create file N+1, by linking a finished
 * file to that name, which the file system lets exactly one process do. Dropping is a state too, so numbers only grow.
 */
export class Pointer<T> {
  constructor(private readonly folder: string) {}

  async read(): Promise<Version<T>> {
    for (;;) {
      const number = (await this.numbers()).at(-1) ?? 0;
      if (number === 0) return { number, value: undefined };
      try {
        const state = parseJson(await readFile(this.file(number), 'utf8')) as { value?: T };
        return { number, value: state.value };
      } catch (error) {
        // Pruned since the folder was listed: so there is a newer one.
        if (!hasCode(error, 'ENOENT')) throw error;
      }
    }
  }

  /**
   * Makes `value` (undefined: dropped) the state that follows `base`. False where another state already does; nothing
   * was changed then. On the disk when this returns.
   */
  async advance(base: number, value: T | undefined): Promise<boolean> {
    await makeFolder(this.folder);
    const draft = join(this.folder, `${randomUUID()}.draft`);
    await writeNewFile(draft, toJson({ value }));
    try {
      await link(draft, this.file(base + 1));
      await syncFolder(this.folder);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      if (hasCode(error, 'EPERM') || hasCode(error, 'ENOTSUP'))
        throw new Error(`The catalog's folder must be on a file system with hard links: ${this.folder} is not`);
      throw error;
    } finally {
      await unlink(draft).catch(() => undefined);
    }
    await this.assertFollows(base);
    await this.prune(base + 1 - kept);
    return true;
  }

  /**
   * A process that slept while others went on far enough to prune its base has linked a number that was free again, and
   * that nobody reads. As pruning goes from the oldest up, a base that is still there proves that this is not the case.
   * Number 1 is never pruned, so that it is never free again.
   */
  private async assertFollows(base: number): Promise<void> {
    if (base === 0 || (await exists(this.file(base)))) return;
    throw CatalogError.unknownState('Others committed many times while this commit was on its way; it may be lost');
  }

  private async prune(below: number): Promise<void> {
    for (const number of await this.numbers()) {
      if (number > 1 && number < below) await unlink(this.file(number)).catch(() => undefined);
    }
    for (const name of await this.names('.draft')) {
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && Date.now() - found.mtimeMs > abandoned) await unlink(path).catch(() => undefined);
    }
  }

  private async numbers(): Promise<number[]> {
    const names = await this.names('.json');
    return names.map((name) => Number(name.slice(0, -'.json'.length))).sort((a, b) => a - b);
  }

  private async names(suffix: string): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter((name) => name.endsWith(suffix));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  private file(number: number): string {
    return join(this.folder, `${number}.json`);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
