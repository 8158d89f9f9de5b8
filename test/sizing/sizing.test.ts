import fc from 'fast-check';
import { sparkApplicationModel } from '../../constructs/emr/model';
import { platformParts } from '../../constructs/platform/parts';
import type { CdcSource } from '../../lib/cdc/declaration';
import type { Dataset } from '../../lib/contract/dataset';
import { isOver, scheduleProblem } from '../../lib/platform/schedule';
import { resolveZones } from '../../lib/platform/zones';
import { planConsumers } from '../../lib/sizing/consumers';
import type { EngineDeclaration } from '../../lib/sizing/declaration';
import { chooseEngine, duckdbUpToGb } from '../../lib/sizing/engine-choice';
import { atVolume, planPlatform } from '../../lib/sizing/plan';
import { sparkWorkerHour, usualSpark } from '../../lib/sizing/prices';
import { longestGapHours } from '../../lib/sizing/schedule';
import { type SparkSize, sparkSize } from '../../lib/sizing/spark-size';
import type { Stream } from '../../lib/stream/stream';
import { ingot } from '../cli/ingot';
import { dataset, manifest } from '../constructs/manifest';
import { check, contractFile, flights, inFolder, problemsOf } from '../platform/folder';

test.each([
  ['rate(5 minutes)', 5 / 60],
  ['rate(1 hour)', 1],
  ['rate(7 days)', 168],
  ['cron(0 6 * * ? *)', 24],
  ['cron(0/15 * * * ? *)', 0.25],
  ['cron(0 6-18 * * ? *)', 12],
  ['cron(0 6,18 * * ? *)', 12],
  ['cron(30 8 ? * MON-FRI *)', 72],
  ['cron(0 0 ? * FRI-MON *)', 96],
  ['cron(0 5 ? * SUN *)', 168],
  ['cron(0 5 ? * 1 *)', 168],
  ['cron(0 0 1 * ? *)', 31 * 24],
  ['cron(0 0 L * ? *)', 31 * 24],
  ['cron(0 0 15W * ? *)', 31 * 24],
  ['cron(0 0 ? * MON#1 *)', 35 * 24],
  ['cron(0 0 ? * FRIL *)', 35 * 24],
  ['cron(0 0 1 JAN,JUL ? *)', 184 * 24],
  ['cron(0 0 31 2 ? *)', undefined],
  ['at(2026-01-01T00:00:00)', undefined],
])('runs of %s are at most %p hours apart', (schedule, hours) => {
  expect(longestGapHours(schedule)).toEqual(hours === undefined ? undefined : expect.closeTo(hours, 9));
});

