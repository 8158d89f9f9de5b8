import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applyChanges } from '../lib/cdc/apply';
import type { Change } from '../lib/cdc/change';
import type { CdcSource } from '../lib/cdc/declaration';
import type { Column, Dataset, Type } from '../lib/contract/dataset';
import { layoutOf } from '../lib/local/layout';
import { openWorkbench, type Workbench } from '../lib/local/workbench';
import { findTable } from '../lib/platform/lookup';
import type { Manifest } from '../lib/platform/manifest';
import { literal } from '../lib/sql/quote';
import { makeTables } from '../lib/tables/make';
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
    const contents = new Set([...a, ...b].map(({ content }) => content));
    if (contents.size !== 1)
      throw new Error(`The two sides have made different tables: ${[...contents].join(' and ')}`);
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
      delta === undefined ? '' : `${seconds(delta.cpu)}, ${megabytes(delta.peak)}`,
    ]);
  }
  table(
    'Changes into a table of Iceberg (mirror)',
    ['rows', 'changes', 'CPU', 'wall', 'memory', 'by hand, CPU', 'CPU, ratio', 'delta-rs merge, CPU'],
    lines,
  );
}

type Side = 'ingot' | 'hand';

/** What an apply left in the table: the same on both sides, or they were not doing the same. */
interface Applied extends Cost {
  readonly content: string;
}

const columns: readonly (readonly [string, Type, string])[] = [
  ['id', 'long', 'i'],
  ['customer', 'long', 'i % 50021'],
  ['status', 'string', "['new', 'paid', 'sent', 'done'][(i % 4 + 1)::INTEGER]"],
  ['amount', 'decimal(12, 2)', '((i * 7919) % 1000000) / 100.0'],
  ['city', 'string', "'city-' || (i % 997)"],
  ['updated_at', 'timestamptz', "TIMESTAMPTZ '2026-01-01' + to_seconds(i % 86400)"],
  ['note', 'string', "'note ' || hash(i)"],
];

const dataset: Dataset = {
  name: 'orders',
  zone: 'silver',
  contract: { id: 'orders', version: '1.0.0' },
  columns: columns.map(
    ([name, type]): Column => ({ name, type, required: name === 'id', tags: [], sourceColumns: [name] }),
  ),
  key: ['id'],
  partitionBy: [],
  sortBy: [],
  rules: [],
  history: 'current',
  maxQuarantinePercent: 10,
  sla: {},
  owners: [],
  tags: [],
  roles: [],
};

const source: CdcSource = {
  name: 'shop',
  publication: 'p',
  slot: 's',
  truncate: 'apply',
  schemaChanges: 'evolve',
  rememberDays: 30,
  tables: [{ table: 'silver.orders', mode: 'mirror', schema: 'public', name: 'orders' }],
};

const manifest: Manifest = {
  name: 'bench',
  zones: [{ name: 'silver', holds: 'iceberg', database: 'bench_silver' }],
  datasets: [dataset],
  models: [],
  groups: [],
  ops: { database: 'bench_ops', zone: 'silver' },
  cdc: [source],
};

const values = columns.map(([name, , value]) => `${value} AS ${name}`).join(', ');

/** Change `n` of a batch, as SQL: to a key that is spread over the table, or to one above all of its keys. */
const changesSql = (size: number, changes: number): string => `
  SELECT n, CASE n % 4 WHEN 0 THEN 'insert' WHEN 1 THEN 'delete' ELSE 'update' END AS op, 1000 + n AS lsn,
    CASE n % 4 WHEN 0 THEN ${size} + n ELSE (n * 7919) % ${size} END AS i FROM range(${changes}) AS r(n)`;

