import { openPglite } from '../../lib/runtime/pglite';
import type { Postgres } from '../../lib/runtime/postgres';
import { applying } from './applying';
import { problemsOf } from './files';
import { readyMade } from './ready';

let pglite: Postgres;
beforeAll(async () => {
  pglite = await openPglite();
});
afterAll(() => pglite.close());

describe('files', () => {
  it('are refused with every gap, double, wrong name and statement at once', async () => {
    expect(
      await problemsOf({
        '0001_a.sql': 'SELECT 1',
        '0001_b.sql': 'SELECT 1',
        '0004_d.sql': 'SELECT 1;\n\nSELEC 2',
        '5_e.sql': 'SELECT 1',
        "0005_x'; DROP TABLE y;--.sql": 'SELECT 1',
        '0005_empty.sql': '-- nothing\n;\n',
      }),
    ).toEqual([
      'migrations/5_e.sql must be named by a number of at least four digits and lower-case words, such as 0001_orders.sql; given "5_e.sql"',
      `migrations/0005_x'; DROP TABLE y;--.sql must be named by a number of at least four digits and lower-case words, such as 0001_orders.sql; given "0005_x'; DROP TABLE y;--.sql"`,
      'migrations/0001_b.sql must have a number of its own; 0001_a.sql has number 1 too',
      'migrations/0004_d.sql must follow number 1 without a gap, as 2; given 4',
      'migrations/0004_d.sql:3 is not SQL that PostgreSQL reads: syntax error at or near "SELEC"',
      'migrations/0005_empty.sql must hold a statement; given a file without one',
    ]);
  });

  it('must be UTF-8', async () => {
    const message = 'must be text in UTF-8 without NUL characters';
    expect(await problemsOf({ '0001_a.sql': Buffer.from("SELECT '\xe9'", 'latin1') })).toEqual([
      `migrations/0001_a.sql ${message}`,
    ]);
    expect(await problemsOf({ '0001_a.sql': Buffer.from('SELECT 1', 'utf16le') })).toEqual([
      `migrations/0001_a.sql ${message}`,
    ]);
    expect(await problemsOf({ '0001_a.sql': "SELECT 'é', '😀';\n-- ö\nSELECT 2" })).toEqual([]);
    expect(await problemsOf({ '0001_a.sql': "SELECT 'é😀';\n-- ö\nSELEC 2" })).toEqual([
      'migrations/0001_a.sql:3 is not SQL that PostgreSQL reads: syntax error at or near "SELEC"',
    ]);
  });

  it.each([
    ['DROP TABLE a', 'it drops a table'],
    ['SELECT 1; DROP SCHEMA a CASCADE', 'it drops a schema'],
    ['ALTER TABLE a ADD COLUMN c int, DROP COLUMN b', 'it drops a column'],
    ['TRUNCATE a', 'it truncates a table'],
    ['DELETE FROM a', 'it deletes every row of a table'],
    ['DROP OWNED BY a', 'it drops what a role owns'],
  ])('that destroy must say so: %s', async (sql, why) => {
    expect(await problemsOf({ '0001_a.sql': sql })).toEqual([
      `migrations/0001_a.sql:1 must have a line "-- destructive" at the head of the file, as ${why}; then a snapshot is taken before it`,
    ]);
    expect(await problemsOf({ '0001_a.sql': `-- destructive: why\n${sql}` })).toEqual([]);
  });

  it('that destroy nothing need not say so', async () => {
    const harmless =
      "DELETE FROM a WHERE b; DROP VIEW v; DROP INDEX i; DROP FUNCTION f; SELECT 'DROP TABLE x'; -- DROP TABLE y\n";
    expect(await problemsOf({ '0001_a.sql': harmless })).toEqual([]);
  });

  it.each([
    ['BEGIN; SELECT 1; COMMIT', 'must not begin or end a transaction: the file is one already'],
    ['VACUUM a', 'must have a line "-- no transaction" at the head of the file, as VACUUM cannot run in one'],
    [
      'CREATE INDEX CONCURRENTLY i ON a (b)',
      'must have a line "-- no transaction" at the head of the file, as CREATE INDEX',
    ],
    ['-- no-transaction\nCREATE TABLE a (b int)', 'must stand in a file of its own without the mark'],
    ['-- No Transaction\nCREATE INDEX CONCURRENTLY ON a (b)', 'must name the index'],
    ['-- no transaction\nDROP INDEX CONCURRENTLY a', 'must say IF EXISTS'],
    ['COPY a FROM STDIN', 'must not read rows from standard input'],
    ['CREATE DATABASE a', 'must not make or drop a database'],
    ['SELECT 1;\n-- long\nSELECT 2', 'must stand before the first statement; given the mark "-- long"'],
  ])('are refused for what cannot work: %s', async (sql, why) => {
    const [problem] = await problemsOf({ '0001_a.sql': sql });
    expect(problem).toContain(why);
  });
});

describe('applying, on PGlite', () => applying(() => pglite));

describe('ready-made, on PGlite', () => readyMade(() => pglite));
