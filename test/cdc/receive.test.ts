import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Change } from '../../lib/cdc/change';
import type { CdcSource } from '../../lib/cdc/declaration';
import { readRecord } from '../../lib/cdc/envelope/read';
import { feedsOf } from '../../lib/cdc/feed';
import { handleApply } from '../../lib/cdc/handle';
import { cdcMetrics } from '../../lib/cdc/metrics';
import { pieces } from '../../lib/cdc/pieces';
import { type Received, receive } from '../../lib/cdc/receive';
import { releaseTable } from '../../lib/cdc/release';
import { engineOfSpark } from '../../lib/cdc/spark/engine';
import { type ApplyJobEvent, applyJob, applyTable } from '../../lib/cdc/spark/follow';
import { incomingOf, slicesOf } from '../../lib/cdc/spark/records';
import { dropStaged, stageChanges, staged } from '../../lib/cdc/stage';
import type { Dataset } from '../../lib/contract/dataset';
import { TransientError } from '../../lib/errors';
import { runChanges } from '../../lib/local/changes';
import { layoutOf } from '../../lib/local/layout';
import type { FeedRun } from '../../lib/local/report/feeds';
import type { LocalServices } from '../../lib/runtime/local';
import { SparkEndedError, SparkError, type SparkSession } from '../../lib/spark/session';
import { kinesisEvent } from '../../lib/stream/handle';
import type { StreamRecord } from '../../lib/stream/record';
import { recordSource } from '../../lib/stream/spark/source';
import { makeTables } from '../../lib/tables/make';
import { column, dataset } from '../ingest/datasets';
import { type IcebergLake, icebergLake } from '../publish/iceberg-lake';
import { putRecords } from '../stream/tables';
import { changesManifest } from './platform';

const columns = [
  column('id', 'long', { required: true }),
  column('name', 'string', { required: true }),
  column('amount', 'decimal(9, 2)'),
  column('seen_at', 'timestamp'),
  column('photo', 'binary'),
];
const table = (name: string, more: Partial<Dataset> = {}) => dataset(name, columns, { key: ['id'], ...more });
const names = [
  'dms',
  'debezium',
  'broken',
  'other',
  'grows',
  'stops',
  'kept',
  'again',
  'filed',
  'called',
  'sparks',
  'timed',
];
const manifest = changesManifest(names.map((name) => [table(name), 'mirror']));
const source: CdcSource = manifest.cdc![0]!;
/** The source with one of its tables. */
const again: CdcSource = { ...source, tables: source.tables.filter(({ name }) => name === 'again') };

let lake: IcebergLake;
let services: LocalServices;
beforeAll(async () => {
  lake = await icebergLake(manifest);
  services = lake.services;
});
afterAll(() => lake.close());

test('values hold whatever they like, in columns of whatever name', async () => {
  const texts = ['n', 'o', 'l', 's', 't', 'u', 'c0', 'v0', '_x'];
  const table = {
    dataset: {
      columns: [column('id', 'long', { required: true }), ...texts.map((name) => column(name, 'string'))],
      key: ['id'],
    },
  };
  const given = [['plain', '', null], ['a\u0001b', '\u0001'], ['\u0002'], ['\u0002\u0001', "'\\ü\n\u{1f600}"]];
  for (const values of given) {
    const rows = values.map((value, id) => ({
      id: String(id),
      ...Object.fromEntries(texts.map((name) => [name, value])),
    }));
    const changes = rows.map(
      (row, i): Change => ({
        operation: 'insert',
        position: { lsn: 2n ** 62n + BigInt(i), sequence: i },
        row,
        origin: { id: `${i}`, arrivedAt: '', raw: '' },
      }),
    );
    expect(await stageChanges(table, changes, services.lake)).toEqual([]);
    const read = await services.lake.query(
      `SELECT id::VARCHAR AS id, ${texts.map((name) => `"${name}"`).join(', ')} FROM ${staged.changes} ORDER BY id`,
    );
    expect(read).toEqual(rows);
    expect(await services.lake.query(`SELECT _lsn AS lsn FROM ${staged.changes} ORDER BY id`)).toEqual(
      changes.map(({ position: { lsn } }) => ({ lsn })),
    );
  }
  await dropStaged(services.lake);
});

test('a whole number inside a nested value is not made by rounding', async () => {
  const sizes = { kind: 'map', key: 'string', value: 'int' } as const;
  const given = ['{"a": 1}', '{"a": 2.0, "b": null}', '{"a": 1.5}', null].map(
    (value, id): Change => ({
      operation: 'insert',
      position: { lsn: 1n, sequence: id },
      row: { id: String(id), sizes: value },
      origin: { id: `${id}`, arrivedAt: '', raw: '' },
    }),
  );
  const table = { columns: [column('id', 'long', { required: true }), column('sizes', sizes)], key: ['id'] };
  const refused = await stageChanges({ dataset: table }, given, services.lake);
  expect(refused.map(({ change, reasons }) => [change.row.id, reasons.map(({ rule }) => rule)])).toEqual([
    ['2', ['sizes.type']],
  ]);
  const kept = await services.lake.query(`SELECT sizes::VARCHAR AS sizes FROM ${staged.changes} ORDER BY id`);
  expect(kept.map(({ sizes }) => sizes)).toEqual(['{a=1}', '{a=2, b=NULL}', null]);
  await dropStaged(services.lake);
});