describe('a schedule', () => {
  test.each([
    'rate(1 minute)',
    'rate(2 minutes)',
    'rate(36 hours)',
    'cron(0 6 * * ? *)',
    'cron(0/15 22-1 ? * fri-MON *)',
    'cron(5,35 */2 1,15-17 jan,7-9/2 ? 2030-2040)',
    'cron(0 8 L * ? *)',
    'cron(0 8 LW * ? *)',
    'cron(0 8 31W * ? *)',
    'cron(0 8 ? * L *)',
    'cron(0 8 ? * 6L *)',
    'cron(0 8 ? * FRI#2 *)',
    'cron(0/15 * ? * * *)',
    'cron(0 6 29 2 ? *)',
    'cron(0 6 ? FEB MON#5 *)',
    'cron(0 6 30 2-3 ? *)',
    'cron(0 6 l 2 ? 2027)',
    'cron(0 6 30W 2 ? *)',
    'at(2028-02-29T23:59:00)',
  ])('%s is one', (given) => {
    expect(scheduleProblem(given, ['rate', 'cron', 'at'])).toBeUndefined();
  });

  const six = 'must have six fields with a space between them, such as cron(0 6 * * ? *)';
  const oneOfThem = 'must have ? as its day of the month or as its day of the week, and not as both';
  const some = (name: string) => expect.stringMatching(`^must have as its ${name} something such as .*; given "`);
  test.each([
    ['rate(1 days)', 'must be rate(1 day): EventBridge takes nothing else'],
    ['rate(2 hour)', 'must be rate(2 hours): EventBridge takes nothing else'],
    ['rate(0 minutes)', 'must have a number from 1: rate(1 minute)'],
    ['rate(1 week)', 'must be a schedule such as rate(1 hour) or cron(0 6 * * ? *)'],
    ['0 6 * * *', 'must be a schedule such as rate(1 hour) or cron(0 6 * * ? *)'],
    ['cron(0 6 * * ?)', six],
    ['cron(0  6 * * ? *)', six],
    ['cron(0 6 * * * *)', oneOfThem],
    ['cron(0 6 1 * MON *)', oneOfThem],
    ['cron(0 6 ? * ? *)', oneOfThem],
    ['cron(60 6 * * ? *)', some('minutes')],
    ['cron(*/60 6 * * ? *)', some('minutes')],
    ['cron(0/0 6 * * ? *)', some('minutes')],
    ['cron(0 24 * * ? *)', some('hours')],
    ['cron(0 1,,2 * * ? *)', some('hours')],
    ['cron(0 ? * * ? *)', some('hours')],
    ['cron(0 6 0 * ? *)', some('day of the month')],
    ['cron(0 6 32W * ? *)', some('day of the month')],
    ['cron(0 6 * 13 ? *)', some('month')],
    ['cron(0 6 * MAI ? *)', some('month')],
    ['cron(0 6 ? * 0 *)', some('day of the week')],
    ['cron(0 6 ? * MON/2 *)', some('day of the week')],
    ['cron(0 6 ? * MON#6 *)', some('day of the week')],
    ['cron(0 6 * * ? 1969)', some('year')],
    ['at(2027-02-29T06:00:00)', 'must be a time that there is, such as at(2030-01-31T06:00:00)'],
  ])('%s, which is refused when it is deployed, is refused before', (given, wrong) => {
    const said = scheduleProblem(given, ['rate', 'cron', 'at']);
    expect(said).toEqual(typeof wrong === 'string' ? `${wrong}; given ${JSON.stringify(given)}` : wrong);
  });
});

test.each([
  'cron(0 6 30 2 ? *)',
  'cron(0 6 31 APR,JUN-FEB/5 ? *)',
  'cron(0 6 29 2 ? 2027,2029-2031)',
  'cron(0 6 ? feb mon#5 2025)',
])('%s, of which no day is in the calendar, is refused', (given) => {
  expect(scheduleProblem(given, ['cron'])).toBe(
    `must have a day that its months and years have; it would never start; given "${given}"`,
  );
});

test.each([
  ['cron(0 6 * * ? 2029,2030)', true],
  ['cron(0 6 * * ? 2030-2031)', false],
  ['cron(0 6 * * ? *)', false],
  ['at(2031-12-30T11:00:00)', true],
  ['at(2031-12-31T11:00:00)', false],
  ['rate(1 day)', false],
])('%s being over by the last noon of 2031 is %p', (given, over) => {
  expect(isOver(given, new Date('2031-12-31T12:00:00Z'))).toBe(over);
});

test('check says of a schedule that is over that it starts no more, and takes it', async () => {
  const schedule = 'name: aviation\ngroups: {daily: {schedule: cron(0 6 ? * 1 1970)}}\n';
  await inFolder({ ...flights, 'platform.yaml': schedule }, async (folder) => {
    const { code, err } = await ingot(['check', folder]);
    expect(code).toBe(0);
    expect(err).toContain('groups.daily.schedule: is over, and starts no run any more; given "cron(0 6 ? * 1 1970)"');
  });
});

