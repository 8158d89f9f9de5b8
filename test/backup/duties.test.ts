import { cp, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import validateAsl from 'asl-validator';
import { compareMachine } from '../../constructs/backup/comparing';
import { type CatalogWord, readCatalog } from '../../lib/backup/catalog';
import { comparingHours } from '../../lib/backup/comparing';
import { type DutyEvent, type DutyServices, handleDuty, type RestoreJob } from '../../lib/backup/duties';
import { checkFiles, checkTables } from '../../lib/backup/lake';
import { momentOf } from '../../lib/backup/places';
import { TransientError } from '../../lib/errors';
import type { Asl } from '../../lib/local/states/asl';
import { execute } from '../../lib/local/states/execute';
import { validateStates } from '../../lib/local/states/validate';
import { localObjects } from '../../lib/runtime/objects';
import { openPglite } from '../../lib/runtime/pglite';
import type { Postgres } from '../../lib/runtime/postgres';
import { RestCatalog } from '../../lib/tables/client';
import { manifest } from '../constructs/manifest';
import { icebergLake } from '../publish/iceberg-lake';

let folder: string;
let source: Postgres;
let restored: Postgres;
const open = (postgres: Postgres): Postgres => ({ ...postgres, close: async () => {} });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-duties-'));
  [source, restored] = await Promise.all([openPglite(), openPglite()]);
  for (const postgres of [source, restored])
    await postgres.execute(`
      CREATE TABLE orders (id int PRIMARY KEY, amount numeric, created_at timestamptz NOT NULL);
      INSERT INTO orders SELECT g, g, '2026-11-20'::timestamptz + g * interval '1 second' FROM generate_series(1, 500) AS g;`);
});
afterAll(async () => {
  await Promise.all([source.close(), restored.close()]);
  await rm(folder, { recursive: true });
});

interface World {
  readonly services: DutyServices;
  readonly answers: unknown[];
  readonly metrics: string[];
  readonly forgotten: string[];
  job: RestoreJob;
  released: number;
}

let worlds = 0;
function world(more: Partial<DutyServices> = {}): World {
  worlds += 1;
  const made: World = {
    answers: [],
    metrics: [],
    forgotten: [],
    released: 0,
    job: {
      kind: 'database',
      sourceArn: 'arn:aws:rds:eu-west-1:111122223333:db:shop',
      createdArn: 'arn:aws:rds:eu-west-1:111122223333:db:awsbackup-restore-test-1',
      restoredAt: new Date().toISOString(),
      backup: { from: new Date().toISOString(), to: new Date().toISOString() },
    },
    services: {
      objects: localObjects,
      root: pathToFileURL(join(folder, `backups-${worlds}`)).href,
      zones: {},
      namespaces: {},
      tested: ['database'],
      volatile: [],
      catalog: () => Promise.reject(new Error('no catalog here')),
      source: async () => open(source),
      restored: async () => open(restored),
      jobs: {
        describe: async () => made.job,
        addressOf: async () => ({ host: 'restored', port: 5432 }),
        rootOf: (arn) => arn,
        answer: async (...answer) => void made.answers.push(answer),
        release: async () => {
          made.released += 1;
        },
        forgetChanges: async (...asked) => made.forgotten.push(asked.join(' ')),
      },
      clock: { now: () => Date.now() },
      timeLeft: () => Number.POSITIVE_INFINITY,
      metrics: { put: (name, value, _, { Resource }) => void made.metrics.push(`${Resource} ${name} ${value}`) },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      ...more,
    },
  };
  return made;
}

const event = {
  'detail-type': 'Restore Job State Change',
  detail: { restoreJobId: 'job-1', status: 'COMPLETED' },
} as const;
/** Takes a fingerprint, and has a backup be made just after it. */
async function backedUp(here: World): Promise<string> {
  const { done } = await handleDuty({ action: 'fingerprint' }, here.services);
  const at = new Date(Date.parse(momentOf(done)) + 1).toISOString();
  here.job = { ...here.job, backup: { from: at, to: at } };
  return done;
}

