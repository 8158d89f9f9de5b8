import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applyChanges } from '../lib/cdc/apply';
import type { Change } from '../lib/cdc/change';
import type { Workbench } from '../lib/local/workbench';
import { findTable } from '../lib/platform/lookup';
import type { Lake } from '../lib/runtime/services';
import { literal } from '../lib/sql/quote';
import { duckdbType } from '../lib/sql/types';
import { changesOf, columns, filled, manifest } from './cdc-table';
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

const run = promisify(execFile);

/**
 * Changes into a table of Iceberg: half of them updates, a quarter inserts, a quarter deletes, over all of its keys, beside
 * SQL for DuckDB that an engineer writes for this one table, and beside delta-rs where Python has it.
 */
export async function cdc(): Promise<void> {
  const lines: (string | number)[][] = [];
  for (const [size, changes] of [
    [1_000_000, 100_000],
    [10_000_000, 10_000],
    [10_000_000, 100_000],
    [10_000_000, 1_000_000],
  ] as const) {
    const args = [String(size), String(changes)];
    const one = (side: Side) => () => inProcess<Applied>(__filename, [side, ...args]);
    const { a, b } = alternate(one('ingot'), one('hand'), size * changes > 1e12 ? 3 : 1);
    const alike = [one('alike')()];
    const contents = new Set([...a, ...b, ...alike].map(({ content }) => content));
    if (contents.size !== 1) throw new Error(`The sides have made different tables: ${[...contents].join(' and ')}`);
    const delta = await deltaRs(size, changes);
    const [ours, theirs] = [medians(a), medians(b)];
    lines.push([
      size.toLocaleString('en'),
      changes.toLocaleString('en'),
      seconds(ours.cpu),
      seconds(ours.wall),
      megabytes(ours.peak),
      seconds(theirs.cpu),
      `**${times(ratio(a, b))}**`,
      seconds(medians(alike).cpu),
      times(ours.cpu / medians(alike).cpu),
      delta === undefined ? '' : `${seconds(delta.cpu)}, ${megabytes(delta.peak)}`,
    ]);
  }
  table(
    'Changes into a table of Iceberg (mirror)',
    [
      'rows',
      'changes',
      'CPU',
      'wall',
      'memory',
      'by hand, CPU',
      'ratio',
      'by hand alike, CPU',
      'ratio',
      'delta-rs merge, CPU',
    ],
    lines,
  );
}

/**
 * `hand` reads JSON and forgets deletes, as most would write it; `alike` reads as Ingot does, remembers deletes and
 * asks them, which is what an engineer ends up with who needs what Ingot promises.
 */
type Side = 'ingot' | 'hand' | 'alike';

/** What an apply left in the table: the same on both sides, or they were not doing the same. */
interface Applied extends Cost {
  readonly content: string;
}

async function side(name: Side, size: number, changes: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-cdc-'));
  const workbench = await filled(folder, size);
  const { lake } = workbench.services;
  const given = await changesOf(size, changes, workbench);
  const { wall, cpu, peak } = await measured(() =>
    name === 'ingot' ? byIngot(given, workbench) : byHand(given, name, workbench),
  );
  const [row] = await lake.query<{ content: string }>(
    "SELECT count(*) || ' ' || sum(id) || ' ' || sum(hash(id, status, amount, city, note)::HUGEINT) AS content FROM silver.orders",
  );
  await workbench.close();
  rmSync(folder, { recursive: true });
  tell({ wall, cpu, peak, content: row!.content } as Applied);
}

async function byIngot(changes: readonly Change[], { services }: Workbench): Promise<void> {
  const place = findTable('silver.orders', manifest);
  await applyChanges({ place, mode: 'mirror' }, changes, services);
}

