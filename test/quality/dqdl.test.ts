import { join } from 'node:path';
import type { Rule, Type } from '../../lib/contract/dataset';
import { loadPlatform } from '../../lib/platform/load';
import { isPortable } from '../../lib/quality/dqdl/portable';
import { dqdlRuleset } from '../../lib/quality/dqdl/ruleset';
import { column } from '../ingest/datasets';
import { dqdlJudge } from './dqdl-judge';
import { dataset, type RuleBody, rule } from './fixture';

const columns = Object.entries<Type>({
  x: 'string',
  n: 'int',
  d: 'double',
  day: 'date',
  at: 'timestamptz',
  l: { kind: 'list', element: 'int' },
}).map(([name, type]) => column(name, type));

const rulesetOf = (...rules: readonly Rule[]) =>
  dqdlRuleset(dataset({ name: 'things', columns, rules })) ?? 'nothing can be said';

/** The one rule that a rule becomes, or the comment that says why it does not. */
function said(body: RuleBody): string {
  const text = rulesetOf(rule({ name: 'kept', type: 'rowCount', min: 1 }), rule(body));
  const unsaid = /^# - the_rule: (.*)$/m.exec(text)?.[1];
  return unsaid === undefined ? /# the_rule\n {4}(.*)\n\]/.exec(text)![1]! : `not said: ${unsaid}`;
}

const percent = { tolerance: { max: 1, unit: 'percent' } } as const;
const rows = { tolerance: { max: 5, unit: 'rows' } } as const;
const below = { tolerance: { max: 2.5, unit: 'percent', exclusive: true } } as const;
const references = { table: 'silver.airports', columns: ['iata'] } as const;

const cases: readonly [RuleBody, string][] = [
  [{ type: 'notNull', column: 'x' }, 'IsComplete "x"'],
  [{ type: 'notNull', column: 'x', where: "n > 1 and x <> 'a'" }, `IsComplete "x" where "n > 1 and x <> 'a'"`],
  [{ type: 'notNull', column: 'x', ...percent }, 'Completeness "x" >= 0.99'],
  [{ type: 'notNull', column: 'x', ...below }, 'Completeness "x" > 0.975'],
  [{ type: 'notNull', column: 'x', ...rows }, 'CustomSql "select count(*) from primary where `x` is null" <= 5'],
  [
    { type: 'notNull', column: 'x', missingValues: ["it's"] },
    `CustomSql "select count(*) from primary where \`x\` is null or cast(\`x\` as string) in ('it\\\\'s')" = 0`,
  ],
  [{ type: 'unique', columns: ['x'] }, 'IsUnique "x"'],
  [
    { type: 'unique', columns: ['x', 'n'] },
    'CustomSql "select count(*) - count(distinct `x`, `n`) from primary where `x` is not null and `n` is not null" = 0',
  ],
  [
    { type: 'unique', columns: ['x'], where: 'is_current', ...percent },
    'CustomSql "select coalesce(100.0 * (select count(*) - count(distinct `x`) from primary where `x` is not null and (is_current)) / nullif((select count(*) from primary where `x` is not null and (is_current)), 0), 0)" <= 1',
  ],
  [{ type: 'acceptedValues', column: 'x', values: ['a "b"', 1] }, 'ColumnValues "x" in ["a \\"b\\"", "1"]'],
  [
    { type: 'acceptedValues', column: 'n', values: [1, -2.5], ...percent },
    'ColumnValues "n" in [1, -2.5] with threshold >= 0.99',
  ],
  [
    { type: 'acceptedValues', column: 'n', values: [1e300] },
    'CustomSql "select count(*) from primary where `n` not in (1e+300)" = 0',
  ],
  [
    { type: 'range', column: 'n', min: 0, max: 10, exclusiveMax: true },
    '(ColumnValues "n" >= 0) and (ColumnValues "n" < 10)',
  ],
  [{ type: 'range', column: 'd', min: 0.5, ...below }, 'ColumnValues "d" >= 0.5 with threshold > 0.975'],
  [
    { type: 'range', column: 'd', min: 0, max: 1, ...rows },
    'CustomSql "select count(*) from primary where `d` < 0 or `d` > 1" <= 5',
  ],
  [{ type: 'range', column: 'day', max: '2020-12-31' }, 'ColumnValues "day" <= "2020-12-31"'],
  [
    { type: 'range', column: 'at', min: '2020-01-01T00:00:00Z' },
    `CustomSql "select count(*) from primary where \`at\` < cast('2020-01-01T00:00:00Z' as timestamp)" = 0`,
  ],
  [{ type: 'pattern', column: 'x', pattern: '^\\d{2}"$' }, 'ColumnValues "x" matches "^\\\\d{2}\\"$"'],
  [{ type: 'pattern', column: 'x', pattern: 'b' }, 'ColumnValues "x" matches ".*b.*"'],
  [
    { type: 'pattern', column: 'x', pattern: '^a|b$' },
    `CustomSql "select count(*) from primary where not (cast(\`x\` as string) rlike '^a|b$')" = 0`,
  ],
  [{ type: 'length', column: 'x', min: 3, max: 4 }, '(ColumnLength "x" >= 3) and (ColumnLength "x" <= 4)'],
  [{ type: 'length', column: 'l', min: 1 }, 'not said: the language knows lengths of texts alone'],
  [{ type: 'rowCount', min: 1 }, 'RowCount >= 1'],
  [
    { type: 'rowCount', min: 1, max: 9, where: 'n = 1' },
    '(RowCount >= 1 where "n = 1") and (RowCount <= 9 where "n = 1")',
  ],
  [
    { type: 'sql', query: 'SELECT max(n) FROM "silver"."things";', max: 10, exclusiveMax: true },
    'CustomSql "SELECT max(n) FROM primary" < 10',
  ],
  [
    { type: 'sql', query: 'SELECT count(*) FROM silver.other', max: 1 },
    'not said: it is a query in SQL of DuckDB: SELECT count(*) FROM silver.other',
  ],
  [{ type: 'expression', expression: 'n <= d' }, 'CustomSql "select count(*) from primary where not (n <= d)" = 0'],
  [{ type: 'expression', expression: '"n" <= 1' }, 'not said: it is SQL of DuckDB: "n" <= 1'],
  [
    { type: 'type', column: 'n' },
    'not said: the table holds no value of another type; quarantine holds the rows that had one',
  ],
  [{ type: 'referential', columns: ['x'], references }, 'ReferentialIntegrity "x" "airports.iata" = 1.0'],
  [
    { type: 'referential', columns: ['x', 'n'], references: { table: 'silver.t', columns: ['a', 'b'] }, ...percent },
    'ReferentialIntegrity "x,n" "t.{a,b}" >= 0.99',
  ],
  [
    { type: 'referential', columns: ['x'], references, where: 'n > 0' },
    'CustomSql "select count(*) from (select * from primary where `x` is not null and (n > 0)) c left anti join `airports` p on c.`x` = p.`iata`" = 0',
  ],
  [
    { type: 'freshness', column: 'at', max: 24 },
    'CustomSql "select coalesce((unix_timestamp() - unix_timestamp(max(cast(`at` as timestamp)))) / 3600.0, 0) from primary" <= 24',
  ],
  [{ type: 'freshness', max: 24 }, 'not said: the language does not know when rows were written'],
  [
    { type: 'rowCountChange', unit: 'percent', min: -50, max: 50 },
    'not said: rules about earlier runs work in Glue ETL jobs alone',
  ],
  [{ type: 'notNull', column: 'x', where: 'n::int > 1' }, 'not said: its condition is SQL of DuckDB: n::int > 1'],
];

