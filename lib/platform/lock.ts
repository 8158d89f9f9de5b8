import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Dataset } from '../contract/dataset';
import { InvalidInputError } from '../errors';
import type { Manifest } from './manifest';

/**
 * The file beside `platform.yaml` that says which contracts are deployed. `ingot lock` writes it after a deployment, it
 * is committed with the contracts, and synth holds their next versions against it: no cloud is asked.
 */
export const lockFile = 'contracts.lock.json';

/** Only what would make the comparison fail is looked at: the file is written by Ingot, for Ingot. */
const locked = z.object({
  datasets: z.array(
    z.looseObject({
      name: z.string(),
      zone: z.string(),
      contract: z.looseObject({ id: z.string(), version: z.string() }),
      columns: z.array(z.looseObject({ name: z.string() })),
      key: z.array(z.string()),
      partitionBy: z.array(z.looseObject({ column: z.string() })),
      sortBy: z.array(z.looseObject({ column: z.string() })),
      rules: z.array(z.looseObject({ name: z.string() })),
      roles: z.array(z.looseObject({ role: z.string() })),
      sla: z.looseObject({}),
    }),
  ),
});

/**
 * The datasets that are deployed; undefined where none was ever locked.
 *
 * @throws InvalidInputError where the file is not one that `ingot lock` wrote
 */
export async function readLock(folder: string): Promise<readonly Dataset[] | undefined> {
  const text = await readFile(join(folder, lockFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const held = parseJson(text);
  const parsed = locked.safeParse(held);
  if (parsed.success) return (held as { datasets: readonly Dataset[] }).datasets;
  const { path = [], message } = parsed.error.issues[0]!;
  throw new InvalidInputError([
    { where: lockFile, path: path.join('.'), message: `must be as ingot lock wrote it: ${message}` },
  ]);
}

/** Writes down that a platform's contracts are deployed. Same contracts, same bytes. Gives the file. */
export async function writeLock(folder: string, { datasets }: Pick<Manifest, 'datasets'>): Promise<string> {
  const file = join(folder, lockFile);
  await writeFile(file, `${JSON.stringify({ datasets }, null, 2)}\n`);
  return file;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