test('a restored database is compared with fingerprints around its backup, and AWS Backup is answered', async () => {
  const here = world();
  const taken = momentOf(await backedUp(here));
  expect(Math.abs(Date.now() - Date.parse(taken))).toBeLessThan(600_000);
  expect(await handleDuty(event, here.services)).toEqual({ done: 'database', finished: true, passed: true });
  expect(here.answers).toEqual([['job-1', true, '500 of 500 rows of 1 tables were compared and are the same']]);
  expect(here.metrics).toEqual(['database RestoreTestFailed 0']);
  // What was taken before changes is needed no more: a later backup is proven.
  expect(here.forgotten).toEqual([`${here.job.sourceArn} ${here.job.backup.from}`]);
  expect(here.released).toBe(1);
});

test('a row that is lost fails the test: it is answered, measured and kept, and snapshots before changes stay', async () => {
  const here = world();
  await backedUp(here);
  await restored.execute('DELETE FROM orders WHERE id = 250');
  const { passed } = await handleDuty(event, here.services).finally(() =>
    restored.execute("INSERT INTO orders VALUES (250, 250, '2026-11-20'::timestamptz + 250 * interval '1 second')"),
  );
  expect(passed).toBe(false);
  expect(JSON.stringify(here.answers)).toMatch(/public\.orders: it has \d+ rows where the source had \d+/);
  expect(here.metrics).toEqual(['database RestoreTestFailed 1']);
  expect(here.forgotten).toEqual([]);
});

test('without a fingerprint of before the backup nothing is proven, and that is said', async () => {
  const here = world();
  expect(await handleDuty(event, here.services)).toMatchObject({ passed: false });
  expect(JSON.stringify(here.answers)).toContain('No fingerprint was taken in the three days before the backup');
});

test('what may pass is tried again with the next call, until what was restored is about to go; what does not is a failure', async () => {
  const here = world();
  await backedUp(here);
  const failing = (error: Error, more: Partial<DutyServices> = {}): DutyServices => ({
    ...here.services,
    restored: () => Promise.reject(error),
    ...more,
  });
  const early = new TransientError('not up yet');
  expect(await handleDuty(event, failing(early))).toEqual({ done: 'database', finished: false });
  expect([here.answers, here.metrics, here.released]).toEqual([[], [], 0]);
  const late = { clock: { now: () => Date.parse(here.job.restoredAt) + (comparingHours - 0.9) * 3_600_000 } };
  expect(await handleDuty(event, failing(early, late))).toEqual({ done: 'database', finished: true, passed: false });
  await handleDuty(event, failing(new Error('password authentication failed')));
  expect(here.answers).toEqual([
    ['job-1', false, 'It could not be compared: not up yet'],
    ['job-1', false, 'It could not be compared: password authentication failed'],
  ]);
  expect(here.released).toBe(2);
});

