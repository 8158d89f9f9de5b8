import { setTimeout as sleep } from 'node:timers/promises';
import type { Column } from '../contract/dataset';
import type { Postgres } from '../runtime/postgres';
import type { Lake, Services } from '../runtime/services';
import { identifier, literal, qualified } from '../sql/quote';
import { changedTable } from './apply';
import type { CdcSource } from './declaration';
import { type Feed, feedsOf, sourceNameOf } from './feed';
import { cdcMetrics } from './metrics';

export interface ReconcileOptions {
  readonly source: CdcSource;
  readonly postgres: Postgres;
  readonly services: Pick<Services, 'manifest' | 'lake' | 'metrics' | 'log'>;
  /**
   * How long a difference may last before it is drift, in milliseconds: longer than a change takes to arrive.
   * @default 60000
   */
  readonly settle?: number;
}

/** How a table of the lake stands to the source's. */
export interface Reconciled {
  /** `zone.table`. */
  readonly table: string;
  /** Rows of the source. */
  readonly rows: number;
  /** Keys whose row is missing, or differs, on one of both sides, and did so for as long as changes may take. */
  readonly drift: number;
  /** The first of them, their values in the key's order. */
  readonly keys: readonly string[];
}

/** Parts of a table, by a hash of the key, that are compared by a count and a sum before any row is. */
const ranges = 256;
/** Keys that are named. */
const named = 20;

/**
 * Compares every table of a source with the lake's: by count and checksum for each range of the keys' hashes, then, in the
 * ranges that differ, row by row. What differs is looked at again after a while: changes may be under way. Tables that log
 * changes have nothing to compare with.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciled[]> {
  const { source, services, settle = 60_000 } = options;
  const results: Reconciled[] = [];
  const open: { feed: Feed; rows: number; keys: Set<string> }[] = [];
  for (const feed of feedsOf(source, services.manifest).values()) {
    if (feed.mode === 'log') continue;
    const [theirs, ours] = [await sums(sourceSide(feed, options)), await sums(lakeSide(feed, services.lake))];
    const rows = [...theirs.values()].reduce((sum, { rows: n }) => sum + n, 0);
    const differing = Array.from({ length: ranges }, (_, i) => i).filter(
      (i) => theirs.get(i)?.sum !== ours.get(i)?.sum,
    );
    open.push({ feed, rows, keys: await differingKeys(feed, differing, undefined, options) });
  }
  if (open.some(({ keys }) => keys.size > 0)) await sleep(settle);
  for (const { feed, rows, keys } of open) {
    const still = keys.size === 0 ? keys : await differingKeys(feed, [], keys, options);
    const result = { table: feed.id, rows, drift: still.size, keys: [...still].sort().slice(0, named) };
    results.push(result);
    services.metrics.put(cdcMetrics.drift, still.size, 'Count', { Table: feed.id });
    if (still.size > 0) services.log.error(`Table ${feed.id} differs from its source`, { ...result });
  }
  return results;
}

/** One side of the comparison: a query over its rows, and what its SQL calls things. */
interface Side {
  query(sql: string): Promise<Record<string, unknown>[]>;
  readonly from: string;
  /** Text of the key, and of the row. */
  readonly key: string;
  readonly row: string;
  /** The first hexadecimal digits of a text as a number. */
  number(text: string, digits: number): string;
}

function sourceSide(feed: Feed, { postgres }: ReconcileOptions): Side {
  const { schema, name } = feed.source.tables.find(({ table }) => table === feed.id)!;
  const text = (column: Column) => sourceText(column, identifier(sourceNameOf(column)));
  return {
    query: (sql) => postgres.query(sql),
    from: qualified(schema, name),
    ...texts(feed, text, (parts) => `concat_ws(chr(31), ${parts.join(', ')})`),
    number: (hash, digits) => `('x' || substr(${hash}, 1, ${digits}))::bit(${digits * 4})::bigint`,
  };
}

