import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Dataset } from '../../lib/contract/dataset';
import type { Manifest, Model } from '../../lib/platform/manifest';
import { datasetName } from '../../lib/publish/lineage';
import { probe } from '../../lib/publish/probe';
import { publish } from '../../lib/publish/publish';
import { ratio } from '../../lib/publish/runs';
import { unpublished } from '../../lib/publish/unpublished';
import { loadedOf, withLoaded } from '../../lib/quality/loaded';
import { quality } from '../../lib/quality/quality';
import { staleModels } from '../../lib/transform/stale';
import { transform } from '../../lib/transform/transform';
import { column } from '../ingest/datasets';
import { dataset, rule } from '../quality/fixture';
import { type IcebergLake, icebergLake } from './iceberg-lake';
import { hasLineageClient, lineageProblems } from './openlineage';

const airports = dataset({
  name: 'airports',
  columns: [column('code'), column('city', 'string', { transform: "nullif(town, 'NA')", sourceColumns: ['town'] })],
  key: ['code'],
  source: { zone: 'bronze', prefix: 'airports', format: 'csv' },
  maxQuarantinePercent: 25,
  rules: [
    rule({ name: 'code.required', type: 'notNull', column: 'code', dimension: 'completeness' }),
    rule({ name: 'primaryKey', type: 'unique', columns: ['code'], dimension: 'uniqueness' }),
    rule({ name: 'city.known', type: 'notNull', column: 'city', severity: 'warning', dimension: 'completeness' }),
  ],
});
const history: Dataset = dataset({
  name: 'dim_airports',
  zone: 'gold',
  columns: [column('code', 'string', { description: 'IATA code' }), column('city')],
  key: ['code'],
  history: 'scd2',
  materialization: { kind: 'scd2' },
  rules: [rule({ name: 'primaryKey', type: 'unique', columns: ['code'], dimension: 'uniqueness' })],
});
const nested = dataset({
  name: 'fct_nested',
  zone: 'gold',
  columns: [
    column('day', 'date'),
    column('n', 'decimal(10, 2)'),
    column('seen', 'timestamptz'),
    column('tags', { kind: 'list', element: 'string' }),
    column('place', { kind: 'struct', fields: [{ name: 'x', type: 'double', required: false }] }),
    column('names', { kind: 'map', key: 'string', value: 'string' }),
  ],
  partitionBy: [{ column: 'day', transform: 'month' }],
  materialization: { kind: 'partition' },
  sla: { freshnessHours: 1, freshnessColumn: 'seen' },
});
const counts = dataset({
  name: 'city_counts',
  zone: 'gold',
  columns: [column('city'), column('airports', 'long')],
});

const model = (name: string, sql: string, reads: string[]): Model => ({
  name,
  file: `models/${name}.sql`,
  sql,
  reads,
  uses: [],
  writes: `gold.${name}`,
});
const models = [
  model('dim_airports', 'select * from silver.airports', ['silver.airports']),
  model(
    'fct_nested',
    `select date '2024-01-01' + (rank() over (order by code))::integer * 20 as day, 1.5 as n,
      timestamptz '2024-01-01 00:00:00+00' as seen, [code] as tags, {x: 1.0} as place, map {code: city} as names
      from silver.airports`,
    ['silver.airports'],
  ),
  model('city_counts', 'select city, count(*) as airports from gold.dim_airports where is_current group by city', [
    'gold.dim_airports',
  ]),
];
const manifest: Manifest = {
  name: 'test',
  zones: [
    { name: 'bronze', holds: 'files', database: 'test_bronze' },
    { name: 'silver', holds: 'iceberg', database: 'test_silver' },
    { name: 'gold', holds: 'iceberg', database: 'test_gold' },
  ],
  datasets: [airports, history, nested, counts],
  models,
  groups: [
    {
      name: 'all',
      ingests: ['silver.airports'],
      levels: [['dim_airports', 'fct_nested'], ['city_counts']],
      schedule: 'rate(1 hour)',
      timeZone: 'UTC',
    },
  ],
  ops: { database: 'test_ops', zone: 'silver' },
};

