import * as fc from 'fast-check';
import type { Dataset, Materialization } from '../../lib/contract/dataset';
import type { Model } from '../../lib/platform/manifest';
import type { Row } from '../../lib/runtime/services';
import { identifier } from '../../lib/sql/quote';
import { inputsProperty } from '../../lib/transform/inputs';
import { selectOf } from '../../lib/transform/select';
import { staleModels } from '../../lib/transform/stale';
import { transform } from '../../lib/transform/transform';
import { column } from '../ingest/datasets';
import { dataset } from '../quality/fixture';
import { type Harness, manifestOf, memoryLake } from './memory-lake';

const columns = [column('id', 'int'), column('city'), column('seen', 'timestamptz'), column('day', 'date')];
const source = dataset({ name: 'things', columns, source: { zone: 'bronze', prefix: 'things', format: 'json' } });
const model = (more: Partial<Model> = {}): Model => ({
  name: 'dim_things',
  file: 'models/dim_things.sql',
  sql: 'select * from silver.things',
  reads: ['silver.things'],
  uses: [],
  writes: 'gold.dim_things',
  ...more,
});

/** A lake with silver.things, and gold.dim_things that a model fills from it. */
const lakeWith = (
  materialization: Materialization,
  more: Partial<Dataset> = {},
  models = [model()],
): Promise<Harness> => {
  const target = dataset({
    name: 'dim_things',
    zone: 'gold',
    columns,
    key: ['id'],
    materialization,
    history: materialization.kind === 'scd2' ? 'scd2' : 'current',
    ...more,
  });
  return memoryLake(manifestOf([source, target], models));
};

interface Thing {
  readonly id: number | null;
  readonly city?: string | null;
  /** Minutes after the start of 2024. */
  readonly seen?: number | null;
  readonly day?: string | null;
}

const sqlOf = (things: readonly Thing[]): string => {
  const rows = things.map(({ id, city, seen, day }) => {
    const time = seen === undefined || seen === null ? 'NULL' : `'${at(seen)}'`;
    const text = (value: string | null | undefined) => (value === undefined || value === null ? 'NULL' : `'${value}'`);
    return `SELECT CAST(${id} AS INTEGER) AS id, CAST(${text(city)} AS VARCHAR) AS city,
      CAST(${time} AS TIMESTAMPTZ) AS seen, CAST(${text(day)} AS DATE) AS day`;
  });
  return rows.length === 0 ? `${sqlOf([{ id: 1 }])} WHERE false` : rows.join(' UNION ALL ');
};

const at = (minutes: number) => new Date(Date.UTC(2024, 0, 1) + minutes * 60_000).toISOString();
const run = (harness: Harness, range?: { from: string; to: string }) =>
  transform({ model: 'dim_things', run: 'r', ...(range === undefined ? {} : { range }) }, harness.services);
const target = (harness: Harness) => harness.rows('gold.dim_things');
const tuples = async (harness: Harness) =>
  (await harness.rows<{ id: number; city: string }>('gold.dim_things')).map(({ id, city }) => [id, city]);

const open: Harness[] = [];
const lake = async (...args: Parameters<typeof lakeWith>) => {
  const harness = await lakeWith(...args);
  open.push(harness);
  return harness;
};
afterEach(async () => {
  for (const harness of open.splice(0)) await harness.lake.close();
});

