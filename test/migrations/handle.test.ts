import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolve } from '../../constructs/core/text';
import { migrateMachine } from '../../constructs/migrations/state-machine';
import { yamlDocument } from '../../lib/contract/document';
import { parse } from '../../lib/contract/strict';
import { localMigrations } from '../../lib/local/database';
import type { Asl } from '../../lib/local/states/asl';
import { execute, type Task } from '../../lib/local/states/execute';
import { resolveUses } from '../../lib/migrations/declaration';
import { handleMigrate, type MigrateEvent, type MigrateServices } from '../../lib/migrations/handle';
import { migrate } from '../../lib/migrations/migrate';
import type { Migrations } from '../../lib/migrations/migration';
import { planMigrations } from '../../lib/migrations/plan';
import { platformMigrations } from '../../lib/migrations/platform';
import { releaseOf } from '../../lib/migrations/release';
import { loadPlatform } from '../../lib/platform/load';
import { platformFile } from '../../lib/platform/schema';
import { readAddress } from '../../lib/runtime/database';
import { openPglite } from '../../lib/runtime/pglite';
import type { Postgres } from '../../lib/runtime/postgres';
import { dataset } from '../constructs/manifest';
import { column } from '../ingest/datasets';
import { emptied, migrationsOf, quiet } from './files';

let pglite: Postgres;
beforeAll(async () => {
  pglite = await openPglite();
});
afterAll(() => pglite.close());

