import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import type { Dataset } from '../../lib/contract/dataset';
import type { Manifest, Model } from '../../lib/platform/manifest';
import { openDuckdb } from '../../lib/runtime/duckdb';
import type { Lake, Row, Services, SqlValue, Transaction } from '../../lib/runtime/services';
import { identifier, literal, qualified } from '../../lib/sql/quote';
import { duckdbType } from '../../lib/sql/types';

export interface Harness {
  readonly services: Services;
  readonly lake: Lake;
  /** Puts rows, as a SQL query, in the place of what a table holds. */
  fill(table: string, rows: string): Promise<void>;
  rows<R extends Row>(table: string, order?: string): Promise<R[]>;
  /** Number of commits so far that wrote a table's rows. */
  commits(): number;
  setClock(ms: number): void;
  readonly metrics: { name: string; value: number; dimensions: Record<string, string> }[];
  readonly written: Map<string, string>;
}

export const manifestOf = (datasets: readonly Dataset[], models: readonly Model[] = []): Manifest => ({
  name: 'test',
  zones: [
    { name: 'bronze', holds: 'files', database: 'test_bronze' },
    { name: 'silver', holds: 'iceberg', database: 'test_silver' },
    { name: 'gold', holds: 'iceberg', database: 'test_gold' },
  ],
  datasets,
  models,
  groups: [
    {
      name: 'all',
      ingests: datasets.filter((d) => d.source !== undefined).map((d) => `${d.zone}.${d.name}`),
      levels: models.filter((m) => m.writes !== undefined).map((m) => [m.name]),
      schedule: 'rate(1 hour)',
      timeZone: 'UTC',
    },
  ],
  ops: { database: 'test_ops', zone: 'silver' },
});

/** A lake whose tables are DuckDB's own, in memory: for what needs no Iceberg. A snapshot's id is its content. */
export async function memoryLake(manifest: Manifest, opsTables: Record<string, string> = {}): Promise<Harness> {
  const duckdb = await openDuckdb();
  const name = (database: string, table: string) => qualified('lake', database, table);
  await duckdb.run("ATTACH ':memory:' AS lake");
  await duckdb.run('CREATE SCHEMA lake.properties');
  await duckdb.run('CREATE TABLE lake.properties.all (t VARCHAR, k VARCHAR, v VARCHAR)');
  const create = async (schema: string, database: string, table: string, columns: string) => {
    await duckdb.run(`CREATE SCHEMA IF NOT EXISTS lake.${identifier(database)}`);
    await duckdb.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`);
    await duckdb.run(`CREATE TABLE ${name(database, table)} (${columns})`);
    await duckdb.run(`CREATE VIEW ${qualified(schema, table)} AS FROM ${name(database, table)}`);
  };
  for (const dataset of manifest.datasets) {
    const columns = dataset.columns.map((c) => `${identifier(c.name)} ${duckdbType(c.type)}`);
    if (dataset.history === 'scd2')
      columns.push('valid_from TIMESTAMPTZ', 'valid_to TIMESTAMPTZ', 'is_current BOOLEAN');
    await create(dataset.zone, `test_${dataset.zone}`, dataset.name, columns.join(', '));
  }
  for (const [table, columns] of Object.entries(opsTables)) await create('ops', 'test_ops', table, columns);

  let commits = 0;
  let now = Date.UTC(2024, 0, 1);
  const properties = async (database: string, table: string) => {
    const rows = await duckdb.query<{ k: string; v: string }>(
      `SELECT k, v FROM lake.properties.all WHERE t = ${literal(`${database}.${table}`)}`,
    );
    return Object.fromEntries(rows.map(({ k, v }) => [k, v]));
  };
  const tx: Transaction = {
    query: (sql, params) => duckdb.query(sql, params),
    run: (sql: string, params?: Record<string, SqlValue>) => {
      if (/^(INSERT|DELETE|MERGE)/.test(sql.trim())) commits++;
      return duckdb.run(sql, params);
    },
    properties,
    setProperties: async (database, table, given) => {
      for (const [k, v] of Object.entries(given)) {
        const t = literal(`${database}.${table}`);
        await duckdb.run(`DELETE FROM lake.properties.all WHERE t = ${t} AND k = ${literal(k)}`);
        await duckdb.run(`INSERT INTO lake.properties.all VALUES (${t}, ${literal(k)}, ${literal(v)})`);
      }
    },
  };
  // A lake over a catalog would wait for the end of the commit, for ever, and refuses.
  const inCommit = new AsyncLocalStorage<true>();
  const alone = <T>(work: () => Promise<T>): Promise<T> =>
    inCommit.getStore() === true ? Promise.reject(new Error('Inside a commit, use its transaction')) : work();
  const lake: Lake = {
    query: (sql, params) => alone(() => tx.query(sql, params)),
    run: (sql, params) => alone(() => tx.run(sql, params)),
    async commit(work) {
      await alone(() => duckdb.run('BEGIN'));
      try {
        const result = await inCommit.run(true, () => work(tx));
        await duckdb.run('COMMIT');
        return result;
      } catch (error) {
        await duckdb.run('ROLLBACK');
        throw error;
      }
    },
    properties: (database, table) => alone(() => properties(database, table)),
    async snapshotId(database, table) {
      const [row] = await duckdb.query(
        `SELECT count(*) AS n, sum(hash(_row)::HUGEINT) AS h FROM ${name(database, table)} AS _row`,
      );
      return row?.n === 0n ? undefined : `${row?.n}-${row?.h}`;
    },
    name,
    close: async () => duckdb.close(),
  };
  const metrics: Harness['metrics'] = [];
  const written = new Map<string, string>();
  const silent = () => undefined;
  const services: Services = {
    manifest,
    zones: { bronze: 'file:///bronze', silver: 'file:///silver', gold: 'file:///gold' },
    lake,
    objects: {
      list: async function* () {},
      head: async () => undefined,
      read: async (uri) => Buffer.from(written.get(uri) ?? ''),
      stream: async (uri) => Readable.from([Buffer.from(written.get(uri) ?? '')]),
      write: async (uri, body) => void written.set(uri, String(body)),
    },
    arrivals: { take: async function* () {} },
    catalog: { uri: 'http://127.0.0.1:1', warehouse: 'test', auth: { kind: 'none' } },
    clock: { now: () => now },
    metrics: { put: (metric, value, _unit, dimensions) => void metrics.push({ name: metric, value, dimensions }) },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  };
  return {
    services,
    lake,
    async fill(table, rows) {
      const [zone, dataset] = table.split('.') as [string, string];
      await duckdb.run(`CREATE OR REPLACE TEMP TABLE filling AS ${rows}`);
      await duckdb.run(`DELETE FROM ${name(`test_${zone}`, dataset)}`);
      await duckdb.run(`INSERT INTO ${name(`test_${zone}`, dataset)} BY NAME FROM filling`);
    },
    rows: (table, order = 'ALL') => duckdb.query(`FROM ${table} ORDER BY ${order}`),
    commits: () => commits,
    setClock: (ms) => {
      now = ms;
    },
    metrics,
    written,
  };
}