const kinds: readonly Materialization[] = [
  { kind: 'full' },
  { kind: 'partition' },
  { kind: 'watermark', column: 'seen' },
  { kind: 'scd1' },
  { kind: 'scd2' },
];
const partitionBy = [{ column: 'day', transform: 'month' }];

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('every materialization, here %s', (_, kind) => {
  test('a second run with the same inputs is fresh and writes nothing', async () => {
    const harness = await lake(kind, { partitionBy });
    await harness.fill('silver.things', sqlOf([{ id: 1, city: 'a', day: '2024-01-01' }]));
    expect((await run(harness)).status).toBe('written');
    const [before, commits] = [await target(harness), harness.commits()];
    harness.setClock(Date.UTC(2025, 0, 1));
    expect(await run(harness)).toEqual({
      model: 'dim_things',
      status: 'fresh',
      rows: { inserted: 0, updated: 0, deleted: 0 },
    });
    expect(await target(harness)).toEqual(before);
    expect(harness.commits()).toBe(commits);
  });

  test('a run over inputs that are new but equal in content writes no rows', async () => {
    const harness = await lake(kind, { partitionBy });
    await harness.fill('silver.things', sqlOf([{ id: 1, city: 'a' }, { id: 2 }]));
    await run(harness);
    const commits = harness.commits();
    await harness.lake.commit((tx) => tx.setProperties('test_gold', 'dim_things', { [inputsProperty]: '{"hash":""}' }));
    expect(await run(harness)).toMatchObject({ status: 'written', rows: { inserted: 0, updated: 0, deleted: 0 } });
    expect(harness.commits()).toBe(commits);
  });

  test('an input without rows gives a table without rows', async () => {
    const harness = await lake(kind, { partitionBy });
    expect(await run(harness)).toMatchObject({ rows: { inserted: 0, updated: 0, deleted: 0 } });
    expect(await target(harness)).toEqual([]);
  });

  test('a failure leaves the table as it was, and the next run begins anew', async () => {
    const harness = await lake(kind, { partitionBy });
    await harness.fill('silver.things', sqlOf([{ id: 1, city: 'a' }]));
    await run(harness);
    const before = await target(harness);
    await harness.fill('silver.things', sqlOf([{ id: 1, city: 'b' }]));
    const { services } = harness;
    const broken = { ...services, lake: { ...services.lake, commit: crashing(harness) } };
    await expect(transform({ model: 'dim_things', run: 'r' }, broken)).rejects.toThrow('crash');
    expect(await target(harness)).toEqual(before);
    expect((await run(harness)).status).toBe('written');
  });
});

/** Runs all of the work and then fails, as where a COMMIT is refused. */
const crashing =
  ({ lake }: Harness): Harness['lake']['commit'] =>
  (work) =>
    lake.commit(async (tx) => {
      await work(tx);
      throw new Error('crash');
    });

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('names of columns in %s', (_, kind) => {
  const names = ['t', 'b', 'n', 'c', 'content', 'row_count', 'select', 'my "col"', "it's; --", 'valid', 'hash', 'Seen'];

  test.each(names)('%j is only a name, as key, partition, time and value', async (name) => {
    const time = {
      ...kind,
      ...('column' in kind || kind.kind === 'scd2' ? { column: 'Seen' } : {}),
    } as Materialization;
    const declared = names.map((of) => column(of, of === 'Seen' ? 'timestamptz' : 'string'));
    const things = dataset({
      name: 'things',
      columns: declared,
      source: { zone: 'bronze', prefix: 'x', format: 'csv' },
    });
    const filled = dataset({
      name: 'dim_things',
      zone: 'gold',
      columns: declared,
      key: [name],
      materialization: time,
      history: kind.kind === 'scd2' ? 'scd2' : 'current',
      partitionBy: [{ column: name, transform: 'identity' }],
    });
    const harness = await memoryLake(manifestOf([things, filled], [model()]));
    open.push(harness);
    const rowOf = (key: string, value: string, at: string) =>
      `SELECT ${names.map((of) => `${of === 'Seen' ? `TIMESTAMPTZ '${at}'` : `'${of === name ? key : value}'`} AS ${identifier(of)}`).join(', ')}`;
    await harness.fill(
      'silver.things',
      `${rowOf('k', 'old', '2024-01-01')} UNION ALL ${rowOf('l', 'same', '2024-01-02')}`,
    );
    await run(harness);
    await harness.fill(
      'silver.things',
      `${rowOf('k', 'new', '2024-01-03')} UNION ALL ${rowOf('l', 'same', '2024-01-02')}`,
    );
    const { rows } = await run(harness);
    if (name === 'Seen') expect(rows.inserted).toBe(1);
    else expect(rows.updated + rows.deleted).toBe(1);
    const value = names.find((of) => of !== name && of !== 'Seen')!;
    const current = kind.kind === 'scd2' ? 'WHERE is_current' : '';
    const found = await harness.lake.query(
      `SELECT ${identifier(value)} AS v FROM gold.dim_things ${current} ORDER BY v`,
    );
    expect(found).toContainEqual({ v: 'new' });
  });
});

