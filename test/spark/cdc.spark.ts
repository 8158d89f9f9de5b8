import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { applyChanges } from '../../lib/cdc/apply';
import type { Change, Operation, Value } from '../../lib/cdc/change';
import { keptSuffix, type Mode } from '../../lib/cdc/columns';
import type { CdcSource } from '../../lib/cdc/declaration';
import { forgetOld } from '../../lib/cdc/forget';
import { forgetSnapshots, keepSnapshot, snapshotOf } from '../../lib/cdc/kept';
import { receive } from '../../lib/cdc/receive';
import { releaseTable } from '../../lib/cdc/release';
import { markReload } from '../../lib/cdc/reload';
import type { Column, Type } from '../../lib/contract/dataset';
import { quarantineSuffix } from '../../lib/contract/names';
import type { LocalServices } from '../../lib/runtime/local';
import type { Row } from '../../lib/runtime/services';
import { openLocalSpark } from '../../lib/spark/local';
import { arrivals, people, plan, tell, truncation } from '../cdc/histories';
import { changesManifest, fedTable } from '../cdc/platform';
import { column, dataset } from '../ingest/datasets';
import { quiet } from '../ingest/platform';
import { type IcebergLake, icebergLake } from '../publish/iceberg-lake';
import { hasSpark } from './turns';

const modes: readonly Mode[] = ['mirror', 'history', 'log'];

/** Each table is there twice: one that DuckDB alone writes, and one that Spark writes, or both in turns. */
const engines = ['duckdb', 'spark'] as const;
type Engine = (typeof engines)[number];

const struct = (fields: Record<string, Type>): Type => ({
  kind: 'struct',
  fields: Object.entries(fields).map(([name, type]) => ({ name, type, required: false })),
});
const list = (element: Type): Type => ({ kind: 'list', element });

/** A column of each type, some of them of names that mean something in SQL, or in what is said of changes. */
const types: Readonly<Record<string, Type>> = {
  order: 'boolean',
  value: 'int',
  n: 'long',
  f: 'float',
  c0: 'double',
  price: 'decimal(18, 4)',
  huge: 'decimal(38, 0)',
  day: 'date',
  at: 'timestamp',
  since: 'timestamptz',
  code: 'uuid',
  photo: 'binary',
  address: struct({ city: 'string', at: struct({ x: 'double', since: 'date' }) }),
  lines: list(struct({ sku: 'string', count: 'int' })),
  tags: list('string'),
  scores: { kind: 'map', key: 'string', value: 'int' },
};
const kinds = [
  column('id', 'long', { required: true }),
  column('name', 'string', { required: true }),
  ...Object.entries(types).map(([name, type]) => column(name, type)),
];
const fed = [
  column('id', 'long', { required: true }),
  column('name', 'string', { required: true }),
  column('amount', 'decimal(9, 2)'),
];

const named = (name: string, mode: Mode, engine: Engine) => `${name}_${mode}_${engine}`;
const tables = (name: string, columns: readonly Column[], key: readonly string[], of = modes) =>
  of.flatMap((mode) =>
    engines.map((engine) => [dataset(named(name, mode, engine), [...columns], { key: [...key] }), mode] as const),
  );
const manifest = changesManifest([
  ...tables('kinds', kinds, ['id']),
  ...tables('histories', people.columns, people.key),
  ...tables('emptied', people.columns, people.key),
  ...tables('fed', fed, ['id'], ['mirror']),
]);

let open: IcebergLake;
let services: Record<Engine, LocalServices> | undefined;
let now = Date.UTC(2026, 0, 2);
beforeAll(async () => {
  if (!(await hasSpark())) return;
  open = await icebergLake(manifest);
  const scratch = mkdtempSync(join(tmpdir(), 'ingot-cdc-'));
  const spark = await openLocalSpark({ manifest, catalog: open.services.catalog, scratch });
  const duckdb = { ...open.services, log: quiet, clock: { now: () => now } };
  services = { duckdb, spark: { ...duckdb, lake: spark } };
}, 300_000);
afterAll(async () => {
  await services?.spark.lake.close();
  await open?.close();
});

/** A table, its kept changes and its quarantine, row by row, with the positions that say which change made each. */
async function content(name: string, mode: Mode, engine: Engine): Promise<Record<string, unknown>> {
  const found: Record<string, Row[]> = {};
  for (const suffix of ['', keptSuffix, quarantineSuffix])
    found[`${name}${suffix}`] = await services!.duckdb.lake.query(
      `SELECT * FROM silver.${named(name, mode, engine)}${suffix} ORDER BY ALL`,
    );
  return alike(found);
}

