import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Source } from '../../lib/contract/dataset';
import { describeProblem, TransientError } from '../../lib/errors';
import { silent } from '../../lib/local/progress';
import { Watch } from '../../lib/local/watch';
import { loadPlatform } from '../../lib/platform/load';
import { cloudwatchMetrics } from '../../lib/runtime/cloudwatch-metrics';
import { openDuckdb } from '../../lib/runtime/duckdb';
import { contractProblems } from '../../lib/spark/contracts';
import { sparkFormats } from '../../lib/spark/formats';
import { answerOf } from '../../lib/spark/job';
import { sparkLake } from '../../lib/spark/lake';
import type { SparkOn } from '../../lib/spark/memory';
import { functionsOf, hugeCasts, promisedFunctions, unpromised } from '../../lib/spark/promised';
import { findSparkPython } from '../../lib/spark/python';
import { SparkEndedError, SparkError, SparkMemoryError, sparkSession, startSpark } from '../../lib/spark/session';
import { SparkStartError } from '../../lib/spark/start-error';
import { manifest } from '../constructs/manifest';
import { contractFile, flights, inFolder, problemsOf } from '../platform/folder';
import { examplesOf } from './functions';

/** A line to somebody who answers each request by `answer`, and a record of what was asked. */
function line(answer: (request: Record<string, unknown>) => object | undefined, on?: SparkOn) {
  const [answers, requests] = [new PassThrough(), new PassThrough()];
  const asked: Record<string, unknown>[] = [];
  requests.on('data', (chunk: Buffer) => {
    for (const text of chunk.toString().trim().split('\n')) {
      const request = JSON.parse(text) as Record<string, unknown>;
      asked.push(request);
      const answered = answer(request);
      if (answered === undefined) answers.end();
      else answers.write(`${JSON.stringify(answered)}\n`);
    }
  });
  return { session: sparkSession({ answers, requests, on }, async () => {}), asked };
}

test('a session gives each request its own answer, with numbers that JSON cannot hold', async () => {
  const { session } = line(({ sql }) => ({
    value: sql === 'a' ? [{ n: { $long: '9007199254740993' }, x: { $double: 'NaN' } }] : [{ n: 1 }],
  }));
  const [a, b] = await Promise.all([session.query('a'), session.query('b')]);
  expect(a).toEqual([{ n: 9007199254740993n, x: Number.NaN }]);
  expect(b).toEqual([{ n: 1 }]);
});

test('what Spark refuses is an error that says its kind, in the way that DuckDB does', async () => {
  const { session } = line(() => ({ error: { kind: 'Binder', message: 'no column x' } }));
  const error = await session.run('select x').catch((e: unknown) => e);
  expect(error).toBeInstanceOf(SparkError);
  expect(error).toMatchObject({ kind: 'Binder', message: 'Binder Error: no column x' });
  expect(session.isConflict(error)).toBe(false);
});

test.each([
  [undefined, 'Give Spark more memory (INGOT_SPARK_MEMORY), then run again.'],
  ['serverless', 'Give workers of Spark more memory (engine.spark.worker in platform.yaml), then run again.'],
  ['cluster', "Give the cluster's nodes more memory (instanceTypes of the EmrCluster), then run again."],
] as const)('too little memory is an error that says what to do where Spark is: %s', async (on, todo) => {
  const { session } = line(() => ({ error: { kind: 'Out of Memory', message: 'Spark had too little' } }), on);
  await expect(session.run('select x')).rejects.toMatchObject({
    name: 'SparkMemoryError',
    message: `Out of Memory Error: Spark had too little. ${todo}`,
    todo,
  });
});

test('too little memory is not tried again; lost executors and a catalog that is out of reach may come again', async () => {
  const kinds = ['Out of Memory', 'Executor Lost', 'Transient'];
  const { session } = line(() => ({ error: { kind: kinds.shift(), message: 'Spark had too little' } }));
  const memory = await session.run('select x').catch((e: unknown) => e);
  expect(memory).toBeInstanceOf(SparkMemoryError);
  const lost = await session.run('select x').catch((e: unknown) => e);
  expect(lost).toBeInstanceOf(TransientError);
  expect(lost).toMatchObject({ message: 'Executor Lost Error: Spark had too little' });
  await expect(session.run('select x')).rejects.toThrow(TransientError);
});

