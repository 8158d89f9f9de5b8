import type { Postgres } from '../runtime/postgres';
import type { Pending } from './migration';

/** A migration that was begun, as the database itself has written down. */
export interface Entry {
  readonly name: string;
  readonly checksum: string;
  /** Absent: at work, broken off, or failed. */
  readonly finishedAt?: string;
  readonly begunAt: string;
  readonly milliseconds?: number;
  /** The database's user that applied it. */
  readonly appliedBy: string;
  /** Without a transaction: statements that are done. */
  readonly done: number;
  /** Without a transaction: the statement after those was begun. */
  readonly begun: boolean;
  /** Why it failed the last time. */
  readonly error?: string;
  /** Ready-made ones: what it was made from. */
  readonly version?: number;
  readonly parameters?: unknown;
}

const table = 'ingot.migrations';

/** The ledger's own table, made where it is absent; called under the lock. */
export async function makeLedger(postgres: Postgres): Promise<void> {
  await postgres.execute(`
    CREATE SCHEMA IF NOT EXISTS ingot;
    CREATE TABLE IF NOT EXISTS ${table} (
      name text PRIMARY KEY,
      checksum text NOT NULL,
      begun_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      milliseconds integer,
      applied_by text NOT NULL DEFAULT session_user,
      done integer NOT NULL DEFAULT 0,
      begun boolean NOT NULL DEFAULT false,
      error text,
      version integer,
      parameters jsonb
    );
    COMMENT ON TABLE ${table} IS 'Migrations that Ingot has applied, in the order of finished_at';
  `);
}

/** Every entry, in the order in which they were finished; those that are not come last. */
export async function readLedger(postgres: Postgres): Promise<Entry[]> {
  const [made] = await postgres.query<{ is: boolean }>(`SELECT to_regclass('${table}') IS NOT NULL AS is`);
  if (made?.is !== true) return [];
  const rows = await postgres.query<Row>(
    `SELECT name, checksum, begun_at, finished_at, milliseconds, applied_by, done, begun, error, version, parameters
     FROM ${table} ORDER BY finished_at NULLS LAST, name`,
  );
  return rows.map((row) => ({
    name: row.name,
    checksum: row.checksum,
    begunAt: row.begun_at,
    finishedAt: row.finished_at ?? undefined,
    milliseconds: row.milliseconds ?? undefined,
    appliedBy: row.applied_by,
    done: row.done,
    begun: row.begun,
    error: row.error ?? undefined,
    version: row.version ?? undefined,
    parameters: row.parameters ?? undefined,
  }));
}

interface Row {
  readonly name: string;
  readonly checksum: string;
  readonly begun_at: string;
  readonly finished_at: string | null;
  readonly milliseconds: number | null;
  readonly applied_by: string;
  readonly done: number;
  readonly begun: boolean;
  readonly error: string | null;
  readonly version: number | null;
  readonly parameters: unknown;
}

/** Writes down that a migration begins. One that was begun with the same content goes on where it was. */
export async function writeBegun(postgres: Postgres, { name, checksum, made }: Pending): Promise<void> {
  await postgres.query(
    `INSERT INTO ${table} AS t (name, checksum, version, parameters) VALUES ($1, $2, $3, $4::jsonb)
     ON CONFLICT (name) DO UPDATE SET
       checksum = excluded.checksum, begun_at = now(), error = NULL,
       applied_by = session_user, version = excluded.version, parameters = excluded.parameters,
       done = CASE WHEN t.checksum = excluded.checksum THEN t.done ELSE 0 END,
       begun = t.checksum = excluded.checksum AND t.begun
     WHERE t.finished_at IS NULL`,
    [name, checksum, made?.version ?? null, made === undefined ? null : JSON.stringify(made.parameters)],
  );
}

/** Without a transaction: how far it has come. */
export async function writeProgress(postgres: Postgres, name: string, done: number, begun: boolean): Promise<void> {
  await postgres.query(`UPDATE ${table} SET done = $2, begun = $3 WHERE name = $1`, [name, done, begun]);
}

/** The statement that writes down that a migration is finished; `name` is a quoted literal. */
export const finishStatement = (name: string): string =>
  `UPDATE ${table} SET finished_at = clock_timestamp(), error = NULL, begun = false,
     milliseconds = least(2147483647, extract(epoch FROM clock_timestamp() - begun_at) * 1000)::integer
   WHERE name = ${name} AND finished_at IS NULL`;

export async function writeFailed(postgres: Postgres, name: string, error: string): Promise<void> {
  await postgres.query(`UPDATE ${table} SET error = $2 WHERE name = $1 AND finished_at IS NULL`, [name, error]);
}
