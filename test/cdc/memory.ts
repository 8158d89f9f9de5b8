import type { FedTable } from '../../lib/cdc/apply';
import { type Mode, meta } from '../../lib/cdc/columns';
import { changeColumns, keptColumns } from '../../lib/cdc/tables';
import type { Dataset } from '../../lib/contract/dataset';
import { openDuckdb } from '../../lib/runtime/duckdb';
import type { Lake, Row, SqlValue, Transaction } from '../../lib/runtime/services';
import { identifier, qualified } from '../../lib/sql/quote';
import { duckdbType } from '../../lib/sql/types';
import type { ColumnSpec } from '../../lib/tables/spec';

export class Crash extends Error {}

/** A lake whose tables are DuckDB's own: thousands of histories need no Iceberg. It dies when told to. */
export interface MemoryLake {
  readonly lake: Lake;
  /** Makes the tables of a dataset, empty. */
  make(dataset: Dataset, mode: Mode): Promise<FedTable>;
  /** The process dies before (`n` + 0.5: after) its n-th commit from now on, the first being 0. */
  dieAt(commit: number | undefined): void;
}

export async function memoryLake(): Promise<MemoryLake> {
  const duckdb = await openDuckdb({ limits: { threads: 1 } });
  await duckdb.run("ATTACH ':memory:' AS lake");
  await duckdb.run('CREATE SCHEMA lake.test_silver');
  const properties = new Map<string, Record<string, string>>();
  let written = 0;
  let deadline: number | undefined;
  let commits = 0;
  const tx: Transaction = {
    query: (sql, params) => duckdb.query(sql, params),
    run: (sql: string, params?: Record<string, SqlValue>) => {
      if (/^\s*(INSERT INTO|DELETE FROM) lake/.test(sql)) written += 1;
      return duckdb.run(sql, params);
    },
    properties: async (database, table) => properties.get(`${database}.${table}`) ?? {},
    setProperties: async (database, table, given) => {
      const id = `${database}.${table}`;
      properties.set(id, { ...properties.get(id), ...given });
    },
  };
  const lake: Lake = {
    query: <R extends Row>(sql: string, params?: Record<string, SqlValue>) => duckdb.query<R>(sql, params),
    run: tx.run,
    async commit(work) {
      const number = commits++;
      if (deadline === number) throw new Crash();
      await duckdb.run('BEGIN');
      try {
        const result = await work(tx);
        await duckdb.run('COMMIT');
        if (deadline === number + 0.5) throw new Crash();
        return result;
      } catch (error) {
        if (!(error instanceof Crash)) await duckdb.run('ROLLBACK');
        throw error;
      }
    },
    properties: tx.properties,
    snapshotId: async () => String(written),
    name: (database, table) => qualified('lake', database, table),
    close: async () => duckdb.close(),
  };
  return {
    lake,
    async make(dataset, mode) {
      const create = async (table: string, columns: string[]) => {
        await duckdb.run(`CREATE OR REPLACE TABLE ${lake.name('test_silver', table)} (${columns.join(', ')})`);
      };
      const column = ({
        name,
        type,
        required,
      }: {
        name: string;
        type: Dataset['columns'][number]['type'];
        required: boolean;
      }) => `${identifier(name)} ${duckdbType(type)}${required ? ' NOT NULL' : ''}`;
      const history: ColumnSpec[] = [
        { name: 'valid_from', type: 'timestamptz', required: true },
        { name: 'valid_to', type: 'timestamptz', required: false },
        { name: 'is_current', type: 'boolean', required: true },
      ];
      const own = [...dataset.columns, ...(mode === 'history' ? history : [])];
      await create(dataset.name, changeColumns(own, mode).map(column));
      await create(`${dataset.name}_changes`, keptColumns(dataset).map(column));
      await create(`${dataset.name}_quarantine`, [
        'quarantined_at TIMESTAMPTZ, run VARCHAR, batch BIGINT, file VARCHAR, row_number BIGINT',
        'reasons STRUCT("rule" VARCHAR, "column" VARCHAR, "message" VARCHAR)[], raw VARCHAR',
      ]);
      const zone = { name: 'silver', holds: 'iceberg', database: 'test_silver' } as const;
      return { place: { dataset, zone, database: 'test_silver', table: dataset.name }, mode };
    },
    dieAt(commit) {
      deadline = commit;
      commits = 0;
    },
  };
}

/** The columns by which rows of a table are compared. */
export const shown = (mode: Mode): string[] =>
  mode === 'history' ? ['valid_from', 'valid_to', 'is_current'] : mode === 'log' ? [meta.operation, meta.lsn] : [];