/** What an engine gives, with the name of the table that it was given for. */
const alike = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one)).replaceAll('_spark', '_duckdb'),
  ) as T;

/** Applies batches to both tables: to one by DuckDB, to the other by the engines given, in turns. */
async function expectSame(
  name: string,
  mode: Mode,
  batches: readonly (readonly Change[])[],
  turns: readonly Engine[] = ['spark'],
): Promise<Record<string, unknown>> {
  const apply = (table: Engine, engine: Engine, changes: readonly Change[]) =>
    applyChanges(fedTable(manifest, `silver.${named(name, mode, table)}`), changes, services![engine]);
  for (const [batch, changes] of batches.entries()) {
    const expected = await apply('duckdb', 'duckdb', changes);
    const given = await apply('spark', turns[batch % turns.length]!, changes);
    expect({ batch, ...(await content(name, mode, 'spark')) }).toEqual({
      batch,
      ...(await content(name, mode, 'duckdb')),
    });
    expect({ batch, ...given }).toEqual({ batch, ...expected });
  }
  return content(name, mode, 'spark');
}

const change = (operation: Operation, n: number, row: Record<string, Value>, more: Partial<Change> = {}): Change => ({
  operation,
  position: { lsn: 2n ** 62n + BigInt(n), sequence: n === 0 ? 0 : 2 ** 31 + n },
  at: new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString(),
  row,
  origin: { id: `record/${n}`, arrivedAt: '2026-01-02T00:00:00.000Z', raw: `{"n":${n},"text":"O'Hara \\"é🙂\\""}` },
  ...more,
});

/** Values that are of their column's type, at its edges. */
const good: Readonly<Record<string, readonly Value[]>> = {
  name: ['', "O'Hara", 'a\u0001b\u0002', '🙂\n"\\', 'NULL'],
  order: ['t', 'false', 'true'],
  value: ['2147483647', '-2147483648', '0', '+7'],
  n: ['9223372036854775807', '-9223372036854775808', '9007199254740993'],
  f: ['1.5', '-0.25', 'NaN', '1e10', '1e400'],
  c0: ['1e300', '-1e-7', 'Infinity', '-Infinity', '0.1', '12'],
  price: ['99999999999999.9999', '-0.0001', '7', '1.23456', '1e3'],
  huge: ['99999999999999999999999999999999999999', '-99999999999999999999999999999999999999', '0'],
  day: ['2026-01-31', '0001-01-01', '9999-12-31', '2024-02-29'],
  at: ['2026-01-31 23:59:59.999999', '2026-03-29T02:30:00', '0001-01-01 00:00:00', '9999-12-31 23:59:59'],
  since: [
    '2026-01-31 10:11:12+02',
    '2026-01-31T10:11:12.5Z',
    '2026-01-31 10:11:12.123456-03:30',
    '2026-01-31 10:00:00+15:59',
    '2026-01-31',
  ],
  code: ['123e4567-e89b-12d3-a456-426614174000', '123E4567-E89B-12D3-A456-426614174000'],
  photo: ['\\x', '\\x00ff', '\\xABcd'],
  address: ['{"city": "Bern", "at": {"x": 1.5, "since": "2026-01-31"}}', '{"city": null, "at": null}'],
  lines: ['[{"sku": "a", "count": 2}, null]', '[]', '[{"count": "3", "sku": null}]', '[{"sku": "b", "count": 2.0}]'],
  tags: ['["x", null, ""]', '[1, 2.5, true, {"z": [1]}]', '[]'],
  scores: ['{"k": 1, "é": null}', '{}', '{"j": "2"}'],
};
/** Values that are none. */
const bad: Readonly<Record<string, readonly Value[]>> = {
  name: [null],
  order: ['x', '', '2'],
  value: ['2147483648', '1.5', '1.0', 'x', '', '1e', '0x'],
  n: ['9223372036854775808', '1.0', ' ', '--1'],
  f: ['x', '1,5'],
  c0: ['x', '', '1.5.1'],
  price: ['100000000000000', 'x', '1.5.1', ''],
  huge: ['100000000000000000000000000000000000000', 'x'],
  day: ['2026-02-30', '10000-01-01', '0000-12-31', 'x', '2026-13-01', '31.01.2026'],
  at: ['2026-01-31 25:00:00', '56000-01-01 00:00:00', 'x', '2026-02-30 00:00:00', '0000-12-31 00:00:00'],
  since: ['x', '2026-01-31 10:61:00+00', '10000-01-01 00:00:00+00'],
  code: ['123e4567', 'x', ''],
  photo: ['00ff', '\\xzz', 'x', ''],
  address: [
    '{"city": "Kyiv"}',
    '{"city": "Kyiv", "at": null, "more": 1}',
    '"Kyiv"',
    '{',
    '{"city": null, "at": null} x',
    '[]',
    'null',
  ],
  lines: ['{"sku": "a"}', '[{"sku": "a", "count": 1.5}]', '[{"sku": "a", "count": "many"}]', '[1]', '', 'x'],
  tags: ['"x"', '{"a": 1}', '[', '["a"] x'],
  scores: ['[1]', '{"k": 1.5}', '{"k": "x"}', '1'],
};

