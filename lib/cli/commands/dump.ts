import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Dumped } from '../../backup/postgres-dump';
import { CannotError } from '../../errors';
import { layoutOf } from '../../local/layout';
import { acquireLock } from '../../local/lock';
import { plural } from '../../local/report/format';
import { printable } from '../io';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';

interface Options {
  readonly out: string;
  readonly url?: string;
  readonly bin?: string;
  readonly json?: true;
}

export const addDump: AddCommand = (add, io) => {
  add('dump [dir]', "dump a platform's database on this machine, or the database of a server")
    .requiredOption('--out <folder>', 'where the dump goes: a folder that is empty or not there')
    .option('--url <url>', 'dump this database of a server, postgres://role@host:5432/database, with pg_dump')
    .option('--bin <folder>', "folder of PostgreSQL's programs; by default they are found by PATH")
    .addHelpText(
      'after',
      `
A password comes from PGPASSWORD or the URL. A dump holds its own fingerprint, taken in the same snapshot: restore says
by it whether every row is there.

Examples:
  ingot dump shop --out shop.dump
  PGPASSWORD=… ingot dump --url postgres://ingot_dump@db.example.com/shop --out shop.dump`,
    )
    .action(async (dir: string | undefined, options: Options) => {
      const dumped = options.url === undefined ? await dumpHere(dir, options) : await dumpServer(options.url, options);
      const { server, takenAt, structure } = dumped.fingerprint;
      const { rowCount } = require('../../backup/fingerprint') as typeof import('../../backup/fingerprint');
      const tables = Object.keys(structure).length;
      const rows = rowCount(dumped.fingerprint);
      io.out.write(
        options.json
          ? `${JSON.stringify({ folder: resolve(options.out), server, takenAt, tables, rows })}\n`
          : `${io.out.colors.green('✓')} ${printable(options.out)}: ${plural(tables, 'table')}, ${plural(rows, 'row')}, PostgreSQL ${server}\n`,
      );
    });
};

async function dumpHere(dir: string | undefined, { out }: Options): Promise<Dumped> {
  const { dumpPglite } = require('../../backup/pglite-dump') as typeof import('../../backup/pglite-dump');
  const layout = layoutOf(await platformFolder(dir));
  if (!existsSync(layout.database))
    throw new CannotError(
      'The platform has no database on this machine yet; ingot run makes it, or name one with --url',
    );
  const lock = await acquireLock(layout.lock);
  try {
    return await dumpPglite(layout.database, resolve(out));
  } finally {
    await lock.release();
  }
}

function dumpServer(url: string, { out, bin }: Options): Promise<Dumped> {
  const { dumpPostgres } = require('../../backup/postgres-dump') as typeof import('../../backup/postgres-dump');
  return dumpPostgres({ url, bin, password: process.env.PGPASSWORD }, resolve(out));
}
