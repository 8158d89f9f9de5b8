import type { Rule, RuleType, Type } from '../../lib/contract/dataset';
import { describeBounds, within } from '../../lib/quality/bounds';
import { evaluate } from '../../lib/quality/evaluate';
import { passes, type RuleResult } from '../../lib/quality/result';
import { rowRules } from '../../lib/quality/row';
import type { Circumstances } from '../../lib/quality/rule';
import { planScan } from '../../lib/quality/scan';
import { scoresOf } from '../../lib/quality/score';
import { type Duckdb, openDuckdb } from '../../lib/runtime/duckdb';
import { identifier } from '../../lib/sql/quote';
import { column } from '../ingest/datasets';
import { dataset, type RuleBody, rule } from './fixture';

let duckdb: Duckdb;
beforeAll(async () => {
  duckdb = await openDuckdb();
  await duckdb.run('CREATE SCHEMA other');
  await duckdb.run('CREATE TABLE other.pairs AS FROM (VALUES (1, 10), (2, 20), (2, 21), (NULL, 30)) AS v(a, b)');
});
afterAll(() => duckdb.close());

const query = (sql: string) => duckdb.query(sql);

const now = Date.parse('2024-03-01T12:00:00Z');

/** Results of rules over rows that are given as SQL. */
const judge = (
  rows: string,
  rules: readonly Rule[],
  columns: Record<string, Type> = {},
  circumstances: Partial<Circumstances> = {},
): Promise<RuleResult[]> => {
  const declared = Object.entries(columns).map(([name, type]) => column(name, type));
  return evaluate(dataset({ columns: declared, rules }), `(${rows})`, { now, counts: {}, ...circumstances }, query);
};

/** Rows of one column, as SQL. */
const values = (type: string, ...given: readonly string[]): string =>
  given.length === 0
    ? `SELECT NULL::${type} AS x WHERE false`
    : `SELECT * FROM (VALUES ${given.map((v) => `(CAST(${v} AS ${type}))`).join(', ')}) AS v(x)`;

interface Case {
  readonly title?: string;
  readonly rule: RuleBody;
  readonly duckdb: string;
  readonly type: Type;
  readonly pass: readonly string[];
  /** What a row rule fails one by one, and a rule on the table together. */
  readonly fail: readonly string[];
  /** Of a rule that asks for more than the rows: another rule, or other circumstances, in which what passes fails. */
  readonly failsWith?: { readonly rule?: RuleBody; readonly circumstances?: Partial<Circumstances> };
  /** By default a null passes; `error`: there is no answer. */
  readonly nullFails?: true | 'error';
  readonly emptyFails?: true;
  readonly circumstances?: Partial<Circumstances>;
}

const text = { duckdb: 'VARCHAR', type: 'string' as const };
const int = { duckdb: 'INTEGER', type: 'int' as const };
const double = { duckdb: 'DOUBLE', type: 'double' as const };

