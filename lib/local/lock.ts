import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
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
 * `onWait` is called once, with the holder, where there is one to wait for.
 */
export async function acquireLock(file: string, onWait: (holder: Holder) => void = () => {}): Promise<Lock> {
  await mkdir(dirname(file), { recursive: true });
  const own: Holder & { readonly id: string } = {
    pid: process.pid,
    since: new Date().toISOString(),
    id: randomBytes(8).toString('hex'),
  };
  const mine = JSON.stringify(own);
  // A link appears with its content or not at all, so that nobody reads a lock that is half written.
  const draft = `${file}.${own.id}`;
  await writeFile(draft, mine);
  let told = false;
  try {
    for (;;) {
      if (await tryLink(draft, file)) break;
      const held = await readFile(file, 'utf8').catch(() => undefined);
      if (held === undefined) continue;
      const holder = readHolder(held);
      if (holder === undefined || !isAlive(holder.pid)) {
        await removeStale(file, held, own.id);
        continue;
      }
      if (!told) onWait(holder);
      told = true;
      await sleep(250);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return {
    release: async () => {
      if ((await readFile(file, 'utf8').catch(() => undefined)) === mine) await rm(file, { force: true });
    },
  };
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead process's lock away. Should it be a living one's by now, who was quicker to take over, it is put back. */
async function removeStale(file: string, seen: string, id: string): Promise<void> {
  const aside = `${file}.stale.${id}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8')) !== seen) await tryLink(aside, file);
  await rm(aside, { force: true });
}

function readHolder(text: string): Holder | undefined {
  try {
    const { pid, since } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && typeof since === 'string' ? { pid, since } : undefined;
  } catch {
    return undefined;
  }
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
