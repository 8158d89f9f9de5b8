import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openDuckdb } from '../../lib/runtime/duckdb';
import { literal } from '../../lib/sql/quote';
import { shopFiles } from '../faults/shop';
import { contractsOf, generatedTables } from './generated';
import { arriving, differences, hasSpark, runsBy, write } from './turns';

const root = join(__dirname, '..', '..');
const seed = Number(process.env.INGOT_SEED ?? 20261121);
const generated = generatedTables(5, seed);

/** Files that arrive before each run: new rows, changed ones, rows that are refused, that come twice, that are broken. */
const arrivals: readonly Readonly<Record<string, string>>[] = [
  {
    orders: 'order_id,customer,amount,ordered_on\n1,ann,10.25,2026-01-01\n2,bob,20,2026-01-02\n',
    clicks: 'page,clicks\nhome,1\nhome,2\n',
    customers: 'customer,city\nann,Bern\nbob,Oslo\n',
  },
  {
    orders:
      'order_id,customer,amount,ordered_on\n2,bob,25,2026-01-02\n3,cem,-1,2026-01-03\n4,ann,5,2026-01-03\n' +
      '4,ann,6,2026-01-03\nx,ann,6,2026-01-03\n5,,,2026-01-04\n6,"o""hara, é",1e3,2026-01-04\n',
    clicks: 'page,clicks\nhome,3\ncart,many\ncart\ncart,4\n',
    customers: 'customer,city\nbob,Rome\ncem,Kyiv\n',
  },
  {
    // The contract of clicks has got a column.
    orders: 'order_id,customer,amount,ordered_on\n1,ann,11,2026-01-01\n7,dee,1,2026-01-05\n,dee,1,2026-01-05\n',
    clicks: 'page,clicks,note\nhome,5,late\n',
    customers: 'customer,city\nann,Bern\nbob,Bern\n',
  },
];

const aviation = ['airports', 'flights', 'dim_airports', 'fct_flights', 'fct_route_months'];

/** The shop, the tables of the aviation example that files and models fill, and generated ones. */
async function writePlatform(folder: string): Promise<void> {
  write(folder, { ...shopFiles, ...contractsOf(generated) });
  for (const table of aviation)
    cpSync(
      join(root, 'examples/aviation/contracts', `${table}.odcs.yaml`),
      join(folder, 'contracts', `${table}.odcs.yaml`),
    );
  cpSync(join(root, 'examples/aviation/models'), join(folder, 'models'), {
    recursive: true,
    filter: (file) => !/departures|aircraft/.test(file),
  });
}

/** What arrives before a run: real flights of some days, real airports, and what is listed above. */
async function arrive(folder: string, run: number): Promise<void> {
  const at = (table: string, name: string) => arriving(table, run, name);
  const files = { ...arrivals[run], ...Object.fromEntries(generated.map(({ table, files }) => [table, files[run]!])) };
  write(folder, Object.fromEntries(Object.entries(files).map(([table, text]) => [at(table, `${run}.csv`), text])));
  const flights = join(folder, at('flights', `${run}.parquet`));
  mkdirSync(dirname(flights), { recursive: true });
  const duckdb = await openDuckdb();
  const source = literal(join(root, 'node_modules/vega-datasets/data/flights-3m.parquet'));
  await duckdb.run(
    `COPY (SELECT * FROM ${source} WHERE hash(date, origin, delay) % 997 IN (${run}, ${run + 1})) TO ${literal(flights)}`,
  );
  duckdb.close();
  if (run === 2) widenClicks(folder);
  if (run !== 0) return;
  mkdirSync(dirname(join(folder, at('airports', 'a'))), { recursive: true });
  cpSync(join(root, 'node_modules/vega-datasets/data/airports.csv'), join(folder, at('airports', 'airports.csv')));
}

function widenClicks(folder: string): void {
  const file = 'contracts/clicks.odcs.yaml';
  const text = shopFiles[file]!.replace('version: 1.0.0', 'version: 1.1.0');
  write(folder, { [file]: `${text.trimEnd()}\n      - {name: note, logicalType: string}\n` });
}

test('a platform whose runs Spark and DuckDB take in turns holds what DuckDB alone gives, after each run', async () => {
  if (!(await hasSpark())) return;
  const turns = { platform: writePlatform, before: arrive };
  const expected = await runsBy(turns, ['duckdb', 'duckdb', 'duckdb']);
  // Models and merges have had something to do, and rules something to refuse.
  const empty = Object.entries(expected[2]!).flatMap(([table, rows]) => (rows.length === 0 ? [table] : []));
  expect(empty).toEqual(['airports', 'customers', 'flights'].map((table) => `silver.${table}_quarantine`));
  await runsBy(turns, ['spark', 'duckdb', 'spark'], (run, tables) =>
    expect([`run ${run}`, ...differences(expected[run]!, tables)]).toEqual([`run ${run}`]),
  );
}, 3_600_000);