describe('a comparison that takes longer than a call', () => {
  const tables = ['a', 'b', 'c', 'd'];
  beforeAll(async () => {
    for (const postgres of [source, restored])
      for (const table of tables)
        await postgres.execute(`CREATE TABLE ${table} (id int PRIMARY KEY); INSERT INTO ${table} VALUES (1), (2)`);
  });
  afterAll(async () => {
    for (const postgres of [source, restored]) await postgres.execute(`DROP TABLE ${tables.join(', ')}`);
  });

  /** A restored database that reads `each` tables in a call, and then says or breaks. */
  const slow = (read: string[], each: number, breaks?: Error) => {
    let left = 0;
    const counting = (postgres: Postgres): Postgres => ({
      ...postgres,
      query: async (sql, parameters) => {
        const table = /'table', '([^']*)'/.exec(sql)?.[1];
        if (table !== undefined && left === 0 && breaks !== undefined) throw breaks;
        if (table !== undefined) {
          left -= 1;
          read.push(table);
        }
        return postgres.query(sql, parameters);
      },
      transaction: (work) => postgres.transaction((tx) => work(counting(tx))),
    });
    return {
      restored: async () => {
        left = each;
        return open(counting(restored));
      },
      timeLeft: () => (left > 0 || breaks !== undefined ? Number.POSITIVE_INFINITY : 0),
    };
  };
  const machine = (services: DutyServices, calls: unknown[], throws: Error[] = []) =>
    execute(
      compareMachine('shop', 'arn:aws:lambda:eu-west-1:111122223333:function:compare') as Asl,
      { machine: 'compare', name: 'run', input: event },
      {
        task: async ({ input }) => {
          const { Payload } = input as { Payload: DutyEvent };
          const error = throws.shift();
          if (error !== undefined) throw error;
          const result = await handleDuty(Payload, services);
          calls.push(result.finished);
          return { Payload: result };
        },
        sleep: async () => {},
        random: () => 0.5,
      },
    );
  const begun = async (): Promise<World> => {
    const here = world();
    await backedUp(here);
    return here;
  };

  test.each([
    ['its time ends', undefined],
    ['its connection breaks', new TransientError('the connection broke')],
  ])('goes on where %s, and reads no table twice', async (_, breaks) => {
    const here = await begun();
    const [read, calls]: [string[], unknown[]] = [[], []];
    const end = await machine({ ...here.services, ...slow(read, 2, breaks) }, calls);
    expect(end.status).toBe('SUCCEEDED');
    expect(calls).toEqual([false, false, true]);
    expect(read).toEqual(['public.a', 'public.b', 'public.c', 'public.d', 'public.orders']);
    expect(here.answers).toEqual([['job-1', true, '508 of 508 rows of 5 tables were compared and are the same']]);
    expect(here.released).toBe(1);
  });

  test('is answered as a failure where the function fails', async () => {
    const here = await begun();
    const broken = Object.assign(new Error('Cannot find module'), { name: 'Runtime.ImportModuleError' });
    const end = await machine(here.services, [], [broken]);
    expect(end.status).toBe('SUCCEEDED');
    expect(here.answers).toEqual([
      [
        'job-1',
        false,
        expect.stringMatching(/^It could not be compared: Runtime\.ImportModuleError .*Cannot find module/),
      ],
    ]);
    expect([here.metrics, here.released]).toEqual([['database RestoreTestFailed 1'], 1]);
  });

  test('is a machine that both validators find nothing wrong with', () => {
    const asl = JSON.parse(JSON.stringify(compareMachine('shop', 'arn:aws:lambda:eu-west-1:1:function:f'))) as Asl;
    expect(validateStates(asl)).toEqual([]);
    expect(validateAsl(asl)).toMatchObject({ isValid: true, errors: [] });
  });
});

test('a restore that AWS Backup could not do is a failed test', async () => {
  const here = world();
  const failed = { ...event, detail: { ...event.detail, status: 'FAILED' } };
  expect(await handleDuty(failed, here.services)).toMatchObject({ passed: false });
  expect([here.answers, here.metrics]).toEqual([[], ['database RestoreTestFailed 1']]);
});

test('a test that has not run is seen by the age of the last that passed', async () => {
  let now = Date.parse('2026-11-01T00:00:00.000Z');
  const here = world({ clock: { now: () => now }, tested: ['database', 'bronze'] });
  const { objects, root } = here.services;
  await objects.write(`${root}/catalog/date=2026-11-01/2026-11-01T000000.000Z.json`, '{}');
  await objects.write(`${root}/validations/resource=database/2026-11-03T000000.000Z.passed.json`, '{}');
  await objects.write(`${root}/validations/resource=database/2026-11-04T000000.000Z.failed.json`, '{}');
  now = Date.parse('2026-11-05T12:00:00.000Z');
  await handleDuty({ action: 'age' }, here.services);
  expect(here.metrics).toEqual(['database RestoreTestAge 60', 'bronze RestoreTestAge 108']);
});

