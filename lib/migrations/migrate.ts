import { assertValid, TransientError } from '../errors';
import type { Postgres } from '../runtime/postgres';
import type { Log } from '../runtime/services';
import { applyMigration } from './apply';
import { makeLedger, readLedger } from './ledger';
import { isDeferred, MigrationError, type Migrations, type Pending } from './migration';
import { planMigrations } from './plan';

export interface MigrateOptions {
  readonly log: Log;
  /** Stops before the first migration that is long or destructive, as a deploy does. @default false */
  readonly defer?: boolean;
  /**
   * Asked before each destructive migration, which is applied where it answers true: it takes a snapshot.
   * @default false is answered
   */
  readonly beforeDestructive?: (migration: Pending) => Promise<boolean>;
  /**
   * Milliseconds after which it leaves PostgreSQL at work alone and answers `working`; so it does at once where another
   * is at work.
   * @default it stays, and waits for another
   */
  readonly leaveAfter?: number;
  /** Milliseconds to wait for another that is at work, without `leaveAfter`. @default 60000 */
  readonly lockWait?: number;
  /** Milliseconds before the first of four new attempts at a connection; each waits twice as long. @default 1000 */
  readonly retryWait?: number;
}

export interface Migrated {
  /**
   * `done`: everything is applied. `deferred`, `destructive`: it stopped before the first of `pending`. `working`:
   * PostgreSQL is still at work; ask again.
   */
  readonly status: 'done' | 'deferred' | 'destructive' | 'working';
  /** What was applied now, in order. */
  readonly applied: readonly string[];
  /** What is still to come, in order. */
  readonly pending: readonly string[];
  /** What the database has from a newer release; untouched. */
  readonly newer: readonly string[];
}

/**
 * Applies what the database does not have yet, in order, one at a time on any number of machines. Where a connection
 * breaks, the ledger says how far it came; nothing else is tried again.
 *
 * @throws InvalidInputError where the release contradicts the ledger, MigrationError where a migration fails,
 * TransientError where the database cannot be reached
 */
export async function migrate(migrations: Migrations, postgres: Postgres, options: MigrateOptions): Promise<Migrated> {
  const applied: string[] = [];
  for (let attempt = 0; ; attempt++) {
    try {
      return await postgres.session((session) => {
        const work = underLock(migrations, session, applied, options);
        return options.leaveAfter === undefined ? work : leave(work, options.leaveAfter, applied);
      });
    } catch (error) {
      if (!(error instanceof TransientError) || attempt === 4) throw error;
      options.log.warn('The connection to PostgreSQL failed; it is tried again', { attempt, error });
      await pause((options.retryWait ?? 1000) * 2 ** attempt);
    }
  }
}

/** Once the time is over the session ends, and with it the connection; what PostgreSQL is at, it brings to its end. */
async function leave(work: Promise<Migrated>, after: number, applied: readonly string[]): Promise<Migrated> {
  let timer: NodeJS.Timeout | undefined;
  const left = new Promise<Migrated>((resolve) => {
    timer = setTimeout(() => resolve({ status: 'working', applied: [...applied], pending: [], newer: [] }), after);
  });
  work.catch(() => {});
  return Promise.race([work, left]).finally(() => clearTimeout(timer));
}

async function underLock(
  migrations: Migrations,
  session: Postgres,
  applied: string[],
  options: MigrateOptions,
): Promise<Migrated> {
  const { log, defer = false, beforeDestructive = async () => false } = options;
  const working = { status: 'working', applied: [...applied], pending: [], newer: [] } as const;
  // What has nothing for it to do need not wait for another that is at work.
  const before = planMigrations(migrations, await readLedger(session));
  assertValid(before.problems);
  const isNew = await isEmpty(session);
  const waits = (next: Pending | undefined) => next === undefined || (defer && !isNew && isDeferred(next));
  if (waits(before.pending[0])) return ended(before.pending, before.newer, applied, 'deferred');

  if (!(await lock(session, options.leaveAfter === undefined ? (options.lockWait ?? 60_000) : 0))) {
    if (options.leaveAfter !== undefined) return working;
    throw new MigrationError(`Another migration is at work: ${await holder(session)}`);
  }
  await makeLedger(session);
  const { pending, newer, problems } = planMigrations(migrations, await readLedger(session));
  assertValid(problems);
  for (const [i, migration] of pending.entries()) {
    // A database without a table has nothing to lose, and nothing in it takes long.
    if (!isNew) {
      if (defer && isDeferred(migration)) return ended(pending.slice(i), newer, applied, 'deferred');
      if (migration.marks.destructive && !(await beforeDestructive(migration)))
        return ended(pending.slice(i), newer, applied, 'destructive');
    }
    await applyMigration(session, migration);
    applied.push(migration.name);
    log.info('A migration was applied', { migration: migration.name });
  }
  if (newer.length > 0) log.info('The database has migrations of a newer release, which stay as they are', { newer });
  return ended([], newer, applied, 'done');
}

const ended = (
  pending: readonly Pending[],
  newer: readonly string[],
  applied: readonly string[],
  status: Migrated['status'],
): Migrated => ({
  status: pending.length === 0 ? 'done' : status,
  applied: [...applied],
  pending: pending.map(({ name }) => name),
  newer,
});

/** Whether nobody has made a table in it yet. */
async function isEmpty(session: Postgres): Promise<boolean> {
  const tables = await session.query(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'ingot')
       AND n.nspname NOT LIKE 'pg_toast%' AND n.nspname NOT LIKE 'pg_temp%'
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
     LIMIT 1`,
  );
  return tables.length === 0;
}

/** The lock's two numbers: `ingo` in ASCII, and the first. It ends with the connection. */
const lockKey = '1768843119, 1';

async function lock(session: Postgres, wait: number): Promise<boolean> {
  const until = Date.now() + wait;
  for (;;) {
    const [row] = await session.query<{ got: boolean }>(`SELECT pg_try_advisory_lock(${lockKey}) AS got`);
    if (row!.got) return true;
    if (Date.now() >= until) return false;
    await pause(Math.min(500, wait));
  }
}

async function holder(session: Postgres): Promise<string> {
  const [row] = await session.query<{ text: string }>(
    `SELECT 'process ' || a.pid || ' of ' || a.usename || ', connected since ' || date_trunc('second', a.backend_start) AS text
     FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND (l.classid::bigint, l.objid::bigint) = (${lockKey}) AND l.granted`,
  );
  return row?.text ?? 'it ended just now; try again';
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