const cases: readonly Case[] = [
  { rule: { type: 'notNull', column: 'x' }, ...text, pass: ["''", "'a'"], fail: ['NULL'], nullFails: true },
  {
    title: 'with missing values',
    rule: { type: 'notNull', column: 'x', missingValues: ['n/a', '-1'] },
    ...text,
    pass: ["''", "'a'"],
    fail: ["'n/a'", "'-1'"],
    nullFails: true,
  },
  {
    title: 'with missing values of a number',
    rule: { type: 'notNull', column: 'x', missingValues: ['-1'] },
    ...int,
    pass: ['0', '1'],
    fail: ['-1'],
    nullFails: true,
  },
  { rule: { type: 'unique', columns: ['x'] }, ...text, pass: ["'a'", "'b'", 'NULL', 'NULL'], fail: ["'a'", "'a'"] },
  {
    title: 'of texts',
    rule: { type: 'acceptedValues', column: 'x', values: ["it's", 'b'] },
    ...text,
    pass: ["'b'", "'it''s'"],
    fail: ["'B'", "''"],
  },
  {
    title: 'of numbers in a text column',
    rule: { type: 'acceptedValues', column: 'x', values: [1, 2, true] },
    ...text,
    pass: ["'1'", "'true'"],
    fail: ["'one'", "'3'"],
  },
  {
    title: 'of numbers',
    rule: { type: 'acceptedValues', column: 'x', values: [1, 2.5] },
    ...double,
    pass: ['1', '2.5'],
    fail: ['2'],
  },
  {
    title: 'of texts in a number column',
    rule: { type: 'acceptedValues', column: 'x', values: ['1', '2'] },
    ...int,
    pass: ['1', '2'],
    fail: ['3'],
  },
  {
    title: 'of dates',
    rule: { type: 'acceptedValues', column: 'x', values: ['2024-02-29'] },
    duckdb: 'DATE',
    type: 'date',
    pass: ["'2024-02-29'"],
    fail: ["'2024-02-28'"],
  },
  {
    title: 'of none',
    rule: { type: 'acceptedValues', column: 'x', values: [] },
    ...text,
    pass: ['NULL'],
    fail: ["'a'"],
  },
  {
    title: 'both included',
    rule: { type: 'range', column: 'x', min: 0, max: 10 },
    ...int,
    pass: ['0', '10', '5'],
    fail: ['-1', '11'],
  },
  {
    title: 'both excluded',
    rule: { type: 'range', column: 'x', min: 0, max: 10, exclusiveMin: true, exclusiveMax: true },
    ...int,
    pass: ['1', '9'],
    fail: ['0', '10'],
  },
  {
    title: 'of a double, where not-a-number lies nowhere',
    rule: { type: 'range', column: 'x', min: 0 },
    ...double,
    pass: ['0', "'infinity'"],
    fail: ["'nan'", '-0.1'],
  },
  {
    title: 'finer than the column',
    rule: { type: 'range', column: 'x', min: 0.5 },
    ...int,
    pass: ['1'],
    fail: ['0'],
  },
  {
    title: 'of dates',
    rule: { type: 'range', column: 'x', min: '2001-01-01', max: '2001-12-31' },
    duckdb: 'DATE',
    type: 'date',
    pass: ["'2001-01-01'", "'2001-12-31'"],
    fail: ["'2000-12-31'", "'2002-01-01'"],
  },
  {
    title: 'of numbers in a text column, compared as texts',
    rule: { type: 'range', column: 'x', min: 5 },
    ...text,
    pass: ["'6'", "'b'"],
    fail: ["'10'"],
  },
  {
    rule: { type: 'pattern', column: 'x', pattern: "^[A-Z']{3}$" },
    ...text,
    pass: ["'ABC'", "'O''X'"],
    fail: ["'abc'", "'ABCD'", "''", "'ABC\n'"],
  },
  {
    title: 'without anchors matches a part',
    rule: { type: 'pattern', column: 'x', pattern: 'b' },
    ...text,
    pass: ["'abc'"],
    fail: ["'ac'"],
  },
  {
    title: 'of a number',
    rule: { type: 'pattern', column: 'x', pattern: '^\\d{2}$' },
    ...int,
    pass: ['10'],
    fail: ['9'],
  },
  {
    title: 'in characters',
    rule: { type: 'length', column: 'x', min: 2, max: 3 },
    ...text,
    pass: ["'éü'", "'abc'"],
    fail: ["'a'", "''", "'abcd'"],
  },
  {
    title: 'in bytes',
    rule: { type: 'length', column: 'x', max: 2 },
    duckdb: 'BLOB',
    type: 'binary',
    pass: ["'ab'"],
    fail: ["'abc'"],
  },
  {
    title: 'in elements of a list',
    rule: { type: 'length', column: 'x', min: 1 },
    duckdb: 'INTEGER[]',
    type: { kind: 'list', element: 'int' },
    pass: ['[1]', '[NULL]'],
    fail: ['[]'],
  },
  {
    title: 'in elements of a map',
    rule: { type: 'length', column: 'x', max: 1 },
    duckdb: 'MAP(VARCHAR, INTEGER)',
    type: { kind: 'map', key: 'string', value: 'int' },
    pass: ["MAP {'a': 1}"],
    fail: ["MAP {'a': 1, 'b': 2}"],
  },
  { rule: { type: 'rowCount', min: 2 }, ...int, pass: ['1', '2'], fail: ['1'], nullFails: true, emptyFails: true },
  { title: 'at most', rule: { type: 'rowCount', max: 1 }, ...int, pass: ['1'], fail: ['1', '2'] },
  {
    rule: { type: 'sql', query: 'SELECT 3; ', min: 3, max: 3 },
    ...int,
    pass: ['1'],
    fail: [],
    failsWith: { rule: { type: 'sql', query: 'SELECT 4; ', min: 3, max: 3 } },
  },
  {
    title: 'of a boolean',
    rule: { type: 'sql', query: 'SELECT true', min: 1, max: 1 },
    ...int,
    pass: ['1'],
    fail: [],
    failsWith: { rule: { type: 'sql', query: 'SELECT false', min: 1, max: 1 } },
  },
  {
    rule: { type: 'expression', expression: 'x > 0 OR x = -5 -- minus five says unknown' },
    ...int,
    pass: ['1', '-5'],
    fail: ['0', '-1'],
  },
  {
    title: 'that was read whole',
    rule: { type: 'type', column: 'x' },
    ...int,
    pass: ['1'],
    fail: [],
    circumstances: { loaded: { run: 'r', read: 5, quarantined: 1, reasons: { 'x.range': 1, 'other.type': 1 } } },
    failsWith: { circumstances: { loaded: { run: 'r', read: 5, quarantined: 1, reasons: { 'x.type': 1 } } } },
  },
  {
    rule: { type: 'referential', columns: ['x'], references: { table: 'other.pairs', columns: ['a'] } },
    ...int,
    pass: ['1', '2', '2', 'NULL'],
    fail: ['3'],
  },
  {
    rule: { type: 'freshness', column: 'x', max: 24 },
    duckdb: 'TIMESTAMP',
    type: 'timestamp',
    pass: ["'1999-01-01'", "'2024-02-29 12:00:00'", "'2024-03-02'"],
    fail: ["'2024-02-29 11:59:59'", "'1999-01-01'"],
    nullFails: 'error',
  },
  {
    title: 'of a date',
    rule: { type: 'freshness', column: 'x', max: 48 },
    duckdb: 'DATE',
    type: 'date',
    pass: ["'2024-02-29'"],
    fail: ["'2024-02-28'"],
    nullFails: 'error',
  },
  {
    title: 'of when rows were written',
    rule: { type: 'freshness', max: 1 },
    ...int,
    pass: ['1'],
    fail: [],
    circumstances: { written: now - 3_600_000 },
    failsWith: { circumstances: { written: now - 3_600_001 } },
  },
  {
    rule: { type: 'rowCountChange', unit: 'percent', min: -50, max: 50 },
    ...int,
    pass: ['1', '2', '3'],
    fail: ['1', '2', '3', '4'],
    emptyFails: true,
    circumstances: { counts: { the_rule: [2, 2, 100, 1, 2.5] } },
  },
  {
    title: 'in rows',
    rule: { type: 'rowCountChange', unit: 'rows', min: -1, max: 0 },
    ...int,
    pass: ['1', '2'],
    fail: ['1', '2', '3'],
    emptyFails: true,
    circumstances: { counts: { the_rule: [1, 3] } },
  },
];

