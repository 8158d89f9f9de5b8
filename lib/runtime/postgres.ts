import { TransientError } from '../errors';

/**
 * A PostgreSQL database: PGlite on this machine, RDS or Aurora in AWS. Both give and take the same values.
 *
 * Rows hold plain values: `int8` is a bigint; `numeric`, `interval` and vectors are texts; `timestamptz` is ISO 8601 in
 * UTC with every microsecond that PostgreSQL has (`2026-11-21T12:00:00.123456Z`), `timestamp` the same without the `Z`,
 * `date` is `2026-11-21`; `json` and `jsonb` are parsed; `bytea` is a Uint8Array; arrays hold such values.
 *
 * Parameters are texts, numbers, bigints, booleans, null, Uint8Array (`bytea`) and lists of them. JSON, timestamps and
 * vectors are given as texts.
 *
 * Every method throws `PostgresError` where the database refuses a statement, and `TransientError` where it cannot be
 * reached, the connection breaks, or it has no place for one more.
 */
export interface Postgres {
  /** One statement, with `$1`, `$2`… for its parameters. */
  query<Row extends object = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Several statements without parameters; they are one transaction unless they say otherwise. */
  execute(sql: string): Promise<void>;
  /** On one connection: COMMIT when `work` returns, ROLLBACK when it throws. Within a transaction, a savepoint. */
  transaction<T>(work: (tx: Postgres) => Promise<T>): Promise<T>;
  /** One connection for `work`, and for nobody else until it is done: advisory locks, SET. It ends clean. */
  session<T>(work: (session: Postgres) => Promise<T>): Promise<T>;
  /** Closes it; within `session` or `transaction` it does nothing, for they do. */
  close(): Promise<void>;
}

/** PostgreSQL refused a statement, or failed while it ran it. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  /** SQLSTATE, for example `23505` (unique_violation). */
  readonly code: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Where in the statement, in characters from 1. */
  readonly position?: number;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  /** What PostgreSQL was doing: the function and its line. */
  readonly context?: string;

  constructor(fields: ErrorFields) {
    super(fields.message ?? 'PostgreSQL gave an error without a message');
    this.code = fields.code ?? 'XX000';
    this.detail = fields.detail;
    this.hint = fields.hint;
    this.position = fields.position === undefined ? undefined : Number(fields.position);
    this.table = fields.table;
    this.column = fields.column;
    this.constraint = fields.constraint;
    this.context = fields.where;
  }
}

/** What both drivers give of an error. */
interface ErrorFields {
  readonly message?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly where?: string;
}

const networkErrors = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'];
/** Classes and codes of SQLSTATE that say "later": connection exceptions, too many connections, shutting down or starting. */
const laterStates = /^(08...|53300|57P01|57P02|57P03)$/;
const sqlState = /^[0-9A-Z]{5}$/;
/** What `pg` says in words alone. */
const brokenConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** A driver's error as the one of `Postgres`. */
export function postgresError(error: unknown): unknown {
  if (error instanceof PostgresError || error instanceof TransientError) return error;
  if (typeof error !== 'object' || error === null) return error;
  const { code, severity, message = '' } = error as ErrorFields & { readonly severity?: string };
  const fromServer = severity !== undefined && code !== undefined && sqlState.test(code);
  if (fromServer && !laterStates.test(code)) return new PostgresError(error as ErrorFields);
  const broken = fromServer || (code !== undefined && networkErrors.includes(code)) || brokenConnection.test(message);
  return broken ? new TransientError(`PostgreSQL cannot be reached: ${message}`, { cause: error }) : error;
}

/** One connection, as a driver offers it. */
export interface Connection {
  query(sql: string, parameters: readonly unknown[]): Promise<object[]>;
  execute(sql: string): Promise<void>;
}

/** `Postgres` over one connection that nobody else uses meanwhile. `depth` is the number of transactions around it. */
export function onConnection(connection: Connection, depth = 0): Postgres {
  const run = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw postgresError(error);
    });
  const postgres: Postgres = {
    query: <Row extends object>(sql: string, parameters: readonly unknown[] = []) =>
      run(connection.query(sql, parameters.map(parameter))) as Promise<Row[]>,
    execute: (sql) => run(connection.execute(sql)),
    async transaction(work) {
      const savepoint = `ingot_${depth}`;
      const [begin, commit, rollback] =
        depth === 0
          ? ['BEGIN', 'COMMIT', 'ROLLBACK']
          : [
              `SAVEPOINT ${savepoint}`,
              `RELEASE SAVEPOINT ${savepoint}`,
              `ROLLBACK TO SAVEPOINT ${savepoint}; RELEASE SAVEPOINT ${savepoint}`,
            ];
      await postgres.execute(begin!);
      try {
        const result = await work(onConnection(connection, depth + 1));
        await postgres.execute(commit!);
        return result;
      } catch (error) {
        // A broken connection has rolled back by itself; what broke it is the error to tell.
        await postgres.execute(rollback!).catch(() => {});
        throw error;
      }
    },
    session: (work) => work(postgres),
    close: async () => {},
  };
  return postgres;
}

function parameter(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(parameter);
  const kind = typeof value;
  if (value === undefined || value === null) return null;
  if (kind === 'string' || kind === 'number' || kind === 'bigint' || kind === 'boolean') return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(
    `A parameter of PostgreSQL is a text, number, bigint, boolean, null, Uint8Array or a list of them (JSON, timestamps and vectors are given as texts); given ${Object.prototype.toString.call(value)}`,
  );
}

/** Numbers of PostgreSQL's types whose values both drivers would give differently. */
const types = {
  int8: 20,
  bytea: 17,
  json: 114,
  jsonb: 3802,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  numeric: 1700,
} as const;

const text = (value: string): string => value;

/** What makes a value of PostgreSQL's text of it, by the type's number. */
export const valueParsers: Readonly<Record<number, (value: string) => unknown>> = {
  [types.int8]: BigInt,
  [types.bytea]: (value) => new Uint8Array(Buffer.from(value.slice(2), 'hex')),
  [types.json]: JSON.parse,
  [types.jsonb]: JSON.parse,
  [types.date]: text,
  [types.timestamp]: (value) => value.replace(' ', 'T'),
  [types.timestamptz]: utc,
  [types.interval]: text,
  [types.numeric]: text,
};

/** `2026-11-21 14:00:00.123456+02` as `2026-11-21T12:00:00.123456Z`; `infinity` and years before Christ as they are. */
function utc(value: string): string {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d)(:\d\d)?$/.exec(value);
  if (found === null) return value;
  const [, day, time, fraction = '', hours, minutes = ':00'] = found;
  if (hours === '+00' && minutes === ':00') return `${day}T${time}${fraction}Z`;
  return `${new Date(`${day}T${time}${hours}${minutes}`).toISOString().slice(0, 19)}${fraction}Z`;
}