let iceberg: IcebergLake;
/** Gives each test of a block a lake of its own. */
const withLake = () => {
  beforeEach(async () => {
    iceberg = await icebergLake(manifest);
  });
  afterEach(() => iceberg.close());
};

const services = () => iceberg.services;
const name = (database: string, table: string) => services().lake.name(database, table);
const rows = (sql: string) => services().lake.query(sql);
const snapshots = async (database: string, table: string) =>
  (await rows(`FROM iceberg_snapshots(${name(database, table)}) ORDER BY sequence_number`)).map((s) => s.operation);

/** As ingest does: rows and what was read in one commit. */
const load = (run: string, values: string, read = 4, quarantined = 1) =>
  services().lake.commit(async (tx) => {
    const table = name('test_silver', 'airports');
    await tx.run(`DELETE FROM ${table} WHERE true`);
    await tx.run(`INSERT INTO ${table} FROM (VALUES ${values})`);
    const before = await tx.properties('test_silver', 'airports');
    await tx.setProperties('test_silver', 'airports', withLoaded(before, { run, read, quarantined, reasons: {} }));
  });
const runModels = async (run: string) => {
  const results = [];
  for (const { name: of } of models) results.push(await transform({ model: of, run }, services()));
  return results;
};
const check = (table: string, run: string) => quality({ group: 'all', table, run }, services());
const metric = (of: string) =>
  services()
    .metrics.values.filter((m) => m.name === of)
    .map((m) => m.value);

describe('over Iceberg tables', () => {
  withLake();

  test('a model is one commit, and a model over the same input none', async () => {
    await load('r1', "('AAA', 'Aa'), ('BBB', NULL)");
    expect((await runModels('r1')).map((r) => [r.status, r.rows.inserted])).toEqual([
      ['written', 2],
      ['written', 2],
      ['written', 2],
    ]);
    const written = await snapshots('test_gold', 'dim_airports');
    expect(written).toEqual(['append']);
    expect((await runModels('r2')).map((r) => r.status)).toEqual(['fresh', 'fresh', 'fresh']);
    expect(await snapshots('test_gold', 'dim_airports')).toEqual(written);
    expect(await staleModels(manifest.groups[0]!, services())).toEqual([]);
  });

  test('history, partitions of nested rows, and an aggregate follow a change of their input, and no more than that', async () => {
    await load('r1', "('AAA', 'Aa'), ('BBB', 'Bb')");
    await runModels('r1');
    await load('r2', "('AAA', 'Aa'), ('BBB', 'Changed')");
    expect(await staleModels(manifest.groups[0]!, services())).toEqual(['dim_airports', 'fct_nested', 'city_counts']);
    expect((await runModels('r2')).map((r) => r.rows)).toEqual([
      { inserted: 0, updated: 1, deleted: 0 },
      { inserted: 1, updated: 0, deleted: 1 },
      { inserted: 1, updated: 0, deleted: 1 },
    ]);
    const versions = await rows(
      'SELECT code, city, is_current, valid_to IS NULL AS open FROM gold.dim_airports ORDER BY ALL',
    );
    expect(versions).toEqual([
      { code: 'AAA', city: 'Aa', is_current: true, open: true },
      { code: 'BBB', city: 'Bb', is_current: false, open: false },
      { code: 'BBB', city: 'Changed', is_current: true, open: true },
    ]);
    expect(await rows('SELECT * FROM gold.fct_nested ORDER BY day')).toMatchObject([
      { day: '2024-01-21', n: '1.50', tags: ['AAA'], place: { x: 1 } },
      { day: '2024-02-10', tags: ['BBB'] },
    ]);
  });

  test('an input that was rewritten to the same rows changes nothing', async () => {
    await load('r1', "('AAA', 'Aa'), ('BBB', 'Bb')");
    await runModels('r1');
    await load('r2', "('BBB', 'Bb'), ('AAA', 'Aa')");
    const before = await snapshots('test_gold', 'fct_nested');
    expect((await runModels('r2')).map((r) => r.rows.inserted + r.rows.updated + r.rows.deleted)).toEqual([0, 0, 0]);
    expect(await snapshots('test_gold', 'fct_nested')).toEqual(before);
  });
});

