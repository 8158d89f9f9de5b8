import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TransientError } from '../../lib/errors';
import { openNodePostgres } from '../../lib/runtime/node-postgres';
import { openPglite } from '../../lib/runtime/pglite';
import { type Postgres, PostgresError } from '../../lib/runtime/postgres';
import { type RealPostgres, realPostgres } from '../postgres/server';

let server: RealPostgres | undefined;
let pglite: Postgres;
let real: Postgres | undefined;

beforeAll(async () => {
  server = await realPostgres();
  real = await server?.database('values "quoted"');
  pglite = await openPglite();
});
afterAll(async () => {
  await pglite.close();
  await real?.close();
  await server?.stop();
});

describe.each([
  ['PGlite', () => pglite],
  ['PostgreSQL', () => real],
])('%s', (_, of) => {
  const each = (title: string, work: (postgres: Postgres) => Promise<void>) =>
    it(title, async () => {
      const postgres = of();
      if (postgres !== undefined) await work(postgres);
    });

  each('gives every type as the interface says', async (postgres) => {
    const [row] = await postgres.query(`SELECT
      9007199254740993::int8 AS int8, 7::int4 AS int4, 1.5::float8 AS float8, 1.50::numeric AS numeric, true AS bool,
      'x'::text AS text, '2026-11-21 12:00:00.123456+02'::timestamptz AS timestamptz, 'infinity'::timestamptz AS ever,
      '2026-11-21 12:00:00.1'::timestamp AS timestamp, '2026-11-21'::date AS date, '1 day 02:00'::interval AS interval,
      '{"a": [1, null]}'::jsonb AS jsonb, '\\x01ff'::bytea AS bytea, NULL AS nothing,
      '{1,NULL,9007199254740993}'::int8[] AS int8s, '{"2026-11-21 12:00+00"}'::timestamptz[] AS times,
      ARRAY['a', 'b"c', NULL] AS texts, '{1.50}'::numeric[] AS numerics, '{2026-11-21}'::date[] AS dates`);
    expect(row).toEqual({
      int8: 9007199254740993n,
      int4: 7,
      float8: 1.5,
      numeric: '1.50',
      bool: true,
      text: 'x',
      timestamptz: '2026-11-21T10:00:00.123456Z',
      ever: 'infinity',
      timestamp: '2026-11-21T12:00:00.1',
      date: '2026-11-21',
      interval: '1 day 02:00:00',
      jsonb: { a: [1, null] },
      bytea: new Uint8Array([1, 255]),
      nothing: null,
      int8s: [1n, null, 9007199254740993n],
      times: ['2026-11-21T12:00:00Z'],
      texts: ['a', 'b"c', null],
      numerics: ['1.50'],
      dates: ['2026-11-21'],
    });
  });

  each('takes every kind of parameter, and refuses others with the kinds it takes', async (postgres) => {
    const values = [
      "o'x",
      ['a', 'b"', null],
      5n,
      true,
      null,
      JSON.stringify({ a: [1] }),
      new Uint8Array([0, 255]),
      1.5,
    ];
    const [row] = await postgres.query(
      `SELECT $1::text AS a, $2::text[] AS b, $3::int8 AS c, $4::boolean AS d, $5::text AS e, $6::jsonb AS f,
              $7::bytea AS g, $8::float8 AS h`,
      values,
    );
    expect(row).toEqual({ a: "o'x", b: values[1], c: 5n, d: true, e: null, f: { a: [1] }, g: values[6], h: 1.5 });
    await expect(async () => postgres.query('SELECT $1::jsonb', [{ a: 1 }])).rejects.toThrow(/is a text, number/);
  });

  each('undoes a transaction that throws, and a nested one alone', async (postgres) => {
    await postgres.execute('CREATE TABLE undone (id int)');
    await expect(
      postgres.transaction(async (tx) => {
        await tx.query('INSERT INTO undone VALUES (1)');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await postgres.transaction(async (tx) => {
      await tx.query('INSERT INTO undone VALUES (2)');
      await tx
        .transaction(async (inner) => {
          await inner.query('INSERT INTO undone VALUES (3)');
          await inner.query('SELECT 1 / 0');
        })
        .catch(() => {});
    });
    expect(await postgres.query('SELECT id FROM undone')).toEqual([{ id: 2 }]);
    await expect(postgres.execute('INSERT INTO undone VALUES (4); SELECT 1 / 0')).rejects.toThrow('division by zero');
    expect(await postgres.query('SELECT id FROM undone')).toEqual([{ id: 2 }]);
  });

  each('ends a session clean: no setting, role, lock or transaction outlives it', async (postgres) => {
    const before = await postgres.query('SHOW statement_timeout');
    await postgres.session(async (session) => {
      await session.execute(`SET statement_timeout = '7s'; SELECT pg_advisory_lock(7)`);
      await session.query('BEGIN');
    });
    expect(await postgres.query('SHOW statement_timeout')).toEqual(before);
    // The server frees what a connection held a moment after it was closed.
    for (let tries = 0; ; tries++) {
      const locks = await postgres.query(
        `SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
         WHERE locktype = 'advisory' AND datname = current_database()`,
      );
      if (locks.length === 0) break;
      expect(tries).toBeLessThan(50);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  each('tells what PostgreSQL said: code, position, constraint', async (postgres) => {
    await postgres.execute('CREATE TABLE told (id int PRIMARY KEY)');
    await postgres.query('INSERT INTO told VALUES (1)');
    const twice = await postgres.query('INSERT INTO told VALUES (1)').catch((error: unknown) => error);
    expect(twice).toBeInstanceOf(PostgresError);
    expect(twice).toMatchObject({ code: '23505', table: 'told', constraint: 'told_pkey' });
    const syntax = await postgres.query('SELECT 1 +').catch((error: unknown) => error);
    expect(syntax).toMatchObject({ code: '42601', position: 11 });
  });

  each('does one thing after another, and a session alone, whoever asks at the same time', async (postgres) => {
    const numbers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 5 === 0
          ? postgres.transaction(async (tx) => (await tx.query<{ n: number }>('SELECT $1::int AS n', [i]))[0]!.n)
          : postgres.query<{ n: number }>('SELECT $1::int AS n', [i]).then(([row]) => row!.n),
      ),
    );
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

it('keeps a PGlite folder from one opening to the next', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-pglite-'));
  const first = await openPglite({ folder: join(folder, 'a', 'b') });
  await first.execute('CREATE TABLE kept AS SELECT 1 AS id; CREATE EXTENSION vector');
  await first.close();
  const second = await openPglite({ folder: join(folder, 'a', 'b') });
  expect(await second.query(`SELECT id, '[1,2]'::vector AS v FROM kept`)).toEqual([{ id: 1, v: '[1,2]' }]);
  await second.close();
  await rm(folder, { recursive: true });
});

it('begins a new PGlite where the cache has one, and the same where nothing can be kept', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-pglite-'));
  const [cache, given] = [join(folder, 'cache'), process.env.INGOT_CACHE];
  await writeFile(join(folder, 'file'), '');
  try {
    for (const home of [cache, cache, join(folder, 'file')]) {
      process.env.INGOT_CACHE = home;
      const postgres = await openPglite();
      expect(await postgres.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual(
        [],
      );
      await postgres.execute('CREATE EXTENSION vector; CREATE TABLE made (id int)');
      await postgres.close();
    }
    expect(await readdir(join(cache, 'pglite'))).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+\.tar$/)]);
  } finally {
    if (given === undefined) delete process.env.INGOT_CACHE;
    else process.env.INGOT_CACHE = given;
    await rm(folder, { recursive: true });
  }
});

it('says that a server is out of reach with an error that may pass, and works again when it is back', async () => {
  const nobody = await openNodePostgres({ url: 'postgres://a@127.0.0.1:1/b' });
  await expect(nobody.query('SELECT 1')).rejects.toBeInstanceOf(TransientError);
  await nobody.close();
  if (server === undefined || real === undefined) return;
  const other = await openNodePostgres({ url: server.urlOf('values "quoted"') });
  const [me] = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await real.query('SELECT pg_terminate_backend($1)', [me!.pid]);
  await expect(
    other.session(async (session) => {
      const [mine] = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await real!.query('SELECT pg_terminate_backend($1)', [mine!.pid]);
      await session.query('SELECT 1');
    }),
  ).rejects.toBeInstanceOf(TransientError);
  expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await other.close();
});

it('trusts no certificate that it cannot verify', async () => {
  await expect(openNodePostgres({ url: 'postgres://a@db.example/b?sslmode=require' })).rejects.toThrow(
    'must be verify-full or disable; given require',
  );
});