test('a run’s report says what to do about the engine where that failed, and about the files where they did', async () => {
  const told = async (error: Error) => {
    const watch = new Watch(manifest, silent, 0);
    const fails = () => Promise.reject(error);
    const { ingest } = watch.watched({ ingest: fails, quality: fails, transform: fails, publish: fails });
    await ingest({ action: 'load', table: 'silver.flights', batch: 1, run: 'r' } as never).catch(() => {});
    return watch.failures;
  };
  expect(await told(new SparkMemoryError('Out of Memory Error: too little', 'machine'))).toMatchObject([
    {
      what: 'silver.flights',
      why: expect.stringMatching(/^Out of Memory/),
      todo: expect.stringMatching(/^Give Spark more memory/),
    },
  ]);
  expect(await told(new Error('no such column'))).toMatchObject([{ todo: expect.stringMatching(/^Put the files/) }]);
});

test('a Spark that has ended says what to do: more memory, where it said that it had too little', () => {
  expect(new SparkEndedError('java.lang.OutOfMemoryError: Java heap space\n\tat x')).toMatchObject({
    message:
      'Spark has ended before it answered: it had too little memory (java.lang.OutOfMemoryError: Java heap space)',
    todo: expect.stringContaining('INGOT_SPARK_MEMORY'),
  });
  expect(new SparkEndedError('no route').todo).toMatch(/^Run again/);
});

test('a Spark that ends before it has answered fails what was asked, and what is asked later', async () => {
  const { session } = line(() => undefined);
  await expect(session.query('a')).rejects.toThrow('Spark has ended before it answered');
  await expect(session.query('b')).rejects.toThrow('Spark has ended before it answered');
});

test('a commit that met another writer is rolled back and run again from its start', async () => {
  let commits = 0;
  const { session, asked } = line(({ do: what }) => {
    if (what === 'commit' && ++commits === 1) return { error: { kind: 'Conflict', message: 'main has changed' } };
    return { value: what === 'run' ? 3 : null };
  });
  const lake = sparkLake(session);
  expect(await lake.commit((tx) => tx.run('insert'))).toBe(3);
  expect(asked.map(({ do: what }) => what)).toEqual(['begin', 'run', 'commit', 'rollback', 'begin', 'run', 'commit']);
});

describe('how Spark is told to read files', () => {
  const csv: Source = { zone: 'bronze', prefix: 'orders', format: 'csv', delimiter: ';' };
  const wanted = [{ name: 'id', type: 'VARCHAR' }];
  const formats = sparkFormats({ columns: async () => [{ name: 'ID', type: 'VARCHAR' }] });
  const argument = (from: string): unknown =>
    JSON.parse(/^ingot_read\('(.*)'\)$/.exec(from)![1]!.replaceAll("''", "'"));

  test('files of one header are one reading, with the contract’s delimiter and the files’ spelling', () => {
    const files = [0, 1].map((index) => ({
      index,
      uri: `s3://b/o'${index}.csv`,
      columns: [{ name: 'ID', type: 'VARCHAR' }],
    }));
    const [reading, ...more] = formats.csv.readings(files, csv, wanted);
    expect(more).toEqual([]);
    expect(reading).toMatchObject({ files: [0, 1], columns: [{ name: 'ID', type: 'VARCHAR' }] });
    expect(argument(reading!.from)).toEqual({
      format: 'csv',
      files: ["s3://b/o'0.csv", "s3://b/o'1.csv"],
      columns: ['ID'],
      delimiter: ';',
      header: true,
      nullValues: [''],
    });
  });

  test('of a column that two Parquet files have in two types nobody says the type', () => {
    const file = (index: number, type: string) => ({
      index,
      uri: `s3://b/${index}.parquet`,
      columns: [{ name: 'id', type }],
    });
    const files = [file(0, 'INTEGER'), file(1, 'BIGINT')];
    const [reading] = formats.parquet.readings(files, { ...csv, format: 'parquet' }, wanted);
    expect(reading?.columns).toEqual([{ name: 'id', type: 'ANY' }]);
    expect(reading?.broken).toBeUndefined();
  });

  test('a file that cannot be opened is told from a Spark that fails', async () => {
    const failing = (kind: string) =>
      sparkFormats({ columns: () => Promise.reject(new SparkError(`${kind} Error: no footer`)) });
    const query = async () => [];
    await expect(
      failing('Invalid Input').parquet.probe(['s3://b/x'], { ...csv, format: 'parquet' }, query),
    ).resolves.toEqual([{ unreadable: 'Invalid Input Error: no footer' }]);
    await expect(failing('INTERNAL').parquet.probe(['s3://b/x'], { ...csv, format: 'parquet' }, query)).rejects.toThrow(
      'no footer',
    );
  });
});