describe('the engine', () => {
  test('is DuckDB up to 20 GB a run, and Spark beyond, with the sentence why and the price of an hour', () => {
    const daily = (gbPerDay: number) => chooseEngine({ gbPerDay, schedule: 'rate(1 day)' });
    expect(daily(20)).toEqual({
      engine: 'duckdb',
      gbPerRun: 20,
      why: '20 GB a day in runs up to 24 h apart are 20 GB a run, at most 20',
      dollarsPerHour: expect.closeTo(0.141, 3),
      hourOf: 'a function of 3008 MB, arm64',
    });
    expect(daily(20.1)).toEqual({
      engine: 'spark',
      gbPerRun: 20.1,
      why: '20.1 GB a day in runs up to 24 h apart are 20.1 GB a run, more than 20',
      dollarsPerHour: expect.closeTo(3.33, 2),
      hourOf: '11 workers (4 processors, 16 GB, $0.30 each)',
    });
  });

  test('is chosen by the run, not by the day: the same volume in smaller runs is for DuckDB', () => {
    expect(chooseEngine({ gbPerDay: 200, schedule: 'rate(1 hour)' })).toMatchObject({ engine: 'duckdb' });
    expect(chooseEngine({ gbPerDay: 200, schedule: 'cron(0 6-18 * * ? *)' })).toMatchObject({
      engine: 'spark',
      gbPerRun: 100,
    });
  });

  test('is DuckDB where nobody has said how much arrives, and for 0 GB', () => {
    expect(chooseEngine({ schedule: 'rate(1 day)' })).toMatchObject({
      engine: 'duckdb',
      why: 'its contract declares no volumePerDay',
    });
    expect(chooseEngine({ gbPerDay: 0, schedule: 'rate(1 day)' })).toMatchObject({ engine: 'duckdb', gbPerRun: 0 });
  });

  test('that more data changes is changed to Spark, never back', () => {
    const schedules = ['rate(5 minutes)', 'rate(1 day)', 'cron(0 6-18 * * ? *)', 'cron(0 0 1 * ? *)'];
    const volume = fc.double({ min: 0, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...schedules), volume, volume, (schedule, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((gbPerDay) => chooseEngine({ gbPerDay, schedule }));
        if (less!.engine === 'spark') expect(more!.engine).toBe('spark');
        expect(less!.engine === 'spark').toBe(less!.gbPerRun! > duckdbUpToGb);
      }),
    );
  });

  test('Spark is as large as a SparkApplication by default', () => {
    const { nodes } = sparkApplicationModel('Spark', { name: 'aviation' });
    const { vcpu, memoryGb, diskGb } = usualSpark.worker;
    const { maxWorkers } = usualSpark;
    expect(nodes.find((node) => node.kind === 'sparkApplication')!.maximum).toEqual({
      vcpu: vcpu * maxWorkers,
      memoryGb: memoryGb * maxWorkers,
      diskGb: diskGb * maxWorkers,
    });
    expect(sparkWorkerHour({ vcpu: 1, memoryGb: 2, diskGb: 120 })).toBeCloseTo(0.052624 + 2 * 0.0057785 + 0.0111, 6);
  });
});

