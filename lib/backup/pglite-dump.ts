import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { loadPglite, openPglite } from '../runtime/pglite';
import { compareFingerprints, type Validation } from './compare';
import { DamagedDumpError, dumpFiles, emptyFolder, finishDump, openDump } from './dump-folder';
import { takeFingerprint } from './fingerprint';
import type { Dumped } from './postgres-dump';

/**
 * Dumps the database of this machine. Nobody else may have it open.
 *
 * @param database its folder
 * @param folder must be empty or not there
 */
export async function dumpPglite(database: string, folder: string): Promise<Dumped> {
  await emptyFolder(folder);
  const postgres = await openPglite({ folder: database });
  const fingerprint = await takeFingerprint(postgres).finally(() => postgres.close());
  const { PGlite, vector } = loadPglite();
  const pglite = await PGlite.create({ dataDir: database, extensions: { vector } });
  try {
    const archive = await pglite.dumpDataDir('gzip');
    await writeFile(join(folder, dumpFiles.database), Buffer.from(await archive.arrayBuffer()));
  } finally {
    await pglite.close();
  }
  return { manifest: await finishDump(folder, 'pglite', fingerprint), fingerprint };
}

/**
 * Restores a dump of PGlite into a new folder, and compares what is there then with what was there when it was dumped.
 * Where it fails, the folder is as empty as before.
 *
 * @throws DamagedDumpError before anything is written, where the dump is not as it was written
 * @throws Error where the folder holds anything, or the database does not start
 */
export async function restorePglite(database: string, folder: string): Promise<Validation> {
  const { manifest, fingerprint } = await openDump(folder);
  if (manifest.format !== 'pglite')
    throw new DamagedDumpError('The dump is of pg_dump, which only a server can restore; given the folder of PGlite');
  await emptyFolder(database);
  try {
    const { PGlite, vector } = loadPglite();
    const archive = new Blob([await unzipped(join(folder, dumpFiles.database))], { type: 'application/x-tar' });
    const pglite = await PGlite.create({ dataDir: database, loadDataDir: archive, extensions: { vector } });
    await pglite.close();
    const postgres = await openPglite({ folder: database });
    const restored = await takeFingerprint(postgres).finally(() => postgres.close());
    return compareFingerprints(restored, { before: fingerprint });
  } catch (error) {
    for (const name of await readdir(database)) await rm(join(database, name), { recursive: true, force: true });
    throw error;
  }
}

/** PGlite would unzip it itself, and lose the error of a file that is not whole. */
async function unzipped(file: string): Promise<Buffer<ArrayBuffer>> {
  const zipped = await readFile(file);
  try {
    return (await promisify(gunzip)(zipped)) as Buffer<ArrayBuffer>;
  } catch (error) {
    throw new DamagedDumpError(`${dumpFiles.database} of the dump can't be unzipped: ${(error as Error).message}`);
  }
}