test('a day before the first year is none of the year after it', async () => {
  const given = ['2024-01-02', '0044-03-15 BC', '0044-03-15'].map(
    (value, id): Change => ({
      operation: 'insert',
      position: { lsn: 1n, sequence: id },
      row: { id: String(id), day: value },
      origin: { id: `${id}`, arrivedAt: '', raw: '' },
    }),
  );
  const table = { columns: [column('id', 'long', { required: true }), column('day', 'date')], key: ['id'] };
  const refused = await stageChanges({ dataset: table }, given, services.lake);
  expect(refused.map(({ reasons }) => reasons[0]!.message)).toEqual(['must be date; given 0044-03-15 BC']);
  const kept = await services.lake.query(`SELECT day::VARCHAR AS day FROM ${staged.changes} ORDER BY id`);
  expect(kept.map(({ day }) => day)).toEqual(['2024-01-02', '0044-03-15']);
  await dropStaged(services.lake);
});

test('what is handed over as one text is cut, in its order, by how many there are and by how long they are', () => {
  const cut = (lengths: readonly number[], most: number) => pieces(lengths, most, (length) => length * 1024 * 1024);
  expect(cut([], 3)).toEqual([]);
  expect(cut([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(cut([32, 32, 1, 70, 1], 100)).toEqual([[32, 32], [1], [70], [1]]);
});

let count = 0;
const send = (records: readonly (object | string)[], from = source, over = services): Promise<Received> =>
  receive(
    records.map((record) => ({
      origin: {
        id: `shard-0/${++count}`,
        arrivedAt: '2026-01-02T00:00:00.000Z',
        raw: typeof record === 'string' ? record : JSON.stringify(record),
      },
    })),
    from,
    over,
  );

const rows = (name: string, what = 'id, name, amount') =>
  services.lake.query(`SELECT ${what} FROM silver.${name} ORDER BY id`);

let clock = 0;
const dms = (name: string, operation: string, data: object, more: object = {}, before?: object) => ({
  ...(before ? { 'before-image': before } : {}),
  data,
  metadata: {
    timestamp: '2026-01-01T00:00:00.000000Z',
    'record-type': 'data',
    operation,
    'partition-key-type': 'primary-key',
    'schema-name': 'public',
    'table-name': name,
    ...(operation === 'load'
      ? {}
      : {
          'commit-timestamp': '2026-01-01T00:00:00.000000Z',
          'transaction-id': 1139,
          'transaction-record-id': 1,
          'stream-position': `00000002/${(0x7c000000 + ++clock * 8).toString(16).toUpperCase()}.3.00000002/7C007178`,
        }),
    ...more,
  },
});
const debezium = (name: string, op: string, before: object | null, after: object | null, more: object = {}) => ({
  op,
  before,
  after,
  source: {
    schema: 'public',
    table: name,
    lsn: 1_000 + ++clock * 8,
    ts_ms: Date.UTC(2026, 0, 1),
    snapshot: 'false',
    ...more,
  },
  ts_ms: Date.UTC(2026, 0, 1),
});

test('a table that DMS loads again has the rows of that load, whatever was applied before, and loses none to it', async () => {
  const row = (id: number, name: string) => ({ id, name, amount: null, seen_at: null, photo: null });
  const at = (lsn: string) => ({ 'stream-position': `${lsn}.1.${lsn}` });
  const load = (id: number, name: string, time: string) => dms('again', 'load', row(id, name), { timestamp: time });
  const [first, second] = ['2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z'];
  await send([
    load(1, 'one', first),
    load(2, 'two', first),
    dms('again', 'update', row(1, 'ONE'), at('0/100')),
    dms('again', 'insert', row(3, 'three'), at('0/110')),
    dms('again', 'delete', row(2, 'two'), at('0/120')),
  ]);
  const before = await rows('again', 'id::INT AS id, name');
  expect(before).toEqual([
    { id: 1, name: 'ONE' },
    { id: 3, name: 'three' },
  ]);
  // Without being told, rows that are loaded again lose to what was applied.
  await send([load(1, 'stale', second)]);
  expect(await rows('again', 'id::INT AS id, name')).toEqual(before);

  // Meanwhile 3 went and 4 came, and nobody followed.
  const reload = { action: 'reload', lsn: '0/200', at: '2026-01-02T00:00:00Z' } as const;
  expect(await handleApply(reload, again, services)).toEqual({ tables: ['silver.again'] });
  await handleApply(reload, again, services);
  expect(await rows('again')).toEqual([]);
  const changes = [
    load(1, 'one again', second),
    load(2, 'two again', second),
    load(4, 'four', second),
    // Made while rows were read: in the load, or not.
    dms('again', 'update', row(2, 'TWO'), at('0/210')),
    dms('again', 'delete', row(4, 'four'), at('0/220')),
  ];
  // In any order, delivered again; with a row of the first load that comes late.
  for (const one of [...changes].reverse()) await send([one]);
  await send([...changes, load(3, 'three', first)]);
  expect(await rows('again', 'id::INT AS id, name')).toEqual([
    { id: 1, name: 'one again' },
    { id: 2, name: 'TWO' },
  ]);

  await send([dms('again', 'update', { ...row(1, 'x'), new_one: 1 }, at('0/300'))], {
    ...again,
    schemaChanges: 'pause',
  });
  await expect(handleApply({ ...reload, lsn: '0/400' }, again, services)).rejects.toThrow(
    'Tables that are paused must be released before they are read anew: silver.again',
  );
});

test('records of DMS fill a table: a full load, changes, a key that changes, values that were not sent, a truncation', async () => {
  const id = '9007199254740993';
  const before = JSON.stringify(
    dms('dms', 'load', { id: 0, name: 'loaded', amount: 1.1, seen_at: null, photo: 'ff00' }),
  );
  await send([
    { metadata: { 'record-type': 'control', operation: 'create-table', 'table-name': 'dms', 'schema-name': 'public' } },
    {
      metadata: {
        'record-type': 'control',
        operation: 'create-table',
        'table-name': 'awsdms_status',
        'schema-name': '',
      },
    },
    before.replace('"id":0', `"id":${id}`),
    dms('dms', 'insert', { id: 1, name: 'one', amount: '12.50', seen_at: '2026-01-01T10:00:00Z', photo: null }),
    dms('dms', 'insert', { id: 2, name: 'two', amount: null, seen_at: null, photo: null }),
    dms('dms', 'update', { id: 1, name: 'ONE', amount: 3, seen_at: '2026-01-01T10:00:00.5' }),
    dms('dms', 'update', { id: 3, name: 'two', amount: null, seen_at: null, photo: null }, {}, { id: 2 }),
    dms('dms', 'insert', { id: 4, name: 'gone', amount: null, seen_at: null, photo: null }),
    dms('dms', 'delete', { id: 4, name: null, amount: null, seen_at: null, photo: null }),
  ]);
  expect(await rows('dms', 'id::VARCHAR AS id, name, amount, seen_at, hex(photo) AS photo')).toEqual([
    { id: '1', name: 'ONE', amount: '3.00', seen_at: '2026-01-01T10:00:00.5', photo: null },
    { id: '3', name: 'two', amount: null, seen_at: null, photo: null },
    { id, name: 'loaded', amount: '1.10', seen_at: null, photo: 'FF00' },
  ]);
  await send([dms('dms', 'truncate-table', {}, { 'record-type': 'control' })]);
  expect(await rows('dms')).toEqual([]);
});

test('DMS writes arrays as PostgreSQL does', () => {
  const list = (element: 'string' | 'int') => ({ kind: 'list', element }) as const;
  const tagged = changesManifest([
    [
      dataset('tagged', [column('id', 'long'), column('tags', list('string')), column('counts', list('int'))], {
        key: ['id'],
      }),
      'mirror',
    ],
  ]);
  const raw = JSON.stringify(dms('tagged', 'insert', { id: 1, tags: '{plain,"a \\"b\\",c",NULL}', counts: '{1,2}' }));
  const read = readRecord(feedsOf(tagged.cdc![0]!, tagged), { id: '1', arrivedAt: '2026-01-02T00:00:00Z', raw });
  expect(read.kind === 'changes' ? read.changes[0]?.row : read).toEqual({
    id: '1',
    tags: '["plain","a \\"b\\",c",null]',
    counts: '["1","2"]',
  });
});

test('records of Debezium fill a table: with a schema and without, of a snapshot, decimals and times in its own forms', async () => {
  const fields = (types: object[]) => ({
    fields: [
      { field: 'before', fields: types },
      { field: 'after', fields: types },
    ],
  });
  const schema = fields([
    { field: 'id', type: 'int64' },
    { field: 'name', type: 'string' },
    { field: 'amount', type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '2' } },
    { field: 'seen_at', type: 'int64', name: 'io.debezium.time.Timestamp' },
    { field: 'photo', type: 'bytes' },
  ]);
  const seen = Date.UTC(2026, 0, 1, 10);
  const one = debezium(
    'debezium',
    'r',
    null,
    { id: 1, name: 'one', amount: 'AOY=', seen_at: seen, photo: '/wA=' },
    { snapshot: 'true', lsn: null },
  );
  const two = debezium('debezium', 'c', null, { id: 2, name: 'two', amount: '/w==', seen_at: null, photo: null });
  await send([
    { schema, payload: one },
    { schema, payload: two },
    '',
    { status: 'BEGIN', id: '1:1' },
    {
      payload: debezium('debezium', 'u', null, {
        id: 1,
        name: 'ONE',
        amount: '2.5',
        seen_at: seen * 1000,
        photo: '__debezium_unavailable_value',
      }),
    },
    debezium('debezium', 'c', null, { id: 3, name: 'three', amount: null, seen_at: null, photo: null }),
    debezium('debezium', 'd', { id: 3, name: null }, null),
  ]);
  expect(await rows('debezium', 'id, name, amount, seen_at, hex(photo) AS photo')).toEqual([
    { id: 1n, name: 'ONE', amount: '2.50', seen_at: '2026-01-01T10:00:00', photo: 'FF00' },
    { id: 2n, name: 'two', amount: '-0.01', seen_at: null, photo: null },
  ]);
});

test('a time of DMS is one that both engines read, and read as the same', () => {
  const feeds = feedsOf(source, manifest);
  const kindOf = (time: string) => {
    const raw = JSON.stringify(dms('dms', 'insert', { id: 1, name: 'x' }, { 'commit-timestamp': time }));
    return readRecord(feeds, { id: '1', arrivedAt: '2026-01-02T00:00:00Z', raw }).kind;
  };
  for (const time of ['2024-02-29T03:04:05Z', '2024-01-02 23:59:59.123456789+0530', '2024-01-02T03:04:05-08:00'])
    expect([time, kindOf(time)]).toEqual([time, 'changes']);
  const refused = ['2024-01-02T03:04Z', '2024', 'Tue, 02 Jan 2024 03:04:05 GMT', '2024-01-02T24:00:00Z', '2024-01-02'];
  for (const time of [
    ...refused,
    '2023-02-29T03:04:05Z',
    '2024-13-02T03:04:05Z',
    '0000-01-02T03:04:05Z',
    '2024-01-02T03:04:05+18:01',
  ])
    expect([time, kindOf(time)]).toEqual([time, 'unreadable']);
});

describe('what is wrong is kept, says why, and stops nothing else', () => {
  const bad: [string, object | string, RegExp][] = [
    ['text that is no JSON', '{"data": {"id": 1', /is no JSON/],
    ['JSON that is no object', '[1, 2]', /must be a JSON object/],
    ['an unknown envelope', { id: 1, name: 'x' }, /in no envelope that is known.*given id, name/],
    [
      'an unknown table',
      dms('nowhere', 'insert', { id: 1 }),
      /public\.nowhere, which no contract names; there are public\.dms/,
    ],
    ['a record that is too large', `{"data": "${'x'.repeat(16 * 1024 * 1024)}"}`, /is larger than 16 MiB/],
  ];
  test('where no table is known, as an object with every record', async () => {
    const received = await send([
      ...bad.map(([, record]) => record),
      dms('other', 'insert', { id: 1, name: 'good', amount: null, seen_at: null, photo: null }),
    ]);
    expect(received.unreadable).toBe(bad.length);
    expect(await rows('other')).toEqual([{ id: 1n, name: 'good', amount: null }]);
    const folder = join(fileURLToPath(services.zones.bronze!), '_refused/cdc/source=shop/date=2026-01-02');
    expect(existsSync(folder)).toBe(true);
    const [file] = readdirSync(folder);
    const lines = readFileSync(join(folder, file!), 'utf8').trim().split('\n');
    const kept = lines.map((line) => JSON.parse(line) as { raw: string; reason: string });
    bad.forEach(([, record, reason], i) => {
      expect(kept[i]!.reason).toMatch(reason);
      expect(kept[i]!.raw).toBe(typeof record === 'string' ? record : JSON.stringify(record));
    });
  });

  test('where the table is known, in its quarantine, each once', async () => {
    const whole = { name: 'x', amount: null, seen_at: null, photo: null };
    const wrong: [object, string, RegExp][] = [
      [dms('broken', 'insert', { ...whole }), 'record.unreadable', /must have a value of key id of silver\.broken/],
      [
        dms('broken', 'merge', { id: 1 }),
        'record.unreadable',
        /operation merge; allowed: load, insert, update, delete/,
      ],
      [
        dms('broken', 'insert', { id: 1 }, { 'stream-position': undefined }),
        'record.unreadable',
        /IncludeTransactionDetails must be on/,
      ],
      [
        dms('broken', 'insert', { id: 1 }, { 'commit-timestamp': 'yesterday' }),
        'record.unreadable',
        /commit-timestamp in ISO 8601, such as .*; given "yesterday"/,
      ],
      [
        debezium('broken', 'c', null, { id: 1 }, { ts_ms: 1_767_225_600 }),
        'record.unreadable',
        /source\.ts_ms in milliseconds since 1970; given 1767225600/,
      ],
      [debezium('broken', 'c', null, { id: 1 }, { lsn: null }), 'record.unreadable', /must have a number source\.lsn/],
      [dms('broken', 'insert', { id: 'one', ...whole }), 'id.type', /must be long; given one/],
      [dms('broken', 'insert', { id: 1.5, ...whole }), 'id.type', /must be long; given 1\.5/],
      [dms('broken', 'insert', { id: 5, ...whole, name: null }), 'name.required', /must have a value/],
      [
        dms('broken', 'insert', { id: 6, ...whole, amount: 'much' }),
        'amount.type',
        /must be decimal\(9, 2\); given much/,
      ],
      [
        debezium('broken', 'c', null, { id: 7, ...whole, seen_at: 1_767_225_600_000 }),
        'seen_at.type',
        /time of early 1970: is it in milliseconds/,
      ],
    ];
    const poisoned = [...wrong.map(([record]) => record)];
    poisoned.splice(4, 0, dms('broken', 'insert', { id: 10, ...whole }));
    const before = count;
    await send(poisoned);
    count = before;
    await send(poisoned);
    expect(await rows('broken', 'id')).toEqual([{ id: 10n }]);
    const kept = await services.lake.query<{ rule: string; message: string; raw: string }>(
      `SELECT reasons[1].rule AS rule, reasons[1].message AS message, raw FROM silver.broken_quarantine`,
    );
    expect(kept).toHaveLength(wrong.length);
    for (const [record, rule, message] of wrong) {
      const found = kept.find(({ raw }) => raw === JSON.stringify(record));
      expect(found).toMatchObject({ rule, message: expect.stringMatching(message) });
    }
  });

  test.each([
    ['that may pass: its records are to come again', new TransientError('the catalog answered 503')],
    ['that stays: it is paused, and its records are kept', new Error('the file is broken')],
  ])('an error of one table %s, and the others are applied', async (_, error) => {
    const commit: LocalServices['lake']['commit'] = (work, options) =>
      services.lake.commit((tx) => {
        const run: typeof tx.run = (sql, params) =>
          /INSERT INTO .*"kept" /.test(sql) ? Promise.reject(error) : tx.run(sql, params);
        return work({ ...tx, run, query: tx.query, properties: tx.properties, setProperties: tx.setProperties });
      }, options);
    const failing = { ...services, lake: Object.assign(Object.create(services.lake), { commit }) };
    const row = { name: 'x', amount: null, seen_at: null, photo: null };
    const id = 20 + count;
    const received = await send(
      [dms('kept', 'insert', { id, ...row }), dms('other', 'insert', { id, ...row })],
      source,
      failing,
    );
    expect(await rows('other', 'id')).toContainEqual({ id: BigInt(id) });
    expect(await rows('kept', 'id')).toEqual([]);
    const transient = error instanceof TransientError;
    expect([...received.failed.values()]).toEqual(transient ? [error] : []);
    expect(received.tables.map(({ table: name, status }) => `${name} ${status}`).sort()).toEqual([
      ...(transient ? [] : ['silver.kept parked']),
      'silver.other applied',
    ]);
    if (transient) return;
    expect(await releaseTable('silver.kept', services)).toMatchObject({
      records: 1,
      reason: 'Error: the file is broken',
    });
    expect(await rows('kept', 'id')).toEqual([{ id: BigInt(id) }]);
  });

  test('a truncation that is refused: the rows stay', async () => {
    const refusing = { ...source, truncate: 'refuse' as const };
    await send([dms('other', 'truncate-table', {}, { 'record-type': 'control' })], refusing);
    expect(await rows('other', 'id')).toContainEqual({ id: 1n });
    const kept = await services.lake.query('SELECT reasons[1].rule AS rule FROM silver.other_quarantine');
    expect(kept).toEqual([{ rule: 'truncate.refused' }]);
  });
});

describe("the source's schema", () => {
  const row = { name: 'x', amount: null, seen_at: null, photo: null };

  test('a column that comes later becomes one of the table, and stays through deployments; one that was always there does not', async () => {
    await send([dms('grows', 'insert', { id: 1, ...row, secret: 'not in the contract' })]);
    await send([dms('grows', 'insert', { id: 2, ...row, secret: 's', nickname: null })]);
    await send([dms('grows', 'insert', { id: 3, ...row, secret: 's', nickname: 'Bo', points: 7 })]);
    await send([dms('grows', 'update', { id: 1, ...row, secret: 's', nickname: 'Al', points: null })]);
    await makeTables(services);
    expect(
      await rows('grows', "id, nickname, points, COLUMNS(c -> c = 'secret')").catch(() =>
        rows('grows', 'id, nickname, points'),
      ),
    ).toEqual([
      { id: 1n, nickname: 'Al', points: null },
      { id: 2n, nickname: null, points: null },
      { id: 3n, nickname: 'Bo', points: 7n },
    ]);
  });

  test('a change that the table cannot follow pauses it alone, keeps what comes, and it goes on when released', async () => {
    const fields = (types: Record<string, string>) => {
      const all = Object.entries(types).map(([field, type]) => ({ field, type }));
      return { fields: [{ field: 'after', fields: all }] };
    };
    const types = { id: 'int64', name: 'string', amount: 'double', seen_at: 'string', photo: 'bytes' };
    const renamed = { id: 'int64', full_name: 'string', amount: 'double', seen_at: 'string', photo: 'bytes' };
    const wrapped = (schema: object, op: string, after: object) => ({
      schema,
      payload: debezium('stops', op, null, after),
    });
    await send([wrapped(fields(types), 'c', { id: 1, ...row })]);
    const { name: _, ...rest } = row;
    const [stopped] = (
      await send([
        wrapped(fields(renamed), 'u', { id: 1, full_name: 'y', ...rest }),
        dms('other', 'insert', { id: 3, ...row }),
      ])
    ).tables;
    expect(stopped).toMatchObject({ table: 'silver.stops', status: 'parked' });
    expect(await rows('other', 'id')).toContainEqual({ id: 3n });
    await send([
      wrapped(fields(types), 'c', { id: 2, ...row }),
      wrapped(fields(types), 'u', { id: 1, ...row, name: 'z' }),
    ]);
    expect(await rows('stops', 'id, name')).toEqual([{ id: 1n, name: 'x' }]);
    const released = await releaseTable('silver.stops', services);
    expect(released).toMatchObject({
      records: 3,
      rejected: 1,
      reason: expect.stringMatching(/no longer has name, which the contract requires/),
    });
    expect(await rows('stops', 'id, name')).toEqual([
      { id: 1n, name: 'z' },
      { id: 2n, name: 'x' },
    ]);
    await send([wrapped(fields(types), 'd', {}), wrapped(fields(types), 'c', { id: 9, ...row })]);
    expect(await rows('stops', 'id')).toEqual([{ id: 1n }, { id: 2n }, { id: 9n }]);
  });
});

describe('where Spark applies the changes of a source', () => {
  const fields = (types: object[]) => ({ fields: [{ field: 'after', fields: types }] });
  const known = [
    { field: 'id', type: 'int64' },
    { field: 'name', type: 'string' },
  ];
  const time = { field: 'opens', type: 'int64', name: 'io.debezium.time.MicroTime' };
  const sent = (types: object[], id: number, more: object = {}) => ({
    schema: fields(types),
    payload: debezium('timed', 'c', null, { id, name: 'x', ...more }),
  });

  test('a new column of a type that it lacks pauses the table, before Spark can read the table no more', async () => {
    const over = { ...services, ...engineOfSpark };
    await send([sent(known, 1)], source, over);
    const { tables } = await send([sent([...known, time], 2, { opens: 3_600_000_000 })], source, over);
    expect(tables).toMatchObject([{ table: 'silver.timed', status: 'parked' }]);
    const released = await releaseTable('silver.timed', over);
    expect(released.reason).toBe(
      "The source's table of silver.timed has a new column opens, which in the table must not be a time of day: Spark has no such type; keep it as a string, or as a timestamp",
    );
    const again = await send([sent([...known, time], 3, { opens: 3_600_000_000 })], source, over);
    expect(again.tables).toMatchObject([{ table: 'silver.timed', status: 'applied' }]);
    expect(await rows('timed', '* EXCLUDE (change_lsn, change_sequence, change_older)')).toMatchObject([
      { id: 1n },
      { id: 2n },
      { id: 3n },
    ]);
    expect((await rows('timed', '*'))[0]).not.toHaveProperty('opens');
  });
});

describe('the function that Kinesis calls', () => {
  const row = { name: 'x', amount: null, seen_at: null, photo: null };
  const batch = (records: readonly object[]) => ({
    Records: records.map((record, i) => ({
      eventID: `shardId-000000000000:${100 + i}`,
      kinesis: {
        sequenceNumber: String(100 + i),
        data: Buffer.from(JSON.stringify(record)).toString('base64'),
        approximateArrivalTimestamp: 1_767_225_600.5,
      },
    })),
  });

  test('applies a batch, and names what is to come again: records of the table that could not be written', async () => {
    const records = [dms('other', 'insert', { id: 500, ...row }), dms('kept', 'insert', { id: 501, ...row })];
    expect(await handleApply(batch(records), source, services)).toEqual({ batchItemFailures: [] });
    expect(await rows('other', 'id')).toContainEqual({ id: 500n });
    const commit: LocalServices['lake']['commit'] = (work, options) =>
      services.lake.commit(async (tx) => {
        const result = await work(tx);
        throw new TransientError(`throttled after ${String(result)}`);
      }, options);
    const failing = { ...services, lake: Object.assign(Object.create(services.lake), { commit }) };
    expect(await handleApply(batch([dms('kept', 'insert', { id: 502, ...row })]), source, failing)).toEqual({
      batchItemFailures: [{ itemIdentifier: '100' }],
    });
  });

  test('forgets deletes when they were remembered for long enough, and not before', async () => {
    await handleApply(batch([dms('kept', 'delete', { id: 501 })]), source, services);
    const kept = () => services.lake.query("SELECT id FROM silver.kept_changes WHERE change_kind = 'delete'");
    await handleApply({ action: 'forget' }, source, services);
    expect(await kept()).toEqual([{ id: 501n }]);
    lake.ahead(31 * 86_400_000);
    const forgotten = await handleApply({ action: 'forget' }, source, services);
    lake.ahead(0);
    expect(forgotten).toMatchObject({ tables: expect.arrayContaining([{ table: 'silver.kept', changes: 1 }]) });
    expect(await kept()).toEqual([]);
  });
});

test('lines of a file are applied once, also those that it gets later', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-changes-'));
  const line = (id: number, lsn: number) =>
    `${JSON.stringify({ op: 'c', before: null, after: { id, name: 'n' }, source: { schema: 'public', table: 'filed', lsn, ts_ms: 1_767_312_000_000 } })}\n`;
  const run = async () => {
    const declared = [{ file: 'changes.jsonl', of: 'shop' }];
    const [{ received }] = (await runChanges(declared, folder, services, layoutOf(folder))) as [FeedRun];
    return received.map(({ tables, unreadable }) => [tables.map(({ changes, added }) => [changes, added]), unreadable]);
  };
  await writeFile(join(folder, 'changes.jsonl'), `${line(700, 1)}${line(701, 2)}broken\n`);
  expect(await run()).toEqual([[[[2, 2]], 1]]);
  expect(await run()).toEqual([]);
  await appendFile(join(folder, 'changes.jsonl'), line(702, 3));
  expect(await run()).toEqual([[[[1, 1]], 0]]);
  await rm(folder, { recursive: true });
});

test('lines of a source that is of Spark go to it, which is opened where there are some', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-changes-'));
  await writeFile(
    join(folder, 'changes.jsonl'),
    JSON.stringify(dms('kept', 'insert', { id: 800, name: 'n', amount: null })),
  );
  let opened = 0;
  const open = async () => {
    opened += 1;
    return services;
  };
  const noLake = { ...services, lake: undefined as never };
  const declared = [{ file: 'changes.jsonl', of: 'shop' }];
  const run = (of: string) =>
    runChanges(declared, folder, of === 'shop' ? noLake : services, layoutOf(folder), { sources: new Set([of]), open });
  expect((await run('shop'))[0]!.received[0]!.tables).toMatchObject([{ table: 'silver.kept', changes: 1 }]);
  expect((await run('shop'))[0]!.received).toEqual([]);
  await run('other');
  expect(opened).toBe(1);
  await rm(folder, { recursive: true });
});

