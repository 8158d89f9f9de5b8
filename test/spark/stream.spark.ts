import { pathToFileURL } from 'node:url';
import { localStreamServices } from '../../lib/local/streams';
import { type Consumed, consume, consumeBatch } from '../../lib/stream/consume';
import { stateTable } from '../../lib/stream/partials';
import { plainKey, type StreamRecord } from '../../lib/stream/record';
import type { StreamServices } from '../../lib/stream/services';
import { tableBatch } from '../../lib/stream/spark/batch';
import { type ConsumeJobEvent, follow } from '../../lib/stream/spark/follow';
import { recordSource } from '../../lib/stream/spark/source';
import { Crash, clicks, dying, events, perMinute, resultOf, sliding } from '../stream/world';
import { manifestOf } from '../transform/memory-lake';
import { openStreaming, type Side, type Streaming } from './streaming';

const manifest = {
  ...manifestOf([events, resultOf(perMinute, 'per_minute'), resultOf(sliding, 'sliding')]),
  streams: [clicks],
};
const topic = 'clicks';
const start = Date.UTC(2026, 0, 1, 12);

let around: Streaming | undefined;
let spark: StreamServices;
let duckdb: StreamServices;

beforeAll(async () => {
  around = await openStreaming(manifest);
  if (around === undefined) return;
  await around.broker.topic(topic, 2);
  [spark, duckdb] = [servicesOf(around.spark), servicesOf(around.duckdb)];
}, 1_200_000);

afterAll(() => around?.close(), 60_000);

const servicesOf = ({ services, layout }: Side): StreamServices => localStreamServices(services, layout);

/** Of a session of its own, over the tables of its side. */
async function session() {
  const running = await around!.session();
  return { ...running, services: { ...spark, lake: running.lake } };
}

const source = () =>
  recordSource(
    { kind: 'kafka', topic, brokers: around!.broker.address, authentication: 'none' },
    { checkpoint: around!.checkpoint, seconds: 0, records: 100 },
  );

const sequences = new Map<string, number>();

function record(body: object | string | Buffer, partition = 0, key = ''): StreamRecord {
  const shard = `${topic}-${partition}`;
  const sequence = sequences.get(shard) ?? 0;
  sequences.set(shard, sequence + 1);
  const user = typeof body === 'object' && 'user' in body ? String(body.user) : key;
  const data = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { shard, sequence: String(sequence), key: user, data, arrived: start + 1_200_000 };
}

const event = (id: string, second: number, more: object = {}) => ({
  id,
  user: `u${id.charCodeAt(0) % 3}`,
  event_type: 'click',
  at: new Date(start + second * 1000).toISOString(),
  amount: second % 50,
  ...more,
});

/** Good events in both partitions, some of them late, some twice: then in the same one, since only that has an order. */
const many = (prefix: string, count: number): StreamRecord[] =>
  Array.from({ length: count }, (_, i) => {
    const id = `${prefix}${i % (count - 6)}`;
    const partition = i % 2;
    return record(event(id, (i * 37) % 1100, { user: `${partition}-u${i % 3}` }), partition);
  });

/** One of each kind that is refused, and some that only look so. */
const odd = (): StreamRecord[] => [
  record('no json at all'),
  record('{"id": '),
  record(''),
  record('[{"id": "a"}]'),
  record('{"id": "a"} and more'),
  record('{"id": "a"},{"id": "b"}'),
  record('{"id": "a"}],[{}'),
  record("{'id': 'a'}"),
  record('null'),
  record(Buffer.from([0xff, 0xfe, 0x41])),
  record(Buffer.from('{"id": "nul\0"}')),
  record(Buffer.concat([Buffer.from([0xf3, 0x89, 0x9a, 0xc2]), Buffer.from('packed')])),
  record(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(event('bom', 7)))])),
  record(event('large', 1, { code: '1'.repeat(70_000) })),
  record(event('type', 2, { event_type: 'nonsense' })),
  record({ event_type: 'click', at: 'yesterday', amount: 'many' }),
  record(event('ahead', 200_000)),
  record(event('ms', 0, { at: '1970-01-21T10:00:00Z' })),
  record(event('fine', 3, { amount: '7', code: '12', unknown: { a: [1, 2] } })),
  record(event('quote', 4, { code: '0', user: `o'hara "é" 😀\\` })),
  record(JSON.stringify(event('poison', 5, { code: 'x' })), 0, 'n\0ul'),
  record(JSON.stringify(event('behind', 6)), 0, 'n\0ul'),
];

