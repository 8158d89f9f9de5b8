import type { Manifest } from '../platform/manifest';

/** Databases by the names that SQL models use. */
export const databases = (manifest: Pick<Manifest, 'zones' | 'ops'>): Record<string, string> =>
  Object.fromEntries([...manifest.zones.map((zone) => [zone.name, zone.database]), ['ops', manifest.ops.database]]);
