import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Who holds a lock. */
export interface Holder {
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
}

export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes a lock that one process at a time holds; waits while another holds it. A lock whose process has died is taken
 * over. Works among the processes of one machine.
 *
 * The lock is a folder of numbered files. The highest number says who holds it, or that nobody does; who comes next
 * makes the number above, which the file system gives to one alone. The highest is never removed, so that nobody who
 * looked long ago can take a number anew and believe that it is the highest: who finds a higher one steps back.
 *
 * `onWait` is called once, with the holder, where there is one to wait for.
 */
export async function acquireLock(folder: string, onWait: (holder: Holder) => void = () => {}): Promise<Lock> {
  await mkdir(folder, { recursive: true });
  let told = false;
  for (;;) {
    const last = await highest(folder);
    const holder = await holderOf(folder, last);
    if (holder !== undefined) {
      if (!told) onWait(holder);
      told = true;
      await sleep(250);
      continue;
    }
    const mine = last + 1;
    if (!(await create(folder, mine, { pid: process.pid, since: new Date().toISOString() }))) continue;
    if ((await highest(folder)) > mine) {
      await rm(join(folder, String(mine)), { force: true });
      continue;
    }
    await removeBelow(folder, mine);
    return { release: () => free(folder, mine) };
  }
}

async function numbers(folder: string): Promise<number[]> {
  return (await readdir(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
}

const highest = async (folder: string): Promise<number> => Math.max(0, ...(await numbers(folder)));

/** The living process that holds a number; undefined where it was released, or its process has died. */
async function holderOf(folder: string, number: number): Promise<Holder | undefined> {
  const text = await readFile(join(folder, String(number)), 'utf8').catch(() => '');
  try {
    const { pid, since } = JSON.parse(text) as Partial<Holder>;
    return pid !== undefined && since !== undefined && isAlive(pid) ? { pid, since } : undefined;
  } catch {
    return undefined;
  }
}

/** Makes a number, whole; false where another was quicker. */
async function create(folder: string, number: number, holder: Holder): Promise<boolean> {
  const draft = await write(folder, JSON.stringify(holder));
  try {
    await link(draft, join(folder, String(number)));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function free(folder: string, number: number): Promise<void> {
  await rename(await write(folder, '{}'), join(folder, String(number)));
}

async function write(folder: string, text: string): Promise<string> {
  const draft = join(folder, `draft-${randomBytes(8).toString('hex')}`);
  await writeFile(draft, text);
  return draft;
}

async function removeBelow(folder: string, number: number): Promise<void> {
  for (const old of await numbers(folder)) if (old < number) await rm(join(folder, String(old)), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is alive, though it can't be signalled.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
