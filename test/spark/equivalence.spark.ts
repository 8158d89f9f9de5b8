import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Engine } from '../../lib/local/engine';
import { layoutOf } from '../../lib/local/layout';
import { runPlatform } from '../../lib/local/run';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import { findSparkPython } from '../../lib/spark/python';
import { shopFiles } from '../faults/shop';

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
];

/** What is compared: every column but times of the run itself, and texts of the engine's own. */
const queries: Readonly<Record<string, string>> = {
  'silver.orders': 'SELECT * FROM silver.orders',
  'silver.clicks': 'SELECT * FROM silver.clicks',
  'silver.customers': 'SELECT customer, city, is_current, valid_to IS NULL AS open FROM silver.customers',
  'silver.orders_quarantine':
    'SELECT batch, parse_filename(file) AS file, row_number, list_transform(reasons, lambda r: r.rule) AS rules, raw FROM silver.orders_quarantine',
  'silver.clicks_quarantine':
    'SELECT batch, list_transform(reasons, lambda r: r.rule) AS rules FROM silver.clicks_quarantine',
  'gold.totals': 'SELECT * FROM gold.totals',
  'gold.days': 'SELECT * FROM gold.days',
  'gold.sales': 'SELECT * FROM gold.sales',
  'gold.dim_customers': 'SELECT customer, city, spent, is_current, valid_to IS NULL AS open FROM gold.dim_customers',
  'ops.quality_results':
    'SELECT "table", rule, type, dimension, severity, status, checked, failed, observed, tolerance FROM ops.quality_results',
};

type Tables = Record<string, unknown>;

/** Runs the shop with these engines, one a run, each after files have arrived; what every table then holds. */
async function shopRunBy(...engines: Engine[]): Promise<Tables> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-spark-'));
  try {
    write(folder, shopFiles);
    for (const [i, engine] of engines.entries()) {
      const files = Object.entries(arrivals[i] ?? {}).map(([table, text]): [string, string] => [
        `.ingot/lake/bronze/${table}/source=shop/date=2026-01-0${i + 1}/${i}.csv`,
        text,
      ]);
      write(folder, Object.fromEntries(files));
      const { runs } = await runPlatform(folder, { engine });
      expect(runs.flatMap((run) => run.failures)).toEqual([]);
    }
    const { manifest } = await loadPlatform(folder);
    const workbench = await openWorkbench(manifest, layoutOf(folder));
    try {
      const tables: Tables = {};
      for (const [name, sql] of Object.entries(queries))
        tables[name] = await workbench.services.lake.query(`${sql} ORDER BY ALL`);
      return tables;
    } finally {
      await workbench.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

describe('Spark, with the handlers that run on DuckDB', () => {
  let duckdb: Tables | undefined;

  beforeAll(async () => {
    try {
      await findSparkPython();
    } catch (error) {
      process.stderr.write(`\nSKIPPED: Spark beside DuckDB: ${(error as Error).message}\n`);
      return;
    }
    duckdb = await shopRunBy('duckdb', 'duckdb');
  }, 300_000);

  test('every way in which rows get into a table gives the rows that DuckDB gives, quarantine and results of rules too', async () => {
    if (duckdb === undefined) return;
    expect(await shopRunBy('spark', 'spark')).toEqual(duckdb);
  }, 600_000);

  test('a table that DuckDB wrote is merged and read by Spark', async () => {
    if (duckdb === undefined) return;
    expect(await shopRunBy('duckdb', 'spark')).toEqual(duckdb);
  }, 600_000);

  test('a table that Spark wrote is merged and read by DuckDB', async () => {
    if (duckdb === undefined) return;
    expect(await shopRunBy('spark', 'duckdb')).toEqual(duckdb);
  }, 600_000);
});
