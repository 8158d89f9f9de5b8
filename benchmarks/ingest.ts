import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Source } from '../lib/contract/dataset';
import { load } from '../lib/ingest/load';
import { plan } from '../lib/ingest/plan';
import { type Bench, openBench, rows, writeFlights } from './flights';
import { byHand } from './ingest-by-hand';
import {
  alternate,
  type Cost,
  inProcess,
  measured,
  medians,
  megabytes,
  ratio,
  seconds,
  table,
  tell,
  times,
} from './measure';

type Side = 'ingot' | 'hand';

/** What a run left in the tables: the same on both sides, or they were not doing the same. */
interface Ingested extends Cost {
  readonly content: string;
}

/** Ingot's ingest of ten million rows with quarantine, beside SQL for DuckDB that an engineer writes for this one table. */
export async function ingest(): Promise<void> {
  const lines = [];
  for (const format of ['parquet', 'csv'] as const) {
    const data = mkdtempSync(join(tmpdir(), 'ingot-bench-'));
    try {
      await writeFlights(data, format);
      const run = (side: Side) => () => inProcess<Ingested>(__filename, [side, format, data]);
      const { a, b } = alternate(run('ingot'), run('hand'));
      const contents = new Set([...a, ...b].map(({ content }) => content));
      if (contents.size !== 1)
        throw new Error(`The two sides have written different tables: ${[...contents].join(' and ')}`);
      for (const [name, side] of [
        ['Ingot', medians(a)],
        ['by hand', medians(b)],
      ] as const)
        lines.push([
          `${format === 'csv' ? 'CSV' : 'Parquet'}, ${name}`,
          seconds(side.cpu),
          seconds(side.wall),
          megabytes(side.peak),
          name === 'Ingot' ? `**${times(ratio(a, b))}**` : '1',
        ]);
    } finally {
      rmSync(data, { recursive: true });
    }
  }
  table(
    `Ingest of ${rows.toLocaleString('en')} rows with quarantine`,
    ['', 'CPU', 'wall', 'memory', 'CPU, ratio'],
    lines,
  );
}

async function side(name: Side, format: Source['format'], data: string): Promise<void> {
  const lake = mkdtempSync(join(tmpdir(), 'ingot-bench-lake-'));
  const bench = await openBench(data, lake, format);
  const work = name === 'ingot' ? () => byIngot(bench) : () => byHand(bench, data, format);
  const { wall, cpu, peak } = await measured(work);
  const content = await contentOf(bench);
  await bench.close();
  rmSync(lake, { recursive: true });
  tell({ wall, cpu, peak, content } as Ingested);
}

async function byIngot({ services }: Bench): Promise<void> {
  const { tables } = await plan({ action: 'plan', group: 'aviation', run: 'bench' }, services);
  for (const { table, batches } of tables)
    for (const { batch } of batches) await load({ action: 'load', table, batch, run: 'bench' }, services);
}

async function contentOf({ services, table, quarantine }: Bench): Promise<string> {
  const [good] = await services.lake.query(
    `SELECT count(*) AS rows, sum(hash(departed_at, origin, destination, delay_minutes, distance_miles))::VARCHAR AS content FROM ${table}`,
  );
  const [bad] = await services.lake.query(`SELECT count(*) AS rows FROM ${quarantine}`);
  return JSON.stringify([good, bad], (_, value) => (typeof value === 'bigint' ? Number(value) : value));
}

if (require.main === module) {
  const [name, format, data] = process.argv.slice(2);
  void side(name as Side, format as Source['format'], data!);
}
