import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import { DuckdbError } from '../../lib/runtime/duckdb';
import { isConflict, isTransient, openLake } from '../../lib/runtime/lake';
import type { Lake } from '../../lib/runtime/services';

const manifest = {
  zones: [
    { name: 'bronze', holds: 'files', database: 'test_bronze' },
    { name: 'silver', holds: 'iceberg', database: 'test_silver' },
  ],
  ops: { database: 'test_ops', zone: 'silver' },
} as const;

let folder: string;
let catalog: LocalCatalog;
let lake: Lake;
let conflicts = 0;
const open = () =>
  openLake({
    catalog: { uri: catalog.uri, warehouse: 'test', auth: { kind: 'none' } },
    manifest,
    onConflict: () => {
      conflicts += 1;
    },
  });

let tables = 0;
/** A new table of numbers; its name. */
async function numbers(): Promise<string> {
  const name = `numbers_${++tables}`;
  await lake.run(
    `CREATE TABLE ${lake.name('test_silver', name)} (n BIGINT) WITH ('location' = '${pathToFileURL(join(folder, 'lake', name)).href}')`,
  );
  return name;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ingot-lake-'));
  catalog = await startCatalog({ folder: join(folder, 'catalog'), roots: [join(folder, 'lake')] });
  lake = await open();
  await lake.run('CREATE SCHEMA lake.test_silver');
});
afterAll(async () => {
  await lake.close();
  await catalog.close();
  rmSync(folder, { recursive: true });
});

test('a zone reads as a schema, also a table that was made after the lake was opened, and is not written that way', async () => {
  const table = await numbers();
  await lake.commit((tx) => tx.run(`INSERT INTO ${lake.name('test_silver', table)} VALUES (1), (2)`));
  expect(await lake.query(`SELECT sum(n)::INT AS sum FROM silver.${table}`)).toEqual([{ sum: 3 }]);
  await expect(lake.run(`INSERT INTO silver.${table} VALUES (3)`)).rejects.toThrow(/read-only/);
});

test('rows and properties of a commit are written together, or undone together', async () => {
  const table = await numbers();
  const name = lake.name('test_silver', table);
  expect(await lake.snapshotId('test_silver', table)).toBeUndefined();
  const failing = lake.commit(async (tx) => {
    await tx.run(`INSERT INTO ${name} VALUES (1)`);
    await tx.setProperties('test_silver', table, { 'ingot.position': '1' });
    throw new Error('in the middle');
  });
  await expect(failing).rejects.toThrow('in the middle');
  expect([await lake.query(`FROM ${name}`), (await lake.properties('test_silver', table))['ingot.position']]).toEqual([
    [],
    undefined,
  ]);
  await lake.commit(async (tx) => {
    await tx.run(`INSERT INTO ${name} VALUES (1)`);
    await tx.setProperties('test_silver', table, { 'ingot.position': '1', "it's": 'quoted' });
    expect(await tx.properties('test_silver', table)).not.toHaveProperty('nothing');
  });
  expect(await lake.query(`FROM ${name}`)).toEqual([{ n: 1n }]);
  expect(await lake.properties('test_silver', table)).toMatchObject({ 'ingot.position': '1', "it's": 'quoted' });
  expect(await lake.snapshotId('test_silver', table)).toMatch(/^\d+$/);
});

test('writers that meet are run again from their start, so that nothing is lost and nothing is counted twice', async () => {
  const table = await numbers();
  const lakes = await Promise.all([open(), open(), open()]);
  conflicts = 0;
  let begun = 0;
  const add = (one: Lake) =>
    one.commit(async (tx) => {
      const position = Number((await tx.properties('test_silver', table)).position ?? 0) + 1;
      await tx.run(`INSERT INTO ${one.name('test_silver', table)} VALUES (${position})`);
      // The first of each lake wait for each other, so that they do meet.
      begun += 1;
      while (begun < lakes.length) await sleep(1);
      await tx.setProperties('test_silver', table, { position: String(position) });
    });
  await Promise.all(lakes.flatMap((one) => [add(one), add(one), add(one)]));
  const rows = await lake.query<{ n: bigint }>(`FROM silver.${table} ORDER BY n`);
  expect(rows.map(({ n }) => Number(n))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(conflicts).toBeGreaterThan(0);
  for (const one of lakes) await one.close();
});

test('after its last attempt a conflict is an error, and others are not tried again', async () => {
  let runs = 0;
  const conflicting = lake.commit(
    async () => {
      runs += 1;
      throw new DuckdbError('TransactionContext Error: Failed to commit: Conflict_409');
    },
    { attempts: 2 },
  );
  await expect(conflicting).rejects.toThrow(/^After 2 attempts: .*Conflict_409/);
  await expect(conflicting).rejects.toMatchObject({ name: 'TransientError' });
  expect(runs).toBe(2);
  expect(isConflict(new DuckdbError('Binder Error: no such column'))).toBe(false);
});

test.each([
  [true, 'TransactionContext Error: Failed to commit: Request returned HTTP 503 for HTTP POST to http://c/t'],
  [true, "TransactionContext Error: Failed to commit: Request to 'http://c/t' returned a status code (BadGateway_502)"],
  [true, 'HTTP Error: Request returned HTTP 429 for HTTP GET to http://c/t'],
  [true, 'IO Error: Server returned nothing (no headers, no data) error for HTTP GET to http://c/t'],
  [true, "HTTP Error: HTTP GET error on 's3://b/a.parquet' (HTTP 503)"],
  [false, 'TransactionContext Error: Failed to commit: Request returned a status code (InsufficientStorage_507)'],
  [false, "TransactionContext Error: Failed to commit: Request to 'http://c/t' returned a status code (Forbidden_403)"],
  [false, "HTTP Error: HTTP GET error on 's3://b/a.parquet' (HTTP 404)"],
  [false, 'Conversion Error: Could not convert string "HTTP 500" to INT32'],
])('that it may pass is %s of "%s"', (passes, message) => {
  expect(isTransient(new DuckdbError(message))).toBe(passes);
});

test('statements from elsewhere wait for a commit to end; the lake itself is not used inside one', async () => {
  const table = await numbers();
  const seen: string[] = [];
  const commit = lake.commit(async (tx) => {
    await tx.run(`INSERT INTO ${lake.name('test_silver', table)} VALUES (1)`);
    await expect(lake.query('SELECT 1')).rejects.toThrow('Inside a commit, use its transaction');
    seen.push('commit');
  });
  const query = lake
    .query(`SELECT count(*)::INT AS n FROM silver.${table}`)
    .then((rows) => seen.push(JSON.stringify(rows)));
  await Promise.all([commit, query]);
  expect(seen).toEqual(['commit', '[{"n":1}]']);
});
