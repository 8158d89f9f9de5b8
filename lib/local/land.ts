import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { assertValid, InvalidInputError, type Problem } from '../errors';
import { findIngested, notIngested, tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import { arrivalOf } from '../runtime/objects';
import type { Layout } from './layout';

/** A file that is to arrive in bronze. */
export interface Landing {
  /** Path of the file. */
  readonly file: string;
  /** The table that it is loaded into: `flights` or `silver.flights`. */
  readonly as: string;
  /** Where it comes from. By default `local`. */
  readonly source?: string;
  /** `YYYY-MM-DD`. By default the day on which the file was last changed, UTC. */
  readonly date?: string;
}

export interface Landed {
  /** The file in bronze. */
  readonly to: string;
  readonly table: string;
  /** False where the same file had landed before. */
  readonly isNew: boolean;
  /** Whether the file has gone from where it landed from; what landed stays. */
  readonly isGone?: true;
}

/**
 * Copies files into bronze, where an upload would put them: `<zone>/<prefix>/source=<source>/date=<date>/<file>`. A
 * file that is there already is left alone, so that landing twice is landing once.
 *
 * @param options `landedIsEnough`: a file that has landed before may be gone by now; by default it must be there
 * @throws InvalidInputError with every problem: no such file, no such table, a name that is taken by another file or
 * given to two; nothing is copied then
 */
export async function landFiles(
  landings: readonly Landing[],
  manifest: Manifest,
  layout: Layout,
  options: { readonly landedIsEnough?: boolean } = {},
): Promise<Landed[]> {
  const planned = await Promise.allSettled(landings.map((landing) => plan(landing, manifest, layout, options)));
  const problems = planned.flatMap((one) => {
    if (one.status === 'fulfilled') return [];
    if (one.reason instanceof InvalidInputError) return one.reason.problems;
    throw one.reason;
  });
  if (problems.length > 0) throw new InvalidInputError(problems);
  const plans = (planned as PromiseFulfilledResult<Planned>[]).map((one) => one.value);
  assertValid(await collisions(plans));
  const landed: Landed[] = [];
  for (const { from, ...result } of plans) {
    if (result.isNew) await copy(from, result.to, layout.temporary);
    landed.push(result);
  }
  return landed;
}

type Planned = Landed & { readonly from: string };

/** Two files for one place: each was planned against what lies there, and the second would overwrite the first. */
async function collisions(plans: readonly Planned[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  const first = new Map<string, string>();
  for (const { from, to, isNew } of plans) {
    const other = first.get(to);
    if (other === undefined) first.set(to, from);
    else if (isNew && resolve(other) !== resolve(from) && (await hash(other)) !== (await hash(from))) {
      const message = `would land at ${to}, as ${other} would; give one of them another date, source or file name`;
      problems.push({ where: from, path: '', message });
    }
  }
  return problems;
}

async function plan(
  landing: Landing,
  manifest: Manifest,
  layout: Layout,
  { landedIsEnough = false }: { readonly landedIsEnough?: boolean },
): Promise<Planned> {
  const { file, source = 'local' } = landing;
  const fail = (path: string, message: string): never => {
    throw new InvalidInputError([{ where: file, path, message }]);
  };
  const table = findIngested(landing.as, manifest.datasets) ?? fail('as', notIngested(landing.as, manifest.datasets));
  if (!/^[A-Za-z0-9_.-]+$/.test(source))
    fail('source', `must be letters, digits, dots, hyphens and underscores, given ${JSON.stringify(source)}`);
  const { zone, prefix } = table.source!;
  const arrived = join(layout.zone(zone), prefix, `source=${source}`);
  const info = await stat(file).catch(() => undefined);
  if (info === undefined && landedIsEnough) {
    const landed = await landedBefore(arrived, landing.date, basename(file));
    if (landed !== undefined) return { from: file, to: landed, table: tableId(table), isNew: false, isGone: true };
  }
  if (info?.isDirectory()) return fail('', 'is a folder; give the files in it');
  if (info === undefined || !info.isFile()) return fail('', 'there is no such file');
  if (/^[._]/.test(basename(file))) fail('', 'must not begin with a dot or underscore: such files are no data');
  const date = landing.date ?? info.mtime.toISOString().slice(0, 10);
  if (!isDate(date)) fail('date', `must be a day, YYYY-MM-DD, given ${JSON.stringify(date)}`);
  const to = join(arrived, `date=${date}`, basename(file));
  const taken = await stat(to).catch(() => undefined);
  if (taken !== undefined && !(await isLanded(to, file, info.size)))
    fail('', `${to} is another file of this name, and bronze is never changed; give another date, source or file name`);
  return { from: file, to, table: tableId(table), isNew: taken === undefined };
}

/** Whether what lies in bronze is this file: byte by byte, or, where an erasure has taken records out of it, as it arrived. */
async function isLanded(to: string, file: string, size: number): Promise<boolean> {
  const now = await stat(to, { bigint: true });
  const arrived = await arrivalOf(to, `${now.size}-${now.mtimeNs}`);
  if (arrived !== undefined) return arrived.startsWith(`${size}-`);
  return Number(now.size) === size && (await hash(to)) === (await hash(file));
}

/** Where a file of that name has landed before, on the day that is given or else the last one. */
async function landedBefore(arrived: string, date: string | undefined, name: string): Promise<string | undefined> {
  const days = date === undefined ? await readdir(arrived).catch(() => []) : [`date=${date}`];
  for (const day of days.sort().reverse()) {
    const path = join(arrived, day, name);
    if ((await stat(path).catch(() => undefined))?.isFile()) return path;
  }
  return undefined;
}

export function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** Whole or not at all: a run that lists bronze meanwhile must not find half a file. */
async function copy(from: string, to: string, temporary: string): Promise<void> {
  await mkdir(temporary, { recursive: true });
  await mkdir(dirname(to), { recursive: true });
  const draft = join(temporary, `${process.pid}-${basename(to)}`);
  await copyFile(from, draft, constants.COPYFILE_FICLONE);
  await rename(draft, to);
}

async function hash(file: string): Promise<string> {
  const sha256 = createHash('sha256');
  await pipeline(createReadStream(file), sha256);
  return sha256.digest('hex');
}
