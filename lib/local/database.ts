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
export const localMigrations = ({ stores, ...manifest }: Manifest): Migrations =>
  platformMigrations({ ...manifest, stores: stores?.map(onThisMachine) });

/** The platform's database on this machine, up to date with its migrations. Only one process may have it open. */
export async function openStores(manifest: Manifest, layout: Layout, log: Log): Promise<Postgres> {
  return (await openMigrated(manifest, layout, log)).postgres;
}

/**
 * The platform's database while a run is at work: opened, and brought up to date, by whoever first asks for it. Opening
 * it costs seconds, so all of a run share one.
 */
export class LocalDatabase {
  private opening: ReturnType<typeof openMigrated> | undefined;

  constructor(
    private readonly manifest: Manifest,
    private readonly layout: Layout,
    private readonly log: Log,
  ) {}

  /** Brings it up to date, and what is due in it regularly. */
  async migrate(): Promise<Migrated> {
    const { postgres, migrated } = await this.open();
    await doUpkeep(postgres, this.log);
    return migrated;
  }

  async postgres(): Promise<Postgres> {
    return (await this.open()).postgres;
  }

  async close(): Promise<void> {
    const opened = await this.opening?.catch(() => undefined);
    this.opening = undefined;
    await opened?.postgres.close();
  }

  private open() {
    this.opening ??= openMigrated(this.manifest, this.layout, this.log);
    return this.opening;
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
