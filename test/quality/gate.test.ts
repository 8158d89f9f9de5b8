import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../../lib/platform/manifest';
import { publish } from '../../lib/publish/publish';
import { loadedOf, withLoaded } from '../../lib/quality/loaded';
import { quality } from '../../lib/quality/quality';
import { column } from '../ingest/datasets';
import { type IcebergLake, icebergLake } from '../publish/iceberg-lake';
import { dataset, rule } from './fixture';

const orders = dataset({
  name: 'orders',
  columns: [column('id', 'int'), column('customer', 'int')],
  source: { zone: 'bronze', prefix: 'orders', format: 'csv' },
  rules: [
    rule({ name: 'id.type', type: 'type', column: 'id', tolerance: { max: 10, unit: 'percent' } }),
    rule({
      name: 'known',
      type: 'referential',
      columns: ['customer'],
      references: { table: 'silver.customers', columns: ['id'] },
      dimension: 'consistency',
    }),
    rule({ name: 'fresh', type: 'freshness', max: 1, dimension: 'timeliness', severity: 'warning' }),
    rule({ name: 'change', type: 'rowCountChange', unit: 'percent', min: -50, max: 50, where: 'id > 0' }),
  ],
});
const customers = dataset({ name: 'customers', columns: [column('id', 'int')], history: 'scd2', key: ['id'] });
const manifest: Manifest = {
  name: 'shop',
  zones: [
    { name: 'bronze', holds: 'files', database: 'shop_bronze' },
    { name: 'silver', holds: 'iceberg', database: 'shop_silver' },
  ],
  datasets: [customers, orders],
  models: [],
  groups: [{ name: 'all', ingests: ['silver.orders'], levels: [], schedule: 'rate(1 hour)', timeZone: 'UTC' }],
  ops: { database: 'shop_ops', zone: 'silver' },
};

let iceberg: IcebergLake;
beforeEach(async () => {
  iceberg = await icebergLake(manifest);
  const { lake } = iceberg.services;
  await lake.commit(async (tx) => {
    const rows =
      "(1, TIMESTAMPTZ '2020-01-01 00:00:00Z', TIMESTAMPTZ '2021-01-01 00:00:00Z', false), (2, now(), NULL, true)";
    await tx.run(`INSERT INTO ${lake.name('shop_silver', 'customers')} FROM (VALUES ${rows})`);
  });
});
afterEach(() => iceberg.close());

/** As ingest does: rows and what was read in one commit. */
async function load(run: string, ids: readonly number[], unreadable = 0): Promise<void> {
  const { lake } = iceberg.services;
  const table = lake.name('shop_silver', 'orders');
  await lake.commit(async (tx) => {
    await tx.run(`DELETE FROM ${table} WHERE true`);
    if (ids.length > 0)
      await tx.run(`INSERT INTO ${table} VALUES ${ids.map((id) => `(${id}, ${2 - (Math.abs(id) % 2)})`).join(', ')}`);
    const before = await tx.properties('shop_silver', 'orders');
    const reasons: Record<string, number> = unreadable === 0 ? {} : { 'id.type': unreadable };
    const loaded = withLoaded(before, { run, read: ids.length + unreadable, quarantined: unreadable, reasons });
    await tx.setProperties('shop_silver', 'orders', loaded);
  });
}
const check = (run: string) => quality({ group: 'all', table: 'silver.orders', run }, iceberg.services);
const end = (run: string) => publish({ group: 'all', run, startedAt: new Date().toISOString() }, iceberg.services);
const answer = async (of: string, run: string) => {
  const sql = `SELECT status, checked, failed, observed FROM ops.quality_results WHERE "rule" = $of AND run = $run`;
  const [row] = await iceberg.services.lake.query<Record<string, unknown>>(sql, { of, run });
  return [row!.status, Number(row!.checked), Number(row!.failed), row!.observed];
};
const ids = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test('what was read at the last load is judged, and references find past versions too', async () => {
  await load('r1', ids(20), 1);
  expect(await check('r1')).toMatchObject({ passed: true, rules: 5, failed: [] });
  expect(await answer('id.type', 'r1')).toEqual(['passed', 21, 1, 100 / 21]);
  expect(await answer('known', 'r1')).toEqual(['passed', 20, 0, 0]);
  await load('r2', ids(20), 5);
  expect(await check('r2')).toMatchObject({ passed: false, failed: ['id.type', 'quarantine.share'] });
  expect(loadedOf(await iceberg.services.lake.properties('shop_silver', 'orders'))).toMatchObject({
    reasons: { 'id.type': 5 },
  });
});

test('a change of volume is one against runs that were published, and a repeat compares with the same', async () => {
  await load('r1', ids(10));
  expect((await check('r1')).failed).toEqual([]);
  await end('r1');
  await load('r2', ids(100));
  expect((await check('r2')).failed).toEqual(['change']);
  expect((await check('r2')).failed).toEqual(['change']);
  expect(await answer('change', 'r2')).toEqual(['failed', 100, 1, 900]);
  // It was stopped, and is therefore no example of what is normal.
  await load('r3', [...ids(14), -1, -2]);
  expect((await check('r3')).failed).toEqual([]);
  expect(await answer('change', 'r3')).toEqual(['passed', 14, 0, 40]);
});

test('rows are as old as their last commit, and a warning stops nothing', async () => {
  await load('r1', ids(4));
  iceberg.ahead(7_200_000);
  expect(await check('r1')).toMatchObject({ passed: true, failed: ['fresh'] });
  expect((await answer('fresh', 'r1'))[3]).toBeCloseTo(2, 1);
});

test('scores are metrics by table and by dimension, and the answers are JSON in the lake besides', async () => {
  await load('r1', ids(4));
  const { score } = await check('r1');
  const { metrics, zones } = iceberg.services;
  expect(metrics.values.filter(({ name }) => name === 'DimensionScore').map((m) => [m.dimensions, m.value])).toEqual([
    [{ Platform: 'shop', Table: 'silver.orders', Dimension: 'validity' }, 100],
    [{ Platform: 'shop', Table: 'silver.orders', Dimension: 'consistency' }, 100],
    [{ Platform: 'shop', Table: 'silver.orders', Dimension: 'timeliness' }, 100],
  ]);
  const json = JSON.parse(readFileSync(fileURLToPath(`${zones.silver}/_ops/quality/r1/silver.orders.json`), 'utf8'));
  expect(json).toMatchObject({
    run: 'r1',
    table: 'silver.orders',
    passed: true,
    scores: { table: score, dimensions: { validity: 100 } },
    results: expect.arrayContaining([expect.objectContaining({ rule: 'known', status: 'passed' })]),
  });
});
