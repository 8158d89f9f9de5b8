import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransientError } from '../errors';
import type { Manifest } from '../platform/manifest';
import { identifier, literal, qualified } from '../sql/quote';
import { compactedProperty, rowsSnapshot } from '../tables/compacted';
import { type Duckdb, DuckdbError, type DuckdbLimits, openDuckdb } from './duckdb';
import { lakeExtensions } from './extensions';
import { type S3Access, s3Secret, secretName } from './s3-access';
import type { CatalogAddress, Lake, Row, SqlValue, Transaction } from './services';

export interface LakeOptions {
  readonly catalog: CatalogAddress;
  /** Names the zones: each one that holds Iceberg tables becomes readable as `silver.flights`, the platform's own as `ops.files`. */
  readonly manifest: Pick<Manifest, 'zones' | 'ops'>;
  /** How DuckDB reads and writes `s3://…`, and signs what it asks of a catalog that wants that. Absent: it does neither. */
  readonly s3?: S3Access;
  readonly limits?: DuckdbLimits;
  /** Called before a commit is tried again, with the number of the attempt that failed. */
  readonly onConflict?: (attempt: number, error: Error) => void;
}

/** Longest wait before a commit is tried again, in milliseconds; the first is at most a 32nd of it. */
const longestBackOff = 3_200;

/**
 * Opens DuckDB with the Iceberg catalog attached for writing as `lake`, and for reading once per zone, with the zone's
 * database as default schema: so `silver.flights` reads without a view, whenever the table was made.
 *
 * One connection serves all: a commit holds it until its end, and other statements wait.
 *
 * Whatever is asked of the lake fails with a `TransientError` where the catalog or the store is throttling, broken or out
 * of reach, and where a commit met others at each of its attempts. Such a commit may stand all the same.
 *
 * @throws Error where DuckDB's extensions cannot be had
 * @throws TransientError where the catalog does not answer
 */
export async function openLake(options: LakeOptions): Promise<Lake> {
  const { catalog, manifest, limits, s3 } = options;
  const duckdb = tellingTransient(await openDuckdb({ extensions: lakeExtensions, limits }));
  const refresh = s3 === undefined ? undefined : s3Secret(s3, duckdb);
  try {
    await refresh?.();
    // Readers do not rely on a table's declared order, and DuckDB refuses to write such tables otherwise.
    await duckdb.run('SET unsafe_iceberg_ignore_sort_order = true');
    await duckdb.run(attach('lake', catalog, []));
    const readable = manifest.zones
      .filter((zone) => zone.holds === 'iceberg')
      .map((z) => [z.name, z.database] as const);
    for (const [name, database] of [...readable, ['ops', manifest.ops.database] as const]) {
      await duckdb.run(attach(name, catalog, [`DEFAULT_SCHEMA ${literal(database)}`, 'READ_ONLY']));
    }
  } catch (error) {
    duckdb.close();
    throw error;
  }
  return lakeOver(duckdbSession(duckdb), { onConflict: options.onConflict, before: refresh });
}

/** What runs a lake's statements: one connection, which knows one transaction at a time. */
export interface LakeSession {
  query<R extends Row = Row>(sql: string, params?: Record<string, SqlValue>): Promise<R[]>;
  run(sql: string, params?: Record<string, SqlValue>): Promise<number>;
  begin(): Promise<void>;
  /** What the transaction wrote becomes visible, in one commit of its one table. */
  commit(): Promise<void>;
  rollback(): Promise<void>;
  properties(database: string, table: string): Promise<Record<string, string>>;
  /** Inside a transaction. */
  setProperties(database: string, table: string, properties: Record<string, string>): Promise<void>;
  snapshotId(database: string, table: string): Promise<string | undefined>;
  /** Whether an error says that another writer was first. */
  isConflict(error: unknown): error is Error;
  close(): Promise<void>;
  readonly formats?: Lake['formats'];
  readonly rowsAtOnce?: Lake['rowsAtOnce'];
}

interface LakeAround {
  readonly onConflict?: LakeOptions['onConflict'];
  /** Done before each piece of work. */
  readonly before?: () => Promise<void>;
}

/** A lake whose statements a session runs: commits that meet others are run again, and all work waits for its turn. */
export const lakeOver = (session: LakeSession, around: LakeAround = {}): Lake => new SessionLake(session, around);

/** The quoted SQL name that writes to a table. */
const nameOf = (database: string, table: string): string => qualified('lake', database, table);

function duckdbSession(duckdb: Duckdb): LakeSession {
  const done = async (sql: string) => void (await duckdb.run(sql));
  return {
    query: (sql, params) => duckdb.query(sql, params),
    run: (sql, params) => duckdb.run(sql, params),
    begin: () => done('BEGIN TRANSACTION'),
    commit: () => done('COMMIT'),
    rollback: () => done('ROLLBACK'),
    async properties(database, table) {
      const rows = await duckdb.query<{ key: string; value: string }>(
        `FROM iceberg_table_properties(${nameOf(database, table)})`,
      );
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    },
    setProperties(database, table, properties) {
      const entries = Object.entries(properties).map(([key, value]) => `${literal(key)}: ${literal(value)}`);
      return done(`CALL set_iceberg_table_properties(${nameOf(database, table)}, MAP {${entries.join(', ')}})`);
    },
    async snapshotId(database, table) {
      const name = nameOf(database, table);
      const rows = await duckdb.query<{ id: bigint; kept: string | null }>(
        `SELECT snapshot_id AS id, (SELECT value FROM iceberg_table_properties(${name}) WHERE key = ${literal(compactedProperty)}) AS kept
          FROM iceberg_snapshots(${name}) ORDER BY sequence_number DESC LIMIT 1`,
      );
      return rowsSnapshot(rows[0]?.id.toString(), rows[0]?.kept ?? undefined);
    },
    isConflict,
    close: async () => duckdb.close(),
  };
}

