import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rule, Type } from '../../lib/contract/dataset';
import { derivedRules } from '../../lib/contract/derived';
import type { SchemaProperty } from '../../lib/contract/odcs';
import { evaluate } from '../../lib/quality/evaluate';
import { type Duckdb, openDuckdb } from '../../lib/runtime/duckdb';
import { sparkHere } from '../../lib/spark/local';
import { findSparkPython } from '../../lib/spark/python';
import { type SparkSession, startSpark } from '../../lib/spark/session';
import { literal } from '../../lib/sql/quote';
import { column } from '../ingest/datasets';
import { dataset, type RuleBody, rule } from '../quality/fixture';
import { agree, edgeRows, examplesOf, type Outcome, outcomes } from './functions';

const examples = examplesOf(readFileSync(join(__dirname, '..', '..', 'docs', 'functions.md'), 'utf8'));

let duckdb: Duckdb;
let spark: SparkSession | undefined;
let scratch: string;

beforeAll(async () => {
  let python: string;
  try {
    python = await findSparkPython();
  } catch (error) {
    process.stderr.write(`\nSKIPPED: Spark beside DuckDB: ${(error as Error).message}\n`);
    return;
  }
  scratch = mkdtempSync(join(tmpdir(), 'ingot-spark-'));
  duckdb = await openDuckdb();
  await duckdb.run(`CREATE TABLE edge AS ${edgeRows}`);
  const file = join(scratch, 'edge.parquet');
  await duckdb.run(`COPY edge TO ${literal(file)}`);
  spark = await startSpark({
    python,
    packageFolder: join(__dirname, '..', '..', 'spark'),
    settings: {
      catalog: { uri: 'http://127.0.0.1:9', warehouse: 'none' },
      scratch,
      spark: sparkHere('local[1]', {
        'spark.sql.shuffle.partitions': '1',
        // Of some hundred statements over few rows, most of the time would go into compiling them.
        'spark.sql.codegen.wholeStage': 'false',
        'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
      }),
    },
  });
  const reading = JSON.stringify({ format: 'parquet', files: [file] });
  await spark.run(`CREATE TEMP TABLE edge AS SELECT * EXCLUDE (file_index) FROM ingot_read(${literal(reading)})`);
}, 600_000);

afterAll(async () => {
  duckdb?.close();
  await spark?.close();
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
}, 60_000);

test('every function that is promised on both engines gives the same on both, on edge values', async () => {
  if (spark === undefined) return;
  expect(examples.length).toBeGreaterThan(200);
  const [expected, given] = [await outcomes(examples, duckdb), await outcomes(examples, spark)];
  const differences = examples.flatMap(({ sql }, i) => {
    const what = difference(expected[i]!, given[i]!);
    return what === undefined ? [] : [`${sql}: ${what}`];
  });
  expect(differences).toEqual([]);
}, 3_600_000);

function difference(duckdb: Outcome, spark: Outcome): string | undefined {
  if ('error' in duckdb) return `DuckDB refuses it: ${duckdb.error}`;
  if ('error' in spark) return `Spark refuses it: ${spark.error}`;
  if (!agree(duckdb.types, spark.types))
    return `a ${duckdb.types.join(', ')} in DuckDB, a ${spark.types.join(', ')} in Spark`;
  const row = duckdb.rows.findIndex((value, i) => !agree(value, spark.rows[i]));
  if (row === -1 && duckdb.rows.length === spark.rows.length) return undefined;
  return `row ${row}: ${text(duckdb.rows[row])} in DuckDB, ${text(spark.rows[row])} in Spark`;
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)) ?? 'nothing';

/** The columns of the edge values that rules speak of. */
const columns: Readonly<Record<string, Type>> = {
  n: 'int',
  i: 'int',
  b: 'long',
  x: 'double',
  p: 'decimal(18, 4)',
  s: 'string',
  t: 'string',
  d: 'date',
  ts: 'timestamp',
  z: 'timestamptz',
  ok: 'boolean',
  g: 'string',
  l: { kind: 'list', element: 'int' } as Type,
  xs: { kind: 'list', element: 'double' } as Type,
  st: {
    kind: 'struct',
    fields: [
      { name: 'a', type: 'int', required: true },
      { name: 'b', type: 'string', required: true },
    ],
  } as Type,
};

