import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mode } from '../../lib/cdc/columns';
import { handleApply } from '../../lib/cdc/handle';
import { releaseTable } from '../../lib/cdc/release';
import { type AppliedBatch, type ApplyJobEvent, applyTable, followChanges } from '../../lib/cdc/spark/follow';
import { layoutOf } from '../../lib/local/layout';
import { silent } from '../../lib/local/progress';
import { runPlatform } from '../../lib/local/run';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import type { Services } from '../../lib/runtime/services';
import { kinesisEvent } from '../../lib/stream/handle';
import type { StreamRecord } from '../../lib/stream/record';
import { recordSource } from '../../lib/stream/spark/source';
import { changesManifest } from '../cdc/platform';
import { Crash, dying } from '../faults/dying';
import { column, dataset } from '../ingest/datasets';
import { openStreaming, type Streaming } from './streaming';
import { hasSpark, write } from './turns';

const columns = [
  column('id', 'long', { required: true }),
  column('name', 'string', { required: true }),
  column('bio', 'string'),
  column('amount', 'decimal(9, 2)'),
  column('seen_at', 'timestamptz'),
  column('photo', 'binary'),
];
const modes: Readonly<Record<string, Mode>> = {
  orders: 'mirror',
  customers: 'history',
  clicks: 'log',
  grows: 'mirror',
  stops: 'mirror',
};
const names = Object.keys(modes);
const manifest = changesManifest(
  Object.entries(modes).map(([name, mode]) => [dataset(name, columns, { key: ['id'] }), mode]),
);
const source = manifest.cdc![0]!;
const topic = 'changes';
const start = Date.UTC(2026, 0, 1, 12);

let around: Streaming | undefined;
beforeAll(async () => {
  around = await openStreaming(manifest);
  await around?.broker.topic(topic, 2);
}, 1_200_000);
afterAll(() => around?.close(), 60_000);

const sequences = new Map<string, number>();

/** A record of the topic; Kafka counts them as this does. */
function record(body: object | string | Buffer, partition = 0): StreamRecord {
  const shard = `${topic}-${partition}`;
  const sequence = sequences.get(shard) ?? 0;
  sequences.set(shard, sequence + 1);
  const data = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { shard, sequence: String(sequence), key: '', data, arrived: start + sequence * 17 };
}

let lsn = 0;
const nextLsn = () => 0x1_0000_0000 + ++lsn * 8;
const at = () => new Date(start + lsn * 1000).toISOString();
type Values = Readonly<Record<string, unknown>>;

/** As AWS DMS writes it to Kafka, which is as it does to Kinesis. */
const dms = (table: string, operation: string, data: Values, before?: Values) => {
  const place = nextLsn();
  const position = `${Math.floor(place / 2 ** 32)}/${(place % 2 ** 32).toString(16).toUpperCase()}`;
  const isChange = operation !== 'load';
  return {
    ...(before === undefined ? {} : { 'before-image': before }),
    data,
    metadata: {
      timestamp: at(),
      'record-type': operation === 'truncate-table' ? 'control' : 'data',
      operation,
      'schema-name': 'public',
      'table-name': table,
      ...(isChange
        ? { 'commit-timestamp': at(), 'transaction-record-id': 1, 'stream-position': `${position}.1.${position}` }
        : {}),
    },
  };
};

const debezium = (table: string, op: string, before: Values | null, after: Values | null) => ({
  op,
  before,
  after,
  source: { schema: 'public', table, lsn: nextLsn(), ts_ms: start + lsn * 1000, snapshot: 'false' },
  ts_ms: start + lsn * 1000,
});

const row = (id: number, name: string, more: Values = {}): Values => ({
  id,
  name,
  bio: `about ${name}`,
  amount: id % 3 === 0 ? null : id + 0.25,
  seen_at: id % 2 === 0 ? null : '2026-01-01T10:00:00.5Z',
  photo: null,
  ...more,
});