describe('a plan', () => {
  const of = (gb: number | undefined, given?: number) => {
    const datasets: Dataset[] = manifest.datasets.map((one) =>
      one.source === undefined || gb === undefined ? one : { ...one, dailyVolumeGb: gb },
    );
    const groups = manifest.groups.map((group) => ({ ...group, schedule: 'rate(1 day)' }));
    const whole = { ...manifest, datasets, groups };
    return planPlatform(given === undefined ? whole : atVolume(whole, given));
  };

  test('has each table that files or models fill; a model gets what its tables get together', () => {
    const { groups, gbPerDay } = of(30);
    expect(groups).toMatchObject([
      {
        engine: 'spark',
        tables: [
          { table: 'silver.flights', gbPerDay: 30, engine: 'spark' },
          { table: 'gold.fct_flights', gbPerDay: 30, engine: 'spark' },
        ],
      },
    ]);
    expect(gbPerDay).toBe(30);
  });

  test('goes by what is given instead of what is declared, 0 too', () => {
    expect(of(30, 0)).toMatchObject({ gbPerDay: 0, groups: [{ engine: 'duckdb' }] });
    expect(of(undefined, 50)).toMatchObject({ gbPerDay: 50, groups: [{ engine: 'spark' }] });
    expect(of(undefined).groups[0]!.tables.map(({ gbPerDay }) => gbPerDay)).toEqual([undefined, undefined]);
  });

  test('goes by what platform.yaml says of a table, else of all, whatever their volume', () => {
    const engines = (engine: EngineDeclaration) =>
      planPlatform({ ...manifest, engine }).groups[0]!.tables.map((table) => table.engine);
    expect(engines({ default: 'spark' })).toEqual(['spark', 'spark']);
    expect(engines({ default: 'spark', tables: { 'silver.flights': 'duckdb' } })).toEqual(['duckdb', 'spark']);
    expect(engines({ default: 'auto', tables: { 'gold.fct_flights': 'spark' } })).toEqual(['duckdb', 'spark']);
    const [flights] = planPlatform({ ...atVolume(manifest, 5e4), engine: { default: 'duckdb' } }).groups[0]!.tables;
    expect(flights).toMatchObject({
      engine: 'duckdb',
      why: expect.stringMatching(/^platform\.yaml says so; 50000 GB/),
    });
    expect(flights!.hourOf).toContain('function');
    const spark = { worker: { vcpu: 8, memoryGb: 32 }, maxWorkers: 3 };
    expect(planPlatform({ ...manifest, engine: { default: 'spark', spark } }).groups[0]!.tables[0]!.hourOf).toBe(
      '3 workers (8 processors, 32 GB, $0.61 each)',
    );
  });

  test('goes by what a model declares, where it does', () => {
    const fact = dataset('gold', 'fct_flights', [], { materialization: { kind: 'full' }, dailyVolumeGb: 1 });
    const datasets = [{ ...manifest.datasets[0]!, dailyVolumeGb: 30 }, fact];
    const { groups } = planPlatform({ ...manifest, zones: resolveZones('aviation'), datasets });
    expect(groups[0]!.tables.map(({ gbPerDay }) => gbPerDay)).toEqual([30, 1]);
  });
});

