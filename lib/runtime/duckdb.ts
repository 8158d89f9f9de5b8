import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue, DuckDBValueConverter } from '@duckdb/node-api';
import { literal } from '../sql/quote';
import { findExtensions } from './extensions';
import type { Row, SqlValue } from './services';

let loaded: typeof import('@duckdb/node-api') | undefined;

/** Loaded by whoever opens a database first: a job of Spark runs the same handlers where there is none. */
function api(): typeof import('@duckdb/node-api') {
  loaded ??= require('@duckdb/node-api') as typeof import('@duckdb/node-api');
  return loaded;
}

/** How much of the machine DuckDB takes. */
export interface DuckdbLimits {
  /** For example `4GB`. By default 80 % of the memory. */
  readonly memory?: string;
  /** Threads. By default one for each core. */
  readonly threads?: number;
  /** Folder that holds what does not fit into memory. By default one in the system's folder for temporary files. */
  readonly tempFolder?: string;
}

/** An in-memory DuckDB with one connection: its session is in UTC, and it loads no extension but those named. */
export interface Duckdb {
  /** Rows as JSON-safe values: 64-bit integers as bigint, decimals as strings, timestamps as ISO 8601 (in UTC, `Z`, where they have a zone). */
  query<R extends Row = Row>(sql: string, params?: Record<string, SqlValue>): Promise<R[]>;
  /** Number of rows changed. */
  run(sql: string, params?: Record<string, SqlValue>): Promise<number>;
  close(): void;
}

/** DuckDB refused a statement, or failed while it ran it. */
export class DuckdbError extends Error {
  override readonly name: string = 'DuckdbError';
  /** DuckDB's word for what went wrong, for example `Binder`, `Invalid Input`, `IO`. */
  readonly kind: string;

  constructor(message: string) {
    super(message);
    this.kind = /^([A-Za-z ]+?) Error:/.exec(message)?.[1] ?? 'Unknown';
  }
}

/** @throws Error where an extension can neither be found nor fetched, or does not fit DuckDB's version */
export async function openDuckdb(
  options: { readonly extensions?: readonly string[]; readonly limits?: DuckdbLimits } = {},
): Promise<Duckdb> {
  const { extensions = [], limits = {} } = options;
  const instance = await api().DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(limits.memory === undefined ? {} : { memory_limit: limits.memory }),
    ...(limits.threads === undefined ? {} : { threads: String(limits.threads) }),
    temp_directory: limits.tempFolder ?? join(tmpdir(), `ingot-duckdb-${process.pid}`),
  });
  const connection = await instance.connect();
  const duckdb = wrap(connection, instance);
  try {
    await duckdb.run("SET TimeZone = 'UTC'");
    // It lifts an expression that stands twice out of TRY(…), which then no longer catches its error (DuckDB 1.5.5).
    await duckdb.run("SET disabled_optimizers = 'common_subexpressions'");
    await load(duckdb, extensions);
  } catch (error) {
    duckdb.close();
    throw error;
  }
  return duckdb;
}

function wrap(connection: DuckDBConnection, instance: DuckDBInstance): Duckdb {
  return {
    async query<R extends Row>(sql: string, params?: Record<string, SqlValue>) {
      const reader = await connection.runAndReadAll(sql, params).catch(rethrow);
      return reader.convertRowObjects(plain) as R[];
    },
    async run(sql, params) {
      return (await connection.run(sql, params).catch(rethrow)).rowsChanged;
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function rethrow(error: { readonly message: string }): never {
  throw new DuckdbError(error.message);
}

async function load(duckdb: Duckdb, extensions: readonly string[]): Promise<void> {
  if (extensions.length === 0) return;
  const [build] = await duckdb.query<{ version: string; platform: string }>(
    'SELECT library_version AS version, (SELECT platform FROM pragma_platform()) AS platform FROM pragma_version()',
  );
  for (const file of await findExtensions(extensions, build!)) await duckdb.run(`LOAD ${literal(file)}`);
}

type Plain = string | number | bigint | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

const plain: DuckDBValueConverter<Plain> = (value, type, converter) => {
  const { DuckDBTimestampTZValue, DuckDBTimestampValue, JsonDuckDBValueConverter } = api();
  if (typeof value === 'bigint') return value;
  if (value instanceof DuckDBTimestampTZValue) return `${isoTimestamp(value.micros)}Z`;
  if (value instanceof DuckDBTimestampValue) return isoTimestamp(value.micros);
  return JsonDuckDBValueConverter(value as DuckDBValue, type, converter as never) as Plain;
};

/** DuckDB's text of a timestamp without a zone is ISO 8601 but for the blank; node-api's own, with one, is in the process's zone. */
const isoTimestamp = (micros: bigint): string => new (api().DuckDBTimestampValue)(micros).toString().replace(' ', 'T');