function lakeSide(feed: Feed, lake: Lake): Side {
  const { name } = changedTable(feed, lake);
  const text = (column: Column) => lakeText(column, identifier(column.name));
  return {
    query: (sql) => lake.query(sql),
    from: feed.mode === 'history' ? `(SELECT * FROM ${name} WHERE is_current)` : name,
    ...texts(feed, text, (parts) => `concat_ws(chr(31), ${parts.join(', ')})`),
    number: (hash, digits) => `('0x' || substr(${hash}, 1, ${digits}))::BIGINT`,
  };
}

function texts({ place }: Feed, text: (column: Column) => string, together: (parts: string[]) => string) {
  const { columns, key } = place.dataset;
  // Lists and structs are written differently on both sides, and are not compared.
  const plain = columns.filter(({ type }) => typeof type === 'string');
  const keyed = key.map((name) => columns.find((column) => column.name === name)!);
  return {
    key: together(keyed.map(text)),
    row: together(plain.map((column) => `coalesce(${text(column)}, chr(30))`)),
  };
}

async function sums(side: Side): Promise<Map<number, { readonly rows: number; readonly sum: string }>> {
  const rows = await side.query(
    `SELECT range, count(*)::text AS n, sum(checksum)::text AS checksum FROM (
      SELECT ${side.number(`md5(${side.key})`, 2)} AS range, ${side.number(`md5(${side.row})`, 12)} AS checksum FROM ${side.from} AS r
     ) AS hashed GROUP BY range`,
  );
  return new Map(
    rows.map(({ range, n, checksum }) => [Number(range), { rows: Number(n), sum: `${String(n)} ${String(checksum)}` }]),
  );
}

/** Keys that differ, of some ranges, or of some keys. */
async function differingKeys(
  feed: Feed,
  differing: readonly number[],
  among: ReadonlySet<string> | undefined,
  options: ReconcileOptions,
): Promise<Set<string>> {
  if (differing.length === 0 && among === undefined) return new Set();
  const read = async (side: Side): Promise<Map<string, string>> => {
    const where =
      among === undefined
        ? `${side.number(`md5(${side.key})`, 2)} IN (${differing.join(', ')})`
        : `${side.key} IN (${[...among].map(literal).join(', ')})`;
    const rows = await side.query(
      `SELECT ${side.key} AS key, md5(${side.row}) AS hash FROM ${side.from} AS r WHERE ${where}`,
    );
    return new Map(rows.map(({ key, hash }) => [String(key), String(hash)]));
  };
  const [theirs, ours] = [await read(sourceSide(feed, options)), await read(lakeSide(feed, options.services.lake))];
  return new Set([...theirs.keys(), ...ours.keys()].filter((key) => theirs.get(key) !== ours.get(key)));
}

/** A value as a text that both sides write alike. Floating numbers count to six digits. */
function sourceText({ type }: Column, name: string): string {
  if (typeof type !== 'string') return 'NULL';
  if (type === 'float' || type === 'double')
    return `CASE WHEN ${name} IN ('NaN', 'Infinity', '-Infinity') THEN lower(${name}::text) ELSE to_char(${name}::float8, '9.99999EEEE') END`;
  if (type === 'date') return `to_char(${name}, 'YYYY-MM-DD')`;
  if (type === 'time' || type === 'timestamp' || type === 'timestamptz')
    return `(extract(epoch FROM ${name}) * 1000000)::bigint::text`;
  if (type === 'binary') return `encode(${name}, 'hex')`;
  if (type.startsWith('decimal')) return `${name}::${type.replace('decimal', 'numeric')}::text`;
  return `${name}::text`;
}

function lakeText({ type }: Column, name: string): string {
  if (typeof type !== 'string') return 'NULL';
  if (type === 'float' || type === 'double')
    return `CASE WHEN isnan(${name}) THEN 'nan' WHEN isinf(${name}) THEN if(${name} > 0, 'infinity', '-infinity') ELSE format('{: .5e}', ${name}::DOUBLE) END`;
  if (type === 'date') return `strftime(${name}, '%Y-%m-%d')`;
  if (type === 'time' || type === 'timestamp' || type === 'timestamptz') return `epoch_us(${name})::VARCHAR`;
  if (type === 'binary') return `lower(hex(${name}))`;
  return `${name}::VARCHAR`;
}
