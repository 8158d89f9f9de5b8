import type { Formats } from '../ingest/read';
import type { Manifest } from '../platform/manifest';

/**
 * What a handler needs from outside. Handlers take this and import no AWS: in Lambda the services reach AWS, on this
 * machine they reach folders, DuckDB and the embedded catalog. Same handlers, same SQL, same tables.
 */
export interface Services {
  readonly manifest: Manifest;
  /** Root of each zone by its name: `s3://bucket` or `file:///folder`, without a slash at its end. */
  readonly zones: Readonly<Record<string, string>>;
  readonly lake: Lake;
  readonly objects: Objects;
  readonly arrivals: Arrivals;
  readonly catalog: CatalogAddress;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Where the Iceberg REST catalog answers. */
export interface CatalogAddress {
  /** For example `https://glue.eu-west-1.amazonaws.com/iceberg` or `http://127.0.0.1:8181`. */
  readonly uri: string;
  /** Glue: the account's id; embedded catalog: any name. */
  readonly warehouse: string;
  readonly auth:
    | { readonly kind: 'none' }
    | { readonly kind: 'sigv4'; readonly region: string; readonly service: string };
}

export type SqlValue = string | number | bigint | boolean | null;
export type Row = Record<string, unknown>;

/** DuckDB with the Iceberg catalog attached as `lake`, and each zone as a schema of views: `silver.flights` reads. */
export interface Lake {
  /** Rows as plain JSON-safe objects: 64-bit integers as bigint, decimals and timestamps as strings. `$name` parameters. */
  query<R extends Row = Row>(sql: string, params?: Record<string, SqlValue>): Promise<R[]>;
  /** Runs a statement outside any Iceberg commit, for example `CREATE TEMP TABLE`; gives the number of rows changed. */
  run(sql: string, params?: Record<string, SqlValue>): Promise<number>;
  /**
   * Runs `work` in one DuckDB transaction, which is one Iceberg commit: its statements may write one Iceberg table. On
   * a commit conflict (409) everything is undone and `work` runs again from its start, after a back-off with jitter, at
   * most `attempts` times (by default 20). It must therefore read the table's position itself.
   */
  commit<T>(work: (tx: Transaction) => Promise<T>, options?: { readonly attempts?: number }): Promise<T>;
  /** A table's properties, as last committed. Empty where it has none. */
  properties(database: string, table: string): Promise<Record<string, string>>;
  /**
   * Id of the snapshot that a table's rows are of, as a string (64 bits): the current one, or, where that is no more than a
   * compaction, the one that it has compacted. Undefined where nothing was ever written.
   */
  snapshotId(database: string, table: string): Promise<string | undefined>;
  /** The quoted SQL name that writes to a table: `lake."aviation_silver"."flights"`. */
  name(database: string, table: string): string;
  close(): Promise<void>;
  /** How its engine reads files. By default as DuckDB does. */
  readonly formats?: Formats;
  /** How many rows its engine takes as the JSON of one parameter. By default it is DuckDB, which has quicker ways. */
  readonly rowsAtOnce?: number;
}

export interface Transaction {
  query<R extends Row = Row>(sql: string, params?: Record<string, SqlValue>): Promise<R[]>;
  run(sql: string, params?: Record<string, SqlValue>): Promise<number>;
  properties(database: string, table: string): Promise<Record<string, string>>;
  /** Sets table properties in this commit. */
  setProperties(database: string, table: string, properties: Record<string, string>): Promise<void>;
}

export interface ObjectInfo {
  /** `s3://bucket/key` or `file:///path`. */
  readonly uri: string;
  readonly size: number;
  /** Identity of the content: S3's ETag, or size and modification time on disk. A changed file has another. */
  readonly etag: string;
  /** ISO 8601, UTC. */
  readonly modified: string;
  /**
   * The ETag that it arrived with, where an erasure has taken records out of it since: by this one the ledger of files knows it.
   * Said by `head`, and not by `list`.
   */
  readonly arrivedAs?: string;
}

/** Objects of the lake's zones. */
export interface Objects {
  /** Every object whose URI begins with `prefix`, in the order of its URI. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** What is known of one object; undefined where it is not there. */
  head(uri: string): Promise<ObjectInfo | undefined>;
  read(uri: string): Promise<Buffer>;
  /** An object's bytes in chunks, from the given one on; by default from the first. */
  stream(uri: string, from?: number): Promise<AsyncIterable<Uint8Array>>;
  /** Writes whole or not at all. */
  write(uri: string, body: string | Buffer, contentType?: string): Promise<void>;
}

/** The queue of files that have arrived in bronze and that no run has planned yet. */
export interface Arrivals {
  /** Takes what has arrived for a group; each stays in the queue until `done`. At-least-once: one may come twice. */
  take(group: string): AsyncIterable<Arrival>;
}

export interface Arrival {
  readonly object: ObjectInfo;
  /** Takes it off the queue. */
  done(): Promise<void>;
}

export interface Clock {
  /** Now, in milliseconds since 1970. */
  now(): number;
}

export type MetricUnit = 'Count' | 'Seconds' | 'Milliseconds' | 'Percent' | 'None';

export interface Metrics {
  /** One value of a metric in namespace `Ingot`, with the dimensions `Platform` and those given. */
  put(name: string, value: number, unit: MetricUnit, dimensions: Record<string, string>): void;
}

export interface Log {
  debug(message: string, data?: Record<string, unknown>): void;
  info(message: string, data?: Record<string, unknown>): void;
  warn(message: string, data?: Record<string, unknown>): void;
  error(message: string, data?: Record<string, unknown>): void;
}