describe.each(cases.map((c) => [`${c.rule.type}${c.title === undefined ? '' : ` ${c.title}`}`, c] as const))(
  'rule %s',
  (_, { rule: body, duckdb: type, type: declared, pass, fail, failsWith, nullFails, emptyFails, circumstances }) => {
    const statusOf = async (given: readonly string[], other: Case['failsWith'] = {}) => {
      const around = other.circumstances ?? circumstances;
      const [result] = await judge(values(type, ...given), [rule(other.rule ?? body)], { x: declared }, around);
      return result!.status;
    };
    const status = (...given: readonly string[]) => statusOf(given);

    test('passes what it allows', async () => expect(await status(...pass)).toBe('passed'));

    test('fails each thing that it does not allow', async () => {
      const isRowRule = rowRules(dataset({ rules: [rule(body)] })).length === 1;
      const inputs = isRowRule ? fail.map((v) => [v]) : fail.length === 0 ? [] : [fail];
      for (const input of inputs) expect([input, await status(...input)]).toEqual([input, 'failed']);
      if (failsWith !== undefined) expect(await statusOf(pass, failsWith)).toBe('failed');
      expect(inputs.length + (failsWith === undefined ? 0 : 1)).toBeGreaterThan(0);
    });

    test('treats null as its meaning says', async () =>
      expect(await status('NULL')).toBe(nullFails === true ? 'failed' : (nullFails ?? 'passed')));

    test('treats no rows as its meaning says', async () =>
      expect(await status()).toBe(emptyFails === true ? 'failed' : 'passed'));
  },
);