describe('the handler', () => {
  const files = { '0001_a.sql': 'CREATE TABLE a (id int, b int)' };
  const more = { ...files, '0002_drop.sql': '-- destructive\nALTER TABLE a DROP COLUMN b', '0003_c.sql': 'SELECT 1' };

  /** A function that is deployed with these migrations. */
  function deployed(migrations: Migrations) {
    const answers: Record<string, unknown>[] = [];
    let starts = 0;
    const services: MigrateServices = {
      name: 'aviation',
      migrations,
      open: async () => ({ ...pglite, close: async () => {} }),
      startMachine: async () => void starts++,
      log: quiet,
      now: () => Date.UTC(2026, 10, 21, 12, 0, 1),
      answer: async (_, body) => void answers.push(JSON.parse(body) as Record<string, unknown>),
    };
    return { answers, starts: () => starts, handle: (event: MigrateEvent) => handleMigrate(event, services) };
  }

  const request = (RequestType: 'Create' | 'Update' | 'Delete', migrations: Migrations): MigrateEvent => ({
    RequestType,
    ResponseURL: 'https://answer.example',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Release',
    PhysicalResourceId: 'migrations',
    ResourceProperties: { release: releaseOf(migrations) },
  });

  test('applies what is short at a deploy, starts the machine for the rest, and tells both', async () => {
    await emptied(pglite);
    const first = deployed(await migrationsOf(files));
    // The template leaves out that nothing ready-made is used.
    const { uses: _, ...release } = releaseOf(await migrationsOf(files));
    await first.handle({
      ...request('Create', await migrationsOf(files)),
      ResourceProperties: { release },
    } as MigrateEvent);
    expect(first.answers).toMatchObject([
      { Status: 'SUCCESS', PhysicalResourceId: 'migrations', Data: { Status: 'done', Applied: '0001_a', Pending: '' } },
    ]);
    const second = deployed(await migrationsOf(more));
    await second.handle(request('Update', await migrationsOf(more)));
    expect(second.answers).toMatchObject([
      { Status: 'SUCCESS', Data: { Status: 'deferred', Pending: '0002_drop 0003_c' } },
    ]);
    expect([first.starts(), second.starts()]).toEqual([0, 1]);
    // The state machine: a snapshot is asked for, and only then the migration is applied.
    expect(await second.handle({ action: 'apply', snapshotOf: '' })).toMatchObject({
      status: 'destructive',
      next: '0002_drop',
      snapshot: 'aviation-before-0002-drop-20261121-120001',
    });
    expect(await second.handle({ action: 'apply', snapshotOf: '0002_drop' })).toMatchObject({
      status: 'done',
      applied: ['0002_drop', '0003_c'],
      next: '',
      snapshot: '',
    });
    // Terraform goes back to the release before, and then removes it all: nothing is undone.
    expect(
      await first.handle({ release: releaseOf(await migrationsOf(files)), tf: { action: 'update' } }),
    ).toMatchObject({
      status: 'done',
      newer: ['0002_drop', '0003_c'],
    });
    await first.handle({ release: releaseOf(await migrationsOf(files)), tf: { action: 'delete' } });
    await first.handle(request('Delete', await migrationsOf(files)));
    expect(await pglite.query('SELECT count(*) AS n FROM ingot.migrations')).toEqual([{ n: 3n }]);
    expect(await first.handle({ action: 'status' })).toMatchObject({ problems: [], migrations: { length: 3 } });
    expect(await first.handle({ action: 'upkeep' })).toEqual({ done: [], failed: [] });
  });

  describe.each(['instance', 'aurora'] as const)('called by the state machine of an %s', (engine) => {
    const asl = resolve(
      migrateMachine('aviation', 'the-function', { engine, identifier: 'aviation-database' }),
      ({ attr }) => (attr === 'partition' ? 'aws' : attr),
    ) as unknown as Asl;
    const word = engine === 'aurora' ? 'Cluster' : '';
    const named = (name: string) => Object.assign(new Error(name), { name });

    /** Runs it against the handler and a database; RDS answers with these statuses, one after the other. */
    async function machine(
      handle: (event: MigrateEvent) => Promise<unknown>,
      { statuses = ['creating', 'available'], fails = [] as Error[] } = {},
    ) {
      const called: string[] = [];
      const waited: string[] = [];
      const left = { statuses: [...statuses], fails: [...fails] };
      const task = async ({ resource, input, state }: Task): Promise<unknown> => {
        if (resource.endsWith(':lambda:invoke')) {
          const { Payload } = input as { Payload: MigrateEvent };
          called.push(`apply ${(Payload as { snapshotOf: string }).snapshotOf}`.trim());
          return { Payload: await handle(Payload) };
        }
        const snapshot = (input as Record<string, string>)[`Db${word}SnapshotIdentifier`];
        called.push(`${resource.slice(resource.lastIndexOf(':') + 1)} ${snapshot}`);
        if (state === 'TakeSnapshot') {
          const error = left.fails.shift();
          if (error !== undefined) throw error;
          return {};
        }
        return { [`Db${word}Snapshots`]: [{ Status: left.statuses.shift() }] };
      };
      const end = await execute(
        asl,
        { machine: 'aviation-migrate', name: 'run', input: {} },
        { task, sleep: async (milliseconds) => void waited.push(`${milliseconds / 1000} s`), random: () => 1 },
      );
      return { end, called, waited };
    }
    const snapshot = 'aviation-before-0002-drop-20261121-120001';
    const take = `createDB${word}Snapshot ${snapshot}`;
    const look = `describeDB${word}Snapshots ${snapshot}`;
    const columns = () =>
      pglite.query("SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'a' ORDER BY 1");

    beforeEach(async () => {
      await emptied(pglite);
      const first = await migrationsOf(files);
      await deployed(first).handle(request('Create', first));
    });

    test('applies a destructive migration only once its snapshot is there, and then asks whether more came', async () => {
      const { handle } = deployed(await migrationsOf(more));
      const { end, called, waited } = await machine(handle);
      expect(end).toMatchObject({ status: 'SUCCEEDED' });
      expect(called).toEqual(['apply', take, look, look, 'apply 0002_drop', 'apply']);
      expect(waited).toEqual(['30 s', '30 s']);
      expect(await columns()).toEqual([{ name: 'id' }]);
    });

    test('applies what another deploy has brought while it was at work', async () => {
      const long = { ...files, '0002_x.sql': '-- long\nSELECT 1' };
      const now = deployed(await migrationsOf(long));
      const later = deployed(await migrationsOf({ ...long, '0003_y.sql': '-- long\nSELECT 2' }));
      let calls = 0;
      const { end } = await machine((event) => (calls++ === 0 ? now : later).handle(event));
      expect(end).toMatchObject({ status: 'SUCCEEDED' });
      expect(await pglite.query("SELECT name FROM ingot.migrations WHERE name = '0003_y'")).toHaveLength(1);
    });

    test('waits where RDS is busy, and knows a snapshot whose answer was lost', async () => {
      const { handle } = deployed(await migrationsOf(more));
      const busy = named(`Rds.InvalidDb${engine === 'aurora' ? 'Cluster' : 'Instance'}StateException`);
      const fails = [busy, named('Rds.SdkClientException'), named(`Rds.Db${word}SnapshotAlreadyExistsException`)];
      const { end, called, waited } = await machine(handle, { fails, statuses: ['available'] });
      expect(end).toMatchObject({ status: 'SUCCEEDED' });
      expect(called).toEqual(['apply', take, take, take, look, 'apply 0002_drop', 'apply']);
      expect(waited).toEqual(['60 s', '10 s', '30 s']);
    });

    test('fails without the migration where no snapshot can be taken', async () => {
      const { handle } = deployed(await migrationsOf(more));
      const { end, called } = await machine(handle, { statuses: ['creating', 'failed'] });
      expect(end).toMatchObject({ status: 'FAILED', error: 'NoSnapshot' });
      expect(called.filter((call) => call.startsWith('apply '))).toEqual([]);
      const refused = await machine(handle, { fails: [named('Rds.SnapshotQuotaExceededException')] });
      expect(refused.end).toMatchObject({ status: 'FAILED', error: 'Rds.SnapshotQuotaExceededException' });
      expect(await columns()).toEqual([{ name: 'b' }, { name: 'id' }]);
    });

    test('fails with what PostgreSQL says where a migration fails, and tries it once', async () => {
      const { handle } = deployed(await migrationsOf({ ...files, '0002_x.sql': '-- long\nSELECT 1 / 0' }));
      const { end, called } = await machine(handle);
      expect(end).toMatchObject({ status: 'FAILED', error: 'MigrationError' });
      expect('cause' in end && end.cause).toContain('migrations/0002_x.sql: its statement failed: division by zero');
      expect(called).toEqual(['apply']);
    });

    test('started again by hand, without an input, the same release goes on where it failed', async () => {
      const { handle } = deployed(
        await migrationsOf({
          ...files,
          '0002_x.sql': '-- long\nINSERT INTO later VALUES (1)',
          '0003_y.sql': 'SELECT 1',
        }),
      );
      expect((await machine(handle)).end).toMatchObject({ status: 'FAILED', error: 'MigrationError' });
      expect(await handle({ action: 'status' })).toMatchObject({
        migrations: [{}, { name: '0002_x', state: 'failed', error: expect.stringContaining('"later"') }, {}],
      });
      await pglite.execute('CREATE TABLE later (id int)');
      try {
        expect((await machine(handle)).end).toMatchObject({ status: 'SUCCEEDED' });
        expect(await pglite.query('SELECT id FROM later')).toEqual([{ id: 1 }]);
      } finally {
        await pglite.execute('DROP TABLE later');
      }
    });

    test('asks every minute for what takes longer than a function may', async () => {
      const { handle } = deployed(await migrationsOf(more));
      let calls = 0;
      const working = { status: 'working', next: '', snapshot: '', applied: [] };
      const { end, waited } = await machine((event) => (calls++ < 2 ? Promise.resolve(working) : handle(event)));
      expect(end).toMatchObject({ status: 'SUCCEEDED' });
      expect(waited).toEqual(['60 s', '60 s', '30 s', '30 s']);
    });
  });

  test('fails the deploy where a migration fails, and says where', async () => {
    await emptied(pglite);
    const broken = await migrationsOf({ '0001_a.sql': 'SELECT 1;\nSELECT 1 / 0' });
    const { answers, handle } = deployed(broken);
    await handle(request('Create', broken));
    expect(answers).toMatchObject([
      {
        Status: 'FAILED',
        Reason: expect.stringMatching(/^migrations\/0001_a\.sql:2: statement 2 of 2 failed: division by zero/),
      },
    ]);
  });

  test('applies nothing where it is not what the deployment speaks of', async () => {
    await emptied(pglite);
    const { handle } = deployed(await migrationsOf(files));
    await expect(handle({ release: releaseOf(await migrationsOf(more)) })).rejects.toThrow('another release');
  });

  test('needs an address that is whole', () => {
    expect(() => readAddress('{"host": "h"}')).toThrow('must be JSON of host, port, database, user, region and auth');
    expect(() => readAddress(undefined)).toThrow('given nothing');
  });
});

