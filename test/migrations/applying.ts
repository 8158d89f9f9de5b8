import { type MigrateOptions, migrate } from '../../lib/migrations/migrate';
import { migrationStatus } from '../../lib/migrations/status';
import type { Postgres } from '../../lib/runtime/postgres';
import { emptied, migrationsOf, quiet, use } from './files';

/** What holds on every PostgreSQL. `open` gives one whose content may go; undefined where there is none. */
export function applying(open: () => Postgres | undefined): void {
  const each = (title: string, work: (postgres: Postgres) => Promise<void>) =>
    it(title, async () => {
      const postgres = open();
      if (postgres !== undefined) await work(await emptied(postgres));
    });
  const run = async (
    postgres: Postgres,
    files: Record<string, string>,
    options: Partial<MigrateOptions> = {},
    uses: Parameters<typeof migrationsOf>[1] = [],
  ) => migrate(await migrationsOf(files, uses), postgres, { log: quiet, retryWait: 1, ...options });
  const tables = async (postgres: Postgres) =>
    (
      await postgres.query<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1`,
      )
    ).map(({ name }) => name);
  const two = {
    '0001_a.sql': 'CREATE TABLE a (id int)',
    '0002_b.sql': 'CREATE TABLE b (id int); INSERT INTO b VALUES (1)',
  };

  each('applies files in their order, each once, and writes down what, when and who', async (postgres) => {
    expect(await run(postgres, two)).toEqual({ status: 'done', applied: ['0001_a', '0002_b'], pending: [], newer: [] });
    expect(await run(postgres, two)).toEqual({ status: 'done', applied: [], pending: [], newer: [] });
    expect(await postgres.query('SELECT count(*) AS n FROM b')).toEqual([{ n: 1n }]);
    const { migrations } = await migrationStatus(await migrationsOf({ ...two, '0003_c.sql': 'SELECT 1' }), postgres);
    expect(migrations).toMatchObject([
      { name: '0001_a', state: 'applied', by: 'postgres', milliseconds: expect.any(Number) },
      { name: '0002_b', state: 'applied', at: expect.stringMatching(/^\d{4}-.*Z$/) },
      { name: '0003_c', state: 'pending' },
    ]);
  });

  each('takes the same file with other line ends and a byte order mark for the same', async (postgres) => {
    await run(postgres, { '0001_a.sql': 'CREATE TABLE a (\n  id int\n);\n' });
    const again = await run(postgres, { '0001_a.sql': '\uFEFFCREATE TABLE a (\r\n  id int\r\n);\r\n' });
    expect(again.applied).toEqual([]);
  });

  each(
    'refuses files that were changed, replaced or slipped in after they were applied, all at once',
    async (postgres) => {
      await run(postgres, { ...two, '0003_c.sql': 'SELECT 3' });
      const changed = {
        '0001_a.sql': 'CREATE TABLE a (id bigint)',
        '0002_other.sql': 'SELECT 1',
        '0003_c.sql': 'SELECT 3',
      };
      const error = await run(postgres, changed).catch(({ message }) => message);
      expect(error).toMatch(
        /migrations\/0001_a\.sql: must stay as it was applied on \d{4}-\d\d-\d\d, with the checksum/,
      );
      expect(error).toContain(
        'migrations/0002_other.sql: must be 0002_b.sql, which was applied to this database as number 2',
      );
      expect(await tables(postgres)).toEqual(['a', 'b']);
    },
  );

  each('finds migrations of a newer release and leaves them alone', async (postgres) => {
    await run(postgres, { ...two, '0003_c.sql': 'CREATE TABLE c (id int)' });
    expect(await run(postgres, two)).toEqual({ status: 'done', applied: [], pending: [], newer: ['0003_c'] });
    expect(await tables(postgres)).toEqual(['a', 'b', 'c']);
  });

  each('undoes the whole of a file that fails, and says where: file, line, statement', async (postgres) => {
    const broken = {
      ...two,
      '0003_c.sql':
        '-- a comment\nCREATE TABLE c (id int);\n\nINSERT INTO c VALUES (1);\n\nINSERT INTO\n  nowhere VALUES (1);\nSELECT 1;',
    };
    const error = await run(postgres, broken).catch(({ message }) => message);
    expect(error).toMatch(
      /^migrations\/0003_c\.sql:7: statement 3 of 4 failed: relation "nowhere" does not exist \(42P01\); nothing of it was applied/,
    );
    expect(await tables(postgres)).toEqual(['a', 'b']);
    const { migrations } = await migrationStatus(await migrationsOf(broken), postgres);
    expect(migrations.at(-1)).toMatchObject({ name: '0003_c', state: 'failed', error });
    // What was not applied may be changed.
    const mended = await run(postgres, { ...two, '0003_c.sql': 'CREATE TABLE c (id int)' });
    expect(mended.applied).toEqual(['0003_c']);
  });

  each('says where an error without a position is, and what PostgreSQL says of it', async (postgres) => {
    const error = await run(postgres, {
      '0001_a.sql': 'CREATE TABLE a (id int PRIMARY KEY);\nINSERT INTO a VALUES (1);\n\nINSERT INTO a VALUES (1)',
    }).catch(({ message }) => message);
    expect(error).toMatch(/0001_a\.sql:4: statement 3 of 3 failed: duplicate key .*\(23505\)/);
    expect(error).toContain('Key (id)=(1) already exists.');
    const late = await run(postgres, {
      '0001_a.sql':
        'CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO a VALUES (1, 2);',
    }).catch(({ message }) => message);
    expect(late).toMatch(
      /0001_a\.sql: one of its statements, or its COMMIT, failed: .*foreign key.*; nothing of it was applied/,
    );
    expect(await tables(postgres)).toEqual([]);
  });

  each('says where a long file fails, which is sent as one message', async (postgres) => {
    const head = '-- long\nCREATE TABLE c (id int);\n';
    const error = await run(postgres, { '0001_c.sql': `${head}\nINSERT INTO\nnowhere VALUES (1);` }).catch(
      ({ message }) => message,
    );
    expect(error).toMatch(/0001_c\.sql:5: statement 2 of 2 failed: relation "nowhere" does not exist/);
    expect(await tables(postgres)).toEqual([]);
    expect((await run(postgres, { '0001_c.sql': `${head}INSERT INTO c VALUES (1)` })).applied).toEqual(['0001_c']);
    expect(await postgres.query('SELECT id FROM c')).toEqual([{ id: 1 }]);
  });

  each('lets no setting, path or role of a file reach the next, nor the ledger', async (postgres) => {
    await postgres.execute(
      `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nobody_here') THEN CREATE ROLE nobody_here; END IF; END $$; CREATE SCHEMA elsewhere`,
    );
    try {
      await run(postgres, {
        '0001_a.sql': `SET search_path = elsewhere; CREATE TABLE a (id int); SET statement_timeout = '7s'; SET ROLE nobody_here;`,
        '0002_b.sql':
          'CREATE TABLE b AS SELECT current_user::text AS me, current_setting($$statement_timeout$$) AS timeout',
      });
      expect(await tables(postgres)).toEqual(['b']);
      expect(await postgres.query('SELECT me, timeout FROM b')).toEqual([{ me: 'postgres', timeout: '0' }]);
    } finally {
      await postgres.execute('DROP SCHEMA elsewhere CASCADE; DROP ROLE nobody_here');
    }
  });

  each('builds indexes without a transaction, and goes on where it broke off', async (postgres) => {
    const files = {
      '0001_a.sql': 'CREATE TABLE a (id int, b int); INSERT INTO a VALUES (1, 1), (1, 2)',
      '0002_index.sql':
        '-- no transaction\nCREATE INDEX CONCURRENTLY a_b ON a (b);\nCREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id);',
    };
    const error = await run(postgres, files).catch(({ message }) => message);
    expect(error).toMatch(
      /0002_index\.sql:3: statement 2 of 2 failed: could not create unique index "a_id" \(23505\); the statement before it stay/,
    );
    const invalid = `SELECT count(*) AS n FROM pg_index WHERE NOT indisvalid`;
    const [left] = await postgres.query<{ n: bigint }>(invalid);
    await postgres.execute('DELETE FROM a WHERE b = 2');
    expect((await run(postgres, files)).applied).toEqual(['0002_index']);
    expect(await postgres.query(invalid)).toEqual([{ n: 0n }]);
    expect(
      await postgres.query(
        `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indrelid = 'a'::regclass ORDER BY 1`,
      ),
    ).toEqual([{ name: 'a_b' }, { name: 'a_id' }]);
    expect(left!.n).toBe(1n);
  });

  each(
    'keeps what is long or destructive out of a deploy, and everything after it, but not where nothing is yet',
    async (postgres) => {
      const files: Record<string, string> = {
        '0001_a.sql': 'CREATE TABLE a (id int, b int)',
        '0002_drop.sql': '-- destructive: b was never read\nALTER TABLE a DROP COLUMN b',
      };
      expect(await run(postgres, files, { defer: true })).toMatchObject({
        status: 'done',
        applied: ['0001_a', '0002_drop'],
      });
      const more = {
        ...files,
        '0003_c.sql': 'CREATE TABLE c (id int)',
        '0004_drop.sql': '-- destructive\nDROP TABLE c',
        '0005_d.sql': 'SELECT 1',
      };
      const deferred = { status: 'deferred', applied: ['0003_c'], pending: ['0004_drop', '0005_d'] };
      expect(await run(postgres, more, { defer: true })).toMatchObject(deferred);
      expect(await run(postgres, more)).toMatchObject({ status: 'destructive', pending: ['0004_drop', '0005_d'] });
      const asked: string[] = [];
      const done = await run(postgres, more, {
        beforeDestructive: async ({ name }) => asked.push(name) > 0,
      });
      expect(done).toMatchObject({ status: 'done', applied: ['0004_drop', '0005_d'] });
      expect(asked).toEqual(['0004_drop']);
    },
  );

  each('applies ready-made ones before, between and after files, and brings them up to date', async (postgres) => {
    const columns = [{ name: 'code', type: 'text', required: true }];
    const table = { table: 'airports', columns, key: ['code'], references: {} };
    const role = { name: 'test', read: ['airports', 'flights'], write: [], call: [], replication: false };
    const files = {
      '0001_flights.sql': 'CREATE TABLE flights (airport uuid REFERENCES airports)',
      '0002_b.sql': 'SELECT 1',
    };
    const uses = [
      use('referenceTable', 'airports', table),
      use('role', 'test', role, 'files'),
      use('eventStore', 'orders', { name: 'orders' }, 1),
    ];
    expect((await run(postgres, files, {}, uses)).applied).toEqual([
      'referenceTable/airports/1',
      '0001_flights',
      'eventStore/orders/1',
      '0002_b',
      'role/test/1',
    ]);
    const wider = {
      ...table,
      columns: [...columns, { name: 'city', type: 'text', required: false, description: "it's" }],
    };
    const next = [use('referenceTable', 'airports', wider), ...uses.slice(1)];
    expect((await run(postgres, files, {}, next)).applied).toEqual(['referenceTable/airports/2']);
    await postgres.query(`INSERT INTO airports (code, city) VALUES ('MUC', 'Munich')`);
    expect(await postgres.query('SELECT city FROM airports_present')).toEqual([{ city: 'Munich' }]);
    // The release before is rolled back to, and then the newer one comes again.
    expect((await run(postgres, files, {}, uses)).applied).toEqual([]);
    expect((await run(postgres, files, {}, next)).applied).toEqual([]);
    const narrower = { ...table, columns: [{ name: 'city', type: 'text', required: false }] };
    await expect(run(postgres, files, {}, [use('referenceTable', 'airports', narrower)])).rejects.toThrow(
      'columns must stay; code of airports would go',
    );
  });

  each('applies each once though several begin at the same time', async (postgres) => {
    const files = {
      '0001_a.sql': 'CREATE TABLE a (id int); SELECT pg_sleep(0.2)',
      '0002_b.sql': 'INSERT INTO a VALUES (1)',
    };
    const all = await Promise.all([1, 2, 3].map(() => run(postgres, files, { lockWait: 20_000 })));
    expect(all.flatMap(({ applied }) => applied)).toEqual(['0001_a', '0002_b']);
    expect(await postgres.query('SELECT id FROM a')).toEqual([{ id: 1 }]);
  });
}