describe('quality', () => {
  withLake();

  test('answers all rules, and how much of the last load went to quarantine, and keeps the answers', async () => {
    await load('r1', "('AAA', 'Aa'), ('BBB', NULL), ('BBB', 'Bb')", 8, 2);
    expect(await check('silver.airports', 'r1')).toEqual({
      table: 'silver.airports',
      passed: false,
      rules: 4,
      failed: ['primaryKey', 'city.known'],
      score: 77.08,
    });
    expect(await rows(`SELECT * EXCLUDE (measured_at) FROM ops.quality_results ORDER BY rule DESC LIMIT 2`)).toEqual([
      {
        run: 'r1',
        table: 'silver.airports',
        rule: 'quarantine.share',
        type: 'quarantine',
        dimension: 'validity',
        severity: 'error',
        status: 'passed',
        checked: 8n,
        failed: 2n,
        observed: 25,
        tolerance: 'at most 25 percent',
        message: '2 of the 8 rows that were last loaded went to quarantine',
      },
      {
        run: 'r1',
        table: 'silver.airports',
        rule: 'primaryKey',
        type: 'unique',
        dimension: 'uniqueness',
        severity: 'error',
        status: 'failed',
        checked: 3n,
        failed: 1n,
        observed: 1,
        tolerance: 'no duplicates',
        message: '1 of 3 rows repeat code of another',
      },
    ]);
    expect(metric('QualityScore')).toEqual([77.08]);
    expect(metric('FailedRules')).toEqual([1]);
  });

  test('a repeat replaces its answers, and those of other runs and tables stay', async () => {
    await load('r1', "('AAA', 'Aa')");
    await check('silver.airports', 'r1');
    await check('silver.airports', 'r2');
    await check('gold.dim_airports', 'r1');
    await load('r1', "('AAA', NULL)", 0, 0);
    await check('silver.airports', 'r1');
    const kept = await rows(
      'SELECT run, "table", count(*)::INTEGER AS n, count(*) FILTER (WHERE status <> \'passed\')::INTEGER AS bad FROM ops.quality_results GROUP BY ALL ORDER BY ALL',
    );
    expect(kept).toEqual([
      { run: 'r1', table: 'gold.dim_airports', n: 1, bad: 0 },
      { run: 'r1', table: 'silver.airports', n: 4, bad: 1 },
      { run: 'r2', table: 'silver.airports', n: 4, bad: 0 },
    ]);
  });

  test('many that answer at once, in several processes, keep all answers', async () => {
    await load('r1', "('AAA', 'Aa')");
    const lakes = [services(), await iceberg.another(), await iceberg.another()];
    const tables = ['silver.airports', 'gold.dim_airports'];
    await Promise.all(
      lakes.flatMap((lake, i) => tables.map((table) => quality({ group: 'all', table, run: `r${i % 2}` }, lake))),
    );
    const kept = await rows(
      'SELECT run, "table", count(*)::INTEGER AS n FROM ops.quality_results GROUP BY ALL ORDER BY ALL',
    );
    expect(kept).toEqual([
      { run: 'r0', table: 'gold.dim_airports', n: 1 },
      { run: 'r0', table: 'silver.airports', n: 4 },
      { run: 'r1', table: 'gold.dim_airports', n: 1 },
      { run: 'r1', table: 'silver.airports', n: 4 },
    ]);
  });

  test('too much in quarantine closes the gate, also for the next run that loads nothing', async () => {
    await load('r1', "('AAA', 'Aa')", 100, 26);
    expect(await check('silver.airports', 'r1')).toMatchObject({ passed: false, failed: ['quarantine.share'] });
    expect(await check('silver.airports', 'r2')).toMatchObject({ passed: false });
    await load('r3', "('AAA', 'Aa')", 100, 25);
    expect(await check('silver.airports', 'r3')).toMatchObject({ passed: true });
  });

  test('a table with history is judged by its current versions', async () => {
    await load('r1', "('AAA', 'Aa')");
    await runModels('r1');
    await load('r2', "('AAA', 'Changed')");
    await runModels('r2');
    expect(await check('gold.dim_airports', 'r2')).toMatchObject({ passed: true, score: 100 });
  });

  test('a table without rows and rules passes', async () =>
    expect(await check('gold.city_counts', 'r1')).toEqual({
      table: 'gold.city_counts',
      passed: true,
      rules: 0,
      failed: [],
      score: 100,
    }));
});