/** What a row of each kind goes through, in either envelope. */
function lives(table: string, from: number): object[] {
  const [a, b, c, d, e] = [from, from + 1, from + 2, from + 3, from + 4];
  // Debezium has bytes in Base64, DMS in hexadecimal digits.
  const [toast, { seen_at: _, ...timeless }] = ['__debezium_unavailable_value', row(b, 'Bo', { photo: '/wA=' })];
  return [
    dms(table, 'load', row(a, 'Ada')),
    dms(table, 'insert', row(c, "O'Hara", { photo: 'ff00', amount: '12.50' })),
    debezium(table, 'c', null, timeless),
    dms(table, 'update', row(a, 'Ada L', { bio: '😀 "quoted" \\ {}' })),
    debezium(table, 'u', null, { ...timeless, name: 'Bob', bio: toast }),
    dms(table, 'update', row(d, "O'Hara", { photo: 'ff00' }), { id: c }),
    dms(table, 'insert', row(e, 'gone')),
    dms(table, 'delete', { id: e }),
    debezium(table, 'u', { id: b }, { ...timeless, name: 'Bobby', bio: toast, amount: 7 }),
  ];
}

/** Some that cannot be read, or not be applied as they are. */
function odd(table: string): (object | string | Buffer)[] {
  const [before, after] = JSON.stringify(dms(table, 'insert', row(900, '|', { bio: null }))).split('|');
  return [
    '',
    'null',
    'broken',
    '[1, 2]',
    Buffer.from([0xff, 0xfe, 0x00]),
    Buffer.concat([Buffer.from(before!), Buffer.from([0xc3, 0x28, 0xe2, 0x82, 0xff]), Buffer.from(after!)]),
    Buffer.concat([
      Buffer.from([0xef, 0xbb, 0xbf]),
      Buffer.from(JSON.stringify(dms(table, 'insert', row(901, 'mark')))),
    ]),
    dms('nobody', 'insert', row(1, 'x')),
    dms(table, 'insert', { name: 'without a key' }),
    dms(table, 'insert', row(902, 'many', { amount: 'many', seen_at: 'yesterday' })),
    dms(table, 'insert', { ...row(903, ''), name: null }),
    dms(table, 'insert', row(904, 'n\0ul and \u001e')),
    dms(table, 'explode', row(905, 'x')),
  ];
}

/** What Debezium says of columns. */
const fields = (of: Record<string, string>) => ({
  fields: [{ field: 'after', fields: Object.entries(of).map(([field, type]) => ({ field, type })) }],
});
const types = { id: 'int64', name: 'string', bio: 'string', amount: 'double', seen_at: 'string', photo: 'bytes' };

const event = (more: Partial<ApplyJobEvent> = {}): ApplyJobEvent => ({
  source: source.name,
  from: { kind: 'kafka', topic, brokers: around!.broker.address, authentication: 'none' },
  pace: { checkpoint: around!.checkpoint, seconds: 0, records: 60 },
  ...more,
});
const from = () => recordSource(event().from, event().pace);

type Opened = Awaited<ReturnType<Streaming['session']>>;
const servicesOf = ({ lake }: Opened): Services => ({ ...around!.spark.services, lake });

async function drain(running: Opened): Promise<AppliedBatch[]> {
  const applied: AppliedBatch[] = [];
  for await (const one of followChanges(from(), running.session, source, servicesOf(running))) applied.push(one);
  return applied;
}

const total = (applied: readonly AppliedBatch[]) => applied.reduce((sum, { records }) => sum + records, 0);

/** What the function makes of the same records, in other batches. */
async function applyByFunction(records: readonly StreamRecord[]): Promise<void> {
  for (let i = 0; i < records.length; i += 23) {
    const part = kinesisEvent(records.slice(i, i + 23));
    expect(await handleApply(part, source, around!.duckdb.services)).toEqual({ batchItemFailures: [] });
  }
}

