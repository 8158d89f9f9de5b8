import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startCatalog } from '../../lib/local/catalog';
import type { Manifest } from '../../lib/platform/manifest';
import { type LocalServices, localServices } from '../../lib/runtime/local';
import { identifier, literal } from '../../lib/sql/quote';
import { duckdbType } from '../../lib/sql/types';

export interface IcebergLake {
  readonly services: LocalServices;
  /** Milliseconds that the clock is ahead of the system's. */
  ahead(ms: number): void;
  close(): Promise<void>;
}

const opsTables: Readonly<Record<string, string>> = {
  quality_results: `"run" VARCHAR, "table" VARCHAR, "rule" VARCHAR, "type" VARCHAR, "dimension" VARCHAR,
    "severity" VARCHAR, "status" VARCHAR, "checked" BIGINT, "failed" BIGINT, "observed" DOUBLE, "tolerance" VARCHAR,
    "message" VARCHAR, "measured_at" TIMESTAMPTZ`,
  runs: `"run" VARCHAR, "group" VARCHAR, "table" VARCHAR, "rows" BIGINT, "quarantined" BIGINT, "duration_ms" BIGINT,
    "started_at" TIMESTAMPTZ, "finished_at" TIMESTAMPTZ`,
};

/** Empty Iceberg tables of a manifest, over the embedded catalog, in a folder of their own. */
export async function icebergLake(manifest: Manifest): Promise<IcebergLake> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-publish-'));
  const root = (zone: string) => pathToFileURL(join(folder, zone)).href;
  const zones = Object.fromEntries(manifest.zones.map((zone) => [zone.name, root(zone.name)]));
  const catalog = await startCatalog({ folder: join(folder, 'catalog'), roots: Object.values(zones) });
  for (const database of [...manifest.zones.map((zone) => zone.database), manifest.ops.database]) {
    const response = await fetch(`${catalog.uri}/v1/local/namespaces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ namespace: [database], properties: {} }),
    });
    if (!response.ok) throw new Error(await response.text());
  }
  let ahead = 0;
  const silent = () => undefined;
  const services = await localServices({
    manifest,
    zones,
    catalog: { uri: catalog.uri, warehouse: 'test', auth: { kind: 'none' } },
    clock: { now: () => Date.now() + ahead },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const create = (database: string, table: string, columns: string, location: string) =>
    services.lake.run(
      `CREATE TABLE ${services.lake.name(database, table)} (${columns}) WITH ('location' = ${literal(location)})`,
    );
  for (const { zone, name, columns, history, source } of manifest.datasets) {
    const { database } = manifest.zones.find((z) => z.name === zone)!;
    const declared = columns.map((c) => `${identifier(c.name)} ${duckdbType(c.type)}`);
    if (history === 'scd2') declared.push('valid_from TIMESTAMPTZ', 'valid_to TIMESTAMPTZ', 'is_current BOOLEAN');
    await create(database, name, declared.join(', '), `${zones[zone]}/${name}`);
    if (source === undefined) continue;
    const quarantine =
      'quarantined_at TIMESTAMPTZ, run VARCHAR, batch BIGINT, file VARCHAR, row_number BIGINT, raw VARCHAR';
    await create(database, `${name}_quarantine`, quarantine, `${zones[zone]}/${name}_quarantine`);
  }
  for (const [table, columns] of Object.entries(opsTables)) {
    await create(manifest.ops.database, table, columns, `${zones[manifest.ops.zone]}/_ops/${table}`);
  }
  return {
    services,
    ahead(ms) {
      ahead = ms;
    },
    async close() {
      await services.close();
      await catalog.close();
      await rm(folder, { recursive: true });
    },
  };
}
