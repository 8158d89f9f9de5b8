import { resolve } from 'node:path';
import type { Validation } from '../../backup/compare';
import { CannotError } from '../../errors';
import { layoutOf } from '../../local/layout';
import { acquireLock } from '../../local/lock';
import { exitCode } from '../failure';
import { printable } from '../io';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';

interface Options {
  readonly url?: string;
  readonly platform: string;
  readonly bin?: string;
  readonly json?: true;
}

export const addRestore: AddCommand = (add, io, end) => {
  add('restore <dump>', 'restore a dump into an empty database, and compare every row with what was dumped')
    .option('--platform <dir>', 'the platform whose database on this machine it becomes, in place of none', '.')
    .option(
      '--url <url>',
      'restore into this database of a server, postgres://role@host:5432/database, with pg_restore',
    )
    .option('--bin <folder>', "folder of PostgreSQL's programs; by default they are found by PATH")
    .addHelpText(
      'after',
      `
A password comes from PGPASSWORD or the URL. Nothing is written where the dump is cut off or changed. A dump of AWS is
brought here first.

Examples:
  ingot restore shop.dump --platform shop
  aws s3 cp --recursive s3://shop-backups-111122223333-eu-west-1/dumps/<name> shop.dump
  PGPASSWORD=… ingot restore shop.dump --url postgres://postgres@db.example.com/shop`,
    )
    .action(async (dump: string, options: Options) => {
      const { describeFindings } = require('../../backup/describe') as typeof import('../../backup/describe');
      const folder = resolve(dump);
      const validation = await (options.url === undefined
        ? restoreHere(folder, options)
        : restoreServer(options.url, folder, options)
      ).catch((error: unknown) => {
        throw error instanceof Error && error.name === 'DamagedDumpError' ? new CannotError(error.message) : error;
      });
      const { green, red } = io.out.colors;
      if (options.json) io.out.write(`${JSON.stringify(validation)}\n`);
      else if (validation.passed) io.out.write(`${green('✓')} ${describeFindings(validation)}\n`);
      else for (const { message } of validation.findings) io.out.write(`${red('✗')} ${printable(message)}\n`);
      if (!validation.passed) end(exitCode.failed);
    });
};

async function restoreHere(dump: string, { platform }: Options): Promise<Validation> {
  const { restorePglite } = require('../../backup/pglite-dump') as typeof import('../../backup/pglite-dump');
  const layout = layoutOf(await platformFolder(platform));
  const lock = await acquireLock(layout.lock);
  try {
    return await restorePglite(layout.database, dump);
  } finally {
    await lock.release();
  }
}

function restoreServer(url: string, dump: string, { bin }: Options): Promise<Validation> {
  const { restorePostgres } = require('../../backup/postgres-dump') as typeof import('../../backup/postgres-dump');
  return restorePostgres({ url, bin, password: process.env.PGPASSWORD }, dump);
}
