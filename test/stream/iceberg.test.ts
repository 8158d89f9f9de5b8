import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutOf } from '../../lib/local/layout';
import { LocalStream, localStreamServices } from '../../lib/local/streams';
import { openWorkbench, type Workbench } from '../../lib/local/workbench';
import { consume } from '../../lib/stream/consume';
import { stateTable } from '../../lib/stream/partials';
import { positionsOf } from '../../lib/stream/positions';
import type { StreamRecord } from '../../lib/stream/record';
import { release } from '../../lib/stream/release';
import { replay } from '../../lib/stream/replay';
import type { StreamServices } from '../../lib/stream/services';
import { makeTables } from '../../lib/tables/make';
import { manifestOf } from '../transform/memory-lake';
import { clicks, events, perMinute, resultOf, sliding } from './world';

const folder = mkdtempSync(join(tmpdir(), 'ingot-stream-'));
const layout = layoutOf(folder);
const manifest = {
  ...manifestOf([events, resultOf(perMinute, 'per_minute'), resultOf(sliding, 'sliding')]),
  streams: [clicks],
};
let workbench: Workbench;
let services: StreamServices;

beforeAll(async () => {
  workbench = await openWorkbench(manifest, layout);
  services = localStreamServices(workbench.services, layout);
  await makeTables(services);
});
afterAll(async () => {
  await workbench.close();
  rmSync(folder, { recursive: true });
});

const start = Date.now() - 3_600_000;
const event = (id: string, second: number, more: object = {}) =>
  JSON.stringify({
    id,
    user: `u${id.charCodeAt(0) % 3}`,
    event_type: 'click',
    at: new Date(Math.floor(start / 60_000) * 60_000 + second * 1000).toISOString(),
    amount: 1,
    ...more,
  });

const all = async (table: string, columns = '*') =>
  (await services.lake.query(`SELECT ${columns} FROM ${table} ORDER BY ALL`)).map((row) =>
    Object.values(row).map(String),
  );

test('events that are put are in silver, in the windows and in bronze; the file of a stream may grow; bad ones are in quarantine', async () => {
  const stream = new LocalStream(clicks, services, layout);
  await stream.put([
    event('a', 0),
    event('b', 20, { amount: 5 }),
    event('c', 70),
    event('d', 30, { event_type: 'heartbeat' }),
    event('e', 10, { event_type: 'nonsense' }),
    'no json at all',
  ]);
  const first = await stream.deliver();
  expect(first.reduce((sum, { records }) => sum + records, 0)).toBe(6);
  expect(await all('silver.events', 'id')).toEqual([['a'], ['b'], ['c'], ['d']]);
  expect(await all('silver.events_quarantine', 'reasons[1].rule')).toEqual([['event_type.known'], ['row.unreadable']]);
  expect(await all('gold.per_minute', 'sum(events), sum(amount)')).toEqual([['3', '7']]);
  await stream.put([event('f', 75), event('a', 0)]);
  await stream.deliver();
  expect(await stream.deliver()).toEqual([]);
  expect(await all('gold.per_minute', 'sum(events), sum(amount)')).toEqual([['4', '8']]);
  // The fifth minute back begins a window for each minute: five windows see each event.
  expect(await all('gold.sliding', 'sum(events)')).toEqual([['20']]);
});

test('of two consumers of one shard at once, both at the same records, each record is applied once', async () => {
  const records = Array.from(
    { length: 20 },
    (_, i): StreamRecord => ({
      shard: 'both',
      sequence: String(i + 1),
      key: 'k',
      data: Buffer.from(event(`both-${i}`, 600 + i)),
      arrived: Date.now(),
    }),
  );
  const other = await openWorkbench(manifest, layout);
  const before = Number((await all('gold.per_minute', 'sum(events)'))[0]);
  try {
    const others = { ...localStreamServices(other.services, layout), parked: services.parked };
    await Promise.all([consume(records, clicks, services), consume(records.slice(0, 12), clicks, others)]);
  } finally {
    await other.close();
  }
  expect(await all('silver.events', "count(*) FILTER (id LIKE 'both-%')")).toEqual([['20']]);
  expect(Number((await all('gold.per_minute', 'sum(events)'))[0]) - before).toBe(20);
  const { lake } = services;
  expect(positionsOf(await lake.properties('test_silver', 'events')).both?.sequence).toBe('20');
  expect(positionsOf(await lake.properties('test_ops', stateTable(clicks, perMinute))).both?.sequence).toBe('20');
});

