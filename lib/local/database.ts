import { migrate } from '../migrations/migrate';
import type { Manifest } from '../platform/manifest';
import { openPglite } from '../runtime/pglite';
import type { Postgres } from '../runtime/postgres';
import type { Log } from '../runtime/services';
import { storeMigrations } from '../vector/migrations';
import { onThisMachine } from '../vector/store';
import type { Layout } from './layout';

/** The platform's database on this machine, with what its stores need. Only one process may have it open. */
export async function openStores(manifest: Manifest, layout: Layout, log: Log): Promise<Postgres> {
  const postgres = await openPglite({ folder: layout.database });
  try {
    const stores = (manifest.stores ?? []).map(onThisMachine);
    await migrate({ files: [], uses: storeMigrations(stores) }, postgres, { log });
    return postgres;
  } catch (error) {
    await postgres.close();
    throw error;
  }
}