test('a restored bucket of files has every file of before its backup, in its full length', async () => {
  const [zone, copy] = ['zone', 'awsbackup-restore-test'].map((name) => pathToFileURL(join(folder, name)).href) as [
    string,
    string,
  ];
  for (const root of [zone, copy])
    for (const name of ['a', 'b', 'c']) {
      await localObjects.write(`${root}/orders/${name}.csv`, `id\n${name}\n`);
      await utimes(fileURLToPath(`${root}/orders/${name}.csv`), 1_600_000_000, 1_600_000_000);
    }
  await localObjects.write(`${zone}/orders/later.csv`, 'id\n1\n');
  const check = () => checkFiles(localObjects, new Date(1_600_000_001_000).toISOString(), zone, copy);
  expect(await check()).toEqual({ passed: true, findings: [], tables: 0, files: 3 });
  await rm(fileURLToPath(`${copy}/orders/a.csv`));
  await truncate(fileURLToPath(`${copy}/orders/b.csv`), 2);
  expect(await check()).toMatchObject({
    passed: false,
    findings: [`${zone}/orders/a.csv is missing`, `${zone}/orders/b.csv has 2 bytes where 5 were written`],
  });
});

/** What whoever restores does with it: enters every table that a catalog does not have; their names as `database.table`. */
async function restoreCatalog(catalog: RestCatalog, { tables }: CatalogWord): Promise<string[]> {
  const entered: string[] = [];
  for (const { database, table, metadataLocation } of tables) {
    if (!(await catalog.hasNamespace(database))) await catalog.createNamespace(database);
    if ((await catalog.metadataLocation(database, table)) !== undefined) continue;
    await catalog.registerTable(database, table, metadataLocation);
    entered.push(`${database}.${table}`);
  }
  return entered;
}

test('a restored bucket of tables is read down to every data file, and its catalog is made anew from what was written down', async () => {
  const lake = await icebergLake(manifest);
  try {
    const { services } = lake;
    const [zone, namespace] = [services.zones.silver!, 'aviation_silver'];
    const table = services.lake.name(namespace, 'flights');
    for (const hour of [1, 2])
      await services.lake.commit((tx) =>
        tx.run(`INSERT INTO ${table} SELECT TIMESTAMP '2026-01-01 0${hour}:00:00', 'JFK' FROM range(10)`),
      );
    const catalog = await RestCatalog.connect(services.catalog);
    const word = await readCatalog(catalog, [namespace], '2026-11-21T12:00:00.000Z');
    const copy = `${zone}-restored`;
    const [from, to] = [zone, copy].map((root) => root.replace('file://', '')) as [string, string];
    await cp(from, to, { recursive: true });
    const check = () => checkTables(localObjects, word, zone, copy);
    expect(await check()).toMatchObject({ passed: true, findings: [], files: 2 });
    const files = (await readdir(to, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
    const untold: string[] = [];
    for (const file of files.filter(({ name }) => /\.(parquet|avro)$/.test(name))) {
      const path = join(file.parentPath, file.name);
      const whole = await readFile(path);
      await truncate(path, Math.floor(whole.length / 2));
      if ((await check()).passed) untold.push(file.name);
      await writeFile(path, whole);
    }
    // The list of the first snapshot, which is not the current one.
    expect(untold).toEqual([expect.stringMatching(/^snap-/)]);
    for (const { table: name } of word.tables) await catalog.dropTable(namespace, name);
    expect(await restoreCatalog(catalog, word)).toContain('aviation_silver.flights');
    expect(await restoreCatalog(catalog, word)).toEqual([]);
    const another = await lake.another();
    expect(await another.lake.query('SELECT count(*)::INT AS rows FROM silver.flights')).toEqual([{ rows: 20 }]);
  } finally {
    await lake.close();
  }
});