test.each(cases)('%j', (body, expected) => expect(said(body)).toBe(expected));

test('a ruleset says whose it is, names its rules, marks warnings, and gives reasons for what it leaves out', () =>
  expect(
    rulesetOf(
      rule({ name: 'x.notNull', type: 'notNull', column: 'x' }),
      rule({ name: 'n.type', type: 'type', column: 'n' }),
      rule({ name: 'some\nrows', type: 'rowCount', min: 1, severity: 'warning' }),
    ),
  ).toBe(`# Rules of silver.things, from contract things 1.0.0.
# Not said here:
# - n.type: the table holds no value of another type; quarantine holds the rows that had one
Rules = [
    # x.notNull
    IsComplete "x",
    # some rows (a warning)
    RowCount >= 1
]
`));

test('a table of whose rules none can be said has no ruleset', () =>
  expect(dqdlRuleset(dataset({ columns, rules: [rule({ type: 'type', column: 'n' })] }))).toBeUndefined());

test('what is too long for Glue is left out, and said', () => {
  const values = Array.from({ length: 3000 }, (_, i) => `value ${i}`);
  const many = Array.from({ length: 3 }, (_, i) =>
    rule({ name: `r${i}`, type: 'acceptedValues', column: 'x', values }),
  );
  const text = rulesetOf(...many);
  expect(text.length).toBeLessThanOrEqual(65_536);
  expect(text).toContain('# - r2: a ruleset has at most 65536 characters');
});

test.each([
  ["status in ('a', 'b') and n between 1 and 2", true],
  ['coalesce(n, 0) * 2 >= d', true],
  ['x is not null or length(trim(x)) > 0', true],
  ['"x" = 1', false],
  ['n::int = 1', false],
  ["x = 'a\\b'", false],
  ["x = 'it''s'", false],
  ['list_contains(l, 1)', false],
  ["x ~ 'a'", false],
  ['n % 2 = 0', false],
  ['n > 1 -- more', false],
  ['n // 2 = 1', false],
  ['silver.other', false],
])('%s: means the same in Spark as in DuckDB: %s', (sql, expected) => expect(isPortable(sql)).toBe(expected));

const judge = dqdlJudge();
(judge === undefined ? test.skip : test)(
  "AWS's own parser reads every ruleset, rule by rule",
  async () => {
    const { manifest } = await loadPlatform(join(__dirname, '../../examples/aviation'));
    const sayable = cases.filter(([, expected]) => !expected.startsWith('not said'));
    const datasets = [
      dataset({ columns, rules: sayable.map(([body], i) => rule({ ...body, name: `r${i} "quoted" # [` })) }),
      ...manifest.datasets,
    ];
    const rulesets = datasets.map((one) => dqdlRuleset(one)!);
    const [wrong, ...parsed] = judge!(['Rules = [ IsComplete x" ]', ...rulesets]);
    expect(wrong).toEqual([expect.stringMatching(/^ERROR/)]);
    parsed.forEach((rules, i) => {
      const count = rulesets[i]!.match(/^ {4}[^#\s]/gm)!.length;
      expect({ rules: rules.filter((line) => line.startsWith('ERROR')), count: rules.length }).toEqual({
        rules: [],
        count,
      });
    });
    expect(parsed[0]![0]).toBe('IsComplete "x"');
  },
  300_000,
);