async function side(name: Side, size: number, changes: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-cdc-'));
  const workbench = await openWorkbench(manifest, layoutOf(folder));
  const { lake } = workbench.services;
  await makeTables(workbench.services);
  await lake.commit((tx) =>
    tx.run(
      `INSERT INTO lake.bench_silver.orders SELECT ${values}, 1 AS change_lsn, 0 AS change_sequence, NULL AS change_older FROM range(${size}) AS r(i)`,
    ),
  );
  const given = await changesOf(size, changes, workbench);
  const { wall, cpu, peak } = await measured(() =>
    name === 'ingot' ? byIngot(given, workbench) : byHand(given, workbench),
  );
  const [row] = await lake.query<{ content: string }>(
    "SELECT count(*) || ' ' || sum(id) || ' ' || sum(hash(id, status, amount, city, note)::HUGEINT) AS content FROM silver.orders",
  );
  await workbench.close();
  rmSync(folder, { recursive: true });
  tell({ wall, cpu, peak, content: row!.content } as Applied);
}

/** The same changes for both sides, as they have come from records. */
async function changesOf(size: number, changes: number, { services }: Workbench): Promise<Change[]> {
  const updated = values.replaceAll("'note '", "'changed ' || n || ' '");
  const rows = await services.lake.query<Record<string, string>>(
    `SELECT op, lsn::VARCHAR AS lsn, COLUMNS(*)::VARCHAR FROM (SELECT ${updated}, op AS _op, lsn AS _lsn, op, lsn FROM (${changesSql(size, changes)}) ORDER BY n)`,
  );
  return rows.map(({ op, lsn, ...row }): Change => {
    const own = Object.fromEntries(columns.map(([name]) => [name, row[name]!]));
    const origin = { id: lsn!, arrivedAt: '2026-01-01T00:00:00Z', raw: '' };
    return {
      operation: op as Change['operation'],
      position: { lsn: BigInt(lsn!), sequence: 1 },
      at: '2026-01-01T00:00:00Z',
      row: op === 'delete' ? { id: own.id! } : own,
      origin,
    };
  });
}

async function byIngot(changes: readonly Change[], { services }: Workbench): Promise<void> {
  const place = findTable('silver.orders', manifest);
  await applyChanges({ place, mode: 'mirror' }, changes, services);
}

/** What an engineer would write for this one table: the last change of each key, where it is newer, in one commit. */
async function byHand(changes: readonly Change[], { services: { lake } }: Workbench): Promise<void> {
  const types = columns.map(
    ([name, type]) => `${name} ${type === 'long' ? 'BIGINT' : type === 'string' ? 'VARCHAR' : type}`,
  );
  await lake.run(`CREATE TEMP TABLE changes (op VARCHAR, lsn BIGINT, ${types.join(', ')})`);
  const names = columns.map(([name]) => name);
  const shape = `[{"op":"VARCHAR","lsn":"BIGINT",${columns.map(([name, type]) => `"${name}":"${type === 'long' ? 'BIGINT' : type === 'string' ? 'VARCHAR' : (type as string)}"`).join(',')}}]`;
  for (let from = 0; from < changes.length; from += 20_000) {
    const json = JSON.stringify(
      changes
        .slice(from, from + 20_000)
        .map(({ operation, position, row }) => ({ op: operation, lsn: position.lsn.toString(), ...row })),
    );
    await lake.run(
      `INSERT INTO changes SELECT op, lsn, ${names.join(', ')} FROM (SELECT unnest(json_transform($json::JSON, ${literal(shape)}), recursive := true))`,
      { json },
    );
  }
  await lake.run(
    `CREATE TEMP TABLE last AS SELECT * FROM changes QUALIFY row_number() OVER (PARTITION BY id ORDER BY lsn DESC) = 1`,
  );
  await lake.commit(async (tx) => {
    await tx.run(
      'CREATE TEMP TABLE newer AS SELECT l.* FROM last AS l LEFT JOIN lake.bench_silver.orders AS t ON t.id = l.id WHERE t.change_lsn IS NULL OR l.lsn > t.change_lsn',
    );
    await tx.run('DELETE FROM lake.bench_silver.orders AS t WHERE t.id IN (SELECT id FROM newer)');
    await tx.run(
      `INSERT INTO lake.bench_silver.orders SELECT ${names.join(', ')}, lsn, 1, NULL FROM newer WHERE op <> 'delete'`,
    );
  });
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
