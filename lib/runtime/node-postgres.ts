import { readFileSync } from 'node:fs';
import type { ClientBase, PoolClient, PoolConfig } from 'pg';
import { type Connection, onConnection, type Postgres, postgresError, valueParsers } from './postgres';

export interface NodePostgresOptions {
  /** `postgres://role@host:5432/database`; `sslmode=disable` and `sslrootcert=file` as libpq has them. */
  readonly url: string;
  /**
   * The password, or what gives one for each new connection: an IAM token, a secret that rotates. By default the URL's.
   */
  readonly password?: string | (() => Promise<string>);
  /** Connections at most. @default 4 */
  readonly connections?: number;
  /** Milliseconds to wait for a connection. @default 10000 */
  readonly connectTimeout?: number;
}

/**
 * PostgreSQL through `pg`. TLS with a verified certificate, unless the host is this machine or the URL says
 * `sslmode=disable`. In Lambda, `NODE_EXTRA_CA_CERTS=/var/runtime/ca-cert.pem` makes Node know Amazon's authorities.
 */
export async function openNodePostgres(options: NodePostgresOptions): Promise<Postgres> {
  const { Pool, types } = loadPg();
  const pool = new Pool({
    ...connectionOf(options),
    max: options.connections ?? 4,
    connectionTimeoutMillis: options.connectTimeout ?? 10_000,
    application_name: 'ingot',
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        valueParsers[oid] ?? arrayParser(types, oid) ?? types.getTypeParser(oid, format as 'text'),
    } as PoolConfig['types'],
  });
  // A connection that breaks while nobody uses it is taken from the pool; the next query gets another.
  pool.on('error', () => {});

  const session = async <T>(work: (postgres: Postgres) => Promise<T>, keep: boolean): Promise<T> => {
    const client: PoolClient = await pool.connect().catch((error: unknown) => {
      throw postgresError(error);
    });
    // One that breaks meanwhile fails its query, which tells it.
    const told = () => {};
    client.on('error', told);
    let whole = false;
    try {
      const result = await work(onConnection(connect(client)));
      whole = true;
      return result;
    } finally {
      client.off('error', told);
      // One that holds locks or settings ends with them, and one after an error with whatever it is in.
      client.release(!(keep && whole));
    }
  };
  return {
    query: (sql, parameters) => session((one) => one.query(sql, parameters), true),
    execute: (sql) => session((one) => one.execute(sql), true),
    transaction: (work) => session((one) => one.transaction(work), true),
    session: (work) => session(work, false),
    close: () => pool.end(),
  };
}

function connect(client: ClientBase): Connection {
  return {
    async query(sql, parameters) {
      const values = parameters.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
      return (await client.query<object>(sql, values)).rows;
    },
    execute: async (sql) => void (await client.query(sql)),
  };
}

/** What `pg` needs to connect. */
export function connectionOf({ url, password }: NodePostgresOptions): PoolConfig {
  const { hostname, port, username, pathname, searchParams, password: inUrl } = new URL(url);
  const host = decodeURIComponent(hostname) === '' ? (searchParams.get('host') ?? 'localhost') : hostname;
  const here = host.startsWith('/') || ['localhost', '127.0.0.1', '[::1]'].includes(host);
  const mode = searchParams.get('sslmode') ?? (here ? 'disable' : 'verify-full');
  if (mode !== 'disable' && mode !== 'verify-full')
    throw new Error(
      `sslmode of a database's URL must be verify-full or disable; given ${mode}, which trusts any certificate`,
    );
  const authority = searchParams.get('sslrootcert');
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: port === '' ? Number(searchParams.get('port') ?? 5432) : Number(port),
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
    password: password ?? (inUrl === '' ? undefined : decodeURIComponent(inUrl)),
    ssl:
      mode === 'disable'
        ? false
        : { rejectUnauthorized: true, ca: authority === null ? undefined : readFileSync(authority, 'utf8') },
  };
}

/** Lists of the types that are read in our own way, by the list's number. */
const arrays: Readonly<Record<number, number>> = {
  1016: 20,
  1001: 17,
  199: 114,
  3807: 3802,
  1182: 1082,
  1115: 1114,
  1185: 1184,
  1187: 1186,
  1231: 1700,
};

function arrayParser(types: typeof import('pg').types, oid: number): ((value: string) => unknown) | undefined {
  const element = arrays[oid];
  if (element === undefined) return undefined;
  const texts = types.getTypeParser(1009 as never, 'text') as (value: string) => (string | null)[];
  const parse = valueParsers[element]!;
  const each = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(each) : value === null ? null : parse(value as string);
  return (value) => each(texts(value));
}

export function loadPg(): typeof import('pg') {
  try {
    return require('pg');
  } catch (error) {
    throw new Error('A connection to PostgreSQL takes the package pg, which is not installed here; npm install pg', {
      cause: error,
    });
  }
}