test('what is promised on both engines is what docs/functions.md has examples of, and all else is named with its line', async () => {
  const duckdb = await openDuckdb();
  const query = (sql: string) => duckdb.query(sql);
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'functions.md'), 'utf8');
  const called = new Set<string>();
  for (const { section, sql } of examplesOf(page))
    for (const { name } of await functionsOf(section === 'Queries' ? sql : `SELECT ${sql}`, query)) called.add(name);
  expect([...promisedFunctions]).toEqual([...called].sort());

  const sql = "SELECT 'é' || upper(a),\n  list(b), sum(c) OVER (),\n  list(d), mode(e)\nFROM silver.orders";
  expect(await unpromised(sql, query)).toEqual([
    { name: 'list', line: 2 },
    { name: 'mode', line: 3 },
  ]);
  duckdb.close();
});

test('a model of a table that is to be Spark’s is refused where it calls what only DuckDB has, with its line', async () => {
  const files = {
    ...flights,
    'models/stg_flights.sql': 'select origin, distance * 1.6 as km\nfrom silver.flights\nwhere gcd(distance, 2) = 1\n',
  };
  const declared = (engine: string) => problemsOf({ ...files, 'platform.yaml': `name: aviation\nengine: ${engine}\n` });
  expect(await declared('spark')).toEqual([
    'models/stg_flights.sql:3: must not call gcd: it is not promised on Spark, which is to run it (docs/functions.md has what is)',
  ]);
  expect(await declared('{default: spark, tables: {gold.fct_flights: duckdb}}')).toEqual([]);
  expect(await declared('auto')).toEqual([]);
});

test('a HUGEINT is refused where a model says it, inside subqueries and CTEs too, and a sum is none', async () => {
  const duckdb = await openDuckdb();
  const query = (sql: string) => duckdb.query(sql);
  const within = `WITH counted AS (\n  SELECT 3::HUGEINT AS h, sum(n) AS n FROM t\n)
SELECT h // 2, n // 2\nFROM counted JOIN (SELECT\n  try_cast(x AS HUGEINT[]) AS x FROM t) ON x = [(SELECT 1::UHUGEINT)]`;
  expect(await hugeCasts(within, query)).toEqual([2, 6]);
  expect(await hugeCasts('SELECT sum(n) // 2, n::DECIMAL(38, 0) FROM (SELECT count(*) AS n FROM t)', query)).toEqual(
    [],
  );
  duckdb.close();
  const files = {
    ...flights,
    'models/stg_flights.sql':
      'with far as (select origin, distance::hugeint as d\nfrom silver.flights)\nselect origin, (d // 2)::double as km from far\n',
  };
  expect(await problemsOf({ ...files, 'platform.yaml': 'name: aviation\nengine: spark\n' })).toEqual([
    'models/stg_flights.sql:1: must not cast to HUGEINT, which Spark, which is to run it, has no type for; use BIGINT, or DECIMAL(38, 0)',
  ]);
});