const drain = async (running: Awaited<ReturnType<typeof session>>): Promise<Consumed[]> => {
  const consumed: Consumed[] = [];
  for await (const one of follow(source(), running.session, clicks, running.services)) consumed.push(one);
  return consumed;
};

const rowsOf = async ({ lake }: StreamServices, sql: string) =>
  (await lake.query(`FROM (${sql}) SELECT * ORDER BY ALL`)).map((row) =>
    JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
  );

/** Every table of the stream; of a window's state what its partials come to, as they depend on where a batch ends. */
async function expectSame(): Promise<void> {
  const states = clicks.windows.map((window) => {
    const groups = ['_pane', '_late', ...window.groupBy].join(', ');
    return `SELECT ${groups}, sum(_events) AS n, sum(_sum_amount) AS s, sum(_count_amount) AS c, min(_min_amount) AS a,
      max(_max_amount) AS b FROM ops.${stateTable(clicks, window)} GROUP BY ${groups}`;
  });
  for (const sql of [
    'SELECT * FROM silver.events',
    'SELECT * FROM silver.events_quarantine',
    'SELECT * FROM gold.per_minute',
    'SELECT * FROM gold.sliding',
    ...states,
  ]) {
    const expected = await rowsOf(duckdb, sql);
    expect(expected.length).toBeGreaterThan(0);
    expect(await rowsOf(spark, sql)).toEqual(expected);
  }
  expect(await spark.parked.list(clicks.name)).toEqual(await duckdb.parked.list(clicks.name));
}

const total = (consumed: readonly Consumed[], of: 'records' | 'repeated' | 'changed') =>
  consumed.reduce((sum, one) => sum + one[of], 0);

test('a stream of Kafka is the same tables, quarantine and windows by Spark as by the consumer', async () => {
  if (around === undefined) return;
  const records = [...many('a', 30), ...odd(), ...many('b', 30)];
  await around.broker.put(records);
  const running = await session();
  try {
    const consumed = await drain(running);
    expect(total(consumed, 'records')).toBe(records.length);
  } finally {
    await running.session.close();
  }
  const plain = records.map((one) => ({ ...one, key: plainKey(one.key) }));
  for (let i = 0; i < plain.length; i += 23) await consume(plain.slice(i, i + 23), clicks, duckdb);
  await expectSame();
  expect((await spark.parked.list(clicks.name)).map(({ key }) => key)).toEqual(['nul']);
}, 1_800_000);

test('killed between the commit of a batch and its note, and in the middle of one, it applies each record once', async () => {
  if (around === undefined) return;
  const records = many('c', 40);
  await around.broker.put(records);
  for (const steps of [9, undefined]) {
    const running = await session();
    const table = await running.session.nextBatch(source());
    const services = steps === undefined ? running.services : dying(running.services, steps);
    const applied = consumeBatch(await tableBatch(table!, clicks, services.lake), clicks, services);
    if (steps === undefined) expect((await applied).changed).toBeGreaterThan(0);
    else await expect(applied).rejects.toThrow(Crash);
    // It has not asked for the next one: Spark has not noted this one.
    await running.kill();
  }
  const running = await session();
  try {
    const consumed = await drain(running);
    expect(total(consumed, 'records')).toBe(records.length);
    expect(consumed[0]!.repeated).toBe(consumed[0]!.records);
  } finally {
    await running.session.close();
  }
  await consume(records, clicks, duckdb);
  await expectSame();
}, 1_800_000);

test('as a job, started as EMR starts it, it consumes what is there and says so', async () => {
  if (around === undefined) return;
  const records = many('d', 20);
  await around.broker.put(records);
  const event: ConsumeJobEvent = {
    stream: clicks.name,
    source: { kind: 'kafka', topic, brokers: around.broker.address, authentication: 'none' },
    pace: { checkpoint: around.checkpoint, seconds: 0, records: 100 },
  };
  const told = await around.job('consume', event, {
    INGOT_PARKED_KEYS: pathToFileURL(around.spark.layout.streams).href,
  });
  expect(told).toMatchObject({ stream: 'clicks', batches: 1, records: records.length });
  await consume(records, clicks, duckdb);
  await expectSame();
}, 1_800_000);
