import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, unlink } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import { Pointer } from '../../lib/local/catalog/pointer';
import { type Duckdb, openDuckdb } from '../../lib/runtime/duckdb';
import { parseJson, toJson } from '../../lib/tables/json';
import type { TableMetadata } from '../../lib/tables/metadata';
import { findPyiceberg, pyiceberg } from './pyiceberg';

let folder: string;
let root: string;
let catalogFolder: string;
let catalog: LocalCatalog;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-catalog-'));
  catalogFolder = join(folder, 'catalog');
  root = `file://${folder}/silver`;
  catalog = await startCatalog({ folder: catalogFolder, roots: [root] });
});

afterAll(async () => {
  await catalog.close();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function call(method: string, path: string, body?: unknown, uri = catalog.uri): Promise<Answer> {
  const response = await fetch(`${uri}/v1/${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : toJson(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : parseJson(text) };
}

const long = { id: 1, name: 'id', required: true, type: 'long' };
const schemaOf = (...fields: unknown[]) => ({ type: 'struct', 'schema-id': 0, fields });

async function newTable(namespace: string, name: string, more: Record<string, unknown> = {}): Promise<TableMetadata> {
  await call('POST', 'local/namespaces', { namespace: [namespace] });
  const location = `${root}/${namespace}/${name}`;
  const answer = await call('POST', `local/namespaces/${namespace}/tables`, {
    name,
    location,
    schema: schemaOf(long),
    ...more,
  });
  expect(answer).toMatchObject({ status: 200 });
  return (answer.body as { metadata: TableMetadata }).metadata;
}

async function load(namespace: string, name: string): Promise<TableMetadata> {
  const { body } = await call('GET', `local/namespaces/${namespace}/tables/${name}`);
  return (body as { metadata: TableMetadata }).metadata;
}

const commit = (table: string, updates: unknown[], requirements: unknown[] = []) =>
  call('POST', `local/namespaces/${table.replace('.', '/tables/')}`, { requirements, updates });

const snapshot = (id: number | bigint, sequence: number, parent?: number | bigint) => ({
  action: 'add-snapshot',
  snapshot: {
    'snapshot-id': id,
    'sequence-number': sequence,
    'timestamp-ms': 1_700_000_000_000 + sequence,
    'manifest-list': `${root}/none.avro`,
    summary: { operation: 'append' },
    ...(parent === undefined ? {} : { 'parent-snapshot-id': parent }),
  },
});
const main = (id: number | bigint) => ({
  action: 'set-snapshot-ref',
  'ref-name': 'main',
  type: 'branch',
  'snapshot-id': id,
});

const error = (code: number, type: string, message: RegExp) => ({
  status: code,
  body: { error: { code, type, message: expect.stringMatching(message) } },
});

async function attach(duckdb: Duckdb, uri: string): Promise<void> {
  await duckdb.run(
    `ATTACH 'w' AS lake (TYPE iceberg, ENDPOINT '${uri}', AUTHORIZATION_TYPE 'none', STAGE_CREATE_TABLES false,
       DISABLE_MULTI_TABLE_COMMIT true, PURGE_REQUESTED false)`,
  );
}

const openOn = async (uri: string): Promise<Duckdb> => {
  const duckdb = await openDuckdb({ extensions: ['avro', 'httpfs', 'iceberg'], limits: { threads: 1 } });
  await attach(duckdb, uri);
  return duckdb;
};

describe('DuckDB', () => {
  let duckdb: Duckdb;
  beforeAll(async () => {
    duckdb = await openOn(catalog.uri);
    await duckdb.run('CREATE SCHEMA lake.duck');
  });
  afterAll(() => duckdb.close());

  test('creates, inserts, merges, evolves, deletes and reads, and drops without touching the files', async () => {
    const t = 'lake.duck.all';
    await duckdb.run(
      `CREATE TABLE ${t} (id BIGINT, ts TIMESTAMP, s STRUCT(a INTEGER, b VARCHAR[])) PARTITIONED BY (day(ts))
         WITH ('location' = '${root}/duck/all')`,
    );
    await duckdb.run(`INSERT INTO ${t} VALUES (1, '2026-01-01', {a: 1, b: ['x']}), (2, '2026-01-02', NULL)`);
    await duckdb.run(`ALTER TABLE ${t} ADD COLUMN note VARCHAR`);
    await duckdb.run(
      `MERGE INTO ${t} t USING (VALUES (2, TIMESTAMP '2026-01-03'), (3, '2026-01-03')) s(id, ts) ON t.id = s.id
         WHEN MATCHED THEN UPDATE SET ts = s.ts, note = 'moved' WHEN NOT MATCHED THEN INSERT (id, ts) VALUES (s.id, s.ts)`,
    );
    await duckdb.run(`DELETE FROM ${t} WHERE id = 1`);
    expect(await duckdb.query(`SELECT id, ts, note FROM ${t} ORDER BY id`)).toEqual([
      { id: 2n, ts: '2026-01-03T00:00:00', note: 'moved' },
      { id: 3n, ts: '2026-01-03T00:00:00', note: null },
    ]);
    await duckdb.run(`DROP TABLE ${t}`);
    await expect(duckdb.query(`FROM ${t}`)).rejects.toThrow(/does not exist/);
    expect((await readdir(`${folder}/silver/duck/all/data`, { recursive: true })).length).toBeGreaterThan(0);
  });

  test('rows and their position are one commit, and the history has one entry for it', async () => {
    const t = 'lake.duck.position';
    await duckdb.run(`CREATE TABLE ${t} (id BIGINT) WITH ('location' = '${root}/duck/position')`);
    await duckdb.run(`INSERT INTO ${t} VALUES (1)`);
    await duckdb.run('BEGIN');
    await duckdb.run(`DELETE FROM ${t} WHERE id = 1`);
    await duckdb.run(`INSERT INTO ${t} VALUES (2)`);
    await duckdb.run(`CALL set_iceberg_table_properties(${t}, {'ingot.position': '42'})`);
    await duckdb.run('COMMIT');
    const metadata = await load('duck', 'position');
    expect(metadata.properties).toMatchObject({ 'ingot.position': '42' });
    expect(metadata.snapshots).toHaveLength(3);
    expect(metadata['snapshot-log'].map((entry) => entry['snapshot-id'])).toEqual([
      metadata.snapshots[0]!['snapshot-id'],
      metadata.snapshots[2]!['snapshot-id'],
    ]);
  });

  test('of writers in several processes, each with a server of its own, every row arrives once', async () => {
    await duckdb.run(`CREATE TABLE lake.duck.shared (w BIGINT, n BIGINT) WITH ('location' = '${root}/duck/shared')`);
    const open = [0, 1, 2].map(async () => {
      const own = await startCatalog({ folder: catalogFolder, roots: [root] });
      return { own, writer: await openOn(own.uri) };
    });
    const writers = await Promise.all(open);
    let conflicts = 0;
    const tried = async (write: () => Promise<unknown>): Promise<boolean> => {
      try {
        await write();
        return true;
      } catch (failure) {
        if (!/409/.test(String(failure))) throw failure;
        conflicts++;
        return false;
      }
    };
    // All have begun before the first is done: of these, one alone can be the next.
    for (const [w, { writer }] of writers.entries())
      await writer.run(`BEGIN; INSERT INTO lake.duck.shared VALUES (${w}, 0)`);
    const first = await Promise.all(writers.map(({ writer }) => tried(() => writer.run('COMMIT'))));
    expect([first.filter(Boolean).length, conflicts]).toEqual([1, 2]);
    await Promise.all(
      writers.map(async ({ own, writer }, w) => {
        for (let n = first[w] ? 1 : 0; n < 5; ) {
          if (await tried(() => writer.run(`INSERT INTO lake.duck.shared VALUES (${w}, ${n})`))) n++;
          else await sleep(Math.random() * 50);
        }
        writer.close();
        await own.close();
      }),
    );
    const [counted] = await duckdb.query(
      'SELECT count(*) AS rows, count(DISTINCT (w, n)) AS once FROM lake.duck.shared',
    );
    expect(counted).toEqual({ rows: 15n, once: 15n });
  });
});

describe('pyiceberg', () => {
  test('creates, writes and evolves tables that DuckDB reads, and the reverse', async () => {
    if ((await findPyiceberg()) === undefined) return;
    const made = await pyiceberg<Record<string, unknown>>(catalog.uri, `${root}/py`, 'create');
    expect(made).toEqual({
      conflict: 'CommitFailedException',
      team: { team: 'b' },
      tables: ['py.flights'],
      exists: [true, false],
      columns: ['n', 'id', 'at', 'tags', 'place', 'extra'],
      spec: ['at_day', 'extra'],
      properties: { b: '2' },
      refs: ['checked', 'main'],
      snapshots: 1,
      refused: {
        'no location': 'BadRequestError',
        outside: 'ForbiddenError',
        rename: expect.any(String),
        staged: expect.any(String),
        purge: expect.any(String),
        'not empty': 'NamespaceNotEmptyError',
        missing: 'NoSuchTableError',
        twice: 'TableAlreadyExistsError',
      },
    });

    const duckdb = await openOn(catalog.uri);
    const read = await duckdb.query(
      'SELECT id, n, tags, place.city AS city, extra FROM lake.py.flights ORDER BY id LIMIT 2',
    );
    expect(read).toEqual([
      { id: 0n, n: 0n, tags: ['x'], city: 'Köln', extra: null },
      { id: 1n, n: 1n, tags: ['x'], city: 'Köln', extra: null },
    ]);
    await duckdb.run('SET unsafe_iceberg_ignore_sort_order = true');
    await duckdb.run("INSERT INTO lake.py.flights (id, \"at\", extra) VALUES (100, '2026-03-01', 'duck')");
    await duckdb.run('CREATE SCHEMA IF NOT EXISTS lake.duck');
    await duckdb.run(
      `CREATE TABLE lake.duck.flights (id BIGINT, ts TIMESTAMP) WITH ('location' = '${root}/duck/flights')`,
    );
    await duckdb.run("INSERT INTO lake.duck.flights VALUES (1, '2026-01-01'), (2, '2026-01-02')");
    await duckdb.run('DELETE FROM lake.duck.flights WHERE id = 1');

    const used = await pyiceberg<{ before: unknown; flights: unknown[]; gone: boolean; again: number }>(
      catalog.uri,
      `${root}/py`,
      'use',
    );
    expect(used).toMatchObject({ before: [{ id: 2, ts: '2026-01-02 00:00:00' }], gone: true, again: 6 });
    expect(used.flights).toHaveLength(6);
    expect(used.flights.at(-1)).toMatchObject({ id: 100, extra: 'duck' });
    expect(await duckdb.query('SELECT id, departed, note FROM lake.duck.flights ORDER BY id')).toEqual([
      { id: 2n, departed: '2026-01-02T00:00:00', note: null },
      { id: 7n, departed: '2026-02-01T00:00:00', note: 'py' },
    ]);
    duckdb.close();
  }, 300_000);
});

describe('several processes', () => {
  test('no confirmed commit is lost, whoever commits at once and whenever one is killed', async () => {
    await newTable('race', 'killed');
    const writer = join(folder, 'writer.js');
    buildSync({
      entryPoints: [join(__dirname, 'catalog-writer.ts')],
      outfile: writer,
      bundle: true,
      platform: 'node',
      logLevel: 'error',
    });
    const confirmed: string[] = [];
    const start = (commits: number, first: bigint) => {
      const args = [writer, catalogFolder, root, 'race', 'killed', String(commits), String(first)];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let printed = '';
      child.stdout.on('data', (chunk) => {
        printed += chunk;
      });
      const ended = once(child, 'close').then(() => {
        confirmed.push(...printed.split('\n').slice(0, -1));
      });
      return { child, ended, printed: () => printed.split('\n').slice(0, -1) };
    };
    // Ids above 2^53, so that a digit lost on the way is a snapshot lost.
    const steady = [start(25, 9_000_000_000_000_000_001n), start(25, 8_000_000_000_000_000_001n)];
    for (let life = 0n; life < 3n; life++) {
      const doomed = start(1_000_000, 5_000_000_000_000_000_001n + life * 1_000_000n);
      while (doomed.printed().length < 3 && doomed.child.exitCode === null) await sleep(10);
      await sleep(Math.random() * 100);
      doomed.child.kill('SIGKILL');
      await doomed.ended;
    }
    await Promise.all(steady.map(({ ended }) => ended));

    const { snapshots, refs } = await load('race', 'killed');
    const ids = snapshots.map((one) => String(one['snapshot-id']));
    expect(confirmed.length).toBeGreaterThan(55);
    expect(confirmed.filter((id) => !ids.includes(id))).toEqual([]);
    // A killed writer may have committed once without hearing of it.
    expect(ids.length - confirmed.length).toBeLessThanOrEqual(3);
    expect(new Set(ids).size).toBe(ids.length);
    expect(snapshots.map((one) => one['parent-snapshot-id'])).toEqual([
      undefined,
      ...snapshots.slice(0, -1).map((one) => one['snapshot-id']),
    ]);
    expect(refs.main!['snapshot-id']).toBe(snapshots.at(-1)!['snapshot-id']);
  });

  test('old pointers are pruned, and who slept meanwhile does not take a free number for a commit', async () => {
    const pointers = join(folder, 'pruned');
    const pointer = new Pointer<number>(pointers);
    for (let n = 0; n < 40; n++) expect(await pointer.advance(n, n)).toBe(true);
    expect((await readdir(pointers)).length).toBe(18);
    expect(await pointer.advance(39, -1)).toBe(false);
    await expect(pointer.advance(10, -1)).rejects.toThrow('may be lost');
    expect(await pointer.advance(0, -1)).toBe(false);
    expect(await pointer.read()).toEqual({ number: 40, value: 39 });
  });

  test('a commit that lost the race leaves no metadata file behind', async () => {
    await newTable('race', 'clean');
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        commit(
          'race.clean',
          [snapshot(n, 1), main(n)],
          [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null }],
        ),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect((await readdir(`${folder}/silver/race/clean/metadata`)).length).toBe(2);
  });

  test('changes that do not contradict each other all stand', async () => {
    await newTable('race', 'friends');
    const names = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(
      names.map((n) => commit('race.friends', [{ action: 'set-properties', updates: { [n]: n } }])),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(Object.keys((await load('race', 'friends')).properties).sort()).toEqual(names);
  });
});

describe('the protocol', () => {
  test('no connection that is idle is ended from here, where it might just be sending its next request', async () => {
    const response = await fetch(`${catalog.uri}/v1/config`);
    await response.text();
    // Where there is such an end, the answer says so: `timeout=5`.
    expect(response.headers.get('keep-alive')).toBeNull();
  });

  test('the config says the prefix and every endpoint', async () => {
    const { body } = await call('GET', 'config?warehouse=any');
    expect(body).toMatchObject({ overrides: { prefix: 'local' } });
    expect((body as { endpoints: string[] }).endpoints).toMatchSnapshot();
  });

  test('namespaces are created, listed by pages, changed, and dropped when empty', async () => {
    for (const name of ['n1', 'n2', 'n3'])
      await call('POST', 'local/namespaces', { namespace: [name], properties: { a: '1' } });
    const first = await call('GET', 'local/namespaces?pageSize=2&pageToken=n');
    expect(first.body).toEqual({ namespaces: [['n1'], ['n2']], 'next-page-token': 'n2' });
    const changed = await call('POST', 'local/namespaces/n1/properties', { removals: ['a', 'z'], updates: { b: '2' } });
    expect(changed.body).toEqual({ updated: ['b'], removed: ['a'], missing: ['z'] });
    expect((await call('GET', 'local/namespaces/n1')).body).toEqual({ namespace: ['n1'], properties: { b: '2' } });
    expect(await call('POST', 'local/namespaces', { namespace: ['n1'] })).toEqual(
      error(409, 'AlreadyExistsException', /n1/),
    );
    await newTable('n1', 't');
    expect(await call('DELETE', 'local/namespaces/n1')).toEqual(error(409, 'NamespaceNotEmptyException', /n1/));
    await call('DELETE', 'local/namespaces/n1/tables/t?purgeRequested=false');
    expect((await call('DELETE', 'local/namespaces/n1')).status).toBe(204);
    expect((await call('HEAD', 'local/namespaces/n1')).status).toBe(404);
    expect(await call('GET', 'local/namespaces/n1/tables')).toEqual(error(404, 'NoSuchNamespaceException', /n1/));
    expect((await call('POST', 'local/namespaces', { namespace: ['n1'] })).status).toBe(200);
  });

  test("columns get ids of the catalog's own, nested ones after their level, and partitions, order and key follow", async () => {
    const fields = [
      { id: 7, name: 'id', required: true, type: 'long' },
      {
        id: 3,
        name: 'at',
        required: false,
        type: { type: 'struct', fields: [{ id: 0, name: 'day', required: false, type: 'date' }] },
      },
      { id: 9, name: 'last', required: false, type: 'string' },
    ];
    const metadata = await newTable('made', 'ids', {
      schema: { type: 'struct', fields, 'identifier-field-ids': [7] },
      'partition-spec': { fields: [{ 'source-id': 9, name: 'last', transform: 'truncate[2]' }] },
      'write-order': {
        fields: [{ 'source-id': 9, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }],
      },
      properties: { 'format-version': '2', x: 'y' },
    });
    expect(metadata).toMatchObject({
      'last-column-id': 4,
      'last-partition-id': 1000,
      schemas: [
        {
          'identifier-field-ids': [1],
          fields: [{ id: 1 }, { id: 2, type: { fields: [{ id: 4, name: 'day' }] } }, { id: 3 }],
        },
      ],
      'partition-specs': [{ 'spec-id': 0, fields: [{ 'source-id': 3, 'field-id': 1000, transform: 'truncate[2]' }] }],
      'default-sort-order-id': 1,
      properties: { x: 'y' },
    });
  });

  test('a metadata file is standard JSON in the metadata folder, and names those before it', async () => {
    const made = await newTable('made', 'files');
    const { body } = await commit('made.files', [{ action: 'set-properties', updates: { a: '1' } }]);
    const location = (body as { 'metadata-location': string })['metadata-location'];
    expect(location).toMatch(new RegExp(`^${made.location}/metadata/00001-[0-9a-f-]{36}\\.metadata\\.json$`));
    const file = JSON.parse(await readFile(location.replace('file://', ''), 'utf8'));
    expect(file).toMatchObject({ 'format-version': 2, 'table-uuid': made['table-uuid'], properties: { a: '1' } });
    expect(file['metadata-log']).toMatchObject([
      { 'metadata-file': expect.stringMatching(/00000-.*\.metadata\.json$/) },
    ]);
  });

  test('old metadata files are removed where the table wants it', async () => {
    const updates = {
      'write.metadata.previous-versions-max': '2',
      'write.metadata.delete-after-commit.enabled': 'true',
    };
    await newTable('made', 'short', { properties: updates });
    for (const n of ['1', '2', '3', '4', '5'])
      await commit('made.short', [{ action: 'set-properties', updates: { n } }]);
    expect((await readdir(`${folder}/silver/made/short/metadata`)).sort().map((name) => name.slice(0, 5))).toEqual([
      '00003',
      '00004',
      '00005',
    ]);
  });

  test('snapshots, branches and tags are added, moved, expired and removed, without losing a digit', async () => {
    const [a, b] = [9_007_199_254_740_993n, 9_223_372_036_854_775_807n];
    await newTable('made', 'history');
    await commit('made.history', [snapshot(a, 1), main(a)]);
    await commit('made.history', [
      snapshot(b, 2, a),
      main(b),
      { action: 'set-snapshot-ref', 'ref-name': 'tag', type: 'tag', 'snapshot-id': a, 'max-ref-age-ms': 5 },
      { action: 'set-statistics', statistics: { 'snapshot-id': a, 'statistics-path': 'x', 'file-size-in-bytes': 1 } },
    ]);
    expect(await load('made', 'history')).toMatchObject({
      'current-snapshot-id': b,
      'last-sequence-number': 2,
      refs: { main: { 'snapshot-id': b }, tag: { 'snapshot-id': a, type: 'tag', 'max-ref-age-ms': 5 } },
    });
    const refs = await call('GET', 'local/namespaces/made/tables/history?snapshots=refs');
    expect((refs.body as { metadata: TableMetadata }).metadata.snapshots).toHaveLength(2);
    await commit('made.history', [
      { action: 'remove-snapshot-ref', 'ref-name': 'tag' },
      { action: 'remove-snapshots', 'snapshot-ids': [a] },
    ]);
    expect(await load('made', 'history')).toMatchObject({
      snapshots: [{ 'snapshot-id': b }],
      refs: { main: { 'snapshot-id': b } },
      'snapshot-log': [{ 'snapshot-id': b }],
      statistics: [],
    });
    expect(await commit('made.history', [{ action: 'remove-snapshots', 'snapshot-ids': [b] }])).toEqual(
      error(400, 'BadRequestException', /current/),
    );
  });

  test('schemas, partition specs and sort orders that are there already are used again', async () => {
    const made = await newTable('made', 'again');
    const text = { id: 2, name: 'code', required: false, type: 'string' };
    const last = { 'schema-id': -1, 'spec-id': -1, 'sort-order-id': -1 };
    const wide = [
      { action: 'add-schema', schema: schemaOf(long, text) },
      { action: 'set-current-schema', ...last },
      { action: 'add-spec', spec: { fields: [{ 'source-id': 2, name: 'code', transform: 'identity' }] } },
      { action: 'set-default-spec', ...last },
      {
        action: 'add-sort-order',
        'sort-order': {
          fields: [{ 'source-id': 2, transform: 'identity', direction: 'desc', 'null-order': 'nulls-last' }],
        },
      },
      { action: 'set-default-sort-order', ...last },
    ];
    const current = {
      'current-schema-id': 1,
      'default-spec-id': 1,
      'default-sort-order-id': 1,
      'last-column-id': 2,
      'last-partition-id': 1000,
    };
    await commit('made.again', wide);
    expect(await load('made', 'again')).toMatchObject(current);
    await commit('made.again', [
      { action: 'set-default-spec', 'spec-id': 0 },
      { action: 'set-default-sort-order', 'sort-order-id': 0 },
      { action: 'set-current-schema', 'schema-id': 0 },
    ]);
    expect(await load('made', 'again')).toMatchObject({ 'current-schema-id': 0, 'default-spec-id': 0 });
    await commit('made.again', wide);
    const after = await load('made', 'again');
    expect(after).toMatchObject(current);
    expect([after.schemas.length, after['partition-specs'].length, after['sort-orders'].length]).toEqual([2, 2, 2]);
    expect(after['table-uuid']).toBe(made['table-uuid']);
  });
});

describe('what is refused', () => {
  const requirements: [Record<string, unknown>, RegExp][] = [
    [{ type: 'assert-create' }, /already exists/],
    [{ type: 'assert-table-uuid', uuid: '0' }, /UUID/],
    [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 5 }, /main has changed: expected 5, is none/],
    [{ type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 9 }, /field id/],
    [{ type: 'assert-current-schema-id', 'current-schema-id': 9 }, /current schema/],
    [{ type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 9 }, /partition id/],
    [{ type: 'assert-default-spec-id', 'default-spec-id': 9 }, /partition spec/],
    [{ type: 'assert-default-sort-order-id', 'default-sort-order-id': 9 }, /sort order/],
  ];
  test.each(requirements)('a commit that requires what is not so: %j', async (requirement, message) => {
    await newTable('no', String(requirement.type));
    expect(await commit(`no.${requirement.type}`, [], [requirement])).toEqual(
      error(409, 'CommitFailedException', message),
    );
  });

  const updates: [Record<string, unknown>, number, RegExp][] = [
    [{ action: 'fly' }, 400, /No update "fly"; allowed: assign-uuid, /],
    [{ action: 'toString' }, 400, /No update "toString"/],
    [{ action: 'set-location', location: 'file:///x' }, 406, /location/],
    [{ action: 'assign-uuid', uuid: '0' }, 400, /UUID/],
    [{ action: 'upgrade-format-version', 'format-version': 3 }, 400, /version 2; given 3/],
    [{ action: 'set-current-schema', 'schema-id': -1 }, 400, /No schema was added/],
    [{ action: 'set-default-spec', 'spec-id': 4 }, 400, /no partition spec 4/],
    [{ action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 4 }, 400, /no snapshot 4/],
    [{ action: 'add-schema', schema: { type: 'struct', fields: [{ id: 1 }] } }, 400, /schema\.fields\.0\.name/],
    [{ action: 'add-schema', schema: schemaOf(long, long) }, 400, /twice/],
    [{ action: 'add-spec', spec: { fields: [{ 'source-id': 8, name: 'x', transform: 'day' }] } }, 400, /no field 8/],
    [{ action: 'add-spec', spec: { fields: [{ 'source-id': 1, name: 'x', transform: 'weekly' }] } }, 400, /transform/],
    [{ action: 'set-properties', updates: { 'current-schema': '{}' } }, 400, /current-schema/],
    [{ action: 'set-properties', updates: { a: 1 } }, 400, /updates\.a/],
  ];
  test.each(updates)('the update %j', async (update, code, message) => {
    await newTable('no', 'update');
    expect(await commit('no.update', [update])).toMatchObject({
      status: code,
      body: { error: { message: expect.stringMatching(message) } },
    });
    await call('DELETE', 'local/namespaces/no/tables/update');
  });

  test('a snapshot that is older than the table, though nothing was required', async () => {
    await newTable('no', 'stale');
    await commit('no.stale', [snapshot(1, 1), main(1)]);
    expect(await commit('no.stale', [snapshot(2, 1, 1), main(2)])).toEqual(
      error(409, 'CommitFailedException', /sequence number/),
    );
  });

  const tables: [string, Record<string, unknown>, number, RegExp][] = [
    ['no location', { location: undefined }, 400, /must be given a location/],
    ['a location outside the roots', { location: 'file:///etc/t' }, 403, /must be inside/],
    ['a location that climbs out', { location: '{root}/../../etc' }, 403, /must be inside/],
    ['the root itself', { location: '{root}' }, 403, /must be inside/],
    ['a location on S3', { location: 's3://bucket/t' }, 400, /file:/],
    ['a staged create', { 'stage-create': true }, 406, /stages/],
    ['a name that climbs out', { name: '../t' }, 400, /lower-case/],
    ['an upper-case name', { name: 'Flights' }, 400, /lower-case/],
    ['format version 3', { properties: { 'format-version': '3' } }, 400, /version 2/],
    [
      'a partition on a column that is not there',
      { 'partition-spec': { fields: [{ 'source-id': 5, name: 'a', transform: 'day' }] } },
      400,
      /no field with id 5/,
    ],
  ];
  test.each(tables)('a table with %s', async (_, given, code, message) => {
    await call('POST', 'local/namespaces', { namespace: ['no'] });
    const body = { name: 'bad', location: `${root}/bad`, schema: schemaOf(long), ...given };
    const placed = { ...body, location: body.location?.replace('{root}', root) };
    const answer = await call('POST', 'local/namespaces/no/tables', placed);
    expect(answer).toMatchObject({ status: code, body: { error: { message: expect.stringMatching(message) } } });
    expect((await call('HEAD', 'local/namespaces/no/tables/bad')).status).toBe(404);
  });

  test('the names of what Spark makes of a table itself are not there, which is no fault of the request', async () => {
    const answer = await call('GET', 'local/namespaces/made%1fids/tables/snapshots?snapshots=all');
    expect(answer).toEqual(error(404, 'NoSuchTableException', /made/));
  });

  test('names in paths that leave the folder', async () => {
    for (const name of ['..', '%2e%2e', '..%2f..', 'a%1fb', '%00', '.%2fa'])
      for (const path of [`local/namespaces/${name}/tables`, `local/namespaces/no/tables/${name}/metrics`]) {
        const sent = request(`${catalog.uri}/`, {
          path: `/v1/${path}`,
          method: path.endsWith('metrics') ? 'POST' : 'GET',
        }).end('{}');
        const [response] = await once(sent, 'response');
        response.resume();
        expect([400, 404]).toContain(response.statusCode);
      }
    expect(await call('GET', 'local/namespaces/..%2f..')).toEqual(error(404, 'NoSuchNamespaceException', /\.\.\/\.\./));
  });

  test('what Glue does not offer, unknown endpoints, broken JSON, a page that calls itself by another host', async () => {
    expect(await call('POST', 'local/tables/rename', {})).toEqual(
      error(406, 'UnsupportedOperationException', /renamed/),
    );
    expect(await call('POST', 'local/transactions/commit', {})).toEqual(
      error(406, 'UnsupportedOperationException', /one table/),
    );
    expect(await call('GET', 'local/namespaces/a/views')).toEqual(error(404, 'NoSuchEndpointException', /GET .*views/));
    expect(await call('POST', 'local/namespaces', '{"namespace": [')).toEqual(
      error(400, 'BadRequestException', /not JSON/),
    );
    const sent = request(`${catalog.uri}/v1/config`, { headers: { host: 'evil.example' } }).end();
    const [response] = await once(sent, 'response');
    response.resume();
    expect(response.statusCode).toBe(403);
  });

  test('a table whose metadata file was deleted by hand says so and is not made anew', async () => {
    await newTable('no', 'lost');
    const files = await readdir(`${folder}/silver/no/lost/metadata`);
    await unlink(`${folder}/silver/no/lost/metadata/${files[0]}`);
    expect(await call('GET', 'local/namespaces/no/tables/lost')).toEqual(error(500, 'InternalServerError', /is gone/));
  });
});

test('a catalog that was closed and started again knows everything', async () => {
  await newTable('kept', 'here');
  const again = await startCatalog({ folder: catalogFolder, roots: [root] });
  expect((await call('HEAD', 'local/namespaces/kept/tables/here', undefined, again.uri)).status).toBe(204);
  await again.close();
  await expect(call('GET', 'config', undefined, again.uri)).rejects.toThrow();
});
