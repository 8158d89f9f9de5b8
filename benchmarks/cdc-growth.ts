import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyChanges } from '../lib/cdc/apply';
import { localUpkeep } from '../lib/local/upkeep';
import type { Workbench } from '../lib/local/workbench';
import { findTable } from '../lib/platform/lookup';
import { compactTable } from '../lib/tables/compact';
import { expireSnapshots } from '../lib/tables/expire';
import { changesOf, filled, manifest } from './cdc-table';
import { type Line, linePlot } from './line-plot';
import { type Cost, inProcess, measured, seconds, table, tell } from './measure';

/** The table's rows for growth with the batch, and the batch for growth with the table. */
const usual = { rows: 1_000_000, changes: 100_000 };
const batches = [1_000, 10_000, 100_000, 1_000_000];
const sizes = [300_000, 1_000_000, 3_000_000, 10_000_000];
/** What is read over and over while a table is changed in small batches. */
const small = { rows: 1_000_000, changes: 1_000, applies: 100 };

/** How applying changes grows with the batch and with the table, and what many small batches cost who reads the table. */
export async function cdcGrowth(): Promise<void> {
  const byBatch = inProcess<Told>(__filename, ['batches']).points;
  const bySize = sizes.map((size) => inProcess<Told>(__filename, ['size', String(size)]).points[0]!);
  const rows = usual.rows.toLocaleString('en');
  table(
    `Growth with the batch, into ${rows} rows`,
    ['changes', 'CPU', 'microseconds a change'],
    byBatch.map(([n, cpu]) => [n.toLocaleString('en'), seconds(cpu), Math.round((cpu / n) * 1e6)]),
  );
  table(
    `Growth with the table, ${usual.changes.toLocaleString('en')} changes`,
    ['rows', 'CPU', 'microseconds a change'],
    bySize.map(([n, cpu]) => [n.toLocaleString('en'), seconds(cpu), Math.round((cpu / usual.changes) * 1e6)]),
  );
  const file = join(__dirname, '../docs/cdc-growth.svg');
  writeFileSync(
    file,
    linePlot({
      title: 'CPU of an apply, in seconds',
      x: 'changes of the batch, or rows of the table',
      lines: [
        { name: `batches into ${rows} rows`, points: byBatch },
        { name: `${usual.changes.toLocaleString('en')} changes into a table`, points: bySize },
      ] satisfies Line[],
    }),
  );
  console.log(`\n${file} is written`);
  const reads = inProcess<Told>(__filename, ['reads']).points;
  table(
    `Reading a table of ${small.rows.toLocaleString('en')} rows while it is changed, ${small.changes.toLocaleString('en')} changes at a time`,
    ['after', 'CPU of reading all of it'],
    reads.map(([applies, cpu]) => [
      applies < 0 ? 'compaction, and expiry of all older snapshots' : `${applies} applies`,
      seconds(cpu),
    ]),
  );
}

interface Told extends Cost {
  /** Pairs of a size and of CPU seconds. */
  readonly points: readonly (readonly [number, number])[];
}

async function apply(size: number, changes: number, first: number, workbench: Workbench): Promise<number> {
  const given = await changesOf(size, changes, workbench, first);
  const place = findTable('silver.orders', manifest);
  return (await measured(() => applyChanges({ place, mode: 'mirror' }, given, workbench.services))).cpu;
}

async function growthWithBatches(workbench: Workbench): Promise<[number, number][]> {
  const points: [number, number][] = [];
  let first = 1_000;
  for (const changes of batches) {
    points.push([changes, await apply(usual.rows, changes, first, workbench)]);
    first += changes;
  }
  return points;
}

async function reading(workbench: Workbench): Promise<[number, number][]> {
  const { services } = workbench;
  const read = async () => {
    const sql = 'SELECT count(*), sum(id), sum(amount), max(updated_at), sum(length(note)) FROM silver.orders';
    const costs = [];
    for (let i = 0; i < 3; i++) costs.push((await measured(() => services.lake.query(sql))).cpu);
    return Math.min(...costs);
  };
  const points: [number, number][] = [[0, await read()]];
  for (let n = 1; n <= small.applies; n++) {
    await apply(small.rows, small.changes, n * small.changes, workbench);
    if ([10, 50, small.applies].includes(n)) points.push([n, await read()]);
  }
  const name = { database: 'bench_silver', table: 'orders' };
  const upkeep = await localUpkeep(services);
  await compactTable(name, upkeep);
  await expireSnapshots(name, { keep: 1 }, upkeep);
  points.push([-1, await read()]);
  return points;
}

async function part(name: string, size: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-cdc-'));
  const rows = name === 'reads' ? small.rows : name === 'size' ? Number(size) : usual.rows;
  const workbench = await filled(folder, rows);
  const points =
    name === 'reads'
      ? await reading(workbench)
      : name === 'size'
        ? [[rows, await apply(rows, usual.changes, 1_000, workbench)] as const]
        : await growthWithBatches(workbench);
  await workbench.close();
  rmSync(folder, { recursive: true });
  tell({ wall: 0, cpu: 0, peak: 0, points } as Told);
}

if (require.main === module) void part(process.argv[2]!, process.argv[3]);