/** For each type of rule, a rule that can have no answer, and why. */
const unanswerable: { readonly [T in RuleType]: readonly (readonly [body: RuleBody & { type: T }, reason: RegExp])[] } =
  {
    notNull: [
      [{ type: 'notNull', column: 'gone' }, /no column gone/],
      [{ type: 'notNull', column: 'x', where: 'nope = 1' }, /nope/],
    ],
    unique: [
      [{ type: 'unique', columns: ['x', 'gone'] }, /no column gone/],
      [{ type: 'unique', columns: ['x'], where: 'nope = 1' }, /nope/],
    ],
    acceptedValues: [
      [{ type: 'acceptedValues', column: 'gone', values: [1] }, /no column gone/],
      [{ type: 'acceptedValues', column: 'x', values: [1], where: 'x +' }, /syntax error/],
    ],
    range: [
      [{ type: 'range', column: 'gone', min: 1 }, /no column gone/],
      [{ type: 'range', column: 'x', min: 1, where: 'nope = 1' }, /nope/],
      [{ type: 'range', column: 'x', min: 'tomorrow' }, /tomorrow/],
    ],
    pattern: [
      [{ type: 'pattern', column: 'gone', pattern: 'a' }, /no column gone/],
      [{ type: 'pattern', column: 'x', pattern: '(' }, /missing \)/],
    ],
    length: [
      [{ type: 'length', column: 'gone', min: 1 }, /no column gone/],
      [{ type: 'length', column: 'x', min: 1, where: 'nope = 1' }, /nope/],
    ],
    rowCount: [[{ type: 'rowCount', min: 1, where: 'nope = 1' }, /nope/]],
    sql: [
      [{ type: 'sql', query: 'SELECT count(*) FROM gone', min: 0 }, /gone/],
      [{ type: 'sql', query: 'SELECT unnest([1, 2])', min: 0 }, /More than one row/],
      [{ type: 'sql', query: 'SELECT 1, 2', min: 0 }, /Subquery returns 2 columns/],
      [{ type: 'sql', query: "SELECT 'many'", min: 0 }, /many/],
      [{ type: 'sql', query: 'SELECT max(1) WHERE false', min: 0 }, /NULL/],
    ],
    expression: [
      [{ type: 'expression', expression: 'x >' }, /syntax error/],
      [{ type: 'expression', expression: 'gone > 0' }, /gone/],
      [{ type: 'expression', expression: "CAST('x' || x AS INTEGER) > 0" }, /x1/],
    ],
    type: [[{ type: 'type', column: 'gone' }, /no column gone/]],
    referential: [
      [
        { type: 'referential', columns: ['gone'], references: { table: 'other.pairs', columns: ['a'] } },
        /no column gone/,
      ],
      [{ type: 'referential', columns: ['x'], references: { table: 'other.gone', columns: ['a'] } }, /gone/],
      [{ type: 'referential', columns: ['x'], references: { table: 'other.pairs', columns: ['gone'] } }, /gone/],
    ],
    freshness: [
      [{ type: 'freshness', column: 'gone', max: 1 }, /no column gone/],
      [{ type: 'freshness', max: 1 }, /written/],
    ],
    rowCountChange: [[{ type: 'rowCountChange', unit: 'rows', max: 1, where: 'nope = 1' }, /nope/]],
  };

