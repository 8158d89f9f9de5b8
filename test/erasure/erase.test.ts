import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { runPlatform } from '../../lib/local/run';
import { type Duckdb, openDuckdb } from '../../lib/runtime/duckdb';
import { ingot } from '../cli/ingot';
import { arrivals, filesWith, marker, others, shop } from './shop';

let folder: string;
let duckdb: Duckdb;
const bronze = () => join(folder, '.ingot/lake/bronze');
const put = (path: string, bytes: string | Buffer, below = bronze()) => {
  mkdirSync(dirname(join(below, path)), { recursive: true });
  writeFileSync(join(below, path), bytes);
};
const query = async (sql: string): Promise<unknown[]> => {
  const { code, out, err } = await ingot(['query', sql, '--platform', folder, '--json']);
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as unknown[];
};
const tables = ['silver.customers', 'silver.orders', 'silver.visits', 'silver.carts', 'gold.fct_spent'] as const;
const rowsOf = async () => {
  const rows: Record<string, unknown[]> = {};
  for (const table of tables) rows[table] = await query(`SELECT * FROM ${table} ORDER BY ALL`);
  return rows;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-erasure-'));
  duckdb = await openDuckdb({ extensions: ['avro'] });
  for (const [file, text] of Object.entries(shop)) put(file, text, folder);
  for (const [path, bytes] of Object.entries(arrivals())) put(path, bytes);
  const carts = 'carts/source=s/date=2026-01-01/a.parquet';
  put(carts, '');
  await duckdb.run(
    `COPY (SELECT i AS id, CASE WHEN i % 3 = 0 THEN '${marker}' ELSE 'c-' || i END AS customer_id FROM range(9) r(i)) TO '${join(bronze(), carts)}' (FORMAT parquet)`,
  );
  expect((await runPlatform(folder)).status).toBe('succeeded');
});
afterAll(async () => {
  duckdb.close();
  await rm(folder, { recursive: true });
});

test('after an erasure no file holds the person, and no row of anybody else is different', async () => {
  const before = await rowsOf();
  expect((await filesWith(marker, join(folder, '.ingot'), duckdb)).length).toBeGreaterThan(10);

  const { code, out, err } = await ingot(['erase', 'customer', marker, '--platform', folder, '--json']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toMatchObject({
    erasures: [{ subject: 'customer', again: false }],
    places: [
      { place: 'bronze/carts', rows: 3, files: 1 },
      { place: 'bronze/customers', rows: 4, unreadable: 1, files: 2 },
      { place: 'bronze/orders', rows: 3, unreadable: 1, files: 1 },
      { place: 'bronze/visits', rows: 1, files: 1 },
      { place: 'gold.fct_spent', rows: 1 },
      { place: 'silver.carts', rows: 3 },
      { place: 'silver.carts_quarantine', rows: 0 },
      { place: 'silver.customers', rows: 1 },
      { place: 'silver.customers_quarantine', rows: 2 },
      { place: 'silver.orders', rows: 1 },
      { place: 'silver.orders_quarantine', rows: 2 },
      { place: 'silver.visits', rows: 1 },
      { place: 'silver.visits_quarantine', rows: 0 },
    ],
  });

  expect(await filesWith(marker, join(folder, '.ingot'), duckdb)).toEqual([]);
  const own = (row: unknown) => !JSON.stringify(row).includes(marker);
  const expected = Object.fromEntries(Object.entries(before).map(([table, rows]) => [table, rows.filter(own)]));
  expect(await rowsOf()).toEqual(expected);
  for (const [path, text] of Object.entries(others)) {
    const bytes = readFileSync(join(bronze(), path));
    expect([path, (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()]).toEqual([path, text]);
  }
});