describe('uses', () => {
  const flights = dataset(
    'silver',
    'flights',
    [
      column('id', 'long', { required: true }),
      column('departed_at', 'timestamptz', { required: true, description: "When it's off" }),
      column('fare', 'decimal(10, 2)'),
      column('tags', { kind: 'list', element: 'string' }),
      column('plane', { kind: 'struct', fields: [] }),
    ],
    { key: ['id'], retentionColumn: 'departed_at', retentionDays: 730 },
  );
  const airports = dataset('silver', 'airports', [column('code', 'string', { required: true })], { key: ['code'] });

  test('take columns, key, time and retention from contracts, and make the same bytes every time', () => {
    const { uses, problems } = resolveUses(
      [
        { referenceTable: { contract: 'silver.airports', table: 'app.airports' } },
        { eventStore: { name: 'bookings' } },
        { historyTable: { contract: 'silver.flights', table: 'flight_versions' } },
        { timeSeries: { contract: 'silver.flights' } },
        { readModel: { name: 'fares', query: 'SELECT id, fare FROM flights;', key: ['id'] } },
        { fullTextSearch: { table: 'app.airports', columns: { code: 'A' }, language: 'simple' } },
        { keysetPagination: { table: 'app.airports', by: ['id'] } },
        {
          role: {
            name: 'search',
            read: ['app.airports'],
            write: ['flights'],
            call: ['bookings_append'],
            replication: true,
          },
        },
      ],
      [flights, airports],
    );
    expect(problems).toEqual([]);
    const { pending } = planMigrations({ files: [], uses }, []);
    expect(
      pending
        .map(({ name, statements }) => `-- ${name}\n${statements.map(({ sql }) => `${sql};\n`).join('')}`)
        .join('\n'),
    ).toMatchSnapshot();
  });

  test('are refused for what no contract and no table has, all at once', () => {
    const { problems } = resolveUses(
      [
        { referenceTable: { contract: 'silver.airport' } },
        { referenceTable: { contract: 'silver.flights' } },
        { timeSeries: { contract: 'silver.airports' } },
        { eventStore: { name: 'a' } },
        { eventStore: { name: 'a' } },
      ],
      [flights, airports],
    );
    expect(problems.map(({ path, message }) => `${path.join('.')} ${message}`)).toEqual([
      '0.referenceTable.contract must be a table that has a contract; given "silver.airport"; allowed: silver.flights, silver.airports; did you mean silver.airports?',
      '1.referenceTable.contract must be of a dataset without columns that the table has of its own; given id',
      '2.timeSeries.time must be a column of type date, timestamp or timestamptz; given undefined; there is none',
      '4.eventStore. must be asked for once; a is there already',
    ]);
  });
});

