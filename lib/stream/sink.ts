import { merge } from '../ingest/merge';
import { findTable } from '../platform/lookup';
import type { Postgres } from '../runtime/postgres';
import type { Lake } from '../runtime/services';
import { identifier, qualified } from '../sql/quote';
import { columnList } from '../sql/rows';
import { duckdbType } from '../sql/types';
import { measureSql, stateTable } from './partials';
import type { StreamServices } from './services';
import { type Stream, type Window, windowColumns } from './stream';
import { type Panes, resultsSql } from './window';

/**
 * Writes the results of all windows that a delivery touches, as they are now. Whoever writes them has read the state after
 * everyone who wrote before, so an older result never replaces a newer one: in Iceberg the table is opened first, and a
 * commit in between is a conflict; in PostgreSQL a lock is taken first.
 */
export async function writeResults(
  stream: Stream,
  window: Window,
  panes: Panes,
  services: StreamServices,
): Promise<void> {
  if (window.into.kind === 'iceberg') await toIceberg(stream, window, window.into.table, panes, services);
  else await toPostgres(stream, window, window.into.table, panes, services);
}

async function toIceberg(
  stream: Stream,
  window: Window,
  into: string,
  panes: Panes,
  { lake, manifest }: StreamServices,
): Promise<void> {
  const { dataset, database, table } = findTable(into, manifest);
  const name = lake.name(database, table);
  const typeOf = (column: string) => duckdbType(dataset.columns.find((one) => one.name === column)!.type);
  const measures = window.measures.map(
    (measure) => `CAST(${measureSql(measure)} AS ${typeOf(measure.name)}) AS ${identifier(measure.name)}`,
  );
  const columns = [...windowColumns, ...window.groupBy, ...window.measures.map((measure) => measure.name)];
  const results = identifier(`ingot_results_${stream.name}`);
  const state = lake.name(manifest.ops.database, stateTable(stream, window));
  const missing = dataset.columns.filter((column) => !columns.includes(column.name));
  const select = [
    ...columns.map((column) => `CAST(${identifier(column)} AS ${typeOf(column)}) AS ${identifier(column)}`),
    ...missing.map((column) => `CAST(NULL AS ${duckdbType(column.type)}) AS ${identifier(column.name)}`),
  ];
  await lake.commit(async (tx) => {
    const found = await tx.query(`SELECT 1 FROM ${name} LIMIT 1`);
    await tx.run(`DROP TABLE IF EXISTS ${results}`);
    await tx.run(
      `CREATE TEMP TABLE ${results} AS SELECT ${select.join(', ')} FROM (${resultsSql(window, panes, state, measures)})`,
    );
    await merge({ dataset, name, from: results, since: '1970-01-01T00:00:00Z', isEmpty: found.length === 0 }, tx);
    await tx.run(`DROP TABLE ${results}`);
  });
}

/** How many results are sent at once. */
const rowsAtOnce = 5_000;

async function toPostgres(
  stream: Stream,
  window: Window,
  into: string,
  panes: Panes,
  { lake, manifest, database }: StreamServices,
): Promise<void> {
  if (database === undefined)
    throw new Error(`Window ${stream.name}.${window.name} writes to PostgreSQL, and the platform has no database`);
  const postgres = await database();
  const state = lake.name(manifest.ops.database, stateTable(stream, window));
  const measures = window.measures.map((measure) => `${measureSql(measure)} AS ${identifier(measure.name)}`);
  await postgres.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `ingot.window.${stream.name}.${window.name}`,
    ]);
    const rows = await resultRows(resultsSql(window, panes, state, measures), lake);
    for (let start = 0; start < rows.length; start += rowsAtOnce)
      await upsert(window, into, rows.slice(start, start + rowsAtOnce), tx);
  });
}

/** Each result as a JSON object: PostgreSQL makes values of its own types of it. */
async function resultRows(sql: string, lake: Lake): Promise<string[]> {
  const rows = await lake.query<{ row: string }>(`SELECT CAST(to_json(r) AS VARCHAR) AS row FROM (${sql}) AS r`);
  return rows.map(({ row }) => row);
}

async function upsert(window: Window, into: string, rows: readonly string[], tx: Postgres): Promise<void> {
  const table = qualified(...into.split('.'));
  const key = ['window_start', ...window.groupBy];
  const columns = [...windowColumns, ...window.groupBy, ...window.measures.map(({ name }) => name)];
  const set = columns
    .filter((column) => !key.includes(column))
    .map((c) => `${identifier(c)} = excluded.${identifier(c)}`);
  await tx.query(
    `INSERT INTO ${table} (${columnList(columns)})
     SELECT ${columnList(columns)} FROM json_populate_recordset(CAST(NULL AS ${table}), $1::json)
     ON CONFLICT (${columnList(key)}) DO UPDATE SET ${set.join(', ')}`,
    [`[${rows.join(',')}]`],
  );
}