describe('what consumes a stream', () => {
  const clicks = (
    gbPerDay: number | undefined,
    engine?: EngineDeclaration,
    windows: readonly Pick<Stream['windows'][number], 'name' | 'into'>[] = [],
  ) => {
    const datasets = manifest.datasets.map((one) => ({
      ...one,
      ...(gbPerDay === undefined ? {} : { dailyVolumeGb: gbPerDay }),
    }));
    const stream = { name: 'clicks', table: 'silver.flights', windows } as unknown as Stream;
    return planPlatform({ ...manifest, datasets, streams: [stream], ...(engine === undefined ? {} : { engine }) })
      .consumers[0]!;
  };

  test('is functions up to 4,000 GB a day and a job of Spark beyond, with the sentence why and the price of an hour', () => {
    expect(clicks(4000)).toEqual({
      consumes: 'stream',
      name: 'clicks',
      gbPerDay: 4000,
      engine: 'duckdb',
      why: '4000 GB a day are at most 4000',
      dollarsPerHour: expect.closeTo(0.096, 3),
      hourOf: 'a function of 2048 MB, arm64, for each shard',
      workers: 0,
    });
    expect(clicks(4001)).toMatchObject({
      engine: 'spark',
      why: '4001 GB a day are more than 4000',
      // 46.3 MB a second fill 47 shards, which 12 executors of 4 processors read side by side.
      dollarsPerHour: expect.closeTo(3.938, 3),
      hourOf: '13 workers (4 processors, 16 GB, $0.30 each)',
      workers: 13,
    });
    expect(clicks(undefined)).toMatchObject({ engine: 'duckdb', why: 'its contract declares no volumePerDay' });
  });

  test('is what platform.yaml says of its table, else of all', () => {
    expect(clicks(1, { tables: { 'silver.flights': 'spark' } })).toMatchObject({
      engine: 'spark',
      why: 'platform.yaml says so; 1 GB a day are at most 4000',
    });
    const [usual, large] = [{}, { spark: { worker: { vcpu: 16, memoryGb: 64 } } }].map((more) =>
      [1, 10_000].map((gb) => clicks(gb, { default: 'spark', ...more }).workers),
    );
    expect([usual, large]).toEqual([
      [5, 30],
      [5, 9],
    ]);
    expect(clicks(5000, { default: 'duckdb' }).engine).toBe('duckdb');
    expect(clicks(1, { default: 'auto', spark: { worker: { vcpu: 8, memoryGb: 32 } } }).engine).toBe('duckdb');
  });

  test('has its workers in the application of a platform', () => {
    const datasets = manifest.datasets.map((one) => ({ ...one, dailyVolumeGb: 10_000 }));
    const streams = [{ name: 'clicks', table: 'silver.flights', windows: [] } as unknown as Stream];
    const of = (engine: EngineDeclaration) =>
      platformParts({ manifest: { ...manifest, groups: [], datasets, streams, engine } }).spark?.maxWorkers;
    expect(of({})).toBe(30);
    expect(of({ spark: { worker: { vcpu: 16, memoryGb: 64 } } })).toBe(9);
    expect(() => of({ spark: { maxWorkers: 29 } })).toThrow(
      /engine\.spark\.maxWorkers: must be at least 30, .* given 29/,
    );
  });

  test('leaves to jobs of tables what platform.yaml says that there are, or is refused with the line that says too few', async () => {
    const table = (name: string, gb: number) =>
      contractFile(
        name,
        'silver',
        { id: 'logicalType: string, primaryKey: true', at: 'logicalType: timestamp, required: true' },
        {
          source: true,
          top: `customProperties: [{property: zone, value: silver}, {property: volumePerDay, value: ${gb} GB}]`,
        },
      );
    const files = (maxWorkers: number) => ({
      'contracts/clicks.odcs.yaml': table('clicks', 5000).replace('parquet', 'json'),
      'contracts/orders.odcs.yaml': table('orders', 5000),
      'platform.yaml': [
        'name: shop',
        'engine:',
        '  spark:',
        `    maxWorkers: ${maxWorkers}`,
        'groups: {daily: {schedule: rate(1 day)}}',
        'streams: {clicks: {table: silver.clicks, eventTime: at}}',
        '',
      ].join('\n'),
    });
    expect(await problemsOf(files(17))).toEqual([
      'platform.yaml:4 engine.spark.maxWorkers: must be at least 18, since jobs that consume streams or changes have 16 workers, drivers included, and jobs of tables, up to 1 at once, need 2 each; given 17',
    ]);
    expect(await problemsOf(files(18))).toEqual([]);

    // The plan has the price of what a job is deployed with: 26 less the 16 of the stream's.
    const { manifest: shop } = (await check(files(26))).platform!;
    expect(planPlatform(shop).groups[0]!.tables[0]).toMatchObject({
      hourOf: '10 workers (4 processors, 16 GB, $0.30 each)',
      dollarsPerHour: expect.closeTo(3.03, 2),
    });
    expect(platformParts({ manifest: shop }).spark?.settings).toEqual({ 'spark.dynamicAllocation.maxExecutors': '9' });
  });

  test('is functions whatever the volume where results go to PostgreSQL, which jobs do not reach, and says so', () => {
    const windows = [
      { name: 'per-minute', into: { kind: 'iceberg', table: 'gold.fct_clicks' } },
      { name: 'by-user', into: { kind: 'postgres', table: 'user_metrics' } },
    ] as const;
    expect(clicks(5000, undefined, windows)).toMatchObject({
      engine: 'duckdb',
      why: '5000 GB a day are more than 4000, but results go to PostgreSQL (by-user), which jobs of Spark do not reach',
    });
    expect(clicks(1, undefined, windows).why).toBe('1 GB a day are at most 4000');
  });

  test('and changes of a database: Spark where platform.yaml says so of one of its tables', () => {
    const tables = [{ table: 'silver.orders' }, { table: 'silver.customers' }];
    const changes = (engine: EngineDeclaration) =>
      planConsumers({ ...manifest, cdc: [{ name: 'shop', tables } as unknown as CdcSource], engine })[0];
    expect(changes({})).toMatchObject({ consumes: 'changes', engine: 'duckdb' });
    expect(changes({ tables: { 'silver.customers': 'spark' } })).toMatchObject({
      engine: 'spark',
      why: 'platform.yaml says so of silver.customers',
    });
  });
});