const types = Object.keys(unanswerable) as RuleType[];

// A type that is added to `Rule` and not to the table of those without an answer does not compile, and so comes here.
test.each(types)('rules of type %s are tried above on what passes, what fails, null and nothing', (type) => {
  expect(cases.filter(({ rule: { type: tried } }) => tried === type).length).toBeGreaterThan(0);
});

describe('names and values', () => {
  const names = ['select', 'my "col"', "it's", 'a.b', 'x; DROP TABLE y --', 'Ünï', '1st', ' ', 'row', 'count(*)'];

  test.each(names)('a column called %j is only a name', async (name) => {
    const rows = `SELECT * FROM (VALUES ('a'), ('b'), ('b'), (NULL)) AS v(${identifier(name)})`;
    const rules = [
      rule({ name: 'r1', type: 'notNull', column: name, missingValues: ["'"] }),
      rule({ name: 'r2', type: 'unique', columns: [name, name] }),
      rule({ name: 'r3', type: 'acceptedValues', column: name, values: ["'; DROP", 'a'] }),
      rule({ name: 'r4', type: 'range', column: name, min: 'b' }),
      rule({ name: 'r5', type: 'pattern', column: name, pattern: '\'a|"a|a' }),
      rule({ name: 'r6', type: 'length', column: name, min: 2 }),
    ];
    const results = await judge(rows, rules, { [name]: 'string' });
    expect(results.map((r) => [r.rule, r.status, r.failed])).toEqual([
      ['r1', 'failed', 1],
      ['r2', 'failed', 1],
      ['r3', 'failed', 2],
      ['r4', 'failed', 1],
      ['r5', 'failed', 2],
      ['r6', 'failed', 3],
    ]);
  });

  test('names of columns match as SQL matches them, whatever their case', async () => {
    const [result] = await judge(values('INTEGER', '1'), [rule({ type: 'notNull', column: 'X' })], { X: 'int' });
    expect(result!.status).toBe('passed');
  });
});

describe('where', () => {
  const rows = 'SELECT * FROM (VALUES (1, NULL), (2, NULL), (2, 5), (NULL, NULL)) AS v(kind, x)';

  test('a rule speaks only of the rows that its condition names', async () => {
    const [row, table, count] = await judge(rows, [
      rule({ type: 'notNull', column: 'x', where: 'kind = 2 -- twos' }),
      rule({ type: 'unique', columns: ['kind'], where: 'kind = 2' }),
      rule({ type: 'rowCount', min: 3, where: 'kind > 0' }),
    ]);
    expect(row).toMatchObject({ status: 'failed', checked: 2, failed: 1 });
    expect(table).toMatchObject({ status: 'failed', checked: 2, failed: 1 });
    expect(count).toMatchObject({ status: 'passed', observed: 3 });
  });

  test('an OR in it stays inside it', async () => {
    const [result] = await judge(rows, [rule({ type: 'notNull', column: 'x', where: 'kind = 1 OR kind = 2' })]);
    expect(result).toMatchObject({ checked: 3, failed: 2 });
  });
});

