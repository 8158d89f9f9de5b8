import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDump } from '../../lib/backup/dump-folder';
import { continueFingerprint, parseFingerprint, takeFingerprint } from '../../lib/backup/fingerprint';
import { dumpPostgres, restorePostgres } from '../../lib/backup/postgres-dump';
import { backupRolesMigration } from '../../lib/backup/roles';
import { dumpScript, uploadScript } from '../../lib/backup/task-scripts';
import { openNodePostgres } from '../../lib/runtime/node-postgres';
import type { Postgres } from '../../lib/runtime/postgres';
import { type RealPostgres, realPostgres } from '../postgres/server';
import { fill, seal } from './database';

const run = promisify(execFile);
let server: RealPostgres | undefined;
let source: Postgres;
let folder: string;
let count = 0;

beforeAll(async () => {
  server = await realPostgres();
  if (server === undefined) return;
  folder = await mkdtemp(join(tmpdir(), 'ingot-dumps-'));
  source = await server.database('source');
  await fill(source, 20_000);
  await source.execute(backupRolesMigration);
});
afterAll(async () => {
  if (server === undefined) return;
  await source.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

const on = (real: RealPostgres, database: string, role?: string) => ({
  url: real.urlOf(database, role),
  bin: real.bin,
});

async function empty(real: RealPostgres): Promise<string> {
  count += 1;
  await (await real.database(`restored_${count}`)).close();
  return `restored_${count}`;
}

test('dumped while it is written to, restored into an empty database, and the same to the last row', async () => {
  if (server === undefined) return;
  const dump = join(folder, 'dump');
  let writing = true;
  const writer = (async () => {
    while (writing)
      await source.execute(
        "INSERT INTO flights (origin, updated_at) VALUES ('A1', now()); UPDATE airports SET name = name || '.' WHERE code = 'A7'",
      );
  })();
  const { fingerprint } = await dumpPostgres(on(server, 'source', 'ingot_dump'), dump);
  writing = false;
  await writer;
  const database = await empty(server);
  const validation = await restorePostgres(on(server, database), dump);
  expect(validation).toMatchObject({ passed: true, findings: [] });
  expect(validation.rowsCompared).toBe(validation.rows);
  expect(validation.rows).toBeGreaterThan(40_000);
  expect(Object.keys(fingerprint.extensions)).toContain('vector');
  await expect(restorePostgres(on(server, database), dump)).rejects.toThrow(
    'The database must be empty; it has 7 tables',
  );
});

test('damage that pg_dump itself left behind never passes for the whole: cut off, or a byte changed anywhere', async () => {
  if (server === undefined) return;
  const dump = join(folder, 'damaged');
  await dumpPostgres(on(server, 'source'), dump);
  const file = join(dump, 'database.dump');
  const whole = await readFile(file);
  const told: string[] = [];
  const attempt = async (what: string) => {
    await seal(dump);
    const database = await empty(server!);
    try {
      const { passed } = await restorePostgres(on(server!, database), dump);
      // A change of what is no data, such as a comment of the header, leaves the database as it was.
      told.push(`${what} ${passed ? 'same' : 'found'}`);
    } catch {
      told.push(`${what} refused`);
    }
  };
  for (const share of [0, 0.1, 0.5, 0.9, 0.999]) {
    await truncate(file, Math.floor(whole.length * share));
    await attempt('cut');
    await writeFile(file, whole);
  }
  for (let i = 1; i <= 6; i++) {
    const damaged = Buffer.from(whole);
    const at = Math.floor((whole.length * i) / 7);
    damaged[at] = damaged[at]! ^ 0x55;
    await writeFile(file, damaged);
    await attempt('byte');
  }
  await writeFile(file, whole);
  expect(told.filter((one) => one.startsWith('cut'))).toEqual(Array(5).fill('cut refused'));
  expect(told.filter((one) => /^byte (refused|found)/.test(one)).length).toBeGreaterThanOrEqual(5);
});

test('a fingerprint whose time ends in the middle of a table goes on with that table, and is the same', async () => {
  if (server === undefined) return;
  const large = await server.database('large');
  try {
    await large.execute(`
      CREATE TABLE a_small AS SELECT g AS id FROM generate_series(1, 10) AS g;
      CREATE TABLE b_large AS SELECT g AS id, repeat('x', 100) AS text FROM generate_series(1, 300000) AS g`);
    const parts: string[] = [];
    // PostgreSQL itself ends the statement that is at work, whatever the clock of who asked says; what was read before is kept.
    expect(await continueFingerprint(large, parts, () => (parts.length < 2 ? 60_000 : 20))).toBe(false);
    expect(parts).toHaveLength(2);
    expect(await continueFingerprint(large, parts, () => 60_000)).toBe(true);
    expect(parts).toHaveLength(3);
    const whole = await takeFingerprint(large);
    expect(parseFingerprint(parts.join('\n'))).toEqual({ ...whole, takenAt: expect.any(String) });
  } finally {
    await large.close();
  }
});

test('the role that compares reads everything and writes nothing; rows that it must not see are an error', async () => {
  if (server === undefined) return;
  const reader = await openNodePostgres({ url: server.urlOf('source', 'ingot_validate') });
  try {
    const [mine, own] = [await takeFingerprint(reader), await takeFingerprint(source)];
    expect(mine.rows).toEqual(own.rows);
    await expect(reader.execute('DELETE FROM flights')).rejects.toThrow('permission denied');
    await source.execute('CREATE TABLE secrets (id int); ALTER TABLE secrets ENABLE ROW LEVEL SECURITY');
    await expect(takeFingerprint(reader)).rejects.toThrow('Row-level security hides rows of public.secrets');
    await source.execute('CREATE POLICY compared ON secrets FOR SELECT TO pg_read_all_data USING (true)');
    await expect(takeFingerprint(reader)).resolves.toMatchObject({ rows: { 'public.secrets': { buckets: {} } } });
  } finally {
    await source.execute('DROP TABLE secrets');
    await reader.close();
  }
});

/** What the two containers of the dump task do, on this machine, with a command line of AWS that copies to a folder. */
async function runTask(real: RealPostgres, name: string, more: Record<string, string> = {}): Promise<string[]> {
  const [shared, programs] = [join(folder, `${name}-shared`), join(folder, `${name}-bin`)];
  await mkdir(shared);
  await mkdir(programs);
  const aws = join(programs, 'aws');
  await writeFile(
    aws,
    `#!/bin/bash
[ "$1 $2" = "rds generate-db-auth-token" ] && { echo token; exit; }
from="\${@: -2:1}"; to="\${@: -1}"; to="\${to#s3:/}"
case "$from" in s3:*) echo > "$to";; -) mkdir -p "$(dirname "$to")"; cat > "$to";; *) cp "$from" "$to";; esac`,
  );
  await chmod(aws, 0o755);
  const { port } = new URL(real.url);
  const env = {
    ...process.env,
    PATH: `${programs}:${real.bin}:${process.env.PATH}`,
    INGOT_SHARED: shared,
    INGOT_DUMPS: `s3:/${folder}/dumps`,
    INGOT_DUMP: name,
    INGOT_AUTHORITIES: 's3://authorities.pem',
    INGOT_REGION: 'eu-west-1',
    PGHOST: '127.0.0.1',
    PGPORT: port,
    PGDATABASE: 'source',
    PGUSER: 'ingot_dump',
    PGSSLMODE: 'disable',
    ...more,
  };
  const ends = await Promise.allSettled(
    [dumpScript, uploadScript].map((script) => run('bash', ['-c', script], { env })),
  );
  return ends.map((end) => (end.status === 'fulfilled' ? '' : String((end.reason as { stderr?: string }).stderr)));
}

test('the dump task streams a dump that can be restored and is whole', async () => {
  if (server === undefined) return;
  expect(await runTask(server, 'nightly')).toEqual(['', '']);
  const dump = join(folder, 'dumps', 'nightly');
  const { manifest } = await openDump(dump);
  expect(Object.keys(manifest.files)).toEqual(['database.dump', 'fingerprint.jsonl', 'roles.sql']);
  const validation = await restorePostgres(on(server, await empty(server)), dump);
  expect(validation).toMatchObject({ passed: true, findings: [] });
});

test('a dump task that fails leaves no manifest, and what it left is no dump', async () => {
  if (server === undefined) return;
  const [dumping, uploading] = await runTask(server, 'failed', { PGDATABASE: 'nowhere' });
  expect(dumping).toContain('database "nowhere" does not exist');
  expect(uploading).toContain('has no manifest and is none');
  await expect(openDump(join(folder, 'dumps', 'failed'))).rejects.toThrow('it is no dump, or one that never ended');
});
