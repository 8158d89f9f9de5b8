import { reportPage } from '../../lib/local/report/page';
import type { RuleReport, RunReport } from '../../lib/local/report/report';

const hostile = `<script>alert(1)</script><img src=x onerror=alert(2)>"'&\u202E\u0007`;
const rule = (more: Partial<RuleReport>): RuleReport => ({
  table: 'silver.flights',
  rule: 'origin.pattern',
  dimension: 'validity',
  severity: 'error',
  passed: true,
  checked: 231_083,
  failed: 0,
  score: 100,
  type: 'range',
  observed: 0,
  tolerance: 'none',
  ...more,
});

const example: RunReport = {
  platform: 'aviation',
  runs: [
    {
      group: 'aviation',
      run: 'run-2026-11-21T09-30-00Z',
      status: 'failed',
      milliseconds: 8_400,
      failures: [
        { what: 'silver.airports', why: `rule city_known failed ${hostile}`, todo: 'Look at the rows in quarantine.' },
      ],
    },
  ],
  startedAt: '2026-11-21T09:30:00.000Z',
  finishedAt: '2026-11-21T09:30:09.120Z',
  status: 'failed',
  tables: [
    {
      table: 'bronze.flights',
      kind: 'files',
      count: 2,
      bytes: 13_560_000,
      snapshots: [],
      drift: [],
      change: '1 file arrived',
    },
    { table: 'bronze.airports', kind: 'files', count: 1, bytes: 210_365, snapshots: [], drift: [] },
    {
      table: 'silver.flights',
      description: `One row a flight. ${hostile}`,
      kind: 'ingested',
      count: 231_083,
      change: '231,083 rows merged, 120 to quarantine',
      snapshots: [{ id: '8744736658442914487', at: '2026-11-21T09:30:05.000Z', operation: 'append' }],
      drift: ['unknown column "gate" in 2 files'],
    },
    {
      table: 'silver.airports',
      kind: 'ingested',
      count: 3376,
      snapshots: [{ id: '1', at: '2026-11-21T09:30:04.000Z', operation: 'append' }],
      drift: [],
    },
    {
      table: 'gold.dim_airports',
      kind: 'modelled',
      count: 3376,
      snapshots: [{ id: '2', at: '2026-11-21T09:30:06.000Z', operation: 'overwrite' }],
      drift: [],
    },
    { table: 'gold.fct_flights', kind: 'modelled', count: 231_083, snapshots: [], drift: [] },
    { table: 'gold.fct_route_months', kind: 'modelled', count: 4021, snapshots: [], drift: [] },
  ],
  rules: [
    rule({}),
    rule({ rule: 'departed_at.required', dimension: 'completeness' }),
    rule({ rule: 'key.unique', dimension: 'uniqueness' }),
    rule({
      rule: 'distance_plausible',
      dimension: 'accuracy',
      severity: 'warning',
      passed: false,
      failed: 12,
      score: 99.99,
      description: 'Under 25 miles there is no airline route.',
    }),
    rule({
      table: 'silver.airports',
      rule: 'city_known',
      dimension: 'completeness',
      passed: false,
      checked: 3376,
      failed: 12,
      score: 99.64,
      message: hostile,
    }),
  ],
  quarantine: [
    {
      table: 'silver.flights',
      rows: 120,
      fromThisRun: 120,
      reasons: [
        { rule: 'goes_somewhere', message: 'A flight ends where it did not begin.', rows: 100 },
        { rule: 'delay_minutes.range', column: 'delay_minutes', message: hostile, rows: 20 },
      ],
      samples: [
        {
          file: `flights/source=x/date=2026-01-01/${hostile}.json`,
          row: 17,
          reasons: ['goes_somewhere'],
          raw: `{"origin": "${hostile}"}`,
        },
      ],
    },
  ],
  lineage: [
    ['bronze.flights', 'silver.flights'],
    ['bronze.airports', 'silver.airports'],
    ['silver.airports', 'gold.dim_airports'],
    ['silver.flights', 'gold.fct_flights'],
    ['gold.fct_flights', 'gold.fct_route_months'],
    ['gold.dim_airports', 'gold.fct_route_months'],
  ],
  stages: [
    { name: 'Read the platform', milliseconds: 210 },
    { name: 'Open the lake', milliseconds: 780 },
  ],
  states: [
    { name: 'Plan', milliseconds: 90, from: 0, retries: 0, failed: false },
    { name: 'Load', of: 'silver.flights', milliseconds: 3100, from: 95, retries: 1, failed: false },
    { name: 'Load', of: 'silver.airports', milliseconds: 400, from: 95, retries: 0, failed: false },
    { name: 'Judge', of: 'silver.flights', milliseconds: 800, from: 3200, retries: 0, failed: true },
  ],
  versions: { ingot: '0.1.0', DuckDB: 'v1.5.5', Node: 'v20.20.2' },
};

const page = reportPage(example);

test('hostile data is shown as text: no element, attribute, control or direction character of it survives', () => {
  expect(page).not.toMatch(/<script|<img|onerror=alert\(2\)>/);
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page).not.toMatch(/\p{Cf}/u);
  expect(page.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}/u);
});

test('the page asks for nothing from outside and forbids scripts', () => {
  expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'`);
  expect(page).not.toMatch(/https?:\/\/|url\((?!#arrow)|<link|@import|src=(?!x)/);
});

test('every heading level follows the one before it, and every table has header cells', () => {
  const levels = [...page.matchAll(/<h([1-6])/g)].map((match) => Number(match[1]));
  expect(levels[0]).toBe(1);
  for (const [i, level] of levels.entries()) expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1);
  expect(page.split('<table>')).toHaveLength(page.split('<thead>').length);
  for (const row of page.match(/<tr>.*?<\/tr>/gs)!) expect(row).toMatch(/<th scope="(col|row)"/);
});

test('failed rules come first, errors before warnings', () => {
  const order = ['city_known', 'distance_plausible', 'departed_at.required'].map((name) =>
    page.indexOf(`<code>${name}</code>`),
  );
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(order[0]).toBeGreaterThan(0);
});

test('the lineage is told in words as well', () => {
  expect(page).toContain('gold.fct_route_months is made from gold.dim_airports');
});

test('the same report gives the same page', () => {
  expect(reportPage(example)).toBe(page);
});

test('a platform without tables, rules and runs still has a page', () => {
  const empty = { ...example, runs: [], tables: [], rules: [], quarantine: [], lineage: [], stages: [], states: [] };
  expect(reportPage({ ...empty, status: 'nothing-new' })).toContain('Nothing new');
});