describe('tolerance', () => {
  const rows = values('INTEGER', '1', '2', '3', '99');
  const outOfRange = { type: 'range', column: 'x', max: 10 } as const;

  test.each([
    [undefined, 'failed', 1, 'none'],
    [{ max: 0, unit: 'rows' }, 'failed', 1, 'at most 0 rows'],
    [{ max: 1, unit: 'rows' }, 'passed', 1, 'at most 1 rows'],
    [{ max: 24.9, unit: 'percent' }, 'failed', 25, 'at most 24.9 percent'],
    [{ max: 25, unit: 'percent' }, 'passed', 25, 'at most 25 percent'],
    [{ max: 25, unit: 'percent', exclusive: true }, 'failed', 25, 'below 25 percent'],
    [{ max: 2, unit: 'rows', exclusive: true }, 'passed', 1, 'below 2 rows'],
  ] as const)('%j gives %s', async (tolerance, status, observed, words) => {
    const [result] = await judge(rows, [rule({ ...outOfRange, ...(tolerance === undefined ? {} : { tolerance }) })]);
    expect(result).toMatchObject({ status, observed, tolerance: words, checked: 4, failed: 1 });
  });

  test('holds for duplicates too', async () => {
    const [result] = await judge(values('INTEGER', '1', '1', '2'), [
      rule({ type: 'unique', columns: ['x'], tolerance: { max: 1, unit: 'rows' } }),
    ]);
    expect(result).toMatchObject({ status: 'passed', failed: 1 });
  });

  test('of no rows, no share is too much', async () => {
    const [result] = await judge(values('INTEGER'), [rule({ ...outOfRange, tolerance: { max: 0, unit: 'percent' } })]);
    expect(result).toMatchObject({ status: 'passed', observed: 0 });
  });
});

describe('a rule without an answer', () => {
  const rows = values('INTEGER', '1', '-2');
  const good = [
    rule({ name: 'present', type: 'notNull', column: 'x' }),
    rule({ name: 'rows', type: 'rowCount', min: 1 }),
  ];

  const every = types.flatMap((type) =>
    unanswerable[type].map(([body, reason]) => [JSON.stringify(body), body, reason] as const),
  );

  test.each(every)(
    '%s is an error with its reason and not a pass, and the others keep theirs',
    async (_, body, reason) => {
      const results = await judge(rows, [good[0]!, rule(body), good[1]!], { x: 'int' });
      expect(results.map((r) => r.status)).toEqual(['passed', 'error', 'passed']);
      expect(results[1]!.message).toMatch(/^could not be answered: /);
      expect(results[1]!.message).toMatch(reason);
      expect(results[1]!.message).not.toContain('\n');
      expect(passes(results)).toBe(false);
    },
  );

  test('as a warning does not stop the run', async () => {
    const results = await judge(rows, [rule({ type: 'notNull', column: 'gone', severity: 'warning' })]);
    expect(results[0]).toMatchObject({ status: 'error', severity: 'warning' });
    expect(passes(results)).toBe(true);
  });

  test('is not how a table that cannot be read is reported', async () => {
    await expect(evaluate(dataset({ rules: good }), 'gone', { now, counts: {} }, query)).rejects.toThrow(
      /gone does not exist/,
    );
  });
});

describe('bounds', () => {
  test.each([
    [{ min: 1, max: 2 }, 'from 1 to 2', [1, 2], [0, 3, Number.NaN]],
    [{ min: 1, exclusiveMin: true }, 'above 1', [2], [1]],
    [{ min: 0, max: 1, exclusiveMax: true }, 'at least 0 and below 1', [0], [1]],
    [{ min: 3, max: 3 }, 'exactly 3', [3], [2]],
    [{ except: { min: 5, max: 5 } }, 'not 5', [4], [5]],
    [{ except: { min: 5, max: 7 } }, 'not from 5 to 7', [4, 8], [5, 7]],
    [{ except: { min: 5, max: 7, exclusive: true } }, 'not between 5 and 7', [5, 7], [6]],
    [{}, 'any', [0], [Number.NaN]],
  ])('%j are %s', (bounds, words, right, wrong) => {
    expect(describeBounds(bounds)).toBe(words);
    expect(right.filter((n) => !within(n, bounds))).toEqual([]);
    expect(wrong.filter((n) => within(n, bounds))).toEqual([]);
  });
});

describe('scan', () => {
  test('reads the table once for all of its rules', () => {
    const rules = cases.map((c) => rule(c.rule)).filter(({ type }) => type !== 'sql' && type !== 'referential');
    const { sql } = planScan(rules, dataset({ rules }), '"the table"');
    expect(sql?.match(/"the table"/g)).toHaveLength(1);
    expect(sql).not.toMatch(/approx/i);
  });

  test('counts exactly where an approximation errs', async () => {
    const rows = 'SELECT i % 90_000 AS x FROM range(100_000) AS r(i)';
    const [result] = await judge(rows, [rule({ type: 'unique', columns: ['x'] })]);
    expect(result).toMatchObject({ checked: 100_000, failed: 10_000 });
  });
});

