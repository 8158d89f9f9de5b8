import type { Dataset } from '../contract/dataset';
import { historyColumns } from '../contract/names';
import type { Duckdb } from '../runtime/duckdb';
import { identifier, literal, qualified } from '../sql/quote';
import { duckdbType } from '../sql/types';
import type { Model } from './manifest';

/** What DuckDB says of a SQL text that it cannot bind. */
export interface SqlProblem {
  readonly message: string;
  /** Line in the text, from 1, where DuckDB names one. */
  readonly line?: number;
}

export interface OutputColumn {
  readonly name: string;
  /** DuckDB's word for its type. */
  readonly type: string;
}

/**
 * An empty table for each dataset, in a DuckDB that reaches no file: SQL is bound against them, and so checked as it will
 * run, names and types included, before there is any data.
 */
export class Workbench {
  private constructor(private readonly duckdb: Duckdb) {}

  static async open(duckdb: Duckdb, datasets: readonly Dataset[]): Promise<Workbench> {
    await duckdb.run('SET enable_external_access = false');
    for (const zone of new Set(datasets.map((dataset) => dataset.zone)))
      await duckdb.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(zone)}`);
    for (const dataset of datasets) {
      const columns = tableColumns(dataset).map(({ name, type }) => `${identifier(name)} ${type}`);
      await duckdb.run(`CREATE TABLE ${qualified(dataset.zone, dataset.name)} (${columns.join(', ')})`);
    }
    return new Workbench(duckdb);
  }

  /** Makes a model without a table readable for the models that use it. */
  async addView(model: Model): Promise<void> {
    await this.duckdb.run(`CREATE VIEW ${identifier(model.name)} AS ${withoutEnd(model.sql)}`);
  }

  /** The columns that a query gives. */
  async describe(sql: string): Promise<readonly OutputColumn[] | SqlProblem> {
    const result = await this.attempt(`DESCRIBE ${withoutEnd(sql)}`);
    if (!Array.isArray(result)) return result as SqlProblem;
    return result.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
  }

  /** What is wrong with a condition on the rows of a table; undefined where nothing is. */
  async conditionProblem(condition: string, dataset: Dataset): Promise<SqlProblem | undefined> {
    const table = qualified(dataset.zone, dataset.name);
    const result = await this.attempt(`SELECT count(*) FROM ${table} WHERE ${condition}`);
    return Array.isArray(result) ? undefined : (result as SqlProblem);
  }

  /** Whether a value can be one of a column of this type. */
  async isValueOf(value: string | number | boolean, type: string): Promise<boolean> {
    const [row] = await this.duckdb.query<{ fits: boolean }>(
      `SELECT TRY_CAST(${literal(value)} AS ${type}) IS NOT NULL AS fits`,
    );
    return row!.fits;
  }

  /** DuckDB's own word for a type, as `describe` gives it. */
  async typeWord(type: string): Promise<string> {
    const [row] = await this.duckdb.query<{ word: string }>(`SELECT typeof(CAST(NULL AS ${type})) AS word`);
    return row!.word;
  }

  private async attempt(sql: string): Promise<readonly Record<string, unknown>[] | SqlProblem> {
    try {
      return await this.duckdb.query(sql);
    } catch (error) {
      return sqlProblem(error as Error);
    }
  }
}

/** The columns of a dataset's table, those of its history included, in DuckDB's words. */
function tableColumns(dataset: Dataset): OutputColumn[] {
  const columns = dataset.columns.map(({ name, type }) => ({ name, type: duckdbType(type) }));
  if (dataset.history === 'current') return columns;
  const [from, to, current] = historyColumns;
  const moment = duckdbType('timestamptz');
  return [
    ...columns,
    { name: from, type: moment },
    { name: to, type: moment },
    { name: current, type: duckdbType('boolean') },
  ];
}

const withoutEnd = (sql: string): string => sql.replace(/[;\s]+$/, '');

/** DuckDB's message is a kind, a sentence, candidates, and the line with a mark below it. */
function sqlProblem({ message }: Error): SqlProblem {
  const [first = '', ...rest] = message.split('\n');
  const sentence = first.replace(/^[A-Za-z ]+ Error: /, '').replace(/[.!]+$/, '');
  const candidates = /^(Candidate bindings: .*|Did you mean .*)$/.exec(rest[0] ?? '')?.[1];
  const line = /^LINE (\d+):/m.exec(message)?.[1];
  return {
    message:
      candidates === undefined ? sentence : `${sentence} (${candidates.charAt(0).toLowerCase()}${candidates.slice(1)})`,
    ...(line === undefined ? {} : { line: Number(line) }),
  };
}
