import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import type { Zip } from './nodes';
import type { Resolved } from './text';

/** The file of a zip: the one given, or one written from its entries. Same entries, same bytes. */
export function zipFile(zip: Resolved<Zip>): string {
  if ('file' in zip) return zip.file;
  const bytes = zipBytes(
    Object.fromEntries(Object.entries(zip.entries).map(([name, body]) => [name, Buffer.from(body)])),
  );
  const file = join(tmpdir(), 'ingot-zips', `${createHash('sha256').update(bytes).digest('hex')}.zip`);
  if (existsSync(file)) return file;
  mkdirSync(join(tmpdir(), 'ingot-zips'), { recursive: true });
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, bytes);
  renameSync(partial, file);
  return file;
}

/** A zip whose bytes depend on nothing but names and contents: entries sorted, one fixed time for all. */
export function zipBytes(entries: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const sorted = Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
  // The earliest time that a zip can hold. fflate reads it in local time, so it is given in local time.
  return zipSync(sorted, { mtime: new Date(1980, 0, 1), level: 9, os: 3 });
}