describe('full', () => {
  test('puts what the model gives in the place of what the table held', async () => {
    const harness = await lake({ kind: 'full' });
    await harness.fill('silver.things', sqlOf([{ id: 1, city: 'a' }, { id: 2 }]));
    await run(harness);
    await harness.fill('silver.things', sqlOf([{ id: 3, city: 'c' }, { id: 3, city: 'c' }, { id: null }]));
    expect(await run(harness)).toMatchObject({ rows: { inserted: 3, updated: 0, deleted: 2 } });
    expect(await tuples(harness)).toEqual([
      [3, 'c'],
      [3, 'c'],
      [null, null],
    ]);
  });
});

describe('partition', () => {
  const months = [
    { id: 1, city: 'a', day: '2024-01-01' },
    { id: 2, city: 'b', day: '2024-01-31' },
    { id: 3, city: 'c', day: '2024-02-01' },
    { id: 4, city: 'd', day: null },
  ];

  test('replaces the partitions that the rows touch and differ in, and leaves all others', async () => {
    const harness = await lake({ kind: 'partition' }, { partitionBy });
    await harness.fill('silver.things', sqlOf(months));
    await run(harness);
    const changed = [{ ...months[0]!, city: 'new' }, months[2]!, { ...months[3]!, city: 'e' }];
    await harness.fill('silver.things', sqlOf(changed));
    expect(await run(harness)).toMatchObject({ rows: { inserted: 2, updated: 0, deleted: 3 } });
    expect(await tuples(harness)).toEqual([
      [1, 'new'],
      [3, 'c'],
      [4, 'e'],
    ]);
    await harness.fill('silver.things', sqlOf([months[2]!, months[2]!]));
    expect(await run(harness)).toMatchObject({ rows: { inserted: 2, updated: 0, deleted: 1 } });
  });

  test('of several columns and transforms tells partitions apart by all of them', async () => {
    const by = [
      { column: 'day', transform: 'year' },
      { column: 'city', transform: 'truncate[1]' },
      { column: 'id', transform: 'truncate[10]' },
      { column: 'id', transform: 'bucket[4]' },
    ];
    const harness = await lake({ kind: 'partition' }, { partitionBy: by });
    const row = { id: 5, city: 'ab', day: '2024-01-01' };
    await harness.fill(
      'silver.things',
      sqlOf([row, { ...row, city: 'bb' }, { ...row, day: '2023-01-01' }, { ...row, id: 6 }]),
    );
    await run(harness);
    await harness.fill('silver.things', sqlOf([{ ...row, city: 'ac', day: '2024-12-31' }]));
    expect(await run(harness)).toMatchObject({ rows: { inserted: 1, updated: 0, deleted: 1 } });
  });

  test('over a range replaces these dates and no others, even to nothing, and does not call the table fresh', async () => {
    const harness = await lake({ kind: 'partition' }, { partitionBy });
    await harness.fill('silver.things', sqlOf(months));
    await run(harness);
    await harness.fill('silver.things', sqlOf([{ ...months[1]!, city: 'new' }]));
    const january = { from: '2024-01-02', to: '2024-02-01' };
    expect(await run(harness, january)).toMatchObject({
      status: 'written',
      rows: { inserted: 1, updated: 0, deleted: 2 },
    });
    expect(await tuples(harness)).toEqual([
      [1, 'a'],
      [2, 'new'],
      [4, 'd'],
    ]);
    expect(await run(harness, january)).toMatchObject({ rows: { inserted: 0, updated: 0, deleted: 0 } });
    expect(await staleModels(harness.services.manifest.groups[0]!, harness.services)).toEqual(['dim_things']);
  });

  test('without a partitioned column says so', async () => {
    const harness = await lake({ kind: 'partition' });
    await expect(run(harness)).rejects.toThrow(
      'Table gold.dim_things is materialized as partition and needs a partitioned column in its contract',
    );
  });
});

