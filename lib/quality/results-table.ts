import type { Lake, SqlValue } from '../runtime/services';
import { literal } from '../sql/quote';
import { columnList } from '../sql/rows';
import type { RuleResult } from './result';

/** The platform's own table that holds the answers to all rules, by run and table. */
export const resultsTable = 'quality_results';

export interface Recorded {
  readonly run: string;
  /** `zone.table`. */
  readonly table: string;
  readonly results: readonly RuleResult[];
  /** ISO 8601. */
  readonly measuredAt: string;
}

/** Writes the answers of one run about one table; those that it gave before, where a step is repeated, are replaced. */
export async function recordResults(database: string, lake: Lake, { run, table, results, measuredAt }: Recorded) {
  if (results.length === 0) return;
  const name = lake.name(database, resultsTable);
  const same = `"run" = ${literal(run)} AND "table" = ${literal(table)}`;
  const rows = results.map((result) => ({ run, table, ...result, measured_at: measuredAt }));
  const values = rows.map((row) => `(${columns.map((column) => literal(row[column] as SqlValue)).join(', ')})`);
  await lake.commit(async (tx) => {
    const [before] = await tx.query(`SELECT count(*) AS n FROM ${name} WHERE ${same}`);
    if (before?.n !== 0n) await tx.run(`DELETE FROM ${name} WHERE ${same}`);
    await tx.run(`INSERT INTO ${name} (${columnList(columns)}) VALUES ${values.join(',\n')}`);
  });
}

const columns = [
  'run',
  'table',
  'rule',
  'type',
  'dimension',
  'severity',
  'status',
  'checked',
  'failed',
  'observed',
  'tolerance',
  'message',
  'measured_at',
] as const;