describe('the job of Spark', () => {
  const row = (id: number, name: string) => ({ id, name, amount: null, seen_at: null, photo: null });
  let sequence = 0;
  const record = (data: string | Buffer | object): StreamRecord => ({
    shard: 'shardId-000000000001',
    sequence: String(10_000 + ++sequence),
    key: 'k',
    arrived: 1_767_225_600_123 + sequence,
    data: Buffer.isBuffer(data) ? data : Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)),
  });
  /** A session whose batches are these; here they are tables of DuckDB's. */
  const sessionOf = (batches: readonly (readonly StreamRecord[] | null)[]): Pick<SparkSession, 'nextBatch'> => {
    const left = [...batches];
    return {
      nextBatch: async () => {
        const next = left.shift();
        return next == null ? next : putRecords(next, services.lake);
      },
    };
  };
  const event: ApplyJobEvent = {
    source: 'shop',
    from: { kind: 'kinesis', stream: 'changes', region: 'eu-west-1' },
    pace: { checkpoint: '/nowhere', seconds: 0, records: 100 },
  };
  const nothingToSend = async () => {};
  /** The services, with commits that fail as said: by the number of each. */
  const failing = (errorOf: (commit: number) => Error | undefined) => {
    let commits = 0;
    const commit: LocalServices['lake']['commit'] = (work, options) =>
      services.lake.commit(async (tx) => {
        const error = errorOf(commits++);
        if (error !== undefined) throw error;
        return work(tx);
      }, options);
    return { ...services, lake: Object.assign(Object.create(services.lake), { commit }) };
  };

  test('makes the table and the quarantine that the function makes, and keeps the same of what cannot be read', async () => {
    const invalid = (name: string) => {
      const [before, after] = JSON.stringify(dms(name, 'insert', row(6, '|'))).split('|');
      // What Node makes of such bytes: one sign for each that begins nothing, and one for what begins a sign and does not end it.
      return Buffer.concat([
        Buffer.from(before!),
        Buffer.from([0xc3, 0x28, 0xe2, 0x82, 0xff, 0xf0, 0x9f, 0x98]),
        Buffer.from(after!),
      ]);
    };
    const at = (n: number) => ({ 'stream-position': `0/${n}.1.0/${n}` });
    const all = (name: string) => [
      dms(name, 'load', row(1, 'one')),
      dms(name, 'insert', row(2, 'two'), at(100)),
      dms(name, 'update', row(1, 'ONE'), at(110)),
      dms(name, 'update', { ...row(3, 'moved') }, at(120), { id: 2 }),
      dms(name, 'insert', row(4, 'with a \ufeff mark'), at(130)),
      dms(name, 'delete', { id: 4 }, at(140)),
      dms(name, 'insert', { ...row(5, 'refused'), amount: 'many' }, at(150)),
      invalid(name),
      '',
      'broken',
      dms(name, 'insert', { name: 'without a key' }, at(160)),
    ];
    const [called, given] = [all('called').map(record), all('sparks').map(record)];
    const pair = given.map((one, i) => ({ ...one, sequence: called[i]!.sequence, arrived: called[i]!.arrived }));
    expect(await handleApply(kinesisEvent(called), source, services)).toEqual({ batchItemFailures: [] });
    const told = await applyJob(
      event,
      sessionOf([pair.slice(0, 4), [...pair.slice(3), pair[9]!]]),
      services,
      nothingToSend,
    );
    expect(told).toEqual({ source: 'shop', batches: 2, records: 12, changes: 11, unreadable: 2 });
    const behind = services.metrics.values.filter(({ name }) => name === cdcMetrics.behind);
    expect(behind).toHaveLength(2);
    expect(behind[0]).toMatchObject({ unit: 'Seconds', dimensions: { Source: 'shop' }, value: expect.any(Number) });
    const everything = async (name: string) => [
      await rows(name, '* EXCLUDE (change_lsn)'),
      await services.lake.query(`SELECT quarantined_at, file, row_number, replace(reasons::VARCHAR, '${name}', '') AS reasons,
          replace(raw, '${name}', '') AS raw FROM silver.${name}_quarantine ORDER BY file`),
    ];
    const [table, refused] = await everything('called');
    expect([table!.map(({ id }) => id), refused!.length]).toEqual([[1n, 3n, 6n], 2]);
    expect(table![2]).toMatchObject({ name: '\ufffd(\ufffd\ufffd\ufffd' });
    expect(await everything('sparks')).toEqual([table, refused]);
  });

  test('says and sends each minute in which nothing comes that it is not behind', async () => {
    const told: unknown[] = [];
    const metrics = { put: (...given: unknown[]) => void told.push(given) };
    const idle = { ...services, clock: { now: () => 0 }, metrics };
    const done = await applyJob(event, sessionOf([null, null]), idle, async () => void told.push('sent'));
    expect(done).toMatchObject({ batches: 0, records: 0 });
    const once = [[cdcMetrics.behind, 0, 'Seconds', { Source: 'shop' }], 'sent'];
    expect(told).toEqual([...once, ...once]);
  });

  test('tries again the records that failed for a reason that may pass, and those alone', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0);
    const records = [dms('called', 'insert', row(20, 'a')), dms('sparks', 'insert', row(20, 'b'))].map(record);
    const table = await putRecords(records, services.lake);
    const once = failing((commit) => (commit === 1 ? new TransientError('throttled') : undefined));
    const { received } = (await applyTable(table, source, once)).done;
    expect(received.map(({ tables }) => tables.map((one) => one.table))).toEqual([
      ['silver.sparks'],
      ['silver.called'],
    ]);
    expect(await rows('called', 'id')).toContainEqual({ id: 20n });
    random.mockRestore();
  });

  test('fails where it stays so, and where Spark cannot go on: it asks for no other batch, and no table is paused', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0);
    const full = new SparkError('INTERNAL Error: java.io.IOException: No space left on device');
    for (const error of [new TransientError('throttled'), new SparkEndedError(), full]) {
      const session = sessionOf([[record(dms('sparks', 'insert', row(30, 'x')))], []]);
      const asked = jest.spyOn(session, 'nextBatch');
      await expect(
        applyJob(
          event,
          session,
          failing(() => error),
          nothingToSend,
        ),
      ).rejects.toThrow(error);
      expect(asked).toHaveBeenCalledTimes(1);
    }
    random.mockRestore();
    expect(await services.lake.query("SELECT 1 FROM silver.sparks_changes WHERE change_kind = 'pause'")).toEqual([]);
  });

  test('gets the event that docs/cdc.md shows', () => {
    const page = readFileSync(join(__dirname, '../../docs/cdc.md'), 'utf8');
    const [, text] = /^```json\n(.*?)^```/ms.exec(page)!;
    const { from, pace, ...rest } = JSON.parse(text!) as ApplyJobEvent;
    expect(rest).toEqual({ source: 'crm' });
    const kinesis = { kind: 'kinesis', stream: 'shop-cdc-crm', region: 'eu-west-1' } as const;
    const checkpoint = 's3://shop-silver/_ops/checkpoints/crm';
    expect(recordSource(from, pace)).toEqual(recordSource(kinesis, { checkpoint, seconds: 30, records: 1_000_000 }));
  });

  test('cuts between records where many are too much, and takes no more than the beginning of one that is too long', async () => {
    const text = 'x'.repeat(2_000);
    const table = await putRecords(Array(7).fill(text).map(record), services.lake);
    await services.lake.run(`UPDATE ${table} SET bytes = CASE ordinal WHEN 5 THEN 60 ELSE 8 END * 1024 * 1024`);
    const { slices } = await slicesOf(table, services.lake);
    expect(slices).toEqual([
      { from: 0, to: 4 },
      { from: 4, to: 7 },
    ]);
    const incoming = await incomingOf(table, slices[1]!, services.lake);
    expect(incoming.map(({ origin }) => origin.raw.length)).toEqual([2_000, 1_000, 2_000]);
    expect(incoming[1]!.read!(new Map())).toEqual({
      kind: 'unreadable',
      reason: 'is larger than 16 MiB; given 62914560 bytes, of which the first 1000 characters are kept',
    });
    expect(await receive(incoming.slice(1, 2), source, services)).toMatchObject({ unreadable: 1 });
  });

  test('takes as many records at once as it can hold, and at least some', async () => {
    const table = await putRecords(
      Array.from({ length: 450 }, () => record('0123456789')),
      services.lake,
    );
    const sliced = async (records: number, bytes: number) =>
      (await slicesOf(table, services.lake, { records, bytes })).slices.map(({ from, to }) => [from, to]);
    expect(await sliced(250, 1e9)).toEqual([
      [0, 200],
      [200, 450],
    ]);
    expect(await sliced(1e9, 3_500)).toEqual([
      [0, 300],
      [300, 450],
    ]);
    expect((await sliced(1e9, 999)).slice(0, 2)).toEqual([
      [0, 99],
      [99, 198],
    ]);
    expect((await sliced(1e9, 1)).length).toBe(450);
    expect(await slicesOf(await putRecords([], services.lake), services.lake)).toEqual({ slices: [] });
  });
});