describe('watermark', () => {
  const kind = { kind: 'watermark', column: 'seen' } as const;

  test('takes rows at or above the highest one, and those without, and merges them by key', async () => {
    const harness = await lake(kind);
    await harness.fill(
      'silver.things',
      sqlOf([
        { id: 1, city: 'a', seen: 1 },
        { id: 2, city: 'b', seen: 2 },
      ]),
    );
    await run(harness);
    await harness.fill(
      'silver.things',
      sqlOf([
        { id: 1, city: 'too old', seen: 1 },
        { id: 2, city: 'corrected', seen: 2 },
        { id: 3, city: 'c', seen: 3 },
        { id: 4, city: 'd' },
      ]),
    );
    expect(await run(harness)).toMatchObject({ rows: { inserted: 2, updated: 1, deleted: 0 } });
    expect(await tuples(harness)).toEqual([
      [1, 'a'],
      [2, 'corrected'],
      [3, 'c'],
      [4, 'd'],
    ]);
  });

  test('without a key says so', async () => {
    const harness = await lake(kind, { key: [] });
    await expect(run(harness)).rejects.toThrow('is materialized as watermark and needs a primary key in its contract');
  });

  test('takes all rows again once the SQL has changed', async () => {
    const harness = await lake(kind);
    await harness.fill(
      'silver.things',
      sqlOf([
        { id: 1, city: 'a', seen: 1 },
        { id: 2, city: 'b', seen: 2 },
      ]),
    );
    await run(harness);
    const { services } = harness;
    const upper = model({ sql: 'select * replace (upper(city) as city) from silver.things' });
    const changed = { ...services, manifest: { ...services.manifest, models: [upper] } };
    expect(await transform({ model: 'dim_things', run: 'r' }, changed)).toMatchObject({ rows: { updated: 2 } });
    expect(await tuples(harness)).toEqual([
      [1, 'A'],
      [2, 'B'],
    ]);
  });
});

describe('a model', () => {
  test('gives its columns in any order and type; the contract decides', async () => {
    const sql = "select '2024-01-01' as DAY, null as seen, 7 as city, '1' as id";
    const harness = await lake({ kind: 'full' }, {}, [model({ sql: `${sql} -- done` })]);
    await run(harness);
    expect(await target(harness)).toEqual([{ id: 1, city: '7', seen: null, day: '2024-01-01' }]);
  });

  test('that gives other columns than its contract fails, naming model and columns', async () => {
    const harness = await lake({ kind: 'full' }, {}, [
      model({ sql: 'select 1 as id, 2 as town, null as seen from silver.things' }),
    ]);
    await expect(run(harness)).rejects.toThrow(
      'Model dim_things (models/dim_things.sql) gives no column city, which table gold.dim_things declares; ' +
        'gives no column day, which table gold.dim_things declares; ' +
        'gives column town, which table gold.dim_things does not declare. It gives id, town, seen',
    );
  });

  test('whose SQL fails, or whose value does not fit its type, fails by name', async () => {
    const wrong = await lake({ kind: 'full' }, {}, [model({ sql: 'select nothing from silver.things' })]);
    await expect(run(wrong)).rejects.toThrow(/^Model dim_things \(models\/dim_things.sql\): Binder Error.*nothing/);
    const noTime = await lake({ kind: 'scd2', column: 'id' });
    await noTime.fill('silver.things', sqlOf([{ id: 1 }]));
    await expect(run(noTime)).rejects.toThrow(/^Model dim_things .*INTEGER -> TIMESTAMP/);
    const unfit = await lake({ kind: 'full' }, {}, [
      model({ sql: "select 'x' as id, 1 as city, null as seen, null as day" }),
    ]);
    await expect(run(unfit)).rejects.toThrow(/^Model dim_things .*: Conversion Error.*'x'/);
  });

  test.each(['scd1', 'scd2'] as const)('of kind %s that gives a key twice, or none, says which', async (kind) => {
    const harness = await lake({ kind });
    await harness.fill(
      'silver.things',
      sqlOf([
        { id: 7, city: 'a' },
        { id: 7, city: 'b' },
      ]),
    );
    await expect(run(harness)).rejects.toThrow(
      'Model dim_things (models/dim_things.sql) gives 2 rows for one key: id 7',
    );
    await harness.fill('silver.things', sqlOf([{ id: null }]));
    await expect(run(harness)).rejects.toThrow('gives 1 rows without a value of key id');
  });

  test('reads the models that it uses, each through those before it', async () => {
    const models = [
      model({ name: 'stg_things', sql: 'select * from silver.things; ', writes: undefined }),
      model({ name: 'int_things', sql: 'select * from stg_things where id > 1 -- not the first', writes: undefined }),
      model({ sql: 'with x as (select * from int_things) select * from x', uses: ['stg_things', 'int_things'] }),
    ];
    const harness = await lake({ kind: 'full' }, {}, models);
    await harness.fill('silver.things', sqlOf([{ id: 1 }, { id: 2 }]));
    expect(await run(harness)).toMatchObject({ rows: { inserted: 1 } });
    expect(selectOf(models[2]!, harness.services.manifest)).toMatch(/^WITH "stg_things" AS .*\n.*"int_things"/s);
  });

  test('that the platform does not have, or that is a view, is an error', async () => {
    const harness = await lake({ kind: 'full' }, {}, [model(), model({ name: 'stg_x', writes: undefined })]);
    const of = (name: string) => transform({ model: name, run: 'r' }, harness.services);
    await expect(of('gone')).rejects.toThrow('Platform test has no model "gone"; it has dim_things, stg_x');
    await expect(of('stg_x')).rejects.toThrow('Model stg_x fills no table');
  });
});