/** What an owner says of a column in a few words, of which rules are made. */
const said: Readonly<Record<string, SchemaProperty['logicalTypeOptions']>> = {
  i: { multipleOf: 7 },
  p: { multipleOf: 0.5 },
  l: { uniqueItems: true, minItems: 1 },
  xs: { uniqueItems: true },
  st: { minProperties: 1, maxProperties: 1 },
};

/** Every type of rule, over values at its edges. */
const rules: readonly RuleBody[] = [
  ...Object.keys(columns).map((name): RuleBody => ({ type: 'notNull', column: name })),
  { type: 'notNull', column: 's', missingValues: ['', 'NULL'] },
  ...['n', 'i', 'x', 's', 'z'].map((name): RuleBody => ({ type: 'unique', columns: [name] })),
  { type: 'unique', columns: ['i', 's', 'd'] },
  { type: 'acceptedValues', column: 's', values: ['abc', 42, true, ''] },
  { type: 'acceptedValues', column: 'i', values: [0, 7] },
  { type: 'acceptedValues', column: 'p', values: [1.5, -2.5] },
  { type: 'range', column: 'i', min: -1, max: 7, exclusiveMax: true },
  { type: 'range', column: 'x', min: 0 },
  { type: 'range', column: 'p', max: 2.5, exclusiveMax: true },
  { type: 'range', column: 'd', min: '2024-02-29' },
  { type: 'range', column: 'z', max: '2026-03-29T01:30:00Z' },
  { type: 'range', column: 's', min: 'A', max: 'a' },
  { type: 'length', column: 's', min: 1, max: 3 },
  { type: 'length', column: 'l', min: 1 },
  { type: 'length', column: 'p', max: 6 },
  { type: 'pattern', column: 's', pattern: '^[a-zA-Z]+$' },
  { type: 'pattern', column: 's', pattern: '\\d{2}|ß|^$' },
  { type: 'pattern', column: 'i', pattern: '^-?\\d$' },
  { type: 'expression', expression: 'i % 2 = 0 OR s IS NULL' },
  { type: 'expression', expression: "x > y AND s NOT LIKE '%b%'" },
  { type: 'rowCount', min: 1 },
  { type: 'rowCount', max: 10 },
  { type: 'freshness', column: 'z', max: 24 },
  { type: 'freshness', column: 'd', max: 24 },
  { type: 'sql', query: 'SELECT count(*) FROM edge WHERE i > 0', min: 1000 },
  ...Object.entries(said).flatMap(([name, logicalTypeOptions]) =>
    derivedRules(
      { name, logicalTypeOptions, properties: [{ name: 'a' }, { name: 'b' }] } as SchemaProperty,
      column(name, columns[name]!),
      undefined,
    ),
  ),
] as unknown as readonly RuleBody[];

test('every type of rule finds the same on both', async () => {
  if (spark === undefined) return;
  const named: Rule[] = rules.map((body, i) => ({ ...rule(body), name: `${i}: ${JSON.stringify(body)}` }));
  const wheres: Rule[] = named.map((one) => ({ ...one, name: `${one.name} where`, where: 'ok OR n < 20' }));
  const given = dataset({
    columns: Object.entries(columns).map(([name, type]) => column(name, type)),
    rules: [...named, ...wheres],
  });
  const circumstances = { now: Date.parse('2026-11-21T12:00:00Z'), counts: {} };
  const expected = await evaluate(given, 'edge', circumstances, (sql) => duckdb.query(sql));
  expect(expected.filter(({ status }) => status === 'error')).toEqual([]);
  expect(await evaluate(given, 'edge', circumstances, (sql) => spark!.query(sql))).toEqual(expected);
}, 600_000);
