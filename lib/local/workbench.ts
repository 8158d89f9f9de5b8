import { mkdir } from 'node:fs/promises';
import type { Manifest } from '../platform/manifest';
import { type LocalServices, localServices } from '../runtime/local';
import type { Log } from '../runtime/services';
import { startCatalog } from './catalog';
import { assertInPlace } from './in-place';
import { type Layout, zoneRoots } from './layout';

/** A platform's lake on this machine, open: the embedded catalog answers, and DuckDB is attached to it. */
export interface Workbench {
  readonly services: LocalServices;
  close(): Promise<void>;
}

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * Opens the lake of a platform. Several processes may have it open at once. `log` hears what handlers log; by default
 * nobody does.
 *
 * @throws InvalidInputError where tables' files have been moved or removed
 * @throws Error where DuckDB's extensions cannot be had
 */
export async function openWorkbench(manifest: Manifest, layout: Layout, log: Log = quiet): Promise<Workbench> {
  await assertInPlace(layout);
  const zones = zoneRoots(layout, manifest);
  for (const { name } of manifest.zones) await mkdir(layout.zone(name), { recursive: true });
  const roots = manifest.zones.filter(({ holds }) => holds === 'iceberg').map(({ name }) => zones[name]!);
  const catalog = await startCatalog({ folder: layout.catalog, roots });
  try {
    const address = { uri: catalog.uri, warehouse: manifest.name, auth: { kind: 'none' } } as const;
    const services = await localServices({ manifest, zones, catalog: address, log });
    return {
      services,
      close: async () => {
        await services.close();
        await catalog.close();
      },
    };
  } catch (error) {
    await catalog.close();
    throw error;
  }
}
