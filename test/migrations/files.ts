import { assertValid } from '../../lib/errors';
import type { Migrations } from '../../lib/migrations/migration';
import { checkMigrations } from '../../lib/migrations/read';
import type { ReadyMade } from '../../lib/migrations/ready/ready-made';
import type { Postgres } from '../../lib/runtime/postgres';
import type { Log } from '../../lib/runtime/services';

export const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Migrations of these files, by their names. */
export async function migrationsOf(
  files: Readonly<Record<string, string>>,
  uses: readonly ReadyMade[] = [],
): Promise<Migrations> {
  const read = await checkMigrations(
    'migrations',
    Object.entries(files).map(([name, text]) => ({ name, bytes: Buffer.from(text) })),
  );
  assertValid(read.problems);
  return { files: read.migrations, uses };
}

/** What is wrong with these files, as a user sees it. */
export async function problemsOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string[]> {
  const given = Object.entries(files).map(([name, text]) => ({ name, bytes: Buffer.from(text as string) }));
  const { problems } = await checkMigrations('migrations', given);
  return problems.map(({ where, line, message }) => `${where}${line === undefined ? '' : `:${line}`} ${message}`);
}

/** Ready-made ones for a test: before all files unless said otherwise. */
export const use = (recipe: string, name: string, parameters: object, after: ReadyMade['after'] = 0): ReadyMade => ({
  recipe,
  name,
  parameters,
  after,
});

/** Everything that a test has made in a database goes. */
export async function emptied(postgres: Postgres): Promise<Postgres> {
  await postgres.execute(
    'DROP SCHEMA IF EXISTS ingot CASCADE; DROP SCHEMA IF EXISTS ingot_cdc CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC',
  );
  return postgres;
}
