import { openPglite } from '../../lib/runtime/pglite';
import { click, records } from './records';
import { clicks, perMinute, sliding, type World, world } from './world';

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
}, 30_000);

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
}, 30_000);
