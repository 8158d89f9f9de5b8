import fc from 'fast-check';
import type { Rule } from '../../lib/contract/dataset';
import { evaluate } from '../../lib/quality/evaluate';
import { rowRules } from '../../lib/quality/row';
import { type Duckdb, openDuckdb } from '../../lib/runtime/duckdb';
import { literal } from '../../lib/sql/quote';
import { column } from '../ingest/datasets';
import { dataset, type RuleBody, rule } from './fixture';

let duckdb: Duckdb;
beforeAll(async () => {
  duckdb = await openDuckdb();
});
afterAll(() => duckdb.close());

interface Row {
  readonly s: string | null;
  readonly i: number | null;
  readonly d: number | null;
  readonly b: boolean | null;
}

/** Texts that are near each other, and some that are strange. NUL has no place in a SQL text. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[ab1]{0,3}$/) },
  fc.constantFrom('', ' ', "it's", 'é', '😀', 'A', '%', '_', '\\', '1', '-1', 'null', 'NaN', '\n'),
  fc.string({ unit: 'binary', maxLength: 4 }).filter((s) => !s.includes('\0')),
);
const whole = fc.integer({ min: -3, max: 3 });
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -6, max: 6 }).map((n) => n / 2) },
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300),
);
const row: fc.Arbitrary<Row> = fc.record({
  s: fc.option(text),
  i: fc.option(whole),
  d: fc.option(number),
  b: fc.option(fc.boolean()),
});

/** A rule, and whether a row fails it, said once more in JavaScript. */
interface Case {
  readonly body: RuleBody;
  readonly fails: (row: Row) => boolean;
}

type Bounds = { min?: number; max?: number; exclusiveMin?: boolean; exclusiveMax?: boolean };
const bounds = (of: fc.Arbitrary<number>): fc.Arbitrary<Bounds> =>
  fc.record({ min: of, max: of, exclusiveMin: fc.boolean(), exclusiveMax: fc.boolean() }, { requiredKeys: [] });

const outside = (value: number, { min, max, exclusiveMin = false, exclusiveMax = false }: Bounds) =>
  Number.isNaN(value) ||
  (min !== undefined && (exclusiveMin ? value <= min : value < min)) ||
  (max !== undefined && (exclusiveMax ? value >= max : value > max));

const cases: fc.Arbitrary<Case> = fc.oneof(
  fc
    .constantFrom('s', 'i', 'd', 'b')
    .map((name): Case => ({ body: { type: 'notNull', column: name }, fails: (r) => r[name as keyof Row] === null })),
  fc.array(text, { minLength: 1, maxLength: 3 }).map(
    (missingValues): Case => ({
      body: { type: 'notNull', column: 's', missingValues },
      fails: ({ s }) => s === null || missingValues.includes(s),
    }),
  ),
  bounds(whole).map(
    (b): Case => ({ body: { type: 'range', column: 'i', ...b }, fails: ({ i }) => i !== null && outside(i, b) }),
  ),
  bounds(number.filter((n) => Number.isFinite(n))).map(
    (b): Case => ({ body: { type: 'range', column: 'd', ...b }, fails: ({ d }) => d !== null && outside(d, b) }),
  ),
  fc.record({ min: fc.nat(3), max: fc.nat(3) }, { requiredKeys: [] }).map(
    (b): Case => ({
      body: { type: 'length', column: 's', ...b },
      fails: ({ s }) => s !== null && outside([...s].length, b),
    }),
  ),
  fc.constantFrom('^a', 'b$', '^[ab]+$', '^$', '1|é', "it's", '\\\\', '^[^a]*$').map(
    (pattern): Case => ({
      body: { type: 'pattern', column: 's', pattern },
      fails: ({ s }) => s !== null && !new RegExp(pattern, 'u').test(s),
    }),
  ),
  fc.array(text, { maxLength: 4 }).map(
    (values): Case => ({
      body: { type: 'acceptedValues', column: 's', values },
      fails: ({ s }) => s !== null && !values.includes(s),
    }),
  ),
  fc.array(whole, { maxLength: 4 }).map(
    (values): Case => ({
      body: { type: 'acceptedValues', column: 'i', values },
      fails: ({ i }) => i !== null && !values.includes(i),
    }),
  ),
  fc.constant<Case>({
    body: { type: 'expression', expression: 'i <= d -- in their order' },
    // To DuckDB, not-a-number is above every number.
    fails: ({ i, d }) => i !== null && d !== null && i > d,
  }),
);

/** What a rule speaks of. */
const where = fc.constantFrom<readonly [sql: string | undefined, holds: (row: Row) => boolean]>(
  [undefined, () => true],
  ['b', ({ b }) => b === true],
  ['i > 0 OR s IS NULL', ({ i, s }) => (i !== null && i > 0) || s === null],
);

const sqlOf = (value: string | number | boolean | null): string =>
  typeof value === 'number' && !Number.isFinite(value) ? `'${value}'::DOUBLE` : literal(value);

const tableOf = (rows: readonly Row[]): string =>
  rows.length === 0
    ? `(SELECT ''::VARCHAR AS s, 0::INT AS i, 0::DOUBLE AS d, true AS b WHERE false)`
    : `(SELECT s::VARCHAR AS s, i::INT AS i, d::DOUBLE AS d, b::BOOLEAN AS b
        FROM (VALUES ${rows.map(({ s, i, d, b }) => `(${[s, i, d, b].map(sqlOf).join(', ')})`).join(', ')}) AS v(s, i, d, b))`;

const columns = [column('s', 'string'), column('i', 'int'), column('d', 'double'), column('b', 'boolean')];

test('law: a row rule counts, and keeps out of the table, the rows that its words say, whatever the rows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 12 }),
      fc.array(fc.tuple(cases, where), { minLength: 1, maxLength: 4 }),
      async (rows, given) => {
        const rules: Rule[] = given.map(([{ body }, [sql]], n) =>
          rule({ ...body, name: `rule_${n}`, ...(sql === undefined ? {} : { where: sql }) }),
        );
        const of = dataset({ columns, rules });
        const results = await evaluate(of, tableOf(rows), { now: 0, counts: {} }, (sql) => duckdb.query(sql));
        const expected = given.map(([{ fails }, [, holds]]) => rows.filter((r) => holds(r) && fails(r)).length);
        expect(results.map(({ failed, status }) => [failed, status])).toEqual(
          expected.map((failed) => [failed, failed === 0 ? 'passed' : 'failed']),
        );
        const refused = rowRules(of).map(({ predicate }) => `count(*) FILTER (WHERE ${predicate})::INT`);
        const [counts] = await duckdb.query(`SELECT [${refused.join(', ')}] AS n FROM ${tableOf(rows)}`);
        expect(counts?.n).toEqual(expected);
      },
    ),
    { numRuns: 200 },
  );
});

test('law: the unique rule counts exactly the rows that would have to go', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 15 }),
      fc.subarray(['s', 'i', 'b'] as const, { minLength: 1 }),
      async (rows, keys) => {
        const of = dataset({ columns, rules: [rule({ type: 'unique', columns: keys })] });
        const [result] = await evaluate(of, tableOf(rows), { now: 0, counts: {} }, (sql) => duckdb.query(sql));
        const whole = rows.map((r) => keys.map((key) => r[key])).filter((values) => !values.includes(null));
        const different = new Set(whole.map((values) => JSON.stringify(values)));
        expect(result).toMatchObject({ checked: whole.length, failed: whole.length - different.size });
      },
    ),
    { numRuns: 60 },
  );
});
