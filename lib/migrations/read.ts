import { readdir, readFile } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
import type { Problem } from '../errors';
import { checksumOf } from './checksum';
import type { Marks, Migration } from './migration';
import { readStatements } from './statements';

/** A file as it was found. */
export interface MigrationFile {
  /** Its name alone: `0001_orders.sql`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ReadMigrations {
  /** In the order of their numbers; those without a problem of their own. */
  readonly migrations: readonly Migration[];
  readonly problems: readonly Problem[];
}

/**
 * Reads the migrations of a folder: every `*.sql` in it, and no other file. A folder that is not there holds none.
 *
 * @param folder relative to the platform's folder, for messages too
 */
export async function readMigrations(platformFolder: string, folder: string): Promise<ReadMigrations> {
  const at = resolve(platformFolder, folder);
  const names = await readdir(at).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = names.filter((name) => name.toLowerCase().endsWith('.sql')).sort();
  return checkMigrations(
    folder,
    await Promise.all(files.map(async (name) => ({ name, bytes: await readFile(resolve(at, name)) }))),
  );
}

/** Checks files of migrations whole: names, numbers, encoding, statements, marks. */
export async function checkMigrations(folder: string, files: readonly MigrationFile[]): Promise<ReadMigrations> {
  const problems: Problem[] = numberProblems(
    folder,
    files.map(({ name }) => name),
  );
  const migrations: Migration[] = [];
  for (const { name, bytes } of files) {
    if (!fileName.test(name)) continue;
    const file = posix.join(folder, name);
    const text = textOf(bytes);
    if (text === undefined) {
      problems.push({ where: file, path: '', message: 'must be text in UTF-8 without NUL characters' });
      continue;
    }
    const { marks, problems: wrongMarks } = readMarks(text);
    const { statements, problems: wrong } = await readStatements(text, marks);
    const all = [...wrongMarks, ...wrong];
    problems.push(...all.map(({ line, message }) => ({ where: file, path: '', line, message })));
    if (all.length === 0)
      migrations.push({ name: name.slice(0, -4), file, checksum: checksumOf(text), marks, statements });
  }
  return { migrations: migrations.toSorted((a, b) => numberIn(a.name) - numberIn(b.name)), problems };
}

const fileName = /^\d{4,}_[a-z0-9]+(_[a-z0-9]+)*\.sql$/;

const numberIn = (name: string): number => Number(/^\d+/.exec(name)![0]);

function numberProblems(folder: string, names: readonly string[]): Problem[] {
  const problem = (name: string, message: string): Problem => ({ where: posix.join(folder, name), path: '', message });
  const problems: Problem[] = [];
  const byNumber = new Map<number, string[]>();
  for (const name of names) {
    if (fileName.test(name)) byNumber.set(numberIn(name), [...(byNumber.get(numberIn(name)) ?? []), name]);
    else
      problems.push(
        problem(
          name,
          `must be named by a number of at least four digits and lower-case words, such as 0001_orders.sql; given ${JSON.stringify(name)}`,
        ),
      );
  }
  let expected = 1;
  for (const [number, [first, ...others]] of [...byNumber].sort(([a], [b]) => a - b)) {
    for (const other of others)
      problems.push(problem(other, `must have a number of its own; ${first} has number ${number} too`));
    if (number === 0) problems.push(problem(first!, 'must have a number from 1; given 0'));
    else if (number > expected)
      problems.push(
        problem(first!, `must follow number ${expected - 1} without a gap, as ${expected}; given ${number}`),
      );
    expected = number + 1;
  }
  return problems;
}

/** The text of a file, with `\n` at the end of lines; undefined where it is no UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    // It takes a byte order mark off.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text.replace(/\r\n?/g, '\n');
  } catch {
    return undefined;
  }
}

const markLine = /^--\s*(destructive|long|no[ _-]?transaction)\s*(:.*)?$/i;

/** The marks are comment lines before the first statement; what follows a colon is for the reader. */
function readMarks(text: string): {
  readonly marks: Marks;
  readonly problems: { readonly line: number; readonly message: string }[];
} {
  const found = new Set<string>();
  const problems: { line: number; message: string }[] = [];
  let isHead = true;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const mark = markLine.exec(line)?.[1]?.toLowerCase();
    if (mark !== undefined && isHead) found.add(mark.startsWith('no') ? 'no transaction' : mark);
    else if (mark !== undefined)
      problems.push({ line: i + 1, message: `must stand before the first statement; given the mark "${line}"` });
    if (line !== '' && !line.startsWith('--')) isHead = false;
  }
  const marks = {
    destructive: found.has('destructive'),
    long: found.has('long'),
    noTransaction: found.has('no transaction'),
  };
  return { marks, problems };
}
