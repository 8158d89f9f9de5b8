import { type Migrated, migrate } from '../migrations/migrate';
import type { Migrations } from '../migrations/migration';
import { platformMigrations } from '../migrations/platform';
import { doUpkeep } from '../migrations/upkeep';
import type { Manifest } from '../platform/manifest';
import { openPglite } from '../runtime/pglite';
import type { Postgres } from '../runtime/postgres';
import type { Log } from '../runtime/services';
import { onThisMachine } from '../vector/store';
import type { Layout } from './layout';

/** Every migration of a platform, as its database on this machine gets them. */
export const localMigrations = ({ migrations, stores }: Manifest): Migrations =>
  platformMigrations({ migrations, stores: stores?.map(onThisMachine) });

/** The platform's database on this machine, up to date with its migrations. Only one process may have it open. */
export async function openStores(manifest: Manifest, layout: Layout, log: Log): Promise<Postgres> {
  return (await openMigrated(manifest, layout, log)).postgres;
}

/** Brings the platform's database on this machine up to date, and what is due in it regularly. */
export async function migrateDatabase(manifest: Manifest, layout: Layout, log: Log): Promise<Migrated> {
  const { postgres, migrated } = await openMigrated(manifest, layout, log);
  try {
    await doUpkeep(postgres, log);
    return migrated;
  } finally {
    await postgres.close();
  }
}

async function openMigrated(manifest: Manifest, layout: Layout, log: Log) {
  const postgres = await openPglite({ folder: layout.database });
  try {
    // What is on this machine is made anew from files: no snapshot is taken, and nobody waits for a state machine.
    const options = { log, beforeDestructive: async () => true };
    return { postgres, migrated: await migrate(localMigrations(manifest), postgres, options) };
  } catch (error) {
    await postgres.close();
    throw error;
  }
}
