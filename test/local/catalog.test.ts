import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import { type Duckdb, openDuckdb } from '../../lib/runtime/duckdb';

let folder: string;
let catalog: LocalCatalog;
let duckdb: Duckdb;
let root: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-catalog-'));
  root = `file://${folder}/silver`;
  catalog = await startCatalog({ folder: join(folder, 'catalog'), roots: [root] });
  duckdb = await openDuckdb({ extensions: ['avro', 'httpfs', 'iceberg'], limits: { threads: 1 } });
  await duckdb.run(
    `ATTACH 'w' AS lake (TYPE iceberg, ENDPOINT '${catalog.uri}', AUTHORIZATION_TYPE 'none', STAGE_CREATE_TABLES false,
       DISABLE_MULTI_TABLE_COMMIT true, PURGE_REQUESTED false)`,
  );
  await duckdb.run('CREATE SCHEMA lake.a_silver');
});

afterAll(async () => {
  duckdb.close();
  await catalog.close();
  await rm(folder, { recursive: true, force: true });
});

test('DuckDB creates, inserts, merges, deletes and reads', async () => {
  await duckdb.run(
    `CREATE TABLE lake.a_silver.flights (id BIGINT, ts TIMESTAMP, s STRUCT(a INTEGER, b VARCHAR[])) PARTITIONED BY (day(ts))
       WITH ('location' = '${root}/flights')`,
  );
  await duckdb.run(
    `INSERT INTO lake.a_silver.flights VALUES (1, '2026-01-01', {a: 1, b: ['x']}), (2, '2026-01-02', NULL)`,
  );
  await duckdb.run(
    `MERGE INTO lake.a_silver.flights t USING (VALUES (2, TIMESTAMP '2026-01-03'), (3, '2026-01-03')) s(id, ts) ON t.id = s.id
       WHEN MATCHED THEN UPDATE SET ts = s.ts WHEN NOT MATCHED THEN INSERT (id, ts) VALUES (s.id, s.ts)`,
  );
  await duckdb.run('DELETE FROM lake.a_silver.flights WHERE id = 1');
  const rows = await duckdb.query('SELECT id, ts::VARCHAR AS ts FROM lake.a_silver.flights ORDER BY id');
  expect(rows).toEqual([
    { id: 2n, ts: '2026-01-03 00:00:00' },
    { id: 3n, ts: '2026-01-03 00:00:00' },
  ]);
});
