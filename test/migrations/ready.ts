import fc from 'fast-check';
import { scramVerifier } from '../../lib/cdc/replication/scram';
import { migrate } from '../../lib/migrations/migrate';
import type { ReadyMade } from '../../lib/migrations/ready/ready-made';
import { doUpkeep } from '../../lib/migrations/upkeep';
import type { Postgres } from '../../lib/runtime/postgres';
import { emptied, migrationsOf, quiet, use } from './files';

const text = (name: string, required = true) => ({ name, type: 'text', required });

/** What ready-made migrations promise, on every PostgreSQL. */
export function readyMade(open: () => Postgres | undefined): void {
  const each = (title: string, work: (postgres: Postgres) => Promise<void>) =>
    it(title, async () => {
      const postgres = open();
      if (postgres !== undefined) await work(await emptied(postgres));
    });
  const apply = async (postgres: Postgres, uses: readonly ReadyMade[], files: Record<string, string> = {}) =>
    (await migrate(await migrationsOf(files, uses), postgres, { log: quiet })).applied;

  const airports = use('referenceTable', 'airports', {
    table: 'airports',
    columns: [text('code'), text('city', false)],
    key: ['code'],
    references: {},
  });

  each('a reference table has a key of its own, keeps what is deleted, and knows when it changed', async (postgres) => {
    const runways = use('referenceTable', 'runways', {
      table: 'runways',
      columns: [text('name')],
      key: [],
      references: { airport_id: 'airports' },
    });
    await apply(postgres, [airports, runways]);
    const [muc] = await postgres.query<{ id: string }>(`INSERT INTO airports (code) VALUES ('MUC') RETURNING id::text`);
    await postgres.query(`INSERT INTO runways (name, airport_id) VALUES ('08L', $1)`, [muc!.id]);
    await expect(postgres.query(`INSERT INTO airports (code) VALUES ('MUC')`)).rejects.toMatchObject({ code: '23505' });
    await expect(
      postgres.query(`INSERT INTO runways (name, airport_id) VALUES ('x', gen_random_uuid())`),
    ).rejects.toMatchObject({ code: '23503' });
    await postgres.query(`UPDATE airports SET city = 'Munich'`);
    // Compared by the database, to the microsecond: clocks may step back, and then a change is only one later.
    expect(await postgres.query('SELECT updated_at > created_at AS later FROM airports')).toEqual([{ later: true }]);
    await postgres.query('DELETE FROM airports');
    expect(await postgres.query('SELECT code, deleted_at IS NOT NULL AS gone FROM airports')).toEqual([
      { code: 'MUC', gone: true },
    ]);
    expect(await postgres.query('SELECT * FROM airports_present')).toEqual([]);
    await postgres.query(`INSERT INTO airports (code) VALUES ('MUC')`);
    await postgres.session(async (session) => {
      await session.execute(`SET ingot.erase = 'on'; DELETE FROM runways; DELETE FROM airports`);
    });
    expect(await postgres.query('SELECT 1 FROM airports')).toEqual([]);
    const unindexed = await postgres.query(
      `SELECT conname FROM pg_constraint c WHERE contype = 'f' AND NOT EXISTS (
         SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])`,
    );
    expect(unindexed).toEqual([]);
  });

  each('an event store refuses a wrong expected version, and replays in order what was appended', async (postgres) => {
    await apply(postgres, [use('eventStore', 'orders', { name: 'orders' })]);
    const append = (stream: string, expected: number | null, ...types: string[]) =>
      postgres.query<{ version: number }>('SELECT orders_append($1, $2, $3::jsonb) AS version', [
        stream,
        expected,
        JSON.stringify(types.map((type) => ({ type, data: { type } }))),
      ]);
    expect(await append('a', 0, 'placed', 'paid')).toEqual([{ version: 2 }]);
    await expect(append('a', 1, 'shipped')).rejects.toMatchObject({
      code: '40001',
      message: 'Stream a is at version 2; given the expected version 1',
    });
    await expect(append('a', 0, 'placed')).rejects.toMatchObject({ code: '40001' });
    expect(await append('b', null, 'placed')).toEqual([{ version: 1 }]);
    expect(await append('a', 2, 'shipped')).toEqual([{ version: 3 }]);
    const replay = await postgres.query('SELECT stream, version, type FROM orders_replay()');
    expect(replay.map(({ stream, version, type }) => `${stream}${version} ${type}`)).toEqual([
      'a1 placed',
      'a2 paid',
      'b1 placed',
      'a3 shipped',
    ]);
    const [third] = await postgres.query<{ position: bigint }>('SELECT position FROM orders_replay(0, 1)');
    const rest = await postgres.query('SELECT version FROM orders_replay($1) WHERE stream = $2', [
      third!.position,
      'a',
    ]);
    expect(rest).toEqual([{ version: 2 }, { version: 3 }]);
    expect(await postgres.query(`SELECT type FROM orders_stream('a', 2)`)).toEqual([{ type: 'shipped' }]);
    for (const sql of ['DELETE FROM orders_events', 'UPDATE orders_events SET version = 9', 'TRUNCATE orders_events'])
      await expect(postgres.query(sql)).rejects.toThrow('Events are only appended');
    // Of several that expect the same version, one is right.
    const racing = await Promise.allSettled([1, 2, 3, 4].map(() => append('race', 0, 'first')));
    expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  const flights = use('historyTable', 'flights', {
    table: 'flights',
    columns: [{ name: 'id', type: 'integer', required: true }, text('gate', false)],
    key: ['id'],
  });

  each('history gives each row as it was at any time', async (postgres) => {
    await apply(postgres, [flights]);
    const put = async (row: object, since: string) =>
      (
        await postgres.query<{ put: boolean }>('SELECT flights_put($1::jsonb, $2::timestamptz) AS put', [
          JSON.stringify(row),
          since,
        ])
      )[0]!.put;
    expect(await put({ id: 1, gate: 'A1' }, '2026-01-01')).toBe(true);
    expect(await put({ id: 1, gate: 'A1' }, '2026-01-02')).toBe(false);
    expect(await put({ id: 1, gate: 'B2' }, '2026-01-10')).toBe(true);
    // Not later than the current version: it corrects it.
    expect(await put({ id: 1, gate: 'B3' }, '2026-01-05')).toBe(true);
    expect(await put({ id: 2, gate: null }, '2026-01-07')).toBe(true);
    const asOf = async (at: string) =>
      (
        await postgres.query<{ id: number; gate: string }>(`SELECT id, gate FROM flights_as_of($1) ORDER BY id`, [at])
      ).map(({ id, gate }) => `${id} ${gate}`);
    expect(await asOf('2025-12-31')).toEqual([]);
    expect(await asOf('2026-01-01')).toEqual(['1 A1']);
    expect(await asOf('2026-01-09 23:59:59.999999+00')).toEqual(['1 A1', '2 null']);
    expect(await asOf('2026-01-10')).toEqual(['1 B3', '2 null']);
    await postgres.query(`SELECT flights_end('{"id": 1}', '2026-02-01')`);
    expect(await asOf('2026-02-01')).toEqual(['2 null']);
    expect(await asOf('2026-01-31')).toEqual(['1 B3', '2 null']);
    await expect(
      postgres.query(`INSERT INTO flights (id, gate, valid_from) VALUES (2, 'x', '2026-03-01')`),
    ).rejects.toMatchObject({ code: '23505' });
    const { columns } = flights.parameters as { columns: object[] };
    const wider = {
      ...flights,
      parameters: { ...(flights.parameters as object), columns: [...columns, text('pilot', false)] },
    };
    expect(await apply(postgres, [wider])).toEqual(['historyTable/flights/2']);
    expect(await put({ id: 2, gate: null, pilot: 'Ada' }, '2026-03-01')).toBe(true);
    expect(await postgres.query(`SELECT pilot FROM flights_as_of('2026-03-01')`)).toEqual([{ pilot: 'Ada' }]);
  });

  each(
    'history has one current version and neither gaps nor overlaps, after any changes in any order',
    async (postgres) => {
      await apply(postgres, [flights]);
      const change = fc.record({
        id: fc.integer({ min: 1, max: 2 }),
        gate: fc.option(fc.constantFrom('a', 'b')),
        day: fc.integer({ min: 1, max: 28 }),
        ends: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(change, { maxLength: 10 }), async (changes) => {
          await postgres.query('DELETE FROM flights');
          for (const { id, gate, day, ends } of changes)
            await postgres.query(
              `SELECT flights_${ends ? 'end' : 'put'}($1::jsonb, make_timestamptz(2026, 1, $2, 0, 0, 0, 'UTC'))`,
              [JSON.stringify({ id, gate }), day],
            );
          const wrong = await postgres.query(
            `SELECT 1 FROM flights a JOIN flights b ON a.id = b.id AND a.ctid <> b.ctid
             AND tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)`,
          );
          expect(wrong).toEqual([]);
        }),
        { numRuns: 25 },
      );
    },
  );

  each(
    'a read model is refreshed while it is read, and made anew when its query changes, for the same readers',
    async (postgres) => {
      const model = (query: string) =>
        use('readModel', 'totals', { name: 'totals', query, key: ['kind'], every: '15 minutes' }, 'files');
      const reader = use(
        'role',
        'reader',
        { name: 'reader', read: ['totals'], write: [], call: [], replication: false },
        'files',
      );
      const files = { '0001_a.sql': `CREATE TABLE sales (kind text, amount int); INSERT INTO sales VALUES ('x', 1)` };
      const total = 'SELECT kind, sum(amount) AS total FROM sales GROUP BY kind';
      await apply(postgres, [model(total), reader], files);
      await postgres.query(`INSERT INTO sales VALUES ('x', 2), ('y', 5)`);
      expect(await postgres.query('SELECT total FROM totals')).toEqual([{ total: 1n }]);
      expect(await doUpkeep(postgres, quiet)).toEqual({ done: ['readModel/totals'], failed: [] });
      expect(await postgres.query('SELECT kind, total FROM totals ORDER BY kind')).toEqual([
        { kind: 'x', total: 3n },
        { kind: 'y', total: 5n },
      ]);
      expect((await doUpkeep(postgres, quiet)).done).toEqual([]);
      await apply(postgres, [model(`${total} HAVING sum(amount) > 4`), reader], files);
      await postgres.session(async (session) => {
        await session.execute('SET ROLE ingot_reader');
        expect(await session.query('SELECT kind FROM totals')).toEqual([{ kind: 'y' }]);
        await expect(session.query('SELECT 1 FROM sales')).rejects.toMatchObject({ code: '42501' });
      });
      await postgres.execute(`DROP TABLE sales CASCADE; UPDATE ingot.upkeep SET last_at = NULL`);
      const { failed } = await doUpkeep(postgres, quiet);
      expect(failed).toEqual([{ name: 'readModel/totals', error: expect.stringContaining('does not exist') }]);
    },
  );

  each(
    'full-text search finds words in any form, the best first, and follows a change of its columns',
    async (postgres) => {
      const search = (columns: object) =>
        use('fullTextSearch', 'docs', { table: 'docs', columns, language: 'english' }, 'files');
      const files = { '0001_a.sql': 'CREATE TABLE docs (id int PRIMARY KEY, title text, body text, note text)' };
      await apply(postgres, [search({ title: 'A', body: 'B' })], files);
      await postgres.query(
        `INSERT INTO docs VALUES (1, 'Nothing', 'an airport with runways', 'secret'), (2, 'Airports', 'everything', NULL), (3, 'x', NULL, NULL)`,
      );
      const found = async (words: string) =>
        (await postgres.query<{ id: number }>('SELECT id FROM docs_search($1)', [words])).map(({ id }) => id);
      expect(await found('airport')).toEqual([2, 1]);
      expect(await found('runway -title')).toEqual([1]);
      expect(await found(`'; DROP TABLE docs; -- "`)).toEqual([]);
      expect(await found('secret')).toEqual([]);
      await apply(postgres, [search({ title: 'A', body: 'B', note: 'C' })], files);
      expect(await found('secret')).toEqual([1]);
    },
  );

  each('time series take rows of any time, have partitions ahead, and let go of what is too old', async (postgres) => {
    const at = { name: 'at', type: 'timestamptz', required: true };
    const series = (columns: object[]) =>
      use('timeSeries', 'readings', {
        table: 'readings',
        columns,
        key: ['sensor', 'at'],
        time: 'at',
        every: 'month',
        keepDays: 60,
      });
    const columns = [text('sensor'), at, { name: 'value', type: 'double precision', required: false }];
    await apply(postgres, [series(columns)]);
    const days = [-400, -200, -59, -1, 0, 20, 200];
    for (const day of days)
      await postgres.query(
        `INSERT INTO readings VALUES ('s', date_trunc('day', now(), 'UTC') + $1 * interval '1 day', $1)`,
        [day],
      );
    const maintain = `SELECT readings_maintain()`;
    await postgres.execute(maintain);
    const kept = async () =>
      (await postgres.query<{ value: number }>('SELECT value FROM readings ORDER BY value')).map(({ value }) => value);
    expect((await kept()).filter((day) => day > -60)).toEqual([-59, -1, 0, 20, 200]);
    expect(await kept()).not.toContain(-400);
    expect(await postgres.query('SELECT 1 FROM readings_other')).toEqual([]);
    await postgres.execute(maintain);
    const names = await postgres.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'readings'::regclass`,
    );
    expect(names.length).toBeGreaterThanOrEqual(6);
    await apply(postgres, [series([...columns, text('unit', false)])]);
    await postgres.execute(`SELECT readings_maintain(now() + interval '300 days')`);
    expect(await kept()).toEqual([]);
    await postgres.query(`INSERT INTO readings (sensor, at, unit) VALUES ('s', now() + interval '300 days', 'm')`);
    expect(await kept()).toEqual([null]);
  });

  each(
    'pages neither skip nor repeat a row, in any order, with any page size and while rows are added',
    async (postgres) => {
      const pages = (direction: string) =>
        use('keysetPagination', 'items', { table: 'items', by: ['at', 'id'], direction }, 'files');
      const files = { '0001_a.sql': 'CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL)' };
      const both = async (direction: 'asc' | 'desc', rows: number[], size: number, added: number[]) => {
        await postgres.query('DELETE FROM items');
        const insert = async (values: number[], from: number) =>
          values.length > 0 &&
          (await postgres.query(
            `INSERT INTO items SELECT $1::int + n, '2026-01-01Z'::timestamptz + v * interval '1 microsecond' FROM unnest($2::int[]) WITH ORDINALITY AS t (v, n)`,
            [from, values],
          ));
        await insert(rows, 0);
        const seen: number[] = [];
        let cursor: string | null = null;
        for (;;) {
          const page: { id: number; cursor: unknown }[] = await postgres.query(
            'SELECT p.id, items_cursor(p) AS cursor FROM items_page($1::jsonb, $2) p',
            [cursor, size],
          );
          seen.push(...page.map(({ id }) => id));
          if (page.length < size) break;
          cursor = JSON.stringify(page.at(-1)!.cursor);
          await insert(added.splice(0, 1), 1000 + seen.length);
        }
        expect(new Set(seen).size).toBe(seen.length);
        const first = seen.filter((id) => id <= 1000);
        const order = rows
          .map((v, i) => [v, i + 1] as const)
          .sort(([a, i], [b, j]) => a - b || i - j)
          .map(([, id]) => id);
        expect(first).toEqual(direction === 'asc' ? order : order.reverse());
      };
      for (const direction of ['asc', 'desc'] as const) {
        await emptied(postgres);
        await apply(postgres, [pages(direction)], files);
        const numbers = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 });
        await fc.assert(
          fc.asyncProperty(numbers, fc.integer({ min: 1, max: 5 }), numbers, (rows, size, added) =>
            both(direction, rows, size, [...added]),
          ),
          { numRuns: 15 },
        );
      }
      const wrong = use('keysetPagination', 'other', { table: 'other', by: ['at'], direction: 'asc' }, 'files');
      const other = { ...files, '0002_b.sql': 'CREATE TABLE other (id int PRIMARY KEY, at timestamptz NOT NULL)' };
      await expect(apply(postgres, [pages('desc'), wrong], other)).rejects.toThrow(
        'Columns that order the pages of other must hold those of a unique index; given at',
      );
    },
  );

  each('a role may do what it was given, and no longer what was taken from it', async (postgres) => {
    const role = (grants: object) =>
      use('role', 'shop', { name: 'shop', read: [], write: [], call: [], replication: false, ...grants }, 'files');
    const files = { '0001_a.sql': 'CREATE TABLE a (id int); CREATE TABLE b (id int)' };
    const store = use('eventStore', 'orders', { name: 'orders' });
    await apply(postgres, [store, role({ read: ['a'], write: ['b'], call: ['orders_append'] })], files);
    const as = (sql: string) =>
      postgres.session(async (session) => {
        await session.execute('SET ROLE ingot_shop');
        return session.query(sql);
      });
    await as('INSERT INTO b VALUES (1)');
    await as('SELECT * FROM a');
    expect(await as(`SELECT orders_append('s', 0, '[{"type": "t"}]')`)).toHaveLength(1);
    for (const sql of ['INSERT INTO a VALUES (1)', 'SELECT * FROM ingot.migrations', 'SELECT * FROM orders_events'])
      await expect(as(sql)).rejects.toMatchObject({ code: '42501' });
    await apply(postgres, [store, role({ read: ['b'], write: [] })], files);
    await as('SELECT * FROM b');
    for (const sql of ['SELECT * FROM a', 'INSERT INTO b VALUES (1)', `SELECT orders_append('s', 1, '[]')`])
      await expect(as(sql)).rejects.toMatchObject({ code: '42501' });
  });

  each(
    'a source of changes has its publication, what its log says, and roles that may no more than they need',
    async (postgres) => {
      const tables = (...names: string[]) => names.map((name) => ({ schema: 'public', name, key: ['id'] }));
      const source = (more: object) =>
        use('changeSource', 'shop', { publication: 'ingot_shop', replicaIdentity: 'key', ...more }, 'files');
      const files = {
        '0001_a.sql': `CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE TABLE loose (id int, note text);
        CREATE TABLE other (id int PRIMARY KEY); CREATE TABLE split (id int PRIMARY KEY) PARTITION BY RANGE (id)`,
      };
      await apply(postgres, [source({ tables: tables('orders', 'loose') })], files);
      const published = async () =>
        (
          await postgres.query<{ name: string }>(
            `SELECT tablename AS name FROM pg_publication_tables WHERE pubname LIKE 'ingot%' ORDER BY 1`,
          )
        ).map(({ name }) => name);
      const identities = () =>
        postgres.query(
          `SELECT relname AS name, relreplident::text AS says FROM pg_class WHERE relname IN ('orders', 'loose', 'other') ORDER BY 1`,
        );
      expect(await published()).toEqual(['loose', 'orders']);
      // Without a primary key the log says all of a row, or changes would find none.
      expect(await identities()).toEqual([
        { name: 'loose', says: 'f' },
        { name: 'orders', says: 'd' },
        { name: 'other', says: 'd' },
      ]);
      const as = (role: string, sql: string) =>
        postgres.session(async (session) => {
          await session.execute(`SET ROLE ${role}`);
          try {
            return await session.query(sql);
          } finally {
            await session.execute('RESET ROLE');
          }
        });
      const verifier = scramVerifier('secret', Buffer.alloc(16, 1));
      await as('ingot_reconcile', `SELECT ingot.cdc_password('${verifier}')`);
      expect(
        await postgres.query(
          `SELECT rolpassword AS password, rolcanlogin AS login, rolreplication AS follows FROM pg_authid WHERE rolname = 'ingot_cdc'`,
        ),
      ).toEqual([{ password: verifier, login: true, follows: true }]);
      await expect(as('ingot_reconcile', `SELECT ingot.cdc_password('secret')`)).rejects.toThrow(/must be a verifier/);
      for (const role of ['ingot_cdc', 'ingot_reconcile']) {
        await as(role, 'SELECT * FROM orders');
        for (const sql of ['DELETE FROM orders', 'SELECT * FROM other', 'SELECT * FROM ingot.migrations'])
          await expect(as(role, sql)).rejects.toMatchObject({ code: '42501' });
      }
      await expect(as('ingot_cdc', `SELECT ingot.cdc_password('${verifier}')`)).rejects.toMatchObject({
        code: '42501',
      });
      await as('ingot_cdc', 'CREATE TABLE ingot_cdc.awsdms_heartbeat (id int)');

      await apply(
        postgres,
        [source({ publication: 'ingot_all', replicaIdentity: 'full', tables: tables('orders', 'other') })],
        files,
      );
      expect(await published()).toEqual(['orders', 'other']);
      expect(await identities()).toEqual([
        { name: 'loose', says: 'f' },
        { name: 'orders', says: 'f' },
        { name: 'other', says: 'f' },
      ]);
      await expect(as('ingot_cdc', 'SELECT * FROM loose')).rejects.toMatchObject({ code: '42501' });
      await expect(apply(postgres, [source({ tables: tables('split') })], files)).rejects.toThrow(
        'split must be a table, and not a view or partitioned, for its changes to be followed',
      );
    },
  );
}
