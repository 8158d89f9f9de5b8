import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Fingerprint, formatFingerprint, parseFingerprint } from './fingerprint';

/**
 * A dump is a folder, the same on this machine and in S3:
 *
 *     database.dump       the database: pg_dump's custom format, or PGlite's data directory as .tar.gz
 *     fingerprint.jsonl   what the database held at the moment of the dump
 *     roles.sql           roles that its grants name; only of pg_dump, which leaves them out
 *     manifest.json       written last: sizes and SHA-256 of the files above. Without it the dump never ended.
 */
export interface DumpManifest {
  readonly version: 1;
  readonly format: DumpFormat;
  /** By name of the file. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

export type DumpFormat = 'pg_dump' | 'pglite';

export const dumpFiles = {
  database: 'database.dump',
  fingerprint: 'fingerprint.jsonl',
  roles: 'roles.sql',
  manifest: 'manifest.json',
} as const;

/** What was dumped is not what is there: a file is cut off, changed or missing, or the dump never ended. */
export class DamagedDumpError extends Error {
  override readonly name = 'DamagedDumpError';
}

/** @throws Error where the folder holds anything already */
export async function emptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new Error(`${folder} must be empty or not there; it holds files`);
}

/** Ends a dump: what is not in the manifest is no part of it. */
export async function finishDump(folder: string, format: DumpFormat, fingerprint: Fingerprint): Promise<DumpManifest> {
  await writeFile(join(folder, dumpFiles.fingerprint), formatFingerprint(fingerprint));
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const name of (await readdir(folder)).sort()) files[name] = await measure(join(folder, name));
  const manifest: DumpManifest = { version: 1, format, files };
  const unfinished = join(folder, `.${dumpFiles.manifest}`);
  await writeFile(unfinished, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(unfinished, join(folder, dumpFiles.manifest));
  return manifest;
}

/**
 * Reads a dump's manifest and fingerprint, and looks at every byte of its files.
 *
 * @throws DamagedDumpError where they are not as they were written
 */
export async function openDump(folder: string): Promise<{ manifest: DumpManifest; fingerprint: Fingerprint }> {
  const text = await readFile(join(folder, dumpFiles.manifest), 'utf8').catch(() => undefined);
  if (text === undefined)
    throw new DamagedDumpError(`${folder} holds no ${dumpFiles.manifest}: it is no dump, or one that never ended`);
  const manifest = parseManifest(text);
  for (const [name, expected] of Object.entries(manifest.files)) {
    const path = join(folder, name);
    if ((await stat(path).catch(() => undefined)) === undefined)
      throw new DamagedDumpError(`${name} of the dump is missing`);
    const { bytes, sha256 } = await measure(path);
    if (bytes !== expected.bytes)
      throw new DamagedDumpError(`${name} of the dump has ${bytes} bytes where ${expected.bytes} were written`);
    if (sha256 !== expected.sha256)
      throw new DamagedDumpError(`${name} of the dump has been changed since it was written: its SHA-256 is another`);
  }
  return { manifest, fingerprint: parseFingerprint(await readFile(join(folder, dumpFiles.fingerprint), 'utf8')) };
}

function parseManifest(text: string): DumpManifest {
  try {
    const manifest = JSON.parse(text) as DumpManifest;
    const known = manifest.version === 1 && ['pg_dump', 'pglite'].includes(manifest.format);
    const names = Object.keys(manifest.files);
    if (known && [dumpFiles.database, dumpFiles.fingerprint].every((name) => names.includes(name))) return manifest;
  } catch {
    // Said below.
  }
  throw new DamagedDumpError(`${dumpFiles.manifest} of the dump is none of version 1`);
}

async function measure(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  });
  return { bytes, sha256: hash.digest('hex') };
}
