import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openNodePostgres } from '../runtime/node-postgres';
import type { Postgres } from '../runtime/postgres';
import { compareFingerprints, type Validation } from './compare';
import { DamagedDumpError, type DumpManifest, dumpFiles, emptyFolder, finishDump, openDump } from './dump-folder';
import { type Fingerprint, readFingerprint, takeFingerprint } from './fingerprint';
import { type PgPrograms, runProgram } from './pg-programs';
import { rolesSql } from './roles';

/** A dump that was made. */
export interface Dumped {
  readonly manifest: DumpManifest;
  readonly fingerprint: Fingerprint;
}

/**
 * Dumps a database of a server with pg_dump, and takes its fingerprint within the same snapshot: what is restored from
 * it can be compared to the last row, whatever is written meanwhile.
 *
 * @param folder must be empty or not there
 */
export async function dumpPostgres(programs: PgPrograms, folder: string): Promise<Dumped> {
  await emptyFolder(folder);
  return connected(programs, (postgres) =>
    postgres.transaction(async (tx) => {
      await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const [exported] = await tx.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
      // Before the dump: sequences belong to no snapshot, and must not be found behind what was seen here.
      const fingerprint = await readFingerprint(tx);
      const roles = await tx.query<{ statement: string }>(rolesSql);
      await writeFile(join(folder, dumpFiles.roles), roles.map(({ statement }) => `${statement}\n`).join(''));
      const args = ['--format=custom', '--enable-row-security', `--snapshot=${exported!.snapshot}`];
      const dumping = runProgram('pg_dump', args, programs);
      await pipeline(dumping.out, createWriteStream(join(folder, dumpFiles.database)));
      await dumping.ended;
      return { manifest: await finishDump(folder, 'pg_dump', fingerprint), fingerprint };
    }),
  );
}

/**
 * Restores a dump of pg_dump into an empty database of a server, whole or not at all, and compares what is there then
 * with what was there when it was dumped.
 *
 * @throws DamagedDumpError before anything is written, where the dump is not as it was written
 * @throws Error where the database is not empty, or pg_restore fails
 */
export async function restorePostgres(programs: PgPrograms, folder: string): Promise<Validation> {
  const { manifest, fingerprint } = await openDump(folder);
  if (manifest.format !== 'pg_dump')
    throw new DamagedDumpError('The dump is of PGlite, which only PGlite can restore; given a server');
  return connected(programs, async (postgres) => {
    await mustBeEmpty(postgres);
    await postgres.execute(await readFile(join(folder, dumpFiles.roles), 'utf8'));
    const restoring = runProgram(
      'pg_restore',
      [
        '--exit-on-error',
        '--no-owner',
        '--single-transaction',
        `--dbname=${databaseOf(programs)}`,
        join(folder, dumpFiles.database),
      ],
      programs,
    );
    restoring.out.resume();
    await restoring.ended;
    return compareFingerprints(await takeFingerprint(postgres), { before: fingerprint });
  });
}

const databaseOf = ({ url }: PgPrograms): string => decodeURIComponent(new URL(url).pathname.slice(1));

async function mustBeEmpty(postgres: Postgres): Promise<void> {
  const { structure } = await takeFingerprint(postgres);
  const tables = Object.keys(structure);
  if (tables.length > 0)
    throw new Error(
      `The database must be empty; it has ${tables.length} tables, ${tables.slice(0, 3).join(', ')}${tables.length > 3 ? ' and more' : ''}`,
    );
}

async function connected<T>(programs: PgPrograms, work: (postgres: Postgres) => Promise<T>): Promise<T> {
  const postgres = await openNodePostgres({ url: programs.url, password: programs.password });
  try {
    return await work(postgres);
  } finally {
    await postgres.close();
  }
}
