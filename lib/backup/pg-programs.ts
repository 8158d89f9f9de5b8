import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** Where PostgreSQL's own programs are and what they connect to. */
export interface PgPrograms {
  /** `postgres://role@host:5432/database`, as for `openNodePostgres`. */
  readonly url: string;
  /** By default the URL's. */
  readonly password?: string;
  /**
   * Folder of `pg_dump` and `pg_restore`, of the server's major version or a newer one.
   * @default they are found by PATH
   */
  readonly bin?: string;
}

/** A program of PostgreSQL that is running: what it writes, and how it ends. */
export interface Running {
  readonly out: Readable;
  /** @throws Error with what it said, where it failed or could not be started */
  readonly ended: Promise<void>;
}

/** Passwords go by the environment: arguments are seen by everybody on the machine. */
export function runProgram(name: string, args: readonly string[], programs: PgPrograms): Running {
  const path = programs.bin === undefined ? name : `${programs.bin}/${name}`;
  const child = spawn(path, args, {
    env: { ...process.env, ...connection(programs) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-4000);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'ENOENT'
          ? new Error(`${path} is not there; install PostgreSQL's client programs, or name their folder with --bin`)
          : error,
      );
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${name} failed (${signal ?? `exit code ${code}`}): ${said.trim()}`));
    });
  });
  // Whoever reads its output may fail first; that error is told, and this one is not lost to nobody.
  ended.catch(() => {});
  return { out: child.stdout, ended };
}

function connection({ url, password }: PgPrograms): NodeJS.ProcessEnv {
  const { hostname, port, username, pathname, searchParams, password: inUrl } = new URL(url);
  const here = ['', 'localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const secret = password ?? decodeURIComponent(inUrl);
  const authority = searchParams.get('sslrootcert');
  return {
    PGHOST: hostname === '' ? (searchParams.get('host') ?? 'localhost') : hostname.replace(/^\[|\]$/g, ''),
    PGPORT: port === '' ? '5432' : port,
    PGUSER: decodeURIComponent(username),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
    PGSSLMODE: searchParams.get('sslmode') ?? (here ? 'prefer' : 'verify-full'),
    ...(authority === null ? {} : { PGSSLROOTCERT: authority }),
    ...(secret === '' ? {} : { PGPASSWORD: secret }),
  };
}