describe('stale models', () => {
  const second = model({
    name: 'fct_ids',
    file: 'models/fct_ids.sql',
    sql: 'select id from gold.dim_things',
    reads: ['gold.dim_things'],
    writes: 'gold.fct_ids',
  });
  const ids = dataset({ name: 'fct_ids', zone: 'gold', columns: [column('id', 'int')] });
  const two = async () => {
    const things = dataset({ name: 'dim_things', zone: 'gold', columns });
    const harness = await memoryLake(manifestOf([source, things, ids], [model(), second]));
    open.push(harness);
    await harness.fill('silver.things', sqlOf([{ id: 1 }]));
    return harness;
  };
  const stale = ({ services }: Harness) => staleModels(services.manifest.groups[0]!, services);
  const runAll = async ({ services }: Harness) => {
    for (const name of ['dim_things', 'fct_ids']) await transform({ model: name, run: 'r' }, services);
  };

  test('are all before the first run, and none after it', async () => {
    const harness = await two();
    expect(await stale(harness)).toEqual(['dim_things', 'fct_ids']);
    await runAll(harness);
    expect(await stale(harness)).toEqual([]);
  });

  test('are those whose input has changed, and those that read them', async () => {
    const harness = await two();
    await runAll(harness);
    await harness.fill('silver.things', sqlOf([{ id: 2 }]));
    expect(await stale(harness)).toEqual(['dim_things', 'fct_ids']);
  });

  test.each([
    ['SQL', { models: [model(), { ...second, sql: `${second.sql} where id > 0` }] }],
    [
      'contract',
      { datasets: [source, dataset({ name: 'dim_things', zone: 'gold', columns }), { ...ids, key: ['id'] }] },
    ],
  ])('are those whose %s has changed', async (_, change) => {
    const harness = await two();
    await runAll(harness);
    const { services } = harness;
    const changed = { ...services, manifest: { ...services.manifest, ...change } };
    expect(await staleModels(services.manifest.groups[0]!, changed)).toEqual(['fct_ids']);
  });
});

/** A version of the source: one row for each id, each with a city and a time. */
const versions = (maxTime = 6) =>
  fc.array(
    fc.uniqueArray(
      fc.record({
        id: fc.integer({ min: 0, max: 4 }),
        city: fc.constantFrom('a', 'b', null),
        seen: fc.option(fc.integer({ min: 1, max: maxTime }), { nil: null }),
      }),
      { selector: (thing) => thing.id, maxLength: 5 },
    ),
    { maxLength: 6 },
  );
const runs = { numRuns: 25 };

test('law: after any versions of its input, an scd1 table is what a map by key would be', async () => {
  await fc.assert(
    fc.asyncProperty(versions(), async (sequence) => {
      const harness = await lakeWith({ kind: 'scd1' });
      const naive = new Map<number, string | null>();
      for (const version of sequence) {
        await harness.fill('silver.things', sqlOf(version));
        await run(harness);
        for (const { id, city } of version) naive.set(id, city);
      }
      expect(await tuples(harness)).toEqual([...naive].sort(([a], [b]) => a - b));
      await harness.lake.close();
    }),
    runs,
  );
});

/** Rows that may be equal to one another, in a few months or none. */
const bags = fc.array(
  fc.array(
    fc.record({
      id: fc.integer({ min: 0, max: 2 }),
      city: fc.constantFrom('a', null),
      day: fc.constantFrom('2024-01-01', '2024-01-31', '2024-02-01', null),
    }),
    { maxLength: 8 },
  ),
  { maxLength: 5 },
);
type Bag = { readonly id: number; readonly city: string | null; readonly day: string | null }[];