test.each(modes)(
  'values of every type, good and bad ones, make the same %s and are refused for the same reasons',
  async (mode) => {
    if (services === undefined) return;
    let n = 0;
    const none = Object.fromEntries(Object.keys(types).map((name) => [name, null]));
    const rows = (values: Readonly<Record<string, readonly Value[]>>) =>
      Object.entries(values).flatMap(([name, given]) =>
        given.map((value) => {
          n += 1;
          return change('insert', n, { id: String(n), name: 'x', ...none, [name]: value });
        }),
      );
    const whole = rows(good);
    const wrong = rows(bad);
    const all = Object.entries(bad).map(([name, [value]]) => [name, value ?? null] as const);
    const made = await expectSame('kinds', mode, [
      [
        ...whole,
        ...wrong,
        // Everything is wrong with one; one is too long to be said whole, one has no key, and one has none that is a number.
        change('insert', n + 1, { id: String(n + 1), ...Object.fromEntries(all) }),
        change('insert', n + 2, { id: String(n + 2), name: 'x', ...none, value: '🙂'.repeat(300) }),
        change('update', n + 3, { name: 'x', ...none }),
        change('delete', n + 4, { id: 'x' }),
      ],
      // What is there is changed and goes: nested values are compared, and stay what they were where none was sent.
      [
        ...whole.map(({ row }, i) => change('update', n + 10 + i, { ...row, name: 'y' })),
        ...whole.slice(0, 20).map(({ row }, i) => change('delete', n + 100 + i, { id: row.id! })),
        ...whole
          .slice(10, 40)
          .map(({ row: { id } }, i) =>
            change('update', n + 200 + i, { id: id!, name: 'z' }, { unchanged: Object.keys(types) }),
          ),
      ],
    ]);
    const count = (suffix: string) => (made[`kinds${suffix}`] as unknown[]).length;
    expect([count(quarantineSuffix), count('') > 40]).toEqual([wrong.length + 4, true]);
  },
  1_200_000,
);

const seed = Number(process.env.INGOT_SEED ?? 20_261_121);
const histories = 40;
const batches = 5;

test.each(modes)(
  'histories in any order, cut anywhere, delivered again, by engines in turns, make the same %s',
  async (mode) => {
    if (services === undefined) return;
    const plans = fc.sample(plan(batches), { numRuns: histories, seed });
    const each = plans.map((one, h) => arrivals(tell(one, h).changes, one, batches));
    const all = Array.from({ length: batches }, (_, b) => each.flatMap((one) => one[b]!));
    await expectSame('histories', mode, [...all, all[1]!], ['spark', 'duckdb']);
  },
  1_200_000,
);

test.each(modes)(
  'a truncation, whenever it comes, takes the same rows of a %s',
  async (mode) => {
    if (services === undefined) return;
    const plans = fc
      .sample(plan(3), { numRuns: histories, seed: seed + 1 })
      .map((one) => ({ ...one, snapshotAt: 0, overlap: 0 }));
    const each = plans.map((one, h) =>
      arrivals(
        tell(one, h, true).changes.filter((c) => c !== truncation),
        one,
        3,
      ),
    );
    const all = Array.from({ length: 3 }, (_, b) => each.flatMap((one) => one[b]!));
    all[1]!.push(truncation, truncation);
    await expectSame('emptied', mode, all, ['duckdb', 'spark', 'spark']);
  },
  1_200_000,
);

