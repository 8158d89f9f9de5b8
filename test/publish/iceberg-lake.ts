import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutOf } from '../../lib/local/layout';
import { openWorkbench, type Workbench } from '../../lib/local/workbench';
import type { Manifest } from '../../lib/platform/manifest';
import type { LocalServices } from '../../lib/runtime/local';
import { makeTables } from '../../lib/tables/make';

export interface IcebergLake {
  readonly services: LocalServices;
  /** The same lake, as another process has it open. */
  another(): Promise<LocalServices>;
  /** Milliseconds that the clock is ahead of the system's. */
  ahead(ms: number): void;
  close(): Promise<void>;
}

/** A manifest's tables, empty, over the embedded catalog in a folder of their own. */
export async function icebergLake(manifest: Manifest): Promise<IcebergLake> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-publish-'));
  const workbench = await openWorkbench(manifest, layoutOf(folder));
  const others: Workbench[] = [];
  let ahead = 0;
  const services = { ...workbench.services, clock: { now: () => Date.now() + ahead } };
  await makeTables(services);
  return {
    services,
    async another() {
      const other = await openWorkbench(manifest, layoutOf(folder));
      others.push(other);
      return other.services;
    },
    ahead(ms) {
      ahead = ms;
    },
    async close() {
      for (const open of [workbench, ...others]) await open.close();
      await rm(folder, { recursive: true });
    },
  };
}
