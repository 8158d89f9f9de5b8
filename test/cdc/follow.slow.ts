import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { follow } from '../../lib/cdc/follow/follow';
import { reconcile } from '../../lib/cdc/reconcile';
import { startCatalog } from '../../lib/local/catalog';
import { layoutOf, zoneRoots } from '../../lib/local/layout';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import type { Postgres } from '../../lib/runtime/postgres';
import { makeTables } from '../../lib/tables/make';
import { mulberry } from '../faults/random';
import { findPyiceberg } from '../local/pyiceberg';
import { type RealPostgres, realPostgres } from '../postgres/server';

const run = promisify(execFile);
const root = join(__dirname, '../..');
/** One file, which starts in a fraction of the time that many take. */
const program = join(root, 'node_modules/.cache/ingot-cdc-test/ingot.js');

let server: RealPostgres | undefined;
let folder: string;
beforeAll(async () => {
  server = await realPostgres({ walLevel: 'logical' });
  await build({
    entryPoints: [join(root, 'bin/ingot.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    packages: 'external',
  });
  folder = mkdtempSync(join(tmpdir(), 'ingot-follow-'));
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const contract = (table: string, history: string) => `
apiVersion: v3.1.0
kind: DataContract
id: ${table}
version: 1.0.0
status: active
servers: [{ server: shop, type: postgres, host: db.example.org, port: 5432, database: shop, schema: public }]
customProperties: [{ property: zone, value: silver }${history}]
schema:
  - name: ${table}
    properties:
      - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true }
      - { name: name, logicalType: string, required: true }
      - { name: amount, logicalType: number, physicalType: 'decimal(12,2)' }
      - { name: ratio, logicalType: number, physicalType: double }
      - { name: seen_at, logicalType: timestamp, physicalType: timestamptz }
      - { name: born, logicalType: date }
      - { name: notes, logicalType: string }
      - { name: photo, logicalType: string, physicalType: bytea }
      - { name: active, logicalType: boolean }
`;

function platform(name: string, more = ''): string {
  const path = join(folder, name);
  mkdirSync(join(path, 'contracts'), { recursive: true });
  writeFileSync(join(path, 'platform.yaml'), `name: shop\ncdc: { shop: { slot: slot_${name}${more} } }\n`);
  writeFileSync(join(path, 'contracts/customers.odcs.yaml'), contract('customers', ''));
  writeFileSync(join(path, 'contracts/orders.odcs.yaml'), contract('orders', ', { property: history, value: scd2 }'));
  writeFileSync(join(path, 'contracts/clicks.odcs.yaml'), contract('clicks', ''));
  return path;
}

const tables = ['customers', 'orders', 'clicks'];

async function makeSource(name: string): Promise<Postgres> {
  const postgres = await server!.database(name);
  for (const table of tables)
    await postgres.execute(
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, name text NOT NULL, amount numeric(12,2), ratio double precision,
        seen_at timestamptz, born date, notes text, photo bytea, active boolean, secret text);
       ALTER TABLE ${table} ALTER notes SET STORAGE EXTERNAL;`,
    );
  await postgres.execute('ALTER TABLE orders REPLICA IDENTITY FULL');
  return postgres;
}

/** Large enough for PostgreSQL to keep it elsewhere, and not to send it again where it has not changed. */
const large = (text: string) => text.repeat(4_000);

/** Writes changes of every kind, in transactions of several sizes, some of which are given up. */
async function write(postgres: Postgres, seed: number, changes: number): Promise<void> {
  const next = mulberry(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)]!;
  for (let done = 0; done < changes; ) {
    const size = 1 + Math.floor(next() * next() * 40);
    const giveUp = next() < 0.05;
    await postgres
      .transaction(async (tx) => {
        for (let i = 0; i < size; i++) {
          const table = pick(tables);
          const id = Math.floor(next() * 400);
          const kind = next();
          const values = [
            id,
            pick(['Ada', 'Bo', "O'Hare", 'Zoë\n"x"', '\\N']),
            (next() * 1e6).toFixed(2),
            next() * 10 ** Math.floor(next() * 20 - 10),
            new Date(1.7e12 + next() * 1e11).toISOString(),
            next() < 0.3 ? null : '2001-02-03',
            next() < 0.3 ? null : large(pick(['a', 'b', 'ü'])),
            new Uint8Array([0, Math.floor(next() * 256), 255]),
            next() < 0.5,
          ];
          const columns = 'id, name, amount, ratio, seen_at, born, notes, photo, active';
          if (kind < 0.45)
            await tx.query(
              `INSERT INTO ${table} (${columns}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, amount = excluded.amount, notes = excluded.notes`,
              values,
            );
          else if (kind < 0.75)
            await tx.query(`UPDATE ${table} SET name = $2, ratio = $3, active = NOT active WHERE id = $1`, [
              id,
              values[1],
              values[3],
            ]);
          else if (kind < 0.9) await tx.query(`DELETE FROM ${table} WHERE id = $1`, [id]);
          else if (kind < 0.97 && table === 'orders')
            await tx.query(
              `UPDATE orders SET id = $2 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM orders WHERE id = $2)`,
              [id, id + 1000],
            );
          else if (kind > 0.9995) await tx.execute(`TRUNCATE ${table}`);
          done += 1;
        }
        if (giveUp) throw new Error('given up');
      })
      .catch((error: Error & { code?: string }) => {
        // Two writers may have waited for each other.
        if (error.message !== 'given up' && error.code !== '40P01' && error.code !== '23505') throw error;
      });
  }
}

/** What the lake has, beside what the source has: every column of every row. */
async function differences(path: string, postgres: Postgres, compared = tables): Promise<Record<string, number>> {
  const { manifest } = await loadPlatform(path);
  const workbench = await openWorkbench(manifest, layoutOf(path));
  try {
    const found: Record<string, number> = {};
    for (const table of compared) {
      const source = await postgres.query<{ row: string }>(
        `SELECT concat_ws('|', id, name, amount, coalesce(to_char(ratio, '9.99999EEEE'), '-'), (extract(epoch FROM seen_at) * 1e6)::bigint,
          coalesce(born::text, '-'), coalesce(md5(notes), '-'), encode(photo, 'hex'), active::text) AS row FROM ${table}`,
      );
      const where = table === 'orders' ? 'WHERE is_current' : '';
      const lake = await workbench.services.lake.query<{ row: string }>(
        `SELECT concat_ws('|', id, name, amount, coalesce(format('{: .5e}', ratio), '-'), epoch_us(seen_at),
          coalesce(born::VARCHAR, '-'), coalesce(md5(notes), '-'), lower(hex(photo)), active::VARCHAR) AS row FROM silver.${table} ${where}`,
      );
      const [a, b] = [new Set(source.map(({ row }) => row)), new Set(lake.map(({ row }) => row))];
      expect(b.size).toBe(lake.length);
      const stopped = await workbench.services.lake.query<{ reason: string }>(
        `SELECT change_record AS reason FROM silver.${table}_changes WHERE change_kind = 'pause'`,
      );
      expect(stopped).toEqual([]);
      found[table] = [...a].filter((row) => !b.has(row)).length + [...b].filter((row) => !a.has(row)).length;
    }
    return found;
  } finally {
    await workbench.close();
  }
}

/** A consumer, as a user starts it. `until` waits for a line of its output. */
function follower(path: string, url: string, more: readonly string[] = []) {
  const args = [program, 'cdc', path, '--source', url, '--json', ...more];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    out: () => out,
    err: () => err,
    async until(text: string, seconds = 300) {
      for (let i = 0; i < seconds * 20; i++) {
        if (out.includes(text)) return;
        if (child.exitCode !== null) throw new Error(`ended: ${out}\n${err}`);
        await sleep(50);
      }
      throw new Error(`no ${text} in ${out}\n${err}`);
    },
  };
}

/** Waits until the source's slot stands where its log does. */
async function untilRead(postgres: Postgres, seconds = 300): Promise<void> {
  const [end] = await postgres.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  for (let i = 0; i < seconds * 10; i++) {
    const [slot] = await postgres.query<{ done: boolean }>(
      'SELECT confirmed_flush_lsn >= $1::pg_lsn AS done FROM pg_replication_slots WHERE database = current_database()',
      [end!.lsn],
    );
    if (slot?.done === true) return;
    await sleep(100);
  }
  throw new Error('the changes were not read');
}

test('10,000 changes by several writers, while the consumer is killed again and again: no row differs at the end', async () => {
  if (server === undefined) return;
  const path = platform('kills', ', log: [silver.clicks]');
  const postgres = await makeSource('kills');
  await write(postgres, 1, 1_500);
  const next = mulberry(5);
  const url = server.urlOf('kills');
  let kills = 0;
  for (let phase = 0; phase < 5; phase++) {
    const consumer = follower(path, url);
    const writing = Promise.all([1, 2, 3].map((writer) => write(postgres, 10 * phase + writer, 600)));
    // The first may be killed in the midst of its snapshot.
    await consumer.until(phase === 0 ? '"kind":"snapshot"' : '"kind":"following"');
    await sleep(next() * 2_000);
    consumer.kill('SIGKILL');
    await consumer.ended;
    kills += 1;
    await writing;
  }
  const consumer = follower(path, url);
  await consumer.until('"kind":"following"');
  await untilRead(postgres);
  consumer.kill('SIGINT');
  expect(await consumer.ended).toBe(0);
  expect(await differences(path, postgres, ['customers', 'orders'])).toEqual({ customers: 0, orders: 0 });
  await expectReconciled(path, postgres);
  process.stdout.write(`\n10,500 changes by three writers, ${kills} kills of the consumer: no row differs\n`);
  await expectPyiceberg(path, postgres);
  await postgres.close();
}, 900_000);

/** Reconciliation sees no drift where there is none, and every row that is tampered with. */
async function expectReconciled(path: string, postgres: Postgres): Promise<void> {
  const { manifest } = await loadPlatform(path);
  const workbench = await openWorkbench(manifest, layoutOf(path));
  const { services } = workbench;
  const compare = () => reconcile({ source: manifest.cdc![0]!, postgres, services, settle: 100 });
  expect((await compare()).map(({ table, drift }) => [table, drift])).toEqual([
    ['silver.customers', 0],
    ['silver.orders', 0],
  ]);
  await postgres.execute('CREATE TABLE kept_aside AS SELECT * FROM customers ORDER BY id LIMIT 2');
  await postgres.execute(
    `UPDATE customers SET ratio = 0.1234567 WHERE id = (SELECT min(id) FROM kept_aside);
     DELETE FROM customers WHERE id = (SELECT max(id) FROM kept_aside)`,
  );
  const ids = await postgres.query<{ id: bigint }>('SELECT id FROM kept_aside');
  const [customers] = await compare();
  expect(customers).toMatchObject({
    table: 'silver.customers',
    drift: 2,
    keys: ids.map(({ id }) => String(id)).sort(),
  });
  await postgres.execute(
    'DELETE FROM customers WHERE id IN (SELECT id FROM kept_aside); INSERT INTO customers SELECT * FROM kept_aside',
  );
  await workbench.close();
}

/** pyiceberg reads what changes have made: counts, and a sum that every row is in. */
async function expectPyiceberg(path: string, postgres: Postgres): Promise<void> {
  const python = await findPyiceberg();
  if (python === undefined) return;
  const { manifest } = await loadPlatform(path);
  const layout = layoutOf(path);
  const roots = zoneRoots(layout, manifest);
  const catalog = await startCatalog({
    folder: layout.catalog,
    roots: [roots.silver!, roots.gold!].map((uri) => uri.replace('file://', '')),
  });
  try {
    const script = join(__dirname, 'read_tables.py');
    const { stdout } = await run(python, [script, catalog.uri, 'shop_silver', 'customers', 'orders']);
    const read = JSON.parse(stdout) as Record<string, { rows: number; ids: number; amount: string; notes: number }>;
    for (const table of ['customers', 'orders']) {
      const [expected] = await postgres.query<{ rows: bigint; ids: string; amount: string; notes: string }>(
        `SELECT count(*) AS rows, sum(id)::text AS ids, sum(amount)::text AS amount, sum(length(notes))::text AS notes FROM ${table}`,
      );
      expect({ table, ...read[table] }).toEqual({
        table,
        rows: Number(expected!.rows),
        ids: Number(expected!.ids),
        amount: expected!.amount,
        notes: Number(expected!.notes),
      });
    }
  } finally {
    await catalog.close();
  }
}

/** Follows in this process, until `work` is done. */
async function following(path: string, url: string, work: () => Promise<void>, resnapshot = false): Promise<string[]> {
  const { manifest } = await loadPlatform(path);
  const workbench = await openWorkbench(manifest, layoutOf(path));
  const controller = new AbortController();
  const events: string[] = [];
  let begun: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  try {
    await makeTables(workbench.services);
    const options = {
      url,
      source: manifest.cdc![0]!,
      services: workbench.services,
      signal: controller.signal,
      resnapshot,
      wait: 100,
    };
    const ended = follow({
      ...options,
      onEvent(event) {
        events.push(JSON.stringify(event));
        if (event.kind === 'following') begun();
      },
    });
    await Promise.race([started, ended]);
    await work();
    controller.abort();
    await ended;
    return events;
  } finally {
    await workbench.close();
  }
}

test('it says what is wrong: the log is not logical, a slot that was dropped, a table that is not there; and reads anew when told', async () => {
  if (server === undefined) return;
  const path = platform('wrong');
  const empty = await server.database('wrong');
  const nothing = async () => {};
  await expect(following(path, server.urlOf('wrong'), nothing)).rejects.toThrow(
    /The source has no table public\.customers.*contract of silver\.customers/,
  );
  await empty.close();
  const elsewhere = await server.database('elsewhere');
  await elsewhere.query("SELECT pg_create_logical_replication_slot('slot_wrong', 'pgoutput')");

  const postgres = await makeSource('read_anew');
  await expect(following(path, server.urlOf('read_anew'), nothing)).rejects.toThrow(
    /slot slot_wrong is of the database elsewhere: .* cdc\.shop\.slot of platform\.yaml must say another/,
  );
  await elsewhere.query("SELECT pg_drop_replication_slot('slot_wrong')");
  await elsewhere.close();
  await postgres.execute("INSERT INTO customers (id, name) VALUES (1, 'one'), (2, 'two')");
  const url = server.urlOf('read_anew');
  await following(path, url, async () => {
    await postgres.execute("INSERT INTO customers (id, name) VALUES (3, 'three')");
    await untilRead(postgres);
  });
  await postgres.query("SELECT pg_drop_replication_slot('slot_wrong')");
  await postgres.execute("DELETE FROM customers WHERE id = 1; UPDATE customers SET name = 'TWO' WHERE id = 2");
  await expect(following(path, url, nothing)).rejects.toThrow(
    /replication slot slot_wrong is gone from the source.*--resnapshot/,
  );
  await following(path, url, () => untilRead(postgres), true);
  expect(await differences(path, postgres)).toEqual({ customers: 0, orders: 0, clicks: 0 });

  // A slot that is in use, and a key that the log does not tell.
  await following(path, url, async () => {
    await expect(following(path, url, nothing)).rejects.toThrow(/Another process reads the replication slot/);
  });
  await postgres.execute('ALTER TABLE clicks REPLICA IDENTITY NOTHING');
  await expect(following(path, url, nothing)).rejects.toThrow(
    /public\.clicks of the source tells its rows apart by nothing, .*REPLICA IDENTITY FULL/,
  );
  await postgres.close();

  const replica = await realPostgres();
  if (replica === undefined) return;
  await expect(following(path, replica.url, nothing)).rejects.toThrow(/for replica alone: set wal_level = logical/);
  await replica.stop();
});

test('the source gets a column, then loses one that the contract requires: the table grows, then waits, and no other does', async () => {
  if (server === undefined) return;
  const path = platform('grows');
  const postgres = await makeSource('grows');
  const url = server.urlOf('grows');
  await following(path, url, async () => {
    await postgres.execute("INSERT INTO customers (id, name) VALUES (1, 'one')");
    await postgres.execute(
      "ALTER TABLE customers ADD points integer; INSERT INTO customers (id, name, points) VALUES (2, 'two', 7)",
    );
    await postgres.execute(
      'ALTER TABLE customers ALTER points TYPE bigint; UPDATE customers SET points = 5000000000 WHERE id = 1',
    );
    await untilRead(postgres);
    await postgres.execute("ALTER TABLE orders RENAME name TO title; INSERT INTO orders (id, title) VALUES (1, 'x')");
    await postgres.execute("INSERT INTO customers (id, name) VALUES (3, 'three')");
    await untilRead(postgres);
  });
  const { manifest } = await loadPlatform(path);
  const workbench = await openWorkbench(manifest, layoutOf(path));
  const { lake } = workbench.services;
  expect(await lake.query('SELECT id, points FROM silver.customers ORDER BY id')).toEqual([
    { id: 1n, points: 5_000_000_000n },
    { id: 2n, points: 7n },
    { id: 3n, points: null },
  ]);
  expect(await lake.query('SELECT * FROM silver.orders')).toEqual([]);
  const kept = await lake.query<{ kind: string; n: bigint }>(
    "SELECT change_kind AS kind, count(*) AS n FROM silver.orders_changes WHERE change_kind IN ('pause', 'parked') GROUP BY ALL ORDER BY ALL",
  );
  expect(kept).toEqual([
    { kind: 'parked', n: 1n },
    { kind: 'pause', n: 1n },
  ]);
  await workbench.close();
  await postgres.close();
});