/** Statement that attaches a catalog's tables as `name`. */
export function attach(name: string, catalog: CatalogAddress, more: readonly string[]): string {
  const options = [
    'TYPE iceberg',
    `ENDPOINT ${literal(catalog.uri)}`,
    // What Glue does not offer: creating a table in stages, several tables in a commit, purging on drop.
    'STAGE_CREATE_TABLES false',
    'DISABLE_MULTI_TABLE_COMMIT true',
    'PURGE_REQUESTED false',
    // Where the catalog's answer to a commit is lost, DuckDB would remove the files that the commit may have put into
    // the table. What a commit that failed leaves behind instead, Glue's removal of orphan files takes away.
    'REMOVE_FILES_ON_DELETE false',
    ...more,
  ];
  if (catalog.auth.kind === 'none') options.push("AUTHORIZATION_TYPE 'none'");
  else {
    const { region, service } = catalog.auth;
    options.push("AUTHORIZATION_TYPE 'sigv4'", `SECRET ${literal(secretName)}`);
    options.push(`SIGV4_REGION ${literal(region)}`, `SIGV4_SERVICE ${literal(service)}`);
  }
  return `ATTACH ${literal(catalog.warehouse)} AS ${identifier(name)} (${options.join(', ')})`;
}

class SessionLake implements Lake {
  private last: Promise<unknown> = Promise.resolve();
  private readonly inCommit = new AsyncLocalStorage<true>();

  readonly formats?: Lake['formats'];
  readonly rowsAtOnce?: Lake['rowsAtOnce'];

  constructor(
    private readonly session: LakeSession,
    private readonly around: LakeAround,
  ) {
    this.formats = session.formats;
    this.rowsAtOnce = session.rowsAtOnce;
  }

  query<R extends Row = Row>(sql: string, params?: Record<string, SqlValue>): Promise<R[]> {
    return this.alone(() => this.session.query<R>(sql, params));
  }

  run(sql: string, params?: Record<string, SqlValue>): Promise<number> {
    return this.alone(() => this.session.run(sql, params));
  }

  commit<T>(work: (tx: Transaction) => Promise<T>, options: { readonly attempts?: number } = {}): Promise<T> {
    return this.alone(async () => {
      const attempts = options.attempts ?? 20;
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.attempt(work);
        } catch (error) {
          if (!this.session.isConflict(error)) throw error;
          if (attempt >= attempts)
            throw new TransientError(`After ${attempts} attempts: ${error.message}`, { cause: error });
          this.around.onConflict?.(attempt, error);
          await sleep(Math.random() * Math.min(longestBackOff, (longestBackOff / 32) * 2 ** (attempt - 1)));
        }
      }
    });
  }

  properties(database: string, table: string): Promise<Record<string, string>> {
    return this.alone(() => this.session.properties(database, table));
  }

  snapshotId(database: string, table: string): Promise<string | undefined> {
    return this.alone(() => this.session.snapshotId(database, table));
  }

  name(database: string, table: string): string {
    return nameOf(database, table);
  }

  close(): Promise<void> {
    return this.alone(() => this.session.close());
  }

  private async attempt<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    await this.session.begin();
    try {
      const result = await this.inCommit.run(true, () => work(this.session));
      await this.session.commit();
      return result;
    } catch (error) {
      // A commit that failed has already ended the transaction, and there is nothing left to undo.
      await this.session.rollback().catch(() => undefined);
      throw error;
    }
  }

  /** A session knows one transaction: whoever comes during a commit waits for its end. */
  private async alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.inCommit.getStore() === true) {
      throw new Error('Inside a commit, use its transaction: the lake itself waits until the commit has ended');
    }
    const result = this.last.then(this.around.before).then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}

/** Whether another writer was first: then the same work, run again from its start, may succeed. */
export function isConflict(error: unknown): error is DuckdbError {
  return error instanceof DuckdbError && error.kind === 'TransactionContext' && error.message.includes('Conflict_409');
}

function tellingTransient(duckdb: Duckdb): Duckdb {
  const tell = (error: unknown): never => {
    if (!isTransient(error)) throw error;
    throw new TransientError(error.message.split('\n', 1)[0], { cause: error });
  };
  return {
    query: (sql, params) => duckdb.query<never>(sql, params).catch(tell),
    run: (sql, params) => duckdb.run(sql, params).catch(tell),
    close: () => duckdb.close(),
  };
}

/** Kinds of errors in which DuckDB says what a server answered. */
const kindsOfRequests = ['HTTP', 'IO', 'Connection', 'TransactionContext'];

/** Whether the catalog or the store is to blame, in a way that may pass: DuckDB itself has tried some of them again. */
export function isTransient(error: unknown): error is DuckdbError {
  if (!(error instanceof DuckdbError) || !kindsOfRequests.includes(error.kind)) return false;
  const [said] = error.message.split('\n', 1);
  // `HTTP 503`, `BadGateway_502`; `Server returned nothing error for HTTP POST to …`, `Could not connect … error for …`.
  // But a disk that is full (507) does not get empty by waiting.
  return /\bHTTP (429|5\d\d)\b|[a-z]_(429|5(?!07)\d\d)\b| error for HTTP [A-Z]+ to /.test(said!);
}
