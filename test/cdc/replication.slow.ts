import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseLsn } from '../../lib/cdc/change';
import {
  type FollowSecret,
  handleSource,
  type LogPosition,
  type SourceServices,
} from '../../lib/cdc/replication/login';
import { migrate } from '../../lib/migrations/migrate';
import { openNodePostgres } from '../../lib/runtime/node-postgres';
import type { Postgres } from '../../lib/runtime/postgres';
import { migrationsOf, quiet, use } from '../migrations/files';
import { type RealPostgres, realPostgres } from '../postgres/server';

let server: RealPostgres | undefined;
let master: Postgres | undefined;
beforeAll(async () => {
  server = await realPostgres({ walLevel: 'logical' });
  master = await server?.database('followed');
});
afterAll(async () => {
  await master?.close();
  await server?.stop();
});

test('with the password that a deployment gives it, and no other, a role follows the log of its tables alone', async () => {
  if (server === undefined || master === undefined) return;
  const source = use(
    'changeSource',
    'shop',
    {
      publication: 'ingot_shop',
      replicaIdentity: 'key',
      tables: [{ schema: 'public', name: 'orders', key: ['id'] }],
    },
    'files',
  );
  const files = { '0001_a.sql': 'CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE TABLE other (id int)' };
  await migrate(await migrationsOf(files, [source]), master, { log: quiet });
  // Everybody else is trusted here.
  const hba = join(server.folder, 'pg_hba.conf');
  writeFileSync(hba, `host all ingot_cdc 127.0.0.1/32 scram-sha-256\n${readFileSync(hba, 'utf8')}`);
  await master.query('SELECT pg_reload_conf()');

  let secret: FollowSecret | undefined;
  const services: SourceServices = {
    open: async () => openNodePostgres({ url: server!.urlOf('followed', 'ingot_reconcile') }),
    host: '127.0.0.1',
    port: 5432,
    secret: {
      read: async () => secret,
      write: async (value) => {
        secret = value;
      },
    },
    password: () => 'correct horse battery staple',
    now: () => Date.now(),
    log: quiet,
    answer: async () => {},
  };
  await handleSource({ action: 'login' }, services);
  const follower = (password: string) =>
    openNodePostgres({ url: server!.urlOf('followed', 'ingot_cdc'), password: async () => password });
  // The server takes up a new pg_hba.conf a moment after it was told to.
  let refused: unknown;
  for (let tries = 0; refused === undefined && tries < 200; tries++) {
    const stranger = await follower('wrong');
    refused = await stranger.query('SELECT 1').then(
      () => sleep(50),
      (error: unknown) => error,
    );
    await stranger.close().catch(() => {});
  }
  expect(refused).toMatchObject({ code: '28P01' });

  const dms = await follower(secret!.password);
  try {
    await dms.query(`SELECT pg_create_logical_replication_slot('dms', 'pgoutput')`);
    const before = (await handleSource({ action: 'position' }, services)) as LogPosition;
    await master.execute(`INSERT INTO orders VALUES (1, 'a'); INSERT INTO other VALUES (1); DELETE FROM orders`);
    const changes = await dms.query<{ lsn: string; kind: string }>(
      `SELECT lsn::text AS lsn, chr(get_byte(data, 0)) AS kind
        FROM pg_logical_slot_get_binary_changes('dms', NULL, NULL, 'proto_version', '1', 'publication_names', 'ingot_shop')`,
    );
    expect(changes.map(({ kind }) => kind).join('')).toMatch(/^B.*I.*D.*C$/);
    expect(changes.filter(({ kind }) => kind === 'I')).toHaveLength(1);
    // What a reload goes by: every change that is made afterwards stands behind it.
    for (const { lsn } of changes) expect(parseLsn(lsn) >= parseLsn(before.lsn)).toBe(true);
    expect(await dms.query('SELECT * FROM orders')).toEqual([]);
    await expect(dms.query('SELECT * FROM other')).rejects.toMatchObject({ code: '42501' });
  } finally {
    await dms.close();
  }
});
