import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Dataset } from '../../lib/contract/dataset';
import { load } from '../../lib/ingest/load';
import { plan } from '../../lib/ingest/plan';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import type { Manifest } from '../../lib/platform/manifest';
import { folderArrivals, type LocalServices, localServices } from '../../lib/runtime/local';
import type { Services } from '../../lib/runtime/services';
import { makeTables } from '../../lib/tables/make';

export const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** A platform with a real Iceberg catalog in a folder of its own, whose one group ingests all datasets. */
export class TestPlatform {
  private constructor(
    readonly folder: string,
    readonly manifest: Manifest,
    readonly catalog: LocalCatalog,
    readonly services: LocalServices,
  ) {}

  static async start(datasets: readonly Dataset[]): Promise<TestPlatform> {
    const folder = mkdtempSync(join(tmpdir(), 'ingot-ingest-'));
    const manifest: Manifest = {
      name: 'test',
      zones: [
        { name: 'bronze', holds: 'files', database: 'test_bronze' },
        { name: 'silver', holds: 'iceberg', database: 'test_silver' },
      ],
      datasets,
      models: [],
      groups: [
        {
          name: 'all',
          ingests: datasets.map((d) => `silver.${d.name}`),
          levels: [],
          schedule: 'rate(1 day)',
          timeZone: 'UTC',
        },
      ],
      ops: { database: 'test_ops', zone: 'silver' },
    };
    const catalog = await startCatalog({ folder: join(folder, 'catalog'), roots: [join(folder, 'lake')] });
    const platform = new TestPlatform(folder, manifest, catalog, await connect(folder, manifest, catalog));
    await makeTables(platform.services);
    return platform;
  }

  /** Services of another process on the same platform. */
  another(): Promise<LocalServices> {
    return connect(this.folder, this.manifest, this.catalog);
  }

  async stop(): Promise<void> {
    await this.services.close();
    await this.catalog.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Puts a file into bronze, changed at a given minute, so that files have an order. */
  land(prefix: string, name: string, content: string | Buffer, minute: number, date = '2001-01-01'): string {
    const path = join(this.folder, 'lake/bronze', prefix, 'source=test', `date=${date}`, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    const time = new Date(Date.UTC(2001, 0, 1, 0, minute));
    utimesSync(path, time, time);
    return pathToFileURL(path).href;
  }

  /** A table's content as text, in an order of its own. */
  async content(database: string, table: string, columns = '*', where = 'true'): Promise<string[]> {
    const rows = await this.services.lake.query(
      `SELECT ${columns} FROM ${this.services.lake.name(database, table)} WHERE ${where}`,
    );
    return rows.map((row) => JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? Number(v) : v))).sort();
  }

  /** Services of a platform that has this one dataset besides, with its tables: a fresh start at a fraction of the cost. */
  async with(dataset: Dataset, services: LocalServices = this.services): Promise<LocalServices> {
    const changed = withDataset(services, dataset);
    // Each ledger in a place of its own, since each is a table of its own.
    await makeTables({ ...changed, zones: { ...changed.zones, silver: `${changed.zones.silver}/${dataset.name}` } });
    return changed;
  }
}

async function connect(folder: string, manifest: Manifest, catalog: LocalCatalog): Promise<LocalServices> {
  const root = (zone: string) => pathToFileURL(join(folder, 'lake', zone)).href;
  return localServices({
    manifest,
    zones: { bronze: root('bronze'), silver: root('silver') },
    catalog: { uri: catalog.uri, warehouse: 'test', auth: { kind: 'none' } },
    clock: { now: () => Date.UTC(2001, 1, 1) },
    log: quiet,
  });
}

/** Database of the ledger of one dataset: a ledger that all share would grow, and every test with it. */
export const opsOf = ({ name }: Dataset): string => `ops_${name}`;

export function withDataset(services: LocalServices, dataset: Dataset): LocalServices {
  const { manifest } = services;
  const groups = [{ ...manifest.groups[0]!, ingests: [`silver.${dataset.name}`] }];
  const changed = { ...manifest, datasets: [dataset], groups, ops: { ...manifest.ops, database: opsOf(dataset) } };
  return { ...services, manifest: changed, arrivals: folderArrivals(changed, services.zones) };
}

/** One run: plans, and loads what was planned, table by table, batch by batch. */
export async function run(services: Services, name = 'run-1') {
  const planned = await plan({ action: 'plan', group: 'all', run: name }, services);
  const results = [];
  for (const { table, batches } of planned.tables) {
    for (const { batch } of batches) results.push(await load({ action: 'load', table, batch, run: name }, services));
  }
  return { planned, results };
}
