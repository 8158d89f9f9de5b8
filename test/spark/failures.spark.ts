import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { stage } from '../../lib/ingest/stage';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import { openLake } from '../../lib/runtime/lake';
import { localObjects } from '../../lib/runtime/objects';
import type { Lake } from '../../lib/runtime/services';
import { sparkLake } from '../../lib/spark/lake';
import { catalogHere, sparkHere } from '../../lib/spark/local';
import { findSparkPython } from '../../lib/spark/python';
import { SparkEndedError, startSpark } from '../../lib/spark/session';
import { column, dataset, source } from '../ingest/datasets';
import { agree } from './functions';
import { isThere, processesBelow } from './processes';

/** Numbers of processes that a process has started, by a word that their commands hold. */
const startedBy = (pid: number, word: string): number[] =>
  processesBelow(pid).flatMap((one) => (one.command.includes(word) ? [one.pid] : []));

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
async function openSpark(pidFile: string, spark: Readonly<Record<string, string>> = {}): Promise<Lake> {
  const wrapper = join(folder, 'python');
  writeFileSync(wrapper, `#!/bin/sh\necho $$ > '${pidFile}'\nexec '${python}' "$@"\n`);
  chmodSync(wrapper, 0o755);
  const session = await startSpark({
    python: wrapper,
    packageFolder: join(__dirname, '..', '..', 'spark'),
    settings: {
      catalog: catalogHere({ uri: catalog.uri, warehouse: 'test' }),
      scratch: join(folder, 'scratch'),
      zones: { silver: 'test_silver' },
      spark: sparkHere('local[1]', { 'spark.sql.shuffle.partitions': '4', ...spark }),
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

const pidIn = (file: string): number => Number(readFileSync(file, 'utf8'));

test.each([
  ['Python', 'SIGKILL'],
  ['Python', 'SIGTERM'],
  ['Java', 'SIGKILL'],
] as const)(
  'a job whose %s gets a %s in the middle leaves the table as it was and no process, and others go on',
  async (whose, signal) => {
    if (spark === undefined) return;
    const before = await rows();
    const file = join(folder, `killed-${whose}-${signal}`);
    const killed = await openSpark(file);
    const [python, java] = [pidIn(file), startedBy(pidIn(file), 'org.apache.spark.deploy.SparkSubmit')[0]!];
    const writing = killed.commit(async (tx) => {
      await tx.run(`INSERT INTO ${name} VALUES (-1, NULL)`);
      process.kill(whose === 'Python' ? python : java, signal);
      await tx.run(`INSERT INTO ${name} VALUES (-2, NULL)`);
    });
    const error = await writing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SparkEndedError);
    expect(error).toMatchObject({
      message: 'Spark has ended before it answered',
      todo: expect.stringMatching(/^Run again/),
    });
    expect(await rows()).toBe(before);
    while (isThere(python) || isThere(java)) await sleep(200);
    await insert(duckdb, 1000, 5);
    await insert(spark, 2000, 5);
    expect(await rows()).toBe(before + 10);
  },
  600_000,
);

test('a driver with too little memory leaves the table as it was, and says so with what to do', async () => {
  if (spark === undefined) return;
  const before = await rows();
  const poor = await openSpark(join(folder, 'poor'), { 'spark.driver.memory': '512m' });
  const writing = poor.commit(async (tx) => {
    await tx.run(`INSERT INTO ${name} VALUES (-1, NULL)`);
    await tx.run(`INSERT INTO ${name} SELECT length(${oneGigabyte}), NULL FROM (SELECT unnest(range(0, 1000)) AS n)`);
  });
  await expect(writing).rejects.toMatchObject({
    message: expect.stringContaining('too little memory'),
    todo: expect.stringMatching(/^Give Spark more memory \(INGOT_SPARK_MEMORY\), then run again\.$/),
  });
  expect(await rows()).toBe(before);
  await poor.close();
}, 600_000);

describe('executors of their own', () => {
  let cluster: Lake | undefined;
  const file = () => join(folder, 'cluster');
  let before: string[] = [];

  beforeAll(async () => {
    if (spark === undefined) return;
    before = printed();
    cluster = await openSpark(file(), {
      'spark.master': 'local-cluster[2,1,512]',
      'spark.executor.memory': '512m',
      'spark.task.maxFailures': '2',
    });
  }, 600_000);

  afterAll(async () => {
    if (cluster === undefined) return;
    await cluster.close();
    // Where Spark keeps what executors print is no choice of the session's.
    for (const app of printed()) if (!before.includes(app)) rmSync(join(kept(), app), { recursive: true, force: true });
  }, 60_000);

  test('that are killed in the middle: others do their parts, and the table is complete', async () => {
    if (cluster === undefined) return;
    const held = await rows();
    const many = 3_000_000;
    const writing = cluster.commit((tx) =>
      tx.run(
        `INSERT INTO ${name} SELECT n, DATE '2026-01-01' FROM (SELECT unnest(range(10000, ${10_000 + many})) AS n)
         WHERE length(sha256(sha256(sha256(n::VARCHAR)))) > 0`,
      ),
    );
    const executorsNow = () => startedBy(pidIn(file()), 'CoarseGrainedExecutorBackend');
    while (executorsNow().length === 0) await sleep(200);
    await sleep(2_000);
    const executors = executorsNow();
    expect(executors).not.toEqual([]);
    for (const executor of executors) process.kill(executor, 'SIGKILL');
    expect(await writing).toBe(many);
    expect(await rows()).toBe(held + many);
    const [distinct] = await duckdb.query(`SELECT count(DISTINCT n) AS n FROM ${name} WHERE n >= 10000`);
    expect(distinct).toEqual({ n: BigInt(many) });
  }, 600_000);

  test('with too little memory: the table is as it was, and people are told so in one sentence', async () => {
    if (cluster === undefined) return;
    const held = await rows();
    const writing = cluster.commit(async (tx) => {
      await tx.run(`INSERT INTO ${name} VALUES (-1, NULL)`);
      await tx.run(`INSERT INTO ${name} SELECT length(${oneGigabyte}), NULL FROM (SELECT unnest(range(0, 1000)) AS n)`);
    });
    await expect(writing).rejects.toMatchObject({
      name: 'SparkMemoryError',
      message: expect.stringMatching(
        /^Out of Memory Error: Spark had too little memory in an executor, for one part of the rows \(.*\)\. Give Spark more memory [^\n]*, then run again\.$/,
      ),
    });
    expect(await rows()).toBe(held);
    // The driver lives on, and gets executors anew.
    expect(await cluster.query(`SELECT count(*) AS n FROM ${name}`)).toEqual([{ n: BigInt(held) }]);
  }, 600_000);
});

/** A text that is put together in the memory of one task. */
const oneGigabyte = "string_agg(repeat('x', 1000000), '')";

const kept = (): string =>
  execFileSync(python, ['-c', 'import pyspark, os; print(os.path.join(os.path.dirname(pyspark.__file__), "work"))'], {
    encoding: 'utf8',
  }).trim();

const printed = (): string[] => (existsSync(kept()) ? readdirSync(kept()) : []);

test('a data file that is gone is named, and nothing is written', async () => {
  if (spark === undefined) return;
  const data = join(folder, 'lake', 'numbers', 'data');
  const files = () =>
    readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.parquet'));
  const earlier = new Set(files());
  await insert(duckdb, 5000, 3);
  const gone = files().find((file) => !earlier.has(file))!;
  const before = await rows();
  const kept = readFileSync(join(data, gone));
  rmSync(join(data, gone));
  const writing = spark.commit((tx) => tx.run(`INSERT INTO ${name} SELECT n + 1, day FROM ${name}`));
  await expect(writing).rejects.toThrow(/^IO Error: a file that a table names is not there: .*\.parquet/);
  writeFileSync(join(data, gone), kept);
  expect(await rows()).toBe(before);
}, 600_000);

test('a file that is none of the contract’s is rejected as DuckDB rejects it, and the others are read', async () => {
  if (spark === undefined) return;
  const texts = {
    bare: '1,a\n2,b\n',
    json: '{"id":1,"name":"a"}\n',
    good: 'id,name\n9,z\n',
    names: 'x,y\n',
    twice: 'id,name,NAME\n1,a,b\n',
  };
  const files = Object.entries(texts).map(([called, text]) => {
    const path = join(folder, `${called}.csv`);
    writeFileSync(path, text);
    return { uri: pathToFileURL(path).href, size: text.length };
  });
  const of = dataset('events', [column('id', 'int'), column('name', 'string')]);
  const seen = [];
  for (const lake of [duckdb, spark]) {
    const { rows, rejects, drop } = await stage(of, source('csv'), files, 'foreign', { lake, objects: localObjects });
    const read = await lake.query<{ id: number }>(`SELECT id FROM ${rows}`);
    const rejected = await lake.query<{ file: number; said: string }>(
      `SELECT file, reasons[1].message AS said FROM ${rejects} ORDER BY file`,
    );
    seen.push([read.map(({ id }) => Number(id)), rejected.map(({ file, said }) => `${file} ${said}`)]);
    await drop();
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[0]).toMatchObject([
    [9],
    [
      expect.stringContaining('given "1", "a"'),
      expect.stringContaining('is JSON'),
      expect.stringContaining('column "name" twice'),
    ],
  ]);
}, 120_000);