describe('rules that ask for more than the rows', () => {
  const loaded = { run: 'r', read: 200, quarantined: 4, reasons: { 'x.type': 3, 'x.range': 1 } };
  const typed = { type: 'type', column: 'x' } as const;

  test('a type rule says how much of what was last loaded could not be read, and none of a table never loaded', async () => {
    const rules = [
      rule({ name: 'strict', ...typed }),
      rule({ name: 'tolerant', ...typed, tolerance: { max: 1.5, unit: 'percent' } }),
      rule({ name: 'tight', ...typed, tolerance: { max: 1.5, unit: 'percent', exclusive: true } }),
    ];
    const found = await judge(values('INTEGER', '1'), rules, { x: 'int' }, { loaded });
    expect(found.map(({ status, checked, failed }) => [status, checked, failed])).toEqual([
      ['failed', 200, 3],
      ['passed', 200, 3],
      ['failed', 200, 3],
    ]);
    expect(found[0]!.message).toBe('3 of the 200 rows that were last loaded could not be read as the type of x');
    const never = await judge(values('INTEGER'), rules, { x: 'int' });
    expect(never.map(({ status, checked }) => [status, checked])).toEqual(rules.map(() => ['passed', 0]));
  });

  test('a row rule says how many rows the last load kept out of the table', async () => {
    const [found] = await judge(
      values('INTEGER', '1'),
      [rule({ name: 'x.range', type: 'range', column: 'x', min: 0 })],
      { x: 'int' },
      { loaded },
    );
    expect(found).toMatchObject({
      status: 'passed',
      failed: 0,
      message: 'none of 1 rows fails; the last load sent 1 to quarantine',
    });
  });

  const references = (columns: readonly string[], more: Partial<Rule> = {}) =>
    rule({
      type: 'referential',
      columns,
      references: { table: 'other.pairs', columns: columns.length === 1 ? ['a'] : ['a', 'b'] },
      ...more,
    } as RuleBody);
  const pairs = 'SELECT * FROM (VALUES (1, 10), (2, 21), (2, 22), (2, 22), (9, 9), (9, NULL), (NULL, 9)) AS v(x, y)';

  test('a reference of several columns looks at rows that have them all, and counts each row', async () => {
    const [found] = await judge(pairs, [references(['x', 'y'])]);
    expect(found).toMatchObject({ status: 'failed', checked: 5, failed: 3 });
    expect(found!.message).toBe('x, y of 3 of 5 rows are not in other.pairs (a, b)');
  });

  test('a reference has its condition and its tolerance', async () => {
    const results = await judge(pairs, [
      references(['x', 'y'], { name: 'some', where: 'y < 22 -- only' }),
      references(['x', 'y'], { name: 'tolerant', tolerance: { max: 60, unit: 'percent' } }),
    ]);
    expect(results.map(({ status, checked, failed }) => [status, checked, failed])).toEqual([
      ['failed', 3, 1],
      ['passed', 5, 3],
    ]);
  });

  test('a reference never sends a row to quarantine, as its table may not have its rows yet', () =>
    expect(rowRules(dataset({ rules: [references(['x'])] }))).toEqual([]));

  test('a reference to a table that is not there has no answer', async () => {
    const [found] = await judge(pairs, [
      references(['x'], { references: { table: 'other.gone', columns: ['a'] } } as Partial<Rule>),
    ]);
    expect(found).toMatchObject({ status: 'error', message: expect.stringMatching(/gone/) });
  });

  test('freshness speaks of the rows that its condition names, and says how old they are', async () => {
    const rows =
      "SELECT * FROM (VALUES (1, TIMESTAMPTZ '2024-02-20 12:00:00Z'), (2, TIMESTAMPTZ '2024-03-01 12:00:00Z')) AS v(kind, seen)";
    const [found] = await judge(rows, [rule({ type: 'freshness', column: 'seen', max: 24, where: 'kind = 1' })]);
    expect(found!.message).toBe('the newest seen is of 10 days ago');
    expect(found).toMatchObject({ status: 'failed', checked: 1, observed: 240, tolerance: 'at most 24 hours' });
    expect(found!.message).toBe('the newest seen is of 10 days ago');
  });

  test('freshness of a table that nobody is known to have written has no answer', async () => {
    const [found] = await judge(values('INTEGER', '1'), [rule({ type: 'freshness', max: 24 })]);
    expect(found).toMatchObject({ status: 'error' });
  });

  test('a change of volume has nothing to be compared with in the first run, and is infinite from none', async () => {
    const change = rule({ type: 'rowCountChange', unit: 'percent', max: 10 });
    const [first] = await judge(values('INTEGER', '1'), [change]);
    expect(first).toMatchObject({ status: 'passed', message: '1 rows, and no earlier run to compare with' });
    const [fromNone] = await judge(values('INTEGER', '1'), [change], {}, { counts: { the_rule: [0] } });
    expect(fromNone).toMatchObject({ status: 'failed', observed: Number.POSITIVE_INFINITY });
    const [none] = await judge(values('INTEGER'), [change], {}, { counts: { the_rule: [0] } });
    expect(none).toMatchObject({ status: 'passed', observed: 0 });
  });
});