test('what Spark cannot do of a contract is refused, with its line: nested values out of CSV, times of a day, and UUIDs inside others', async () => {
  const object = 'logicalType: object, properties: [{name: city, logicalType: string}]';
  const people = contractFile(
    'people',
    'silver',
    {
      address: object,
      opens: 'logicalType: time',
      hours: 'logicalType: array, items: {logicalType: time}',
      ids: 'logicalType: array, items: {logicalType: string, physicalType: uuid}',
      id: 'logicalType: string, physicalType: uuid',
      plain: `${object}, transformLogic: "{'city': address}", transformSourceObjects: [address]`,
    },
    { source: true },
  ).replace('format: parquet', 'format: csv');
  const files = { 'platform.yaml': 'name: shop\n', 'contracts/people.odcs.yaml': people };
  await inFolder(files, async (folder) => {
    const { manifest } = await loadPlatform(folder);
    const found = contractProblems(manifest, new Set(['silver.people']), folder);
    expect(found.map(describeProblem)).toEqual([
      'contracts/people.odcs.yaml:11 column address: must not be a struct where its files are csv: Spark reads none out of a text; let files be json',
      'contracts/people.odcs.yaml:12 column opens: must not be a time of day: Spark has no such type; keep it as a string, or as a timestamp',
      'contracts/people.odcs.yaml:13 column hours: must not be a list where its files are csv: Spark reads none out of a text; let files be json',
      'contracts/people.odcs.yaml:13 column hours: must not be a time of day: Spark has no such type; keep it as a string, or as a timestamp',
      'contracts/people.odcs.yaml:14 column ids: must not be a list where its files are csv: Spark reads none out of a text; let files be json',
      'contracts/people.odcs.yaml:14 column ids: must not be a uuid inside a list, struct or map: Spark has no such type, and does not judge texts there; keep it as a string',
    ]);
    expect(contractProblems(manifest, new Set(['silver.other']), folder)).toEqual([]);
  });
});

test.each([
  ['4.0', 'iceberg-spark-runtime-4.0_2.13:1.11.0', '4.0.5'],
  ['4.1', 'iceberg-spark-runtime-4.1_2.13:1.11.0', '4.1.4'],
])(
  'INGOT_SPARK_VERSION=%s takes Iceberg for that Spark, and another version is refused',
  async (version, name, pyspark) => {
    const load = (asked: string) => {
      let loaded!: typeof import('../../lib/spark/python');
      const before = process.env.INGOT_SPARK_VERSION;
      process.env.INGOT_SPARK_VERSION = asked;
      jest.isolateModules(() => {
        loaded = require('../../lib/spark/python');
      });
      if (before === undefined) delete process.env.INGOT_SPARK_VERSION;
      else process.env.INGOT_SPARK_VERSION = before;
      return loaded;
    };
    const { icebergPackage, sparkVersions } = load(version);
    expect([icebergPackage, sparkVersions.pyspark]).toEqual([`org.apache.iceberg:${name}`, pyspark]);
    await expect(load('3.5').findSparkPython()).rejects.toThrow('given "3.5"; allowed: 4.0, 4.1');
  },
);

describe('what a job answers', () => {
  const log = { warn: () => {} };
  const wait = async () => {};
  const failing = (...errors: Error[]) => {
    const call = jest.fn(async () => {
      const error = errors[Math.min(call.mock.calls.length, errors.length) - 1];
      if (error !== undefined) throw error;
      return { table: 't' };
    });
    return call;
  };

  test('is what the handler answers', async () => {
    expect(await answerOf(failing(), log, wait)).toEqual({ table: 't' });
  });

  test('is what the handler refuses, in the words in which Lambda would tell it, and is asked once', async () => {
    const call = failing(new RangeError('batch 7 is not planned'));
    expect(await answerOf(call, log, wait)).toEqual({
      error: {
        Error: 'RangeError',
        Cause: '{"errorType":"RangeError","errorMessage":"batch 7 is not planned"}',
      },
    });
    expect(call).toHaveBeenCalledTimes(1);
  });

  test('comes after what may pass has been tried again, five times at most', async () => {
    const call = failing(new TransientError('throttled'));
    expect(await answerOf(call, log, wait)).toMatchObject({ error: { Error: 'TransientError' } });
    expect(call).toHaveBeenCalledTimes(5);
  });

  test('does not come where Spark is gone: the job has failed', async () => {
    await expect(answerOf(failing(new SparkEndedError()), log, wait)).rejects.toThrow(SparkEndedError);
  });
});

