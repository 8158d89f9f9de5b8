import { type Postgres, PostgresError } from '../runtime/postgres';
import { hiddenRowsSql, rowStatementsSql, settings, structureSql } from './fingerprint-sql';

/**
 * What a database held at one moment, without its rows: enough to say of a restored one whether it holds the same. It is
 * kept as lines of JSON: the structure first, then a line a table.
 */
export interface Fingerprint {
  /** ISO 8601, UTC, by the database's clock. */
  readonly takenAt: string;
  /** PostgreSQL's version, for example `17.6`. */
  readonly server: string;
  /** Versions by name. */
  readonly extensions: Readonly<Record<string, string>>;
  /** The last value of each sequence that counts up, by `schema.name`. */
  readonly sequences: Readonly<Record<string, string>>;
  /** By `schema.table`. */
  readonly structure: Readonly<Record<string, Structure>>;
  /** By `schema.table`; of tables alone that have rows of their own. */
  readonly rows: Readonly<Record<string, Rows>>;
}

export interface Structure {
  readonly columns: readonly string[];
  readonly indexes: readonly string[];
  readonly constraints: readonly string[];
}

/** Rows of one table, divided into 64 buckets by a hash of their key. */
export interface Rows {
  /** `count:sum of the rows' hashes`, by bucket; a bucket without rows is absent. */
  readonly buckets: Readonly<Record<string, string>>;
  /** When the newest row came, as the table says. Absent where no column says so. */
  readonly newest?: string;
}

/**
 * Takes the fingerprint of a database, all of it of one moment.
 *
 * @throws Error where row-level security hides rows from the role
 */
export async function takeFingerprint(postgres: Postgres): Promise<Fingerprint> {
  return postgres.transaction(async (tx) => {
    await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    return readFingerprint(tx);
  });
}

/** The same within a transaction that is REPEATABLE READ already. */
export async function readFingerprint(tx: Postgres): Promise<Fingerprint> {
  const parts: string[] = [];
  await readParts(tx, parts);
  return parseFingerprint(parts.join('\n'));
}

/**
 * Takes as much of a fingerprint as there is time for, of a database that nobody writes to.
 *
 * @param parts what was taken before; what is taken now is put there, even where an error ends it
 * @param timeLeft milliseconds
 * @returns whether the fingerprint, `parts` as lines, is whole
 */
export async function continueFingerprint(
  postgres: Postgres,
  parts: string[],
  timeLeft: () => number,
): Promise<boolean> {
  try {
    await postgres.transaction(async (tx) => {
      await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      await readParts(tx, parts, timeLeft);
    });
    return true;
  } catch (error) {
    // PostgreSQL ended a statement whose time was over, by its own clock.
    const isOver = error instanceof PostgresError && error.code === '57014';
    if (!isOver && timeLeft() > 0) throw error;
    return false;
  }
}

/** The first part is the structure, then comes one a table, in the order of their names. */
async function readParts(tx: Postgres, parts: string[], timeLeft?: () => number): Promise<void> {
  const inTime = async <Row extends object>(sql: string): Promise<Row[]> => {
    if (timeLeft !== undefined) {
      if (timeLeft() <= 0) throw new Error('There is no time left');
      if (Number.isFinite(timeLeft())) await tx.execute(`SET LOCAL statement_timeout = ${Math.ceil(timeLeft())}`);
    }
    return tx.query<Row>(sql);
  };
  await tx.execute(settings);
  const hidden = await tx.query<{ name: string }>(hiddenRowsSql);
  if (hidden.length > 0)
    throw new Error(
      `Row-level security hides rows of ${hidden.map(({ name }) => name).join(', ')} from the role that compares them; ` +
        'give it a policy: CREATE POLICY … FOR SELECT TO pg_read_all_data USING (true)',
    );
  if (parts.length === 0) {
    const [structure] = await inTime<{ fingerprint: string }>(structureSql);
    parts.push(structure!.fingerprint);
  }
  const statements = await tx.query<{ statement: string }>(rowStatementsSql);
  for (const { statement } of statements.slice(parts.length - 1)) {
    const [row] = await inTime<{ fingerprint: string }>(statement);
    parts.push(row!.fingerprint);
  }
}

/** @throws Error where the text is none */
export function parseFingerprint(text: string): Fingerprint {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const [first, ...tables] = lines.map((line) => parseLine(line));
  if (first?.version !== 1) throw new Error('This is no fingerprint of version 1');
  const { takenAt, server, extensions, sequences, structure } = first as unknown as Fingerprint;
  const rows = tables.map((line): [string, Rows] => {
    const { table, newest, buckets } = line as { table: string; newest: string | null; buckets: Rows['buckets'] };
    return [table, { buckets, ...(newest === null ? {} : { newest }) }];
  });
  return { takenAt, server, extensions, sequences, structure, rows: Object.fromEntries(rows) };
}

export function formatFingerprint({ rows, ...structure }: Fingerprint): string {
  const lines = [
    { version: 1, ...structure },
    ...Object.entries(rows).map(([table, { buckets, newest }]) => ({ table, newest: newest ?? null, buckets })),
  ];
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

/** How many rows a table has; all tables without one. */
export function rowCount({ rows }: Pick<Fingerprint, 'rows'>, table?: string): number {
  const tables = table === undefined ? Object.values(rows) : [rows[table]];
  return tables
    .flatMap((held) => Object.values(held?.buckets ?? {}))
    .reduce((sum, bucket) => sum + Number(bucket.split(':')[0]), 0);
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    throw new Error(`A fingerprint is lines of JSON; given ${line.slice(0, 80)}`);
  }
}