describe('publish', () => {
  withLake();

  const startedAt = () => new Date(Date.now() - 1000).toISOString();
  const wholeRun = async (run: string, values: string) => {
    const started = startedAt();
    await load(run, values);
    await services().lake.run(
      `INSERT INTO ${name('test_silver', 'airports_quarantine')} (quarantined_at, run, batch, file, row_number, reasons, raw)
        VALUES (now(), '${run}', 1, 'f', 1, [], '{}')`,
    );
    await check('silver.airports', run);
    await runModels(run);
    await check('gold.dim_airports', run);
    return {
      event: { group: 'all', run, startedAt: started },
      result: await publish({ group: 'all', run, startedAt: started }, services()),
    };
  };
  const json = (uri: string) => JSON.parse(readFileSync(fileURLToPath(uri), 'utf8'));

  test('measures each table of the group, and keeps what the run left behind, once', async () => {
    const { event, result } = await wholeRun('r1', "('AAA', 'Aa'), ('BBB', 'Bb')");
    expect(result.tables.map(({ table, rows: n }) => [table, n])).toEqual([
      ['silver.airports', 2],
      ['gold.dim_airports', 2],
      ['gold.fct_nested', 2],
      ['gold.city_counts', 2],
    ]);
    const [first, , old] = result.tables;
    expect(first!.ageHours).toBeLessThan(0.1);
    expect(old!.ageHours).toBeGreaterThan(10_000);
    const kept = await rows('FROM ops.runs ORDER BY "table"');
    expect(kept).toHaveLength(4);
    expect(kept[3]).toMatchObject({ run: 'r1', group: 'all', table: 'silver.airports', rows: 2n, quarantined: 1n });
    iceberg.ahead(60_000);
    const again = await publish(event, services());
    expect(await rows('FROM ops.runs ORDER BY "table"')).toEqual(kept);
    expect(again.lineage).toEqual(result.lineage);
  });

  test('tells of what runs that died have sent to quarantine, once', async () => {
    await wholeRun('r1', "('AAA', 'Aa')");
    iceberg.ahead(60_000);
    await services().lake.run(
      `INSERT INTO ${name('test_silver', 'airports_quarantine')} (quarantined_at, run, batch, file, row_number, reasons, raw)
        SELECT now() + INTERVAL 30 SECOND, 'died', 2, 'f', i, [], '{}' FROM range(3) AS r(i)`,
    );
    await wholeRun('r2', "('BBB', 'Bb')");
    await wholeRun('r3', "('CCC', 'Cc')");
    const told = await rows(`SELECT run, quarantined FROM ops.runs WHERE "table" = 'silver.airports' ORDER BY run`);
    expect(told.map(({ run, quarantined }) => `${run} ${quarantined}`)).toEqual(['r1 1', 'r2 4', 'r3 1']);
  });

  test('leaves nothing unpublished; what is committed afterwards is, until it is published too', async () => {
    const waiting = () => unpublished(manifest.groups[0]!, services());
    await load('r1', "('AAA', 'Aa')");
    expect(await waiting()).toEqual(['silver.airports']);
    await wholeRun('r1', "('AAA', 'Aa')");
    expect(await waiting()).toEqual([]);
    await load('r2', "('BBB', 'Bb')");
    expect(await waiting()).toEqual(['silver.airports']);
    await wholeRun('r3', "('BBB', 'Bb')");
    expect(await waiting()).toEqual([]);
  });

  test('compares rows and duration with the median of the runs before', async () => {
    await wholeRun('r1', "('AAA', 'Aa'), ('BBB', 'Bb')");
    expect(metric('RowCountRatio')).toEqual([1, 1, 1, 1]);
    await services().lake.run(
      `INSERT INTO ${name('test_ops', 'runs')} SELECT 'r' || i, 'all', "table", i, 0, NULL, 500, now(), now() - to_days(i::INTEGER)
        FROM ops.runs, range(3, 30) AS r(i)`,
    );
    await wholeRun('r2', "('AAA', 'Aa')");
    const ratios = services()
      .metrics.values.filter((m) => m.name === 'RowCountRatio')
      .slice(4);
    // Rows of the ten runs before: 2, and 3 to 11.
    expect(ratios.find((m) => m.dimensions.Table === 'silver.airports')?.value).toBeCloseTo(1 / 6.5);
    expect(metric('DurationRatio')[1]).toBeGreaterThan(1);
    expect(metric('Duration')[1]).toBeGreaterThanOrEqual(1);
  });

  test('a probe measures the same where nothing runs, and goes on ageing', async () => {
    await wholeRun('r1', "('AAA', 'Aa')");
    const before = services().metrics.values.length;
    iceberg.ahead(5 * 3_600_000);
    const result = await probe({ action: 'probe', group: 'all' }, services());
    expect(result.tables.find((t) => t.table === 'silver.airports')!.ageHours).toBeCloseTo(5, 1);
    expect(
      new Set(
        services()
          .metrics.values.slice(before)
          .map((m) => m.name),
      ),
    ).toEqual(new Set(['Freshness', 'RowCountRatio', 'DurationRatio']));
  });

  test('the newest row is found by its file, by all of them where it was deleted, and not where there is none', async () => {
    const age = async () => {
      const { tables } = await probe({ action: 'probe', group: 'all' }, services());
      return tables.find((t) => t.table === 'gold.fct_nested')!.ageHours;
    };
    const insert = (seen: string) =>
      services().lake.run(`INSERT INTO ${name('test_gold', 'fct_nested')} (day, seen) VALUES ('2024-01-01', ${seen})`);
    expect(await age()).toBeUndefined();
    await insert('NULL');
    expect(await age()).toBeUndefined();
    await insert(`now() - interval 3 hours`);
    expect(await age()).toBeCloseTo(3, 1);
    await insert(`now() - interval 1 hour`);
    expect(await age()).toBeCloseTo(1, 1);
    await services().lake.run(`DELETE FROM ${name('test_gold', 'fct_nested')} WHERE seen > now() - interval 2 hours`);
    expect(await age()).toBeCloseTo(3, 1);
    await insert(`now() + interval 1 hour`);
    expect(await age()).toBe(0);
  });

  test('a probe of tables that hold nothing measures no freshness, so that its alarm breaches', async () => {
    const result = await probe({ action: 'probe', group: 'all' }, services());
    expect(result.tables).toContainEqual({ table: 'silver.airports' });
    expect(services().metrics.values).toEqual([]);
    await expect(probe({ action: 'probe', group: 'gone' }, services())).rejects.toThrow(
      'has no group "gone"; it has all',
    );
  });

  test('writes an OpenLineage event for each table that the run wrote, and one for each that it checked', async () => {
    const { result } = await wholeRun('r1', "('AAA', 'Aa'), ('BBB', NULL)");
    const root = services().zones.silver!;
    const ends = result.lineage.filter((uri) => !uri.endsWith('.start.json'));
    expect(ends.map((uri) => uri.replace(`${root}/_ops/lineage/r1/`, ''))).toEqual([
      'silver.airports.json',
      'silver.airports.quality.json',
      'gold.dim_airports.json',
      'gold.dim_airports.quality.json',
      'gold.fct_nested.json',
      'gold.city_counts.json',
    ]);
    const [ingested, checked, modelled] = ends.map(json);
    expect(ingested).toMatchObject({
      eventType: 'COMPLETE',
      schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
      job: { namespace: 'test', name: 'all.silver.airports' },
      inputs: [datasetName(`${services().zones.bronze}/airports`)],
      outputs: [
        {
          ...datasetName(`${root}/airports`),
          facets: {
            schema: {
              fields: [
                { name: 'code', type: 'string' },
                { name: 'city', type: 'string' },
              ],
            },
            columnLineage: {
              fields: { city: { inputFields: [{ field: 'town', transformations: [{ subtype: 'TRANSFORMATION' }] }] } },
            },
          },
          outputFacets: { outputStatistics: { rowCount: 2 } },
        },
      ],
    });
    expect(checked.outputs).toEqual([]);
    expect(checked.inputs[0].inputFacets.dataQualityAssertions.assertions).toContainEqual({
      assertion: 'notNull',
      success: false,
      column: 'city',
      severity: 'warn',
      name: 'city.known',
      description: '1 of 2 rows: city is missing',
      expected: 'none',
      actual: '1',
    });
    const read = await services().lake.snapshotId('test_silver', 'airports');
    expect(modelled.inputs[0].facets.version.datasetVersion).toBe(read);
    expect(modelled.job.facets.sql.query).toBe(models[0]!.sql);
    expect(modelled.run.runId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('each event that ends a run has one that began it, and the client of OpenLineage reads them all', async () => {
    const { result } = await wholeRun('r1', "('AAA', 'Aa'), ('BBB', NULL)");
    const events = result.lineage.map(json);
    const ends = events.filter(({ eventType }) => eventType === 'COMPLETE');
    const starts = events.filter(({ eventType }) => eventType === 'START');
    expect(starts.map(({ run, job }) => ({ run, job }))).toEqual(ends.map(({ run, job }) => ({ run, job })));
    for (const [i, { eventTime }] of starts.entries()) expect(eventTime <= ends[i].eventTime).toBe(true);
    if (hasLineageClient()) expect(lineageProblems(events)).toEqual([]);
  });

  test('of a run that wrote nothing, writes no event of a write', async () => {
    await wholeRun('r1', "('AAA', 'Aa')");
    const later = new Date(Date.now() + 1000).toISOString();
    iceberg.ahead(2000);
    expect((await publish({ group: 'all', run: 'r2', startedAt: later }, services())).lineage).toEqual([]);
  });
});

describe('names, ratios, sums', () => {
  test('batches of one run add up; those of the next begin anew', () => {
    const first = withLoaded({}, { run: 'a', read: 10, quarantined: 1, reasons: { 'x.type': 1 } });
    const second = withLoaded(first, { run: 'a', read: 5, quarantined: 2, reasons: { 'x.type': 1, 'y.range': 1 } });
    expect(loadedOf(second)).toEqual({
      run: 'a',
      read: 15,
      quarantined: 3,
      reasons: { 'x.type': 2, 'y.range': 1 },
    });
    expect(loadedOf(withLoaded(second, { run: 'b', read: 1, quarantined: 1, reasons: {} }))).toEqual({
      run: 'b',
      read: 1,
      quarantined: 1,
      reasons: {},
    });
    expect(loadedOf({})).toBeUndefined();
  });

  test.each([
    ['s3://bucket/flights', { namespace: 's3://bucket', name: 'flights' }],
    ['file:///lake/silver/flights', { namespace: 'file', name: '/lake/silver/flights' }],
  ])('OpenLineage calls %s %j', (uri, expected) => expect(datasetName(uri)).toEqual(expected));

  test('a folder without a scheme is refused', () => expect(() => datasetName('/lake')).toThrow('given "/lake"'));

  test.each([
    [[], 1],
    [[5], 1],
    [[5, 0, 0], 1],
    [[6, 4], 1.5],
    [[6, 4, 8, 2], 1.5],
    [[0, 4, 8], 0],
  ])('%j: the first as a share of the median of the others is %d', (values, expected) =>
    expect(ratio(values)).toBeCloseTo(expected),
  );
});
