import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Dataset, Source } from '../lib/contract/dataset';
import { startCatalog } from '../lib/local/catalog';
import { loadPlatform } from '../lib/platform/load';
import type { Manifest } from '../lib/platform/manifest';
import { openDuckdb } from '../lib/runtime/duckdb';
import { type LocalServices, localServices } from '../lib/runtime/local';
import { literal } from '../lib/sql/quote';
import { makeTables } from '../lib/tables/make';

export const rows = 10_000_000;
const files = 4;

const root = join(__dirname, '..');
const flights3m = join(root, 'node_modules/vega-datasets/data/flights-3m.parquet');

/**
 * Writes ten million flights into a folder's bronze zone: the three million of the example, again with other years.
 * One row in a hundred or so is bad; and as in the original some rows come twice.
 */
export async function writeFlights(folder: string, format: Source['format']): Promise<void> {
  const duckdb = await openDuckdb();
  await duckdb.run(
    `CREATE VIEW original AS SELECT *, file_row_number AS n FROM read_parquet(${literal(flights3m)}, file_row_number = true)`,
  );
  const date =
    format === 'csv'
      ? "CASE WHEN n % 1100 = 4 THEN 'n/a' ELSE date::VARCHAR END"
      : 'CASE WHEN n % 1100 <> 4 THEN date END';
  const target = join(folder, 'bronze/flights/source=bts/date=2001-12-31');
  mkdirSync(target, { recursive: true });
  for (let i = 0; i < files; i++) {
    await duckdb.run(`
      COPY (
        SELECT ${date.replaceAll(' date', ` (date + INTERVAL ${i} YEAR)`)} AS date,
          CASE WHEN n % 700 = 2 THEN 99999 ELSE delay END AS delay, distance,
          CASE WHEN n % 500 = 1 THEN NULL ELSE origin END AS origin,
          CASE WHEN n % 900 = 3 THEN origin ELSE destination END AS destination
        FROM original WHERE n < ${rows / files}
      ) TO ${literal(join(target, `${i}.${format}`))} (FORMAT ${format})`);
  }
  duckdb.close();
}

export interface Bench {
  readonly services: LocalServices;
  readonly dataset: Dataset;
  /** Quoted SQL names of the tables. */
  readonly table: string;
  readonly quarantine: string;
  close(): Promise<void>;
}

/** The example's table of flights in an Iceberg catalog in `lake`, with its tables, over the files of `data`. */
export async function openBench(data: string, lake: string, format: Source['format']): Promise<Bench> {
  const { manifest: whole } = await loadPlatform(join(root, 'examples/aviation'));
  const example = whole.datasets.find(({ name }) => name === 'flights')!;
  const dataset: Dataset = { ...example, source: { ...example.source!, format } };
  const { streamed: _, ...group } = whole.groups[0]!;
  const groups = [{ ...group, ingests: ['silver.flights'], levels: [] }];
  // What else the example has speaks of tables that are not here.
  const { name, zones: places, ops } = whole;
  const manifest: Manifest = { name, zones: places, ops, datasets: [dataset], models: [], groups };
  const rootOf = (zone: string) => pathToFileURL(join(zone === 'bronze' ? data : lake, zone)).href;
  const zones = Object.fromEntries(manifest.zones.map(({ name }) => [name, rootOf(name)]));
  const catalog = await startCatalog({ folder: join(lake, 'catalog'), roots: [lake] });
  const address = { uri: catalog.uri, warehouse: 'bench', auth: { kind: 'none' } } as const;
  const log = { debug() {}, info() {}, warn() {}, error: console.error };
  const services = await localServices({ manifest, zones, catalog: address, log });
  await makeTables(services);
  return {
    services,
    dataset,
    table: services.lake.name('aviation_silver', 'flights'),
    quarantine: services.lake.name('aviation_silver', 'flights_quarantine'),
    async close() {
      await services.close();
      await catalog.close();
    },
  };
}
