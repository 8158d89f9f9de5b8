import type { Change } from '../lib/cdc/change';
import type { CdcSource } from '../lib/cdc/declaration';
import type { Column, Dataset, Type } from '../lib/contract/dataset';
import { layoutOf } from '../lib/local/layout';
import { openWorkbench, type Workbench } from '../lib/local/workbench';
import type { Manifest } from '../lib/platform/manifest';
import { makeTables } from '../lib/tables/make';

/** Columns of the table that is changed: name, type, and the value of row `i` in SQL. */
export const columns: readonly (readonly [string, Type, string])[] = [
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

/** A platform of that one table, which changes fill. */
export const manifest: Manifest = {
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
const changesSql = (size: number, changes: number, first: number): string => `
  SELECT n, CASE n % 4 WHEN 0 THEN 'insert' WHEN 1 THEN 'delete' ELSE 'update' END AS op, ${first} + n AS lsn,
    CASE n % 4 WHEN 0 THEN ${size} + n ELSE (n * 7919) % ${size} END AS i FROM range(${changes}) AS r(n)`;

/** A lake in a folder of its own, whose table has so many rows. */
export async function filled(folder: string, size: number): Promise<Workbench> {
  const workbench = await openWorkbench(manifest, layoutOf(folder));
  const { lake } = workbench.services;
  await makeTables(workbench.services);
  await lake.commit((tx) =>
    tx.run(
      `INSERT INTO lake.bench_silver.orders SELECT ${values}, 1 AS change_lsn, 0 AS change_sequence, NULL AS change_older FROM range(${size}) AS r(i)`,
    ),
  );
  return workbench;
}

/** The same changes for all sides, as they have come from records. `first` is the position of the first. */
export async function changesOf(
  size: number,
  changes: number,
  { services }: Workbench,
  first = 1000,
): Promise<Change[]> {
  const updated = values.replaceAll("'note '", "'changed ' || n || ' '");
  const rows = await services.lake.query<Record<string, string>>(
    `SELECT op, lsn::VARCHAR AS lsn, COLUMNS(*)::VARCHAR FROM (SELECT ${updated}, op AS _op, lsn AS _lsn, op, lsn FROM (${changesSql(size, changes, first)}) ORDER BY n)`,
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
