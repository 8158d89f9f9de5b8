import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Engine } from '../../lib/local/engine';
import { layoutOf } from '../../lib/local/layout';
import { runPlatform } from '../../lib/local/run';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import type { Manifest } from '../../lib/platform/manifest';
import { openDuckdb } from '../../lib/runtime/duckdb';
import { findSparkPython } from '../../lib/spark/python';
import { identifier, literal } from '../../lib/sql/quote';
import { shopFiles } from '../faults/shop';
import { agree } from './functions';
import { contractsOf, generatedTables } from './generated';

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
  const at = (table: string, name: string) =>
    `.ingot/lake/bronze/${table}/source=shop/date=2026-01-0${run + 1}/${name}`;
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
  if (run !== 0) return;
  mkdirSync(dirname(join(folder, at('airports', 'a'))), { recursive: true });
  cpSync(join(root, 'node_modules/vega-datasets/data/airports.csv'), join(folder, at('airports', 'airports.csv')));
}

type Tables = Readonly<Record<string, readonly unknown[]>>;

/** Runs the platform with these engines, one a run, each after files have arrived; what every table then holds, run by run. */
async function runsBy(
  engines: readonly Engine[],
  check: (run: number, tables: Tables) => void = () => {},
): Promise<Tables[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-spark-'));
  try {
    await writePlatform(folder);
    const runs: Tables[] = [];
    for (const [i, engine] of engines.entries()) {
      await arrive(folder, i);
      if (i === 2) widenClicks(folder);
      const report = await runPlatform(folder, { engine });
      expect(report.runs.flatMap((run) => run.failures)).toEqual([]);
      runs.push(await tablesOf(folder));
      check(i, runs[i]!);
    }
    return runs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function widenClicks(folder: string): void {
  const file = 'contracts/clicks.odcs.yaml';
  const text = shopFiles[file]!.replace('version: 1.0.0', 'version: 1.1.0');
  write(folder, { [file]: `${text.trimEnd()}\n      - {name: note, logicalType: string}\n` });
}

async function tablesOf(folder: string): Promise<Tables> {
  const { manifest } = await loadPlatform(folder);
  const workbench = await openWorkbench(manifest, layoutOf(folder));
  try {
    const tables: Record<string, unknown[]> = {};
    for (const [name, sql] of Object.entries(queriesOf(manifest)))
      tables[name] = await workbench.services.lake.query(`${sql} ORDER BY ALL`);
    return tables;
  } finally {
    await workbench.close();
  }
}

/** What is compared: every column but times of the run itself, and texts of the engine's own. */
function queriesOf(manifest: Manifest): Record<string, string> {
  const queries: Record<string, string> = {
    'ops.quality_results':
      'SELECT "table", rule, type, dimension, severity, status, checked, failed, observed, tolerance FROM ops.quality_results WHERE type <> \'freshness\'',
  };
  for (const { zone, name, columns, history, materialization, source } of manifest.datasets) {
    const versions = history === 'scd2' || materialization?.kind === 'scd2';
    const shown = [
      ...columns.map((c) => identifier(c.name)),
      ...(versions ? ['is_current', 'valid_to IS NULL AS open'] : []),
    ];
    queries[`${zone}.${name}`] = `SELECT ${shown.join(', ')} FROM ${zone}.${name}`;
    if (source === undefined) continue;
    queries[`${zone}.${name}_quarantine`] =
      `SELECT batch, parse_filename(file) AS file, row_number, list_transform(reasons, lambda r: r.rule) AS rules, raw FROM ${zone}.${name}_quarantine` +
      // Of a broken line the engines keep different texts (docs/spark.md).
      " WHERE reasons[1].rule <> 'row.unreadable'";
  }
  return queries;
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

/** Each row that one engine has and the other has not. */
function differences(expected: Tables, given: Tables): string[] {
  return Object.keys(expected).flatMap((table) => {
    const [one, other] = [expected[table]!, given[table] ?? []];
    const found = one.flatMap((row, i) =>
      agree(row, other[i]) ? [] : [`${text(row)} in DuckDB, ${text(other[i])} in Spark`],
    );
    if (one.length !== other.length) found.unshift(`${one.length} rows in DuckDB, ${other.length} in Spark`);
    return found.slice(0, 5).map((what) => `${table}: ${what}`);
  });
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v)) ?? 'nothing';

test('a platform whose runs Spark and DuckDB take in turns holds what DuckDB alone gives, after each run', async () => {
  try {
    await findSparkPython();
  } catch (error) {
    process.stderr.write(`\nSKIPPED: Spark beside DuckDB: ${(error as Error).message}\n`);
    return;
  }
  const expected = await runsBy(['duckdb', 'duckdb', 'duckdb']);
  // Models and merges have had something to do, and rules something to refuse.
  const empty = Object.entries(expected[2]!).flatMap(([table, rows]) => (rows.length === 0 ? [table] : []));
  expect(empty).toEqual(['airports', 'customers', 'flights'].map((table) => `silver.${table}_quarantine`));
  await runsBy(['spark', 'duckdb', 'spark'], (run, tables) =>
    expect([`run ${run}`, ...differences(expected[run]!, tables)]).toEqual([`run ${run}`]),
  );
}, 3_600_000);