test('a key that stops keeps its later events, others go on, and a release applies them in their order', async () => {
  const stream = new LocalStream(clicks, services, layout);
  await stream.put([
    event('x1', 700, { user: 'poisoned' }),
    event('x2', 701, { user: 'poisoned', code: 'seven' }),
    event('x3', 702, { user: 'poisoned' }),
    event('y1', 703, { user: 'healthy' }),
  ]);
  const consumed = await stream.deliver();
  expect(consumed.reduce((sum, one) => sum + one.parked, 0)).toBe(2);
  expect(await all("(FROM silver.events WHERE id[1] IN ('x', 'y'))", 'id')).toEqual([['x1'], ['y1']]);
  await stream.put([event('x4', 704, { user: 'poisoned' }), event('y2', 705, { user: 'healthy' })]);
  await stream.deliver();
  const waiting = await services.parked.list('clicks');
  expect(waiting.map(({ key, reason }) => [key, reason])).toEqual([
    ['poisoned', 'record.poison: the rule code.positive cannot be evaluated'],
  ]);

  expect(await release({ key: 'poisoned' }, clicks, services)).toMatchObject({
    status: 'stopped',
    applied: 0,
    reason: expect.stringContaining('the rule code.positive cannot be evaluated'),
  });
  expect(await release({ key: 'poisoned', skip: true }, clicks, services)).toEqual({
    key: 'poisoned',
    status: 'released',
    applied: 2,
    skipped: 1,
  });
  expect(await all("(FROM silver.events WHERE id[1] IN ('x', 'y'))", 'id')).toEqual([
    ['x1'],
    ['x3'],
    ['x4'],
    ['y1'],
    ['y2'],
  ]);
  expect(await release({ key: 'poisoned' }, clicks, services)).toMatchObject({ status: 'unknown' });
  expect(await all("(FROM silver.events_quarantine WHERE contains(raw, 'seven'))", 'count(*)')).toEqual([['1']]);
});

test('a replay from bronze gives back rows that were lost, counts nothing twice, and leaves newer rows alone', async () => {
  const { lake } = services;
  const before = [await all('silver.events', 'id'), await all('gold.per_minute'), await all('gold.sliding')];
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  // Since yesterday: a midnight may have come between.
  const range = { from: day(1), to: day(0) };
  expect((await replay(range, clicks, services)).changed).toBe(0);
  expect([await all('silver.events', 'id'), await all('gold.per_minute'), await all('gold.sliding')]).toEqual(before);

  await lake.commit((tx) => tx.run(`DELETE FROM ${lake.name('test_silver', 'events')} WHERE id = 'c'`));
  await lake.commit((tx) =>
    tx.run(
      `UPDATE ${lake.name('test_silver', 'events')} SET amount = 99, "at" = "at" + INTERVAL 30 SECONDS WHERE id = 'b'`,
    ),
  );
  const again = await replay(range, clicks, services);
  expect(again).toMatchObject({ changed: 1 });
  expect(again.refused).toBeGreaterThan(0);
  expect(await all('silver.events', 'id')).toEqual(before[0]);
  expect(await all("(FROM silver.events WHERE id = 'b')", 'amount')).toEqual([['99']]);
  // The windows are those of the table, in which b has changed.
  const sum = (rows: string[][]) => rows.map(([events, amount]) => [Number(events), Number(amount)]);
  const counted =
    "(FROM silver.events WHERE event_type <> 'heartbeat' AND (id < 'both' OR id[1] IN ('c', 'f', 'x', 'y')))";
  const [table] = sum(await all(counted, 'count(*), sum(amount)'));
  expect(sum(await all("(FROM gold.per_minute WHERE user NOT LIKE 'both%')", 'sum(events), sum(amount)'))[0]![1]).toBe(
    table![1]! + 20,
  );
});
