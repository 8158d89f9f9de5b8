import type { Command } from 'commander';
import { assertValid, CannotError } from '../../errors';
import { layoutOf } from '../../local/layout';
import { acquireLock } from '../../local/lock';
import { duration, plural } from '../../local/report/format';
import type { Migrated } from '../../migrations/migrate';
import type { Migrations } from '../../migrations/migration';
import type { MigrationStatus } from '../../migrations/status';
import { loadPlatform } from '../../platform/load';
import type { Manifest } from '../../platform/manifest';
import type { Postgres } from '../../runtime/postgres';
import { exitCode } from '../failure';
import { type Io, printable } from '../io';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';
import { textTable } from '../text-table';

interface Options {
  readonly url?: string;
  readonly allowDestructive?: true;
  readonly json?: true;
}

const urlHelp = 'another database, postgres://user@host:5432/database; its password may be in PGPASSWORD';

export const addMigrate: AddCommand = (add, io, end) => {
  const command = add('migrate [dir]', "apply migrations to the platform's database on this machine, or to another")
    .option('--url <url>', urlHelp)
    .option('--allow-destructive', 'with --url: apply destructive ones too; no snapshot is taken here')
    .addHelpText(
      'after',
      `
Examples:
  ingot migrate examples/aviation
  ingot migrate status examples/aviation
  ingot migrate --url postgres://postgres@localhost/aviation`,
    )
    .action(async (dir: string | undefined, options: Options) => {
      const { manifest, folder } = await platformOf(dir);
      const migrated = await withDatabase(manifest, folder, options, async (postgres, migrations) => {
        const { migrate } = require('../../migrations/migrate') as typeof import('../../migrations/migrate');
        const { jsonLog } = require('../../runtime/log') as typeof import('../../runtime/log');
        const log = jsonLog(() => {});
        const confirmed = options.url === undefined || options.allowDestructive === true;
        return migrate(migrations, postgres, { log, beforeDestructive: async () => confirmed });
      });
      if (options.json) io.out.write(`${JSON.stringify(migrated)}\n`);
      else printMigrated(migrated, io);
      if (migrated.status !== 'done') end(exitCode.failed);
    });
  statusCommand(command)
    .option('--url <url>', urlHelp)
    .action(async (dir: string | undefined, _: Options, self: Command) => {
      // What migrate knows too, it has taken.
      const options: Options = self.optsWithGlobals();
      const { manifest, folder } = await platformOf(dir);
      const { migrations, problems } = await withDatabase(manifest, folder, options, (postgres, all) => {
        const { migrationStatus } = require('../../migrations/status') as typeof import('../../migrations/status');
        return migrationStatus(all, postgres);
      });
      if (options.json) io.out.write(`${JSON.stringify({ migrations, problems })}\n`);
      else printStatus(migrations, io);
      if (!options.json) assertValid(problems);
      if (problems.length > 0 || migrations.some(({ state }) => state === 'failed')) end(exitCode.failed);
    });
};

const statusCommand = (command: Command): Command =>
  command
    .command('status [dir]')
    .description('which migrations a database has, and which are to come')
    .option('--json', 'write the result, or the error, as JSON')
    .option('--verbose', 'show where an unexpected error came from')
    .exitOverride()
    .copyInheritedSettings(command);

async function platformOf(dir: string | undefined) {
  const folder = await platformFolder(dir);
  const { manifest } = await loadPlatform(folder);
  if (manifest.database === undefined && manifest.stores === undefined)
    throw new CannotError(`${manifest.name} has no database; platform.yaml declares one under database`);
  return { manifest, folder };
}

/** The database of the URL, or the one on this machine, which one process may have open at a time. */
async function withDatabase<T>(
  manifest: Manifest,
  folder: string,
  { url }: Options,
  work: (postgres: Postgres, migrations: Migrations) => Promise<T>,
): Promise<T> {
  const { localMigrations } = require('../../local/database') as typeof import('../../local/database');
  const { platformMigrations } = require('../../migrations/platform') as typeof import('../../migrations/platform');
  const { openPglite } = require('../../runtime/pglite') as typeof import('../../runtime/pglite');
  const { openNodePostgres } = require('../../runtime/node-postgres') as typeof import('../../runtime/node-postgres');
  const layout = layoutOf(folder);
  const lock = url === undefined ? await acquireLock(layout.lock) : undefined;
  try {
    const postgres =
      url === undefined ? await openPglite({ folder: layout.database }) : await openNodePostgres({ url });
    try {
      return await work(postgres, url === undefined ? localMigrations(manifest) : platformMigrations(manifest));
    } finally {
      await postgres.close();
    }
  } finally {
    await lock?.release();
  }
}

function printMigrated({ status, applied, pending, newer }: Migrated, { out, err }: Io): void {
  const { green, yellow } = out.colors;
  for (const name of applied) out.write(`${green('✓')} ${name}\n`);
  if (status === 'done' && applied.length === 0) out.write(`${green('✓')} The database has every migration\n`);
  if (newer.length > 0)
    err.write(
      `${yellow('!')} The database has ${plural(newer.length, 'migration')} of a newer release: ${newer.join(', ')}\n`,
    );
  if (status === 'destructive')
    err.write(
      `${yellow('!')} ${pending[0]} is destructive and was not applied, nor ${plural(pending.length - 1, 'other')} after it; take a snapshot, then --allow-destructive\n`,
    );
}

function printStatus(migrations: readonly MigrationStatus[], { out, err }: Io): void {
  const rows = migrations.map(({ name, state, at, milliseconds, by, deferred }) => [
    printable(name),
    deferred === true ? `${state}, by the state machine` : state,
    at?.slice(0, 19).replace('T', ' ') ?? '',
    milliseconds === undefined ? '' : duration(milliseconds),
    printable(by ?? ''),
  ]);
  const columns = [
    { title: 'migration' },
    { title: 'state' },
    { title: 'at (UTC)' },
    { title: 'took', align: 'right' as const },
    { title: 'by' },
  ];
  out.write(textTable(columns, rows, out.colors.bold));
  for (const { error } of migrations)
    if (error !== undefined) err.write(`${out.colors.red('✗')} ${printable(error)}\n`);
}
