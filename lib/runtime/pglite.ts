import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { cacheFolder } from './cache';
import { type Connection, onConnection, type Postgres, valueParsers } from './postgres';

export interface PgliteOptions {
  /** The folder that holds the database, made where it is absent. By default it is in memory, and gone when closed. */
  readonly folder?: string;
}

/**
 * PostgreSQL in this process, with pgvector. One connection: what runs at the same time waits its turn. A folder must
 * not be opened twice at a time: whoever opens it holds the platform's lock.
 *
 * @throws Error where PGlite is not installed
 */
export async function openPglite(options: PgliteOptions = {}): Promise<Postgres> {
  const { PGlite, vector } = loadPglite();
  if (options.folder !== undefined) await mkdir(options.folder, { recursive: true });
  const database = await PGlite.create({
    dataDir: options.folder ?? 'memory://',
    loadDataDir: isThere(options.folder) ? undefined : await emptyDatabase(),
    extensions: { vector },
    parsers: { ...valueParsers },
  });
  const connection = connect(database);
  const alone = onConnection(connection);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  return {
    query: (sql, parameters) => inTurn(() => alone.query(sql, parameters)),
    execute: (sql) => inTurn(() => alone.execute(sql)),
    transaction: (work) => inTurn(() => alone.transaction(work)),
    session: (work) =>
      inTurn(async () => {
        try {
          return await work(alone);
        } finally {
          await connection.execute('ROLLBACK').catch(() => {});
          await connection.execute('DISCARD ALL');
        }
      }),
    close: () => inTurn(() => database.close()),
  };
}

const isThere = (folder: string | undefined): boolean => folder !== undefined && existsSync(join(folder, 'PG_VERSION'));

/**
 * The data directory of a new database, as an archive in the cache of this user, where each new one begins. To make one
 * takes PostgreSQL seconds, most of what opening a new database would cost.
 */
async function emptyDatabase(): Promise<Blob> {
  const file = join(cacheFolder('pglite'), `${pgliteVersion()}.tar`);
  if (existsSync(file)) return new Blob([await readFile(file)]);
  const { PGlite } = loadPglite();
  const database = await PGlite.create({ dataDir: 'memory://' });
  await database.exec('CHECKPOINT');
  const archive = await database.dumpDataDir('none');
  await database.close();
  await keep(archive, file).catch(() => {}); // A home that nobody may write into; the next one takes as long.
  return archive;
}

/** Another version may be another PostgreSQL, which cannot read what this one has made. */
function pgliteVersion(): string {
  const manifest = join(dirname(require.resolve('@electric-sql/pglite')), '..', 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** Several processes may do so at once: each writes a file of its own, which then takes the name. */
async function keep(archive: Blob, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const written = `${file}-${randomUUID()}`;
  await writeFile(written, Buffer.from(await archive.arrayBuffer()));
  await rename(written, file);
}

function connect(database: Pick<PGlite, 'query' | 'exec'>): Connection {
  return {
    query: async (sql, parameters) => (await database.query<object>(sql, [...parameters])).rows,
    execute: async (sql) => void (await database.exec(sql)),
  };
}

/**
 * PGlite's own classes. Loaded only where they are used: 27 MB that a deployed platform never needs.
 *
 * @throws Error where PGlite is not installed
 */
export function loadPglite() {
  try {
    const { PGlite } = require('@electric-sql/pglite') as typeof import('@electric-sql/pglite');
    const { vector } = require('@electric-sql/pglite-pgvector') as typeof import('@electric-sql/pglite-pgvector');
    return { PGlite, vector };
  } catch (error) {
    throw new Error(
      'PostgreSQL on this machine is PGlite, which is not installed here; npm install @electric-sql/pglite@0.5.14 @electric-sql/pglite-pgvector@0.0.15',
      { cause: error },
    );
  }
}