test('metrics that CloudWatch does not take are sent again, but not those that it calls invalid, nor more than 100,000', async () => {
  const sent: number[][] = [];
  const errors = ['ServiceUnavailable', undefined, 'InvalidParameterValueException', undefined];
  const metrics = cloudwatchMetrics('shop', {
    send: async (command: { input: { MetricData: { Value: number }[] } }) => {
      const name = errors.shift();
      if (name !== undefined) throw Object.assign(new Error('on purpose'), { name });
      sent.push(command.input.MetricData.map(({ Value }) => Value));
    },
  } as never);
  const put = (value: number) => metrics.put('FailedRules', value, 'Count', { Group: 'sales' });
  put(1);
  await expect(metrics.flush()).rejects.toThrow('on purpose');
  put(2);
  await metrics.flush();
  put(3);
  await expect(metrics.flush()).rejects.toThrow('on purpose');
  put(4);
  await metrics.flush();
  expect(sent).toEqual([[1, 2], [4]]);

  errors.push('ServiceUnavailable');
  for (let value = 0; value < 100_002; value++) put(value);
  await expect(metrics.flush()).rejects.toThrow('on purpose');
  await metrics.flush();
  expect(sent.slice(2).flat()).toHaveLength(100_000);
  expect(sent[2]![0]).toBe(2);
});

test('metrics of a job go to CloudWatch with the dimensions that alarms name, when they are sent, and once', async () => {
  const sent: unknown[] = [];
  const client = { send: async (command: { input: unknown }) => void sent.push(command.input) };
  const metrics = cloudwatchMetrics('shop', client as never);
  metrics.put('FailedRules', 0, 'Count', { Group: 'sales' });
  expect(sent).toEqual([]);
  await metrics.flush();
  await metrics.flush();
  expect(sent).toEqual([
    {
      Namespace: 'Ingot',
      MetricData: [
        expect.objectContaining({
          MetricName: 'FailedRules',
          Value: 0,
          Unit: 'Count',
          Dimensions: [
            { Name: 'Platform', Value: 'shop' },
            { Name: 'Group', Value: 'sales' },
          ],
        }),
      ],
    },
  ]);
});

test('a Spark that does not start names the Python or Java to blame, its value and what is needed, and no file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-no-spark-'));
  // The words come after the end of who says them, as they may on a machine that is busy.
  const says = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n(sleep 0.2; echo "${text}" >&2) &\nexit 1\n`, { mode: 0o755 });
    return file;
  };
  const { INGOT_SPARK_PYTHON, JAVA_HOME } = process.env;
  const start = async (python: string) => {
    process.env.INGOT_SPARK_PYTHON = python;
    const error: SparkStartError = await startSpark({ python, packageFolder: folder, settings: {} }).then(
      () => Promise.reject(new Error('it started')),
      (failure) => failure,
    );
    expect(error).toBeInstanceOf(SparkStartError);
    return [error.message, error.todo];
  };
  try {
    const python = 'INGOT_SPARK_PYTHON must name Python 3.10 or newer with PySpark 4.0 and sqlglot, given';
    const ofPython = 'Put right what INGOT_SPARK_PYTHON names, then run again.';
    expect(await start('/nope')).toEqual([`Spark did not start: spawn /nope ENOENT; ${python} "/nope"`, ofPython]);
    const bare = says('bare', "ModuleNotFoundError: No module named 'pyspark'");
    expect(await start(bare)).toEqual([
      `Spark did not start: ModuleNotFoundError: No module named 'pyspark'; ${python} "${bare}"`,
      ofPython,
    ]);
    process.env.JAVA_HOME = '/nope';
    const java = 'JAVA_HOME must name Java 17 or newer, given "/nope"';
    const ofJava = 'Put right what JAVA_HOME names, then run again.';
    const gateway = '[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.';
    expect(await start(says('java', gateway))).toEqual([`Spark did not start: ${gateway}; ${java}`, ofJava]);
    const other = says('other', 'No space left');
    expect(await start(other)).toEqual([
      `Spark did not start: No space left; ${python} "${other}"; ${java}`,
      'Put right what INGOT_SPARK_PYTHON and JAVA_HOME name, then run again.',
    ]);
    await expect(findSparkPython()).rejects.toMatchObject({
      message: `Spark did not start: there is no /nope/bin/java; ${java}`,
      todo: ofJava,
    });
  } finally {
    for (const [name, value] of Object.entries({ INGOT_SPARK_PYTHON, JAVA_HOME }))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    rmSync(folder, { recursive: true });
  }
});
