import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { acquireLock } from '../lib/local/lock';

/**
 * Makes what tests need outside of the repository, once on a machine: of those that come for it at a time one makes it,
 * and the others wait. The file `complete` then says that it is there.
 */
export async function madeOnce(complete: string, make: () => Promise<void>): Promise<void> {
  if (existsSync(complete)) return;
  const lock = await acquireLock(`${dirname(complete)}.lock`);
  try {
    if (existsSync(complete)) return;
    await make();
    await writeFile(complete, '');
  } finally {
    await lock.release();
  }
}