describe('row rules', () => {
  const one = (body: RuleBody & Partial<Rule>) =>
    rowRules(dataset({ columns: [column('x', 'int')], rules: [rule(body)] }));
  const notNull = { type: 'notNull', column: 'x' } as const;

  test('a row rule of severity error without tolerance sends rows to quarantine', () =>
    expect(one(notNull)).toEqual([
      { rule: 'the_rule', column: 'x', message: 'x is missing', predicate: '(("x" IS NULL\n)) IS TRUE' },
    ]));

  test('a warning, a tolerance even of zero, and a table rule send none', () => {
    expect(one({ ...notNull, severity: 'warning' })).toEqual([]);
    expect(one({ ...notNull, tolerance: { max: 0, unit: 'rows' } })).toEqual([]);
    expect(one({ type: 'unique', columns: ['x'] })).toEqual([]);
  });

  test('a rule on several columns names none', () =>
    expect(one({ type: 'expression', expression: 'x > 1' })[0]).not.toHaveProperty('column'));

  test('a predicate is never NULL, so that its negation finds the good rows', async () => {
    const checks = cases
      .filter((c) => c.type === 'int')
      .flatMap((c) => one({ ...c.rule, where: 'CAST(NULL AS BOOLEAN) OR x <> 7' }));
    expect(checks.length).toBeGreaterThan(3);
    for (const { predicate } of checks) {
      const sql = `SELECT count(*) FILTER (WHERE (${predicate}) IS NULL) AS nulls FROM (${values('INTEGER', 'NULL', '1', '7')})`;
      expect(await query(sql)).toEqual([{ nulls: 0n }]);
    }
  });
});

describe('score', () => {
  const result = (more: Partial<RuleResult>): RuleResult => ({
    rule: 'r',
    type: 'range',
    dimension: 'validity',
    severity: 'error',
    status: 'passed',
    checked: 100,
    failed: 0,
    observed: 0,
    tolerance: 'none',
    message: '',
    ...more,
  });

  test('is the mean of what each rule found, by table and by dimension', () =>
    expect(
      scoresOf([
        result({}),
        result({ failed: 50 }),
        result({ dimension: 'completeness', type: 'rowCount', status: 'failed', failed: 1 }),
        result({ dimension: 'accuracy', status: 'error', checked: 0 }),
      ]),
    ).toEqual({ table: 37.5, dimensions: { validity: 75, completeness: 0, accuracy: 0 } }));

  test('is not rounded up to 100', () => expect(scoresOf([result({ checked: 1e9, failed: 1 })]).table).toBe(99.99));
  test('is 100 where nothing is asked', () => expect(scoresOf([])).toEqual({ table: 100, dimensions: {} }));
});
