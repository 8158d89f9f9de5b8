import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Construct } from 'constructs';
import { zipBytes } from '../../lib/runtime/zip';
import { fileIsMissing } from './missing-files';
import type { Zip } from './nodes';
import type { Resolved } from './text';

/**
 * The file of a zip: the one given, or one written from its entries. Same entries, same bytes. Where it is not there, an
 * empty one stands for it, with which nothing is synthesised: see `fileIsMissing`.
 */
export function zipFile(scope: Construct, zip: Resolved<Zip>): string {
  if ('entries' in zip) return writeZip(zip.entries);
  const [file, remedy] =
    'bundle' in zip
      ? [join(distFolder(), 'handlers', `${zip.bundle}.zip`), 'build the package with: npm run build']
      : [zip.file, zip.remedy];
  if (existsSync(file)) return file;
  fileIsMissing(scope, file, remedy);
  return writeZip({});
}

/** `dist/` of this package, whether this file is in it or beside it as source. */
export function distFolder(): string {
  const above = join(__dirname, '..', '..');
  return existsSync(join(above, 'package.json')) ? join(above, 'dist') : above;
}

function writeZip(entries: Readonly<Record<string, string>>): string {
  const bytes = zipBytes(
    Object.fromEntries(Object.entries(entries).map(([name, body]) => [name, Buffer.from(body)])),
    6,
  );
  const folder = join(tmpdir(), 'ingot-zips');
  const file = join(folder, `${createHash('sha256').update(bytes).digest('hex')}.zip`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  // Under another name first: a reader never sees half a zip.
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, bytes);
  renameSync(partial, file);
  return file;
}