describe('ingot plan', () => {
  const volume = (gb: number) =>
    contractFile(
      'flights',
      'silver',
      { origin: 'string', distance: 'integer', departed_at: 'timestamp' },
      {
        source: true,
        top: `customProperties: [{property: zone, value: silver}, {property: volumePerDay, value: ${gb} GB}]`,
      },
    );
  const files = {
    ...flights,
    'platform.yaml': [
      'name: aviation',
      'groups:',
      '  daily: {tables: [silver.flights], schedule: rate(1 day)}',
      '  hourly: {tables: [gold.fct_flights], schedule: rate(1 hour)}',
      '',
    ].join('\n'),
  };

  test('prints the decision for each table, the resources, what they cost idle, and what a GB costs', async () => {
    await inFolder({ ...files, 'contracts/flights.odcs.yaml': volume(50) }, async (folder) => {
      const { out, err, code } = await ingot(['plan', folder]);
      expect({ err, code }).toEqual({ err: '', code: 0 });
      expect(out).toMatch(/^daily rate\(1 day\)$/m);
      expect(out).toMatch(
        /^ {2}silver\.flights: Spark on EMR Serverless: 50 GB a day in runs up to 24 h apart are 50 GB a run, more than 20; an hour of 11 workers/m,
      );
      expect(out).toMatch(/^ {2}gold\.fct_flights: DuckDB on Lambda: /m);
      expect(out).toMatch(/^\d+ resources; idle: about \$\d+\.\d\d a month/m);
      expect(out).toMatch(/^each GB: \$0\.046 a month.*; 50 GB a day add \$69\.00 a month/m);
    });
  });

  test('takes a volume, gives JSON, and refuses what is no volume', async () => {
    await inFolder(files, async (folder) => {
      const { out, code } = await ingot(['plan', folder, '--volume', '5', '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({
        platform: 'aviation',
        gbPerDay: 5,
        groups: expect.arrayContaining([
          expect.objectContaining({
            name: 'daily',
            engine: 'duckdb',
            tables: [expect.objectContaining({ gbPerRun: 5 })],
          }),
        ]),
        resources: expect.any(Number),
        idle: { total: expect.any(Number) },
      });
      const wrong = await ingot(['plan', folder, '--volume', 'much']);
      expect(wrong).toMatchObject({ code: 2, out: '' });
      expect(wrong.err).toContain('--volume: must be a number of GB a day from 0; given "much"');
    });
  });
});