/** Every row and column of each table and its quarantine, and what is parked; and the records that are of no table. */
async function expectSame(): Promise<void> {
  const queries = names.flatMap((name) => [
    `SELECT * FROM silver.${name}`,
    `SELECT * FROM silver.${name}_quarantine`,
    `SELECT change_lsn, change_sequence, change_kind, change_record FROM silver.${name}_changes
      WHERE change_kind IN ('parked', 'pause', 'truncate')`,
  ]);
  for (const sql of queries) expect([sql, await rowsOf('spark', sql)]).toEqual([sql, await rowsOf('duckdb', sql)]);
  expect(await straysOf('spark')).toEqual(await straysOf('duckdb'));
}

/** The same once the function has these records too. */
async function expectSameByFunction(records: readonly StreamRecord[]): Promise<void> {
  await applyByFunction(records);
  await expectSame();
}

/** The same once a session has applied all that waits, which is these records, and the function has them too. */
async function expectSameOfAll(records: readonly StreamRecord[]): Promise<void> {
  const running = await around!.session();
  try {
    expect(total(await drain(running))).toBe(records.length);
  } finally {
    await running.session.close();
  }
  await expectSameByFunction(records);
}

const rowsOf = (side: 'spark' | 'duckdb', sql: string) =>
  around![side].services.lake.query(`FROM (${sql}) SELECT * ORDER BY ALL`);

async function straysOf(side: 'spark' | 'duckdb'): Promise<string[]> {
  const { objects, zones } = around![side].services;
  const lines = new Set<string>();
  for await (const { uri } of objects.list(`${zones.bronze}/_refused/`))
    for (const line of (await objects.read(uri)).toString().trim().split('\n')) lines.add(line);
  return [...lines].sort();
}

test('changes that AWS DMS and Debezium write make the same tables, history, log and quarantine by Spark as by the function', async () => {
  if (around === undefined) return;
  const bodies = ['orders', 'customers', 'clicks'].flatMap((table) => [
    ...lives(table, 1),
    ...odd(table),
    ...lives(table, 11),
  ]);
  // What comes later is told from what was always there.
  bodies.push(dms('grows', 'insert', row(1, 'one')));
  bodies.push({ schema: fields(types), payload: debezium('stops', 'c', null, row(1, 'one')) });
  const records = bodies.map((body, i) => record(body, i % 2));
  await around.broker.put(records);
  await expectSameOfAll(records);
  const ids = (await rowsOf('spark', 'SELECT id FROM silver.orders')).map(({ id }) => Number(id));
  expect(ids).toEqual([1, 2, 4, 11, 12, 14, 900, 904]);
  expect((await straysOf('spark')).length).toBe(15);
}, 1_800_000);

test('killed between the commit of a batch and its note, and in the middle of one, it makes of the changes what they are', async () => {
  if (around === undefined) return;
  const bodies = ['customers', 'orders'].flatMap((table) => [
    ...lives(table, 21),
    dms(table, 'truncate-table', {}),
    ...lives(table, 31),
  ]);
  const records = bodies.map((body, i) => record(body, i % 2));
  await around.broker.put(records);
  for (const steps of [12, undefined]) {
    const running = await around.session();
    const table = await running.session.nextBatch(from());
    const services = servicesOf(running);
    const applied = applyTable(table!, source, steps === undefined ? services : dying(services, steps));
    if (steps === undefined) expect((await applied).done.received[0]!.failed.size).toBe(0);
    else await expect(applied).rejects.toThrow(Crash);
    // It has not asked for the next one: Spark has not noted this one.
    await running.kill();
  }
  await expectSameOfAll(records);
}, 1_800_000);