test('a database on this machine gets every migration that it gets in AWS, the roles of backups too', async () => {
  const { manifest } = await loadPlatform(join(__dirname, '../../examples/aviation'));
  const names = ({ uses }: Migrations) => uses.map(({ recipe, name }) => `${recipe}/${name}`);
  expect(names(localMigrations(manifest))).toEqual(names(platformMigrations(manifest)));
  expect(names(localMigrations(manifest))).toContain('backupRoles/backups');
});

test('docs/migrations.md: its platform, its files and its queries work as they stand', async () => {
  const page = readFileSync(join(__dirname, '../../docs/migrations.md'), 'utf8');
  const blocks = (language: string) =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text!);
  const { document } = yamlDocument('docs/migrations.md', blocks('yaml')[0]!);
  const { value } = parse(platformFile, document);
  const customers = dataset('silver', 'customers', [column('email', 'string', { required: true })], { key: ['email'] });
  const { uses, problems } = resolveUses(value?.database?.uses ?? [], [customers]);
  expect(problems).toEqual([]);
  const isFile = (text: string) => text.startsWith('-- migrations/');
  const files = blocks('sql').filter(isFile);
  const queries = blocks('sql').filter((text) => !isFile(text));
  expect([files.length, queries.length]).toEqual([2, 2]);
  await emptied(pglite);
  const named = files.map((text) => [/^-- migrations\/(\S+)/.exec(text)![1]!, text] as const);
  const { status } = await migrate(await migrationsOf(Object.fromEntries(named), uses), pglite, { log: quiet });
  expect(status).toBe('done');
  for (const query of queries) for (const one of query.split(';\n')) await pglite.execute(one);
  expect(await pglite.query('SELECT orders FROM orders_by_day')).toEqual([{ orders: 2n }]);
});

test('docs/streams.md: what a window in PostgreSQL needs works as it stands', async () => {
  const page = readFileSync(join(__dirname, '../../docs/streams.md'), 'utf8');
  const [, file, text] = /^```sql\n-- migrations\/(\S+)\n(.*?)^```/ms.exec(page)!;
  await emptied(pglite);
  await pglite.execute('DROP ROLE IF EXISTS ingot_stream; DROP ROLE IF EXISTS rds_iam; CREATE ROLE rds_iam');
  const { status } = await migrate(await migrationsOf({ [file!]: text! }, []), pglite, { log: quiet });
  expect(status).toBe('done');
  const sql = "SELECT has_table_privilege('ingot_stream', 'user_metrics', 'SELECT, INSERT, UPDATE') AS may";
  expect(await pglite.query(sql)).toEqual([{ may: true }]);
  await emptied(pglite);
  await pglite.execute('DROP ROLE ingot_stream; DROP ROLE rds_iam');
});