describe('SQL of tables that are Spark’s', () => {
  const of = (gb: number) => ({
    ...flights,
    'contracts/flights.odcs.yaml': contractFile(
      'flights',
      'silver',
      {
        origin:
          "logicalType: string, quality: [{type: custom, engine: ingot, implementation: {expression: hash(origin) > 0, where: reverse(origin) > '0'}}]",
        distance:
          'logicalType: integer, transformLogic: "gcd(x::INTEGER, 2)::INTEGER", transformSourceObjects: [x], physicalType: int',
        departed_at: 'timestamp',
      },
      {
        source: true,
        top: `customProperties: [{property: zone, value: silver}, {property: volumePerDay, value: ${gb} GB}]`,
        table:
          "    quality: [{type: sql, query: 'select count(distinct hash(origin)) from {object};', mustBeGreaterThan: 0}]",
      },
    ),
    'models/stg_flights.sql': 'select origin,\n  distance + hash(origin) % 2 as km from silver.flights\n',
  });
  const volume = { 'platform.yaml': 'name: aviation\ngroups: {daily: {schedule: rate(1 day)}}\n' };
  const refused = (place: string, name: string) =>
    `${place}: must not call ${name}: it is not promised on Spark, which is to run it (docs/functions.md has what is)`;
  const [ofTable, ofColumn] = [
    'contracts/flights.odcs.yaml:10 schema[0].quality[0]',
    'contracts/flights.odcs.yaml:12 schema[0].properties[0].quality[0]',
  ] as const;
  const problems = [
    refused(ofTable, 'hash'),
    refused(ofColumn, 'hash'),
    refused(ofColumn, 'reverse'),
    refused('contracts/flights.odcs.yaml:13 schema[0].properties[1].transformLogic', 'gcd'),
    refused('models/stg_flights.sql:2', 'hash'),
  ];

  test('is held to what is promised where volume alone makes them so: models, rules and transforms', async () => {
    expect(await problemsOf({ ...of(2000), ...volume })).toEqual(problems);
  });

  test('is held to it where check is asked whether Spark could run all tables, and else not', async () => {
    await inFolder({ ...of(20), ...volume }, async (folder) => {
      expect(await ingot(['check', folder])).toMatchObject({ code: 0 });
      const { code, err } = await ingot(['check', folder, '--engine', 'spark']);
      expect(code).toBe(2);
      for (const problem of problems) expect(err).toContain(problem);
    });
  });

  test('is refused with the line of a HUGEINT, too, that the parser gives no place', async () => {
    const files = {
      ...flights,
      'platform.yaml': 'name: aviation\nengine: spark\n',
      'models/stg_flights.sql': "select origin,\n  distance //\n  hugeint '5' as km\nfrom silver.flights\n",
    };
    expect(await problemsOf(files)).toEqual([
      'models/stg_flights.sql:3: must not cast to HUGEINT, which Spark, which is to run it, has no type for; use BIGINT, or DECIMAL(38, 0)',
    ]);
  });

  test('is that of streams, too: rules of their tables, and filters of their windows', async () => {
    const clicks = contractFile(
      'clicks',
      'silver',
      { id: 'logicalType: string, primaryKey: true', at: 'logicalType: timestamp, required: true' },
      {
        source: true,
        top: 'customProperties: [{property: zone, value: silver}, {property: volumePerDay, value: 5000 GB}]',
        table: '    quality: [{type: custom, engine: ingot, implementation: hash(id) > 0}]',
      },
    ).replace('parquet', 'json');
    const sink = contractFile('fct_clicks', 'gold', {
      window_start: 'logicalType: timestamp, required: true, primaryKey: true',
      window_end: 'timestamp',
      n: 'integer',
    });
    const stream = (engine: string) =>
      `name: shop\nengine: ${engine}\nstreams:\n  clicks:\n    table: silver.clicks\n    eventTime: at\n    windows:\n      minutes: {size: 1 minute, filter: reverse(id) > '0', measures: {n: count}, into: gold.fct_clicks}\n`;
    const files = { 'contracts/clicks.odcs.yaml': clicks, 'contracts/fct_clicks.odcs.yaml': sink };
    expect(await problemsOf({ ...files, 'platform.yaml': stream('auto') })).toEqual([
      refused('contracts/clicks.odcs.yaml:10 schema[0].quality[0]', 'hash'),
      refused('platform.yaml:8 streams.clicks.windows.minutes.filter', 'reverse'),
    ]);
    expect(await problemsOf({ ...files, 'platform.yaml': stream('duckdb') })).toEqual([]);
  });
});

describe('the parts into which Spark cuts rows', () => {
  test.each([
    [0, 64, 128, 128],
    [1, 64, 128, 128],
    [20, 1024, 128, 512],
    [100, 4096, 128, 512],
    [1000, 4096, 1024, 512],
  ])('at %p GB a run: %p of %p MB, and writes of %p MB', (gb, partitions, partitionMb, writeMb) => {
    expect(sparkSize(gb)).toEqual({ partitions, partitionMb, writeMb });
  });

  test('of a table that declares no volume are those of the smallest that needs Spark', () => {
    expect(sparkSize()).toEqual(sparkSize(duckdbUpToGb));
  });

  test('hold four times the volume, are not far more than that, and never get fewer or smaller as it grows', () => {
    const volume = fc.double({ min: 0, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(volume, volume, (a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map(sparkSize) as [SparkSize, SparkSize];
        const room = (size: SparkSize) => size.partitions * size.partitionMb;
        expect(room(more)).toBeGreaterThanOrEqual(Math.max(a, b) * 4096);
        expect(room(more)).toBeLessThanOrEqual(Math.max(64 * 128, Math.max(a, b) * 4096 * 2));
        for (const key of ['partitions', 'partitionMb', 'writeMb'] as const)
          expect(more[key]).toBeGreaterThanOrEqual(less[key]);
      }),
    );
  });
});
