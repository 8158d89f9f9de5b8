import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { layoutOf } from '../../lib/local/layout';
import { localStreamServices } from '../../lib/local/streams';
import { openWorkbench } from '../../lib/local/workbench';
import { openPglite } from '../../lib/runtime/pglite';
import { consume } from '../../lib/stream/consume';
import { makeTables } from '../../lib/tables/make';
import { findPyiceberg } from '../local/pyiceberg';
import { manifestOf } from '../transform/memory-lake';
import { tryHistories } from './laws';
import { click, records } from './records';
import { clicks, events, perMinute, resultOf, sliding, type World, world } from './world';

let made: World[] = [];
const fresh = async (...of: Parameters<typeof world>): Promise<World> => {
  const one = await world(...of);
  made.push(one);
  return one;
};
afterEach(async () => {
  for (const one of made) await one.close();
  made = [];
});

test('partials are merged once there are many, and give the same results', async () => {
  const one = await fresh();
  for (let part = 0; part < 3; part++)
    await one.consume(
      records(
        Array.from({ length: 5_000 }, (_, i) =>
          click(`${part}-${i}`, { user: `u${i}`, at: new Date(Date.UTC(2026, 0, 1, 11, part * 2)).toISOString() }),
        ),
        1 + part * 5_000,
      ),
    );
  const before = await one.rows('gold.sliding');
  await one.consume(
    records(
      Array.from({ length: 6_000 }, (_, i) => click(`x-${i}`, { user: `u${i}`, at: '2026-01-01T11:04:00Z' })),
      15_001,
    ),
  );
  const [state] = await one.rows(`(SELECT count(*) AS n FROM lake.test_ops.window_clicks_sliding)`);
  // 21,000 partials were added; those of one pane and user are one now.
  expect(Number(state?.n)).toBe(16_000);
  expect((await one.rows('gold.sliding')).length).toBeGreaterThan(before.length);
  const [sum] = await one.rows('(SELECT sum(events) AS n FROM gold.per_minute)');
  expect(Number(sum?.n)).toBe(21_000);
});

test('five-minute metrics of users go to PostgreSQL, and repeats change nothing', async () => {
  const postgres = await openPglite();
  try {
    await postgres.execute(`CREATE TABLE user_metrics (window_start timestamptz, window_end timestamptz NOT NULL, "user" text,
      events bigint NOT NULL, late bigint NOT NULL, amount numeric, mean double precision, least bigint, most bigint,
      PRIMARY KEY (window_start, "user"))`);
    const fiveMinutes = { ...sliding, everySeconds: 300, into: { kind: 'postgres', table: 'user_metrics' } } as const;
    const one = await fresh({ ...clicks, windows: [perMinute, fiveMinutes] });
    const services = { ...one.services, database: async () => postgres };
    const all = records([
      click('a'),
      click('b', { user: 'bob', amount: 7 }),
      click('c', { amount: 4 }),
      click('d', { event_type: 'heartbeat', amount: 100 }),
    ]);
    await one.consume(all.slice(0, 2), services);
    await one.consume(all, services);
    await one.consume(all, services);
    expect(await postgres.query('SELECT * FROM user_metrics ORDER BY "user"')).toEqual([
      {
        window_start: '2026-01-01T12:00:00Z',
        window_end: '2026-01-01T12:05:00Z',
        user: 'ann',
        events: 2n,
        late: 0n,
        amount: '5',
        mean: 2.5,
        least: 1n,
        most: 4n,
      },
      expect.objectContaining({ user: 'bob', events: 1n, amount: '7' }),
    ]);
  } finally {
    await postgres.close();
  }
});

/** A stream over real Iceberg tables, in a folder of its own. */
async function icebergWorld(): Promise<
  Pick<World, 'services' | 'consume' | 'rows' | 'close'> & { readonly uri: string }
> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-stream-'));
  const layout = layoutOf(folder);
  const results = [resultOf(perMinute, 'per_minute'), resultOf(sliding, 'sliding')];
  const manifest = { ...manifestOf([events, ...results]), streams: [clicks] };
  const workbench = await openWorkbench(manifest, layout);
  const services = localStreamServices(workbench.services, layout);
  await makeTables(services);
  return {
    services,
    uri: services.catalog.uri,
    consume: (given, around = services) => consume(given, clicks, around),
    rows: (table, order = 'ALL') => services.lake.query(`FROM ${table} ORDER BY ${order}`),
    close: async () => {
      await workbench.close();
      rmSync(folder, { recursive: true });
    },
  };
}

test('histories hold over real Iceberg tables as they do in memory', async () => {
  const tried = await tryHistories(200, 100, icebergWorld);
  process.stdout.write(`${tried} histories of streams tried over Iceberg\n`);
}, 300_000);

test('pyiceberg reads the tables of a stream and of its windows, and agrees', async () => {
  const python = await findPyiceberg();
  if (python === undefined) return;
  const one = await icebergWorld();
  try {
    const minutes = (n: number) => new Date(Date.UTC(2026, 0, 1, 11, n)).toISOString();
    await one.consume(
      records(Array.from({ length: 500 }, (_, i) => click(`a-${i}`, { at: minutes(i % 50), amount: i }))),
    );
    await one.consume(records([click('late', { at: minutes(1), amount: 7 }), click('a-3'), '{'], 501));
    const script = join(__dirname, 'read_tables.py');
    const { stdout } = await promisify(execFile)(python, [script, one.uri]);
    const [own] = await one.rows('(SELECT count(*)::INT AS events, sum(amount)::INT AS amount FROM silver.events)');
    const [windows] = await one.rows(
      '(SELECT sum(events)::INT AS counted, sum(late)::INT AS late FROM gold.per_minute)',
    );
    expect(JSON.parse(stdout)).toEqual({ ...own, ...windows, position: true });
    expect(windows?.late).toBeGreaterThan(0);
  } finally {
    await one.close();
  }
}, 300_000);