/** What an engineer would write for this one table: the last change of each key, where it is newer, in one commit. */
async function byHand(
  changes: readonly Change[],
  name: 'hand' | 'alike',
  { services: { lake } }: Workbench,
): Promise<void> {
  const types = columns.map(([name, type]) => `${name} ${duckdbType(type)}`);
  await lake.run(`CREATE TEMP TABLE changes (op VARCHAR, lsn BIGINT, ${types.join(', ')})`);
  const names = columns.map(([name]) => name);
  for (let from = 0; from < changes.length; from += 20_000) {
    const some = changes.slice(from, from + 20_000);
    await (name === 'hand' ? readJson(some, names, lake) : readTexts(some, names, lake));
  }
  await lake.run(
    `CREATE TEMP TABLE last AS SELECT * FROM changes QUALIFY row_number() OVER (PARTITION BY id ORDER BY lsn DESC) = 1`,
  );
  if (name === 'alike')
    await lake.commit((tx) =>
      tx.run(
        `INSERT INTO lake.bench_silver.orders_changes (id, change_lsn, change_sequence, change_kind, kept_at)
          SELECT id, lsn, 1, 'delete', now() FROM last WHERE op = 'delete'`,
      ),
    );
  await lake.commit(async (tx) => {
    // A row that is deleted must not come back with a change that is late.
    const deleted =
      name === 'hand'
        ? ''
        : `ANTI JOIN (SELECT id, max(change_lsn) AS lsn FROM lake.bench_silver.orders_changes WHERE change_kind = 'delete' GROUP BY id) AS d
            ON d.id = l.id AND d.lsn > l.lsn`;
    await tx.run(
      `CREATE TEMP TABLE newer AS SELECT l.* FROM last AS l LEFT JOIN lake.bench_silver.orders AS t ON t.id = l.id ${deleted}
        WHERE t.change_lsn IS NULL OR l.lsn > t.change_lsn`,
    );
    await tx.run('DELETE FROM lake.bench_silver.orders AS t WHERE t.id IN (SELECT id FROM newer)');
    await tx.run(
      `INSERT INTO lake.bench_silver.orders SELECT ${names.join(', ')}, lsn, 1, NULL FROM newer WHERE op <> 'delete'`,
    );
  });
}

async function readJson(changes: readonly Change[], names: readonly string[], lake: Lake): Promise<void> {
  const types = columns.map(([name, type]) => `"${name}":"${duckdbType(type)}"`).join(',');
  const json = JSON.stringify(
    changes.map(({ operation, position, row }) => ({ op: operation, lsn: position.lsn.toString(), ...row })),
  );
  const shape = literal(`[{"op":"VARCHAR","lsn":"BIGINT",${types}}]`);
  await lake.run(
    `INSERT INTO changes SELECT op, lsn, ${names.join(', ')} FROM (SELECT unnest(json_transform($json::JSON, ${shape}), recursive := true))`,
    { json },
  );
}

async function readTexts(changes: readonly Change[], names: readonly string[], lake: Lake): Promise<void> {
  const all = ['op', 'lsn', ...names];
  const texts = all.map((name) => {
    const text = ({ operation, position, row }: Change) =>
      name === 'op' ? operation : name === 'lsn' ? position.lsn : (row[name] ?? '\u0002');
    return [`p_${name}`, changes.map(text).join('\u0001')] as const;
  });
  await lake.run(
    `INSERT INTO changes SELECT ${all.map((name) => `nullif(${name}, '\u0002')`).join(', ')}
      FROM (SELECT ${all.map((name) => `unnest(string_split($p_${name}, '\u0001')) AS ${name}`).join(', ')})`,
    Object.fromEntries(texts),
  );
}

/** The same by delta-rs: a merge with its three clauses, of a table that is in Arrow already. */
async function deltaRs(size: number, changes: number): Promise<Cost | undefined> {
  const folder = join(homedir(), '.cache', 'ingot-deltalake');
  const python = join(folder, 'bin', 'python');
  try {
    if (!existsSync(python)) {
      await run('python3', ['-m', 'venv', folder]);
      await run(python, ['-m', 'pip', 'install', '--quiet', 'deltalake>=1.0', 'duckdb', 'pyarrow']);
    }
    const { stdout } = await run(python, [join(__dirname, 'peers/delta_merge.py'), String(size), String(changes)]);
    return JSON.parse(stdout) as Cost;
  } catch (error) {
    process.stderr.write(`SKIPPED: delta-rs: ${String(error).split('\n')[0]}\n`);
    return undefined;
  }
}

if (require.main === module) {
  const [name, size, changes] = process.argv.slice(2);
  void side(name as Side, Number(size), Number(changes));
}
