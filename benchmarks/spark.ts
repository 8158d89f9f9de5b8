import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '../lib/ingest/load';
import { plan } from '../lib/ingest/plan';
import type { Engine } from '../lib/local/engine';
import { evaluate } from '../lib/quality/evaluate';
import { openDuckdb } from '../lib/runtime/duckdb';
import type { Services } from '../lib/runtime/services';
import { openLocalSpark } from '../lib/spark/local';
import { literal } from '../lib/sql/quote';
import { openBench } from './flights';
import { linePlot } from './line-plot';
import { type Cost, cpuOfAll, inProcess, seconds, table, tell } from './measure';

/** Millions of rows. 30 takes half an hour, and runs where `INGOT_BENCH_MILLIONS` says so: `1,10,30`. */
const sizes = (process.env.INGOT_BENCH_MILLIONS ?? '1,10').split(',').map(Number);
const steps = ['start', 'ingest', 'quality', 'merge'] as const;
type Step = (typeof steps)[number];
const compared = ['ingest', 'quality', 'merge'] as const satisfies readonly Step[];

interface Steps extends Cost {
  readonly steps: Readonly<Record<Step, { readonly wall: number; readonly cpu: number }>>;
  /** What the table holds in the end, and how many rows fail each rule: the same for both. */
  readonly content: string;
}

/**
 * DuckDB and Spark on this machine, with the same handlers, over the same files: ingest with quarantine into an empty
 * table, the contract's rules over it, and a merge of a tenth of its rows, half of them changed.
 */
export async function spark(): Promise<void> {
  const lines: string[][] = [];
  const points = new Map<Step, [number, number][]>(compared.map((step) => [step, []]));
  for (const millions of sizes) {
    const data = mkdtempSync(join(tmpdir(), 'ingot-bench-'));
    try {
      const rows = millions * 1e6;
      await writeRows(data, 'first', 0, rows, '0');
      const [duckdb, other] = (['duckdb', 'spark'] as const).map((engine) =>
        inProcess<Steps>(__filename, [engine, data, String(rows)]),
      );
      if (duckdb!.content !== other!.content)
        throw new Error(`The engines do not agree: ${duckdb!.content} and ${other!.content}`);
      for (const step of steps) {
        const [a, b] = [duckdb!.steps[step], other!.steps[step]];
        lines.push([
          `${millions} M, ${step}`,
          ...[a.cpu, a.wall, b.cpu, b.wall].map(seconds),
          step === 'start' ? '' : `${(b.cpu / a.cpu).toFixed(1)} ×`,
        ]);
        points.get(step)?.push([rows, b.cpu / a.cpu]);
      }
    } finally {
      rmSync(data, { recursive: true });
    }
  }
  table(
    'DuckDB and Spark on one machine',
    ['rows, step', 'DuckDB, CPU', 'wall', 'Spark, CPU', 'wall', 'CPU, Spark to DuckDB'],
    lines,
  );
  if (sizes.length < 2) return;
  const file = join(__dirname, '../docs/spark-duckdb.svg');
  writeFileSync(file, plotOf(points));
  console.log(`\n${file} is written`);
}

/** @param points rows, and the CPU that Spark takes for each second of DuckDB's */
const plotOf = (points: ReadonlyMap<string, [number, number][]>): string =>
  linePlot({
    title: 'CPU of Spark, for each second of DuckDB',
    x: 'rows',
    lines: [...points].map(([name, of]) => ({ name, points: of })),
  });

/** Flights of which no two have one key; a row in a thousand is refused. */
async function writeRows(data: string, name: string, from: number, count: number, distance: string): Promise<void> {
  const duckdb = await openDuckdb();
  const folder = join(data, `bronze/flights/source=bts/date=2001-12-31`);
  mkdirSync(folder, { recursive: true });
  const files = Math.max(1, Math.round(count / 2.5e6));
  for (let i = 0; i < files; i++) {
    const [start, end] = [from + Math.round((count * i) / files), from + Math.round((count * (i + 1)) / files)];
    await duckdb.run(`COPY (
      SELECT TIMESTAMP '2001-01-01' + to_seconds(n % 31000000) AS date, (n // 31000000)::INTEGER AS delay,
        (100 + (n + ${distance}) % 2000)::INTEGER AS distance, CASE WHEN n % 1000 = 1 THEN 'xx' ELSE 'AA' || chr(65 + (n % 26)::INTEGER) END AS origin,
        'BB' || chr(65 + (n % 25)::INTEGER) AS destination
      FROM (SELECT range AS n FROM range(${start}, ${end}))) TO ${literal(join(folder, `${name}-${i}.parquet`))} (FORMAT parquet)`);
  }
  duckdb.close();
}

async function side(engine: Engine, data: string, rows: number): Promise<void> {
  const lake = mkdtempSync(join(tmpdir(), 'ingot-bench-lake-'));
  const bench = await openBench(data, lake, 'parquet');
  const costs: Record<string, { wall: number; cpu: number }> = {};
  const step = async <T>(name: Step, work: () => Promise<T>): Promise<T> => {
    const [began, before] = [performance.now(), cpuOfAll()];
    const result = await work();
    costs[name] = { wall: (performance.now() - began) / 1e3, cpu: cpuOfAll() - before };
    return result;
  };
  const services = await step('start', async (): Promise<Services> => {
    if (engine === 'duckdb') return bench.services;
    const { manifest, catalog } = bench.services;
    return { ...bench.services, lake: await openLocalSpark({ manifest, catalog, scratch: join(lake, 'scratch') }) };
  });
  const loadAll = async (run: string) => {
    const { tables } = await plan({ action: 'plan', group: 'aviation', run }, bench.services);
    for (const { table, batches } of tables)
      for (const { batch } of batches) await load({ action: 'load', table, batch, run }, services);
  };
  await step('ingest', () => loadAll('first'));
  const results = await step('quality', () =>
    evaluate(bench.dataset, bench.table, { now: 0, counts: {} }, (sql) => services.lake.query(sql)),
  );
  // Half of them are as they are.
  await writeRows(data, 'same', 0, rows / 20, '0');
  await writeRows(data, 'changed', rows / 2, rows / 20, '7');
  await step('merge', () => loadAll('second'));
  const [content] = await bench.services.lake.query(
    `SELECT count(*) AS rows, sum(hash(departed_at, origin, destination, delay_minutes, distance_miles))::VARCHAR AS hash FROM ${bench.table}`,
  );
  if (engine === 'spark') await services.lake.close();
  await bench.close();
  rmSync(lake, { recursive: true });
  const told = JSON.stringify([content, results.map(({ failed }) => failed)], (_, v) =>
    typeof v === 'bigint' ? Number(v) : v,
  );
  tell({ wall: 0, cpu: 0, peak: 0, steps: costs, content: told } as unknown as Steps);
}

if (require.main === module) {
  const [engine, data, rows] = process.argv.slice(2);
  void side(engine as Engine, data!, Number(rows));
}