test('as a job, started as EMR starts it, it follows the schema of the source, pauses what it cannot follow, and the function goes on', async () => {
  if (around === undefined) return;
  const { name: _, ...nameless } = types;
  const { name: __, ...rest } = row(2, 'two');
  const changed = {
    schema: fields({ ...nameless, full_name: 'string' }),
    payload: debezium('stops', 'c', null, { ...rest, full_name: 'two' }),
  };
  const bodies = [
    dms('grows', 'insert', row(2, 'two', { nickname: 'Bo', points: 7 })),
    dms('grows', 'update', row(1, 'ONE', { nickname: 'Al', points: null })),
    { schema: fields(types), payload: debezium('stops', 'u', null, row(1, 'last')) },
    changed,
    ...lives('orders', 41),
  ];
  const records = bodies.map((body) => record(body));
  await around.broker.put(records);
  expect(await around.job('apply', event())).toEqual({
    source: 'shop',
    batches: 1,
    records: records.length,
    changes: bodies.length + 1,
    unreadable: 0,
  });
  await expectSameByFunction(records);
  expect(await rowsOf('spark', 'SELECT id, nickname, points FROM silver.grows')).toEqual([
    { id: 1n, nickname: 'Al', points: null },
    { id: 2n, nickname: 'Bo', points: 7n },
  ]);
  for (const side of ['spark', 'duckdb'] as const)
    expect(await releaseTable('silver.stops', around[side].services)).toMatchObject({ records: 2, rejected: 1 });
  await expectSame();
}, 1_800_000);

test('a run on this machine applies changes by the engine of their source, and makes what DuckDB makes', async () => {
  if (!(await hasSpark())) return;
  const contract = (name: string, history: string) => `apiVersion: v3.1.0
kind: DataContract
id: ${name}
version: 1.0.0
status: active
servers: [{ server: shop, type: postgres, host: db.example.org, port: 5432, database: shop, schema: public }]
customProperties: [{ property: zone, value: silver }${history}]
schema:
  - name: ${name}
    properties:
      - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true }
      - { name: name, logicalType: string, required: true }
      - { name: bio, logicalType: string }
      - { name: amount, logicalType: number, physicalType: 'decimal(9,2)' }
      - { name: seen_at, logicalType: timestamp, physicalType: timestamptz }
      - { name: photo, logicalType: string, physicalType: bytea }
`;
  const platform = () => {
    const path = mkdtempSync(join(tmpdir(), 'ingot-changes-'));
    write(path, {
      'platform.yaml':
        'name: shop\nengine: { tables: { silver.orders: spark } }\ncdc: { shop: {} }\nlocal: { changes: [{ file: changes.jsonl, of: shop }] }\n',
      'contracts/orders.odcs.yaml': contract('orders', ''),
      'contracts/customers.odcs.yaml': contract('customers', ', { property: history, value: scd2 }'),
    });
    return path;
  };
  const folders = [platform(), platform()] as const;
  const lines = (bodies: readonly object[]) => bodies.map((body) => `${JSON.stringify(body)}\n`).join('');
  // Spark's because platform.yaml says so of a table, and because the run does.
  const runs = [
    [[...lives('orders', 1), ...lives('customers', 1), dms('nobody', 'insert', { id: 1 })], undefined],
    [[...lives('orders', 11), ...lives('customers', 11), dms('orders', 'delete', { id: 1 })], 'spark'],
  ] as const;
  try {
    for (const [bodies, engine] of runs) {
      const made = [];
      for (const [folder, by] of [
        [folders[0], 'duckdb'],
        [folders[1], engine],
      ] as const) {
        appendFileSync(join(folder, 'changes.jsonl'), lines(bodies));
        const notes: string[] = [];
        const begin = (name: string) => {
          notes.push(name);
          return silent.begin(name);
        };
        const progress = { ...silent, begin };
        const report = await runPlatform(folder, { engine: by, progress });
        expect(notes.includes('Starting Spark')).toBe(by !== 'duckdb');
        made.push({ feeds: report.feeds, tables: await tablesOf(folder) });
      }
      expect(made[1]).toEqual(made[0]);
      expect(made[0]!.feeds![0]!.unreadable).toBe(engine === undefined ? 1 : 0);
    }
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}, 1_800_000);

async function tablesOf(folder: string): Promise<unknown[]> {
  const { manifest: own } = await loadPlatform(folder);
  const { services, close } = await openWorkbench(own, layoutOf(folder));
  try {
    const tables = ['orders', 'customers'].map((name) =>
      services.lake.query(`SELECT * FROM silver.${name} ORDER BY ALL`),
    );
    return await Promise.all(tables);
  } finally {
    await close();
  }
}
