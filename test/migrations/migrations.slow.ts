import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { migrate } from '../../lib/migrations/migrate';
import { migrationStatus } from '../../lib/migrations/status';
import type { Postgres } from '../../lib/runtime/postgres';
import { type RealPostgres, realPostgres } from '../postgres/server';
import { applying } from './applying';
import { emptied, migrationsOf, quiet } from './files';
import { readyMade } from './ready';

let server: RealPostgres | undefined;
let real: Postgres | undefined;
beforeAll(async () => {
  server = await realPostgres();
  real = await server?.database('migrations');
});
afterAll(async () => {
  await real?.close();
  await server?.stop();
});

describe('applying, on PostgreSQL', () => applying(() => real));

describe('ready-made, on PostgreSQL', () => readyMade(() => real));

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A process of its own that applies migrations; it is killed as nobody could clean up after. */
function begin(files: Record<string, string>): { readonly kill: () => Promise<void> } {
  const child = spawn(
    process.execPath,
    ['-r', join(__dirname, '../register.js'), join(__dirname, 'child.ts'), server!.urlOf('migrations')],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  child.stdin.end(JSON.stringify(files));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Until PostgreSQL is at a statement like this. */
async function untilAt(text: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const at = await real!.query(
      `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE $1`,
      [`%${text}%`],
    );
    if (at.length > 0) return;
    if (tries > 200) throw new Error(`Nobody runs ${text}`);
    await pause(50);
  }
}

/** A statement that waits for as long as `untilLetGo` does its work: where one slept, the test would race with it. */
const waiting = 'SELECT pg_advisory_xact_lock(7)';
const waits = `SET LOCAL lock_timeout = 0; ${waiting}`;
const untilLetGo = (work: () => Promise<void>): Promise<void> =>
  real!.session(async (other) => {
    await other.execute('SELECT pg_advisory_lock(7)');
    await work();
  });

const ready = async () => {
  if (real === undefined) return false;
  await emptied(real);
  return true;
};

it('is killed in the middle of a file: nothing of it is there, and the next run does it whole', async () => {
  if (!(await ready())) return;
  const files = {
    '0001_a.sql': 'CREATE TABLE a (id int)',
    '0002_b.sql': `CREATE TABLE b (id int); INSERT INTO b VALUES (1); ${waits}; INSERT INTO a VALUES (2)`,
  };
  await untilLetGo(async () => {
    const killed = begin(files);
    await untilAt(waiting);
    await killed.kill();
  });
  const done = await migrate(await migrationsOf(files), real!, { log: quiet });
  expect(done.applied).toEqual(['0002_b']);
  expect(await real!.query('SELECT (SELECT count(*) FROM a) AS a, (SELECT count(*) FROM b) AS b')).toEqual([
    { a: 1n, b: 1n },
  ]);
});

it('is killed while it builds an index: PostgreSQL finishes it or leaves it invalid, and the next run has it whole', async () => {
  if (!(await ready())) return;
  const files = {
    '0001_a.sql': 'CREATE TABLE a AS SELECT 1 AS id',
    '0002_index.sql': '-- no transaction\n-- long\nCREATE INDEX CONCURRENTLY a_id ON a (id);',
  };
  await migrate(await migrationsOf({ '0001_a.sql': files['0001_a.sql'] }), real!, { log: quiet });
  // An open transaction that has written makes the index wait.
  await real!.session(async (other) => {
    await other.execute('BEGIN; INSERT INTO a VALUES (2)');
    const killed = begin(files);
    await untilAt('CREATE INDEX CONCURRENTLY');
    await killed.kill();
    // Whoever looks after the database ends the statement that is left.
    await real!.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'`);
    await other.execute('COMMIT');
  });
  expect(await real!.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass`)).toEqual([
    { indisvalid: false },
  ]);
  const { migrations } = await migrationStatus(await migrationsOf(files), real!);
  expect(migrations.at(-1)).toMatchObject({ name: '0002_index', state: 'unfinished', deferred: true });
  await migrate(await migrationsOf(files), real!, { log: quiet });
  expect(await real!.query(`SELECT indisvalid FROM pg_index WHERE indrelid = 'a'::regclass`)).toEqual([
    { indisvalid: true },
  ]);
});

it('leaves what takes longer than a function may to PostgreSQL, which finishes it, and sees that it is done', async () => {
  if (!(await ready())) return;
  const migrations = await migrationsOf({
    '0001_a.sql': 'CREATE TABLE a (id int)',
    '0002_long.sql': `-- long\nINSERT INTO a VALUES (1);\n${waits};\nINSERT INTO a VALUES (2);`,
    '0003_c.sql': 'INSERT INTO a VALUES (3)',
  });
  await untilLetGo(async () => {
    expect(await migrate(migrations, real!, { log: quiet, leaveAfter: 2_500 })).toMatchObject({
      status: 'working',
      applied: ['0001_a'],
    });
    expect(await migrate(migrations, real!, { log: quiet, leaveAfter: 2_500 })).toMatchObject({
      status: 'working',
      applied: [],
    });
  });
  let last = await migrate(migrations, real!, { log: quiet, leaveAfter: 60_000 });
  for (let tries = 0; last.status === 'working' && tries < 200; tries++) {
    await pause(50);
    last = await migrate(migrations, real!, { log: quiet, leaveAfter: 60_000 });
  }
  expect(last).toMatchObject({ status: 'done', applied: ['0003_c'] });
  expect(await real!.query('SELECT id FROM a ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});

it('tries again when the connection breaks, and applies everything once', async () => {
  if (!(await ready())) return;
  const migrations = await migrationsOf({
    '0001_a.sql': 'CREATE TABLE a (id int)',
    '0002_b.sql': `INSERT INTO a VALUES (1); ${waits}`,
  });
  let work: ReturnType<typeof migrate> | undefined;
  await untilLetGo(async () => {
    work = migrate(migrations, real!, { log: quiet, retryWait: 10 });
    await untilAt(waiting);
    await real!.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()`,
      [`%${waiting}%`],
    );
  });
  expect(await work).toMatchObject({ status: 'done' });
  expect(await real!.query('SELECT id FROM a')).toEqual([{ id: 1 }]);
});

it('does not wait for ever for a lock, and says who is at work', async () => {
  if (!(await ready())) return;
  const migrations = await migrationsOf({ '0001_a.sql': 'SELECT 1' });
  await real!.session(async (other) => {
    await other.execute('SELECT pg_advisory_lock(1768843119, 1)');
    await expect(migrate(migrations, real!, { log: quiet, lockWait: 100 })).rejects.toThrow(
      /^Another migration is at work: process \d+ of postgres, connected since 20/,
    );
  });
});