test.each([
  ['a full table is its last version', 'full', [], (_: Bag, rows: Bag) => rows],
  ['a full table with partitions is its last version', 'full', partitionBy, (_: Bag, rows: Bag) => rows],
  [
    'a partitioned table has the last version of each month that any touched',
    'partition',
    partitionBy,
    (before: Bag, rows: Bag) => {
      const month = ({ day }: Bag[number]) => day?.slice(0, 7);
      return [...before.filter((old) => !rows.some((row) => month(row) === month(old))), ...rows];
    },
  ],
] as const)('law: after any versions of its input, %s', async (_, kind, by, next) => {
  const sorted = (bag: readonly unknown[]) => bag.map((row) => JSON.stringify(row)).sort();
  await fc.assert(
    fc.asyncProperty(bags, async (sequence) => {
      const harness = await lakeWith({ kind }, { partitionBy: by });
      let naive: Bag = [];
      for (const bag of sequence) {
        await harness.fill('silver.things', sqlOf(bag));
        await run(harness);
        naive = next(naive, bag);
        const held = await harness.rows<Bag[number] & Row>('gold.dim_things');
        expect(sorted(held.map(({ id, city, day }) => ({ id, city, day })))).toEqual(sorted(naive));
      }
      await harness.lake.close();
    }),
    runs,
  );
});

interface Version {
  readonly id: number;
  readonly city: string | null;
  readonly seen: string | null;
  readonly valid_from: string;
  readonly valid_to: string | null;
  readonly is_current: boolean;
}

describe.each([
  ['the run', undefined],
  ['a column', 'seen'],
])('law: history by the time of %s', (_, timeColumn) => {
  const kind: Materialization = { kind: 'scd2', ...(timeColumn === undefined ? {} : { column: timeColumn }) };

  /** What history would be, written without SQL. */
  const naiveRun = (
    history: Version[],
    version: readonly { id: number; city: string | null; seen: number | null }[],
    now: number,
  ) => {
    for (const { id, city, seen } of version) {
      const row = { id, city, seen: seen === null ? null : micros(seen) };
      const since = micros(timeColumn === undefined ? now : (seen ?? now));
      const i = history.findIndex((v) => v.id === id && v.is_current);
      const current = history[i];
      if (current === undefined) history.push({ ...row, valid_from: since, valid_to: null, is_current: true });
      else if (current.city === row.city && current.seen === row.seen) continue;
      else if (since <= current.valid_from) history[i] = { ...current, ...row };
      else {
        history[i] = { ...current, valid_to: since, is_current: false };
        history.push({ ...row, valid_from: since, valid_to: null, is_current: true });
      }
    }
  };
  const micros = (minutes: number) => at(minutes).replace('.000Z', 'Z');

  test('keeps every version, without overlap or gap, one of each key current; a run again changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        versions(),
        fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 6, maxLength: 6 }),
        async (sequence, steps) => {
          const harness = await lakeWith(kind);
          const naive: Version[] = [];
          let now = 0;
          for (const [i, version] of sequence.entries()) {
            // The clock may stand still or go back.
            now = Math.max(0, now + steps[i]!);
            harness.setClock(Date.parse(at(now)));
            await harness.fill('silver.things', sqlOf(version));
            await run(harness);
            naiveRun(naive, version, now);
            await harness.lake.commit((tx) =>
              tx.setProperties('test_gold', 'dim_things', { [inputsProperty]: '{"hash":""}' }),
            );
            const commits = harness.commits();
            await run(harness);
            expect(harness.commits()).toBe(commits);
          }
          const history = await harness.rows<Version & { day: null } & Row>('gold.dim_things', 'id, valid_from');
          const order = (a: Version, b: Version) => a.id - b.id || (a.valid_from < b.valid_from ? -1 : 1);
          expect(history.map(({ day: _, ...version }) => version)).toEqual(naive.sort(order));
          for (const id of new Set(history.map((version) => version.id))) {
            const own = history.filter((version) => version.id === id);
            expect(own.filter((version) => version.is_current)).toEqual([own.at(-1)]);
            own.forEach((version, i) => {
              expect(version.valid_to).toBe(own[i + 1]?.valid_from ?? null);
              expect(version.valid_to === null || version.valid_from < version.valid_to).toBe(true);
            });
          }
          await harness.lake.close();
        },
      ),
      runs,
    );
  });
});
