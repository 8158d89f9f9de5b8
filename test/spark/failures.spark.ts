import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import { openLake } from '../../lib/runtime/lake';
import type { Lake } from '../../lib/runtime/services';
import { sparkLake } from '../../lib/spark/lake';
import { findSparkPython, icebergPackage } from '../../lib/spark/python';
import { startSpark } from '../../lib/spark/session';
import { agree } from './functions';

const manifest = {
  zones: [{ name: 'silver', holds: 'iceberg', database: 'test_silver' }],
  ops: { database: 'test_ops', zone: 'silver' },
} as const;

let folder: string;
let catalog: LocalCatalog;
let duckdb: Lake;
let spark: Lake | undefined;
let python: string;
const name = '"lake"."test_silver"."numbers"';

/** Spark in a process of its own, which writes its number to a file. */
async function openSpark(pidFile: string): Promise<Lake> {
  const wrapper = join(folder, 'python');
  writeFileSync(wrapper, `#!/bin/sh\necho $$ > '${pidFile}'\nexec '${python}' "$@"\n`);
  chmodSync(wrapper, 0o755);
  const session = await startSpark({
    python: wrapper,
    packageFolder: join(__dirname, '..', '..', 'spark'),
    settings: {
      catalog: { uri: catalog.uri, warehouse: 'test', 'io-impl': 'org.apache.iceberg.hadoop.HadoopFileIO' },
      scratch: join(folder, 'scratch'),
      zones: { silver: 'test_silver' },
      spark: {
        'spark.master': 'local[1]',
        'spark.jars.packages': icebergPackage,
        'spark.ui.enabled': 'false',
        'spark.driver.bindAddress': '127.0.0.1',
        'spark.driver.host': '127.0.0.1',
        'spark.sql.shuffle.partitions': '4',
      },
    },
  });
  return sparkLake(session);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ingot-spark-'));
  try {
    python = await findSparkPython();
  } catch (error) {
    process.stderr.write(`\nSKIPPED: Spark that fails: ${(error as Error).message}\n`);
    return;
  }
  catalog = await startCatalog({ folder: join(folder, 'catalog'), roots: [join(folder, 'lake')] });
  duckdb = await openLake({ catalog: { uri: catalog.uri, warehouse: 'test', auth: { kind: 'none' } }, manifest });
  await duckdb.run('CREATE SCHEMA lake.test_silver');
  const location = pathToFileURL(join(folder, 'lake', 'numbers')).href;
  await duckdb.run(`CREATE TABLE ${name} (n BIGINT, day DATE) WITH ('location' = '${location}')`);
  spark = await openSpark(join(folder, 'pid'));
}, 600_000);

afterAll(async () => {
  await spark?.close();
  await duckdb?.close();
  await catalog?.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const rows = async (): Promise<number> => Number((await duckdb.query(`SELECT count(*) AS n FROM ${name}`))[0]!.n);

const insert = (lake: Lake, from: number, count: number) =>
  lake.commit((tx) =>
    tx.run(
      `INSERT INTO ${name} SELECT n, DATE '2026-01-01' FROM (SELECT unnest(range(${from}, ${from + count})) AS n)`,
    ),
  );

test('two jobs at once on one table: each commit stands, whole and once', async () => {
  if (spark === undefined) return;
  await Promise.all([insert(spark, 0, 10), insert(duckdb, 100, 10), insert(spark, 200, 10), insert(duckdb, 300, 10)]);
  expect(await duckdb.query(`SELECT count(*) AS n, count(DISTINCT n) AS d FROM ${name}`)).toEqual([{ n: 40n, d: 40n }]);
  expect(await spark.query(`SELECT count(*) AS n FROM ${name}`)).toEqual([{ n: 40n }]);
}, 600_000);

test('a statement that fails in the middle of a transaction leaves the table as it was', async () => {
  if (spark === undefined) return;
  const before = await rows();
  const failing = spark.commit(async (tx) => {
    await tx.run(`INSERT INTO ${name} VALUES (1, NULL)`);
    await tx.run(`INSERT INTO ${name} SELECT CAST('x' AS BIGINT), NULL`);
  });
  await expect(failing).rejects.toThrow(/Conversion Error.*CAST_INVALID_INPUT/);
  expect(await rows()).toBe(before);
}, 600_000);

test('what only DuckDB has words for is refused before it runs, and says what to write instead', async () => {
  if (spark === undefined) return;
  const refused = (sql: string) => spark!.query(sql).catch((error: Error) => error.message);
  expect([
    await refused(`SELECT list(n) AS l FROM ${name}`),
    await refused("SELECT regexp_replace('aa', 'a', 'b') AS s"),
    await refused("SELECT CAST('10:00' AS TIME) AS t"),
    await refused(`SELECT no_such_function(n) AS x FROM ${name}`),
    await refused(`SELECT nowhere FROM ${name}`),
    await refused('SELECT 1 FROM silver.gone'),
  ]).toEqual([
    'Parser Error: Spark has no counterpart: list and array_agg, which leave nulls out there; use string_agg',
    "Parser Error: Spark has no counterpart: regexp_replace of the first match; say 'g' for all",
    'Parser Error: Spark has no counterpart: the type TIME; keep it as a text, or as a TIMESTAMP',
    expect.stringMatching(/^Binder Error: .*NO_SUCH_FUNCTION/),
    expect.stringMatching(/^Binder Error: .*nowhere/),
    expect.stringMatching(/^Catalog Error: .*gone/),
  ]);
}, 600_000);

test('a partition that is not there has no rows, and can be replaced', async () => {
  if (spark === undefined) return;
  const missing = `SELECT count(*) AS n FROM ${name} WHERE day = DATE '1999-01-01'`;
  expect(await spark.query(missing)).toEqual([{ n: 0n }]);
  const before = await rows();
  expect(await spark.commit((tx) => tx.run(`DELETE FROM ${name} AS t WHERE day = DATE '1999-01-01'`))).toBe(0);
  expect(await rows()).toBe(before);
}, 600_000);

test('a key that nine of ten rows have is joined and grouped as by DuckDB', async () => {
  if (spark === undefined) return;
  const skewed = 'SELECT n, CASE WHEN n % 10 < 9 THEN 0 ELSE n END AS k FROM (SELECT unnest(range(0, 200000)) AS n)';
  const sql = `SELECT a.k, count(*) AS n, CAST(sum(b.v) AS BIGINT) AS total FROM (${skewed}) AS a
    JOIN (SELECT k, max(n) AS v FROM (${skewed}) GROUP BY k) AS b ON a.k = b.k GROUP BY a.k ORDER BY n DESC, a.k LIMIT 3`;
  const [expected, given] = [await duckdb.query(sql), await spark.query(sql)];
  expect(expected).toHaveLength(3);
  expect(agree(expected, given)).toBe(true);
}, 600_000);

test('a job that is killed in the middle leaves the table as it was, and others go on', async () => {
  if (spark === undefined) return;
  const before = await rows();
  const pid = join(folder, 'killed');
  const killed = await openSpark(pid);
  expect(existsSync(pid)).toBe(true);
  const writing = killed.commit(async (tx) => {
    await tx.run(`INSERT INTO ${name} VALUES (-1, NULL)`);
    process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL');
    await tx.run(`INSERT INTO ${name} VALUES (-2, NULL)`);
  });
  await expect(writing).rejects.toThrow('Spark has ended before it answered');
  expect(await rows()).toBe(before);
  await insert(duckdb, 1000, 5);
  await insert(spark, 2000, 5);
  expect(await rows()).toBe(before + 10);
}, 600_000);
