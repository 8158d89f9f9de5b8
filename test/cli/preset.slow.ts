import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutOf } from '../../lib/local/layout';
import { openPglite } from '../../lib/runtime/pglite';
import type { Postgres } from '../../lib/runtime/postgres';
import { ingot } from './ingot';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-preset-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a platform of the preset small runs from its first command: its database is made once, keeps its rows, and grows with its migrations', async () => {
  const shop = join(folder, 'shop');
  const database = async <T>(work: (postgres: Postgres) => Promise<T>): Promise<T> => {
    const postgres = await openPglite({ folder: layoutOf(shop).database });
    try {
      return await work(postgres);
    } finally {
      await postgres.close();
    }
  };
  expect(await ingot(['init', shop, '--preset', 'small'])).toMatchObject({ code: 0, err: '' });
  expect(await ingot(['check', shop])).toMatchObject({ code: 0, err: '' });

  expect((await ingot(['run', shop])).err).toContain('Migration 0001_customers was applied');
  const rows = async (sql: string) => JSON.parse((await ingot(['query', sql, '--platform', shop, '--json'])).out);
  expect(await rows('select count(*)::integer as n from silver.orders')).toEqual([{ n: 11 }]);
  expect(await rows('select count(*)::integer as n from gold.fct_daily_sales')).toEqual([{ n: 10 }]);
  await database(async (postgres) => {
    await postgres.query("insert into customers (name, country) values ('Ann', 'CH')");
    await expect(postgres.query("insert into customers (name, country) values ('Bob', 'x')")).rejects.toThrow(/check/);
  });

  await writeFile(join(shop, 'migrations/0002_emails.sql'), 'alter table customers add column email text;\n');
  expect(await ingot(['run', shop])).toMatchObject({
    code: 0,
    err: expect.stringContaining('Migration 0002_emails was applied'),
  });
  const found = await database((postgres) => postgres.query('select name, country, email from customers'));
  expect(found).toEqual([{ name: 'Ann', country: 'CH', email: null }]);
  expect(await rows('select count(*)::integer as n from silver.orders')).toEqual([{ n: 11 }]);

  const plan = JSON.parse((await ingot(['plan', shop, '--json'])).out);
  expect(JSON.stringify(plan)).toMatch(/"engine":"duckdb"/);
});