test('a table that grows, pauses, keeps what comes, goes on, is read anew and forgets does so on both engines alike', async () => {
  if (services === undefined) return;
  const over = services;
  const sourceOf = (engine: Engine): CdcSource => {
    const [source] = manifest.cdc!;
    return { ...source!, tables: source!.tables.filter(({ name }) => name === named('fed', 'mirror', engine)) };
  };
  /** Does the same with each engine, and compares what it gives, the tables, and what they say of themselves. */
  const both = async (what: string, work: (engine: Engine, all: LocalServices) => Promise<unknown>) => {
    const outcomes: unknown[] = [];
    for (const engine of engines) {
      const gives = await work(engine, over[engine]).catch((error: Error) => error.message);
      const place = ['test_silver', named('fed', 'mirror', engine)] as const;
      const { 'ingot.source-columns': columns, 'ingot.change-position': position } = await over.duckdb.lake.properties(
        ...place,
      );
      outcomes.push(alike({ what, gives, columns, position, ...(await content('fed', 'mirror', engine)) }));
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    return outcomes[1] as Record<string, unknown[]>;
  };
  const declared = { id: 'long', name: 'string', amount: 'decimal(9, 2)' };
  let n = 0;
  const send = (...changes: readonly (readonly [string, Record<string, Value>, object?])[]) => {
    const from = n;
    n += changes.length;
    return both(`sends ${from}`, async (engine, all) => {
      const records = changes.map(([operation, row, more], i) => ({
        origin: {
          id: `shard-0/${from + i}`,
          arrivedAt: '2026-01-02T00:00:00.500Z',
          raw: JSON.stringify({
            ingot: {
              operation,
              schema: 'public',
              table: named('fed', 'mirror', engine),
              lsn: `1/${(from + i + 256).toString(16)}`,
              sequence: i,
              at: '2026-01-01T00:00:00Z',
              row,
              ...more,
            },
          }),
        },
      }));
      const { tables: received, unreadable, failed } = await receive(records, sourceOf(engine), all);
      return { received, unreadable, failed: [...failed] };
    });
  };
  await send(
    ['insert', { id: '1', name: 'one', amount: '1.10' }, { columns: declared }],
    ['insert', { id: '2', name: 'two', amount: null }, { columns: declared }],
    ['merge', { id: '3' }],
  );
  await send(['delete', { id: '2' }], ['insert', { id: '4', name: 'four', amount: 'much' }]);
  const grown = { ...declared, amount: 'decimal(12, 2)', points: 'long' };
  const after = await send([
    'update',
    { id: '1', name: 'ONE', amount: '1000000000.10', points: '7' },
    { columns: grown },
  ]);
  expect(after.fed).toMatchObject([{ id: '1n', amount: '1000000000.10', points: '7n' }]);

  const { name: _, ...without } = grown;
  const paused = await send(
    ['insert', { id: '5', amount: '5' }, { columns: without }],
    ['insert', { id: '6', amount: '6', points: null }, { columns: without }],
  );
  expect(paused[`fed${keptSuffix}`]!.filter((row) => (row as Row).change_kind === 'parked')).toHaveLength(2);
  await send(['update', { id: '6', name: 'six', amount: '6', points: '6' }, { columns: grown }]);
  await both('pauses no reload', (engine, all) =>
    markReload({ lsn: '2/0', at: '2026-01-01T12:00:00Z' }, sourceOf(engine), all),
  );
  const released = await both('is released', (engine, all) =>
    releaseTable(`silver.${named('fed', 'mirror', engine)}`, all),
  );
  expect(released.fed).toHaveLength(2);
  expect(released[`fed${keptSuffix}`]!.filter((row) => (row as Row).change_kind === 'parked')).toEqual([]);

  const name = (engine: Engine, all: LocalServices) =>
    all.lake.name('test_silver', `${named('fed', 'mirror', engine)}${keptSuffix}`);
  await both('keeps a snapshot', (engine, all) => keepSnapshot(name(engine, all), 'slot', now, all.lake));
  expect(await both('knows it', (engine, all) => snapshotOf(name(engine, all), all.lake))).toMatchObject({
    gives: 'slot',
  });
  await both('forgets it', (engine, all) => forgetSnapshots(name(engine, all), all.lake));

  const emptied = await both('is read anew', (engine, all) =>
    markReload({ lsn: '2/0', at: '2026-01-01T12:00:00Z' }, sourceOf(engine), all),
  );
  expect(emptied.fed).toEqual([]);
  await send([
    'load',
    { id: '1', name: 'again', amount: '1', points: null },
    { lsn: '0/0', at: '2026-01-01T13:00:00Z' },
  ]);
  now += 31 * 86_400_000;
  const forgotten = await both('forgets', async (engine, all) =>
    (await forgetOld(sourceOf(engine), all)).tables.map(({ changes }) => changes),
  );
  expect(forgotten.fed).toHaveLength(1);
  expect(forgotten.gives).not.toEqual([]);
}, 1_200_000);
