import type { Dataset } from '../contract/dataset';
import type { Transaction } from '../runtime/services';
import { scratch } from '../sql/change';
import { identifier, literal } from '../sql/quote';
import { columnList, differs, sameKey } from '../sql/rows';
import { keepHistory } from '../sql/scd2';

/** Rows that are to be in a table. */
export interface Merge {
  readonly dataset: Dataset;
  /** The table's quoted SQL name. */
  readonly name: string;
  /** What stands behind FROM; it gives the contract's columns, one row a key. */
  readonly from: string;
  /** ISO 8601: from when on they hold, where the table keeps history. The same each time they are merged. */
  readonly since: string;
  /** Whether the table has no row, where that is known. */
  readonly isEmpty?: boolean;
}

/**
 * Puts rows into a table. With a key: a row takes the place of the one of its key, or becomes its next version, where it
 * differs; so rows that come again unchanged change nothing. Without a key they are added. Gives how many rows it has
 * changed: where none, the table gets no snapshot.
 */
export async function merge({ dataset, name, from, since, isEmpty }: Merge, tx: Transaction): Promise<number> {
  const columns = dataset.columns.map((column) => column.name);
  if (dataset.history === 'scd2') return keepVersions({ dataset, name, from, since }, columns, tx);
  const isAdded =
    dataset.key.length === 0 || (isEmpty ?? (await tx.query(`SELECT 1 FROM ${name} LIMIT 1`)).length === 0);
  if (isAdded) return tx.run(`INSERT INTO ${name} (${columnList(columns)}) SELECT ${columnList(columns)} FROM ${from}`);
  return tx.run(mergeStatement(columns, dataset.key, name, from));
}

function mergeStatement(columns: readonly string[], key: readonly string[], name: string, from: string): string {
  const rest = columns.filter((column) => !key.includes(column));
  const set = rest.map((column) => `${identifier(column)} = n.${identifier(column)}`).join(', ');
  const update = rest.length === 0 ? '' : `WHEN MATCHED AND (${differs(rest, 't', 'n')}) THEN UPDATE SET ${set}`;
  return `
    MERGE INTO ${name} AS t USING (SELECT ${columnList(columns)} FROM ${from}) AS n ON ${sameKey(key, 't', 'n')}
    ${update}
    WHEN NOT MATCHED THEN INSERT (${columnList(columns)}) VALUES (${columnList(columns, 'n')})`;
}

async function keepVersions(
  { dataset, name, from, since }: Merge,
  columns: readonly string[],
  tx: Transaction,
): Promise<number> {
  const change = keepHistory({ name, columns, key: dataset.key }, `${literal(since)}::TIMESTAMPTZ`);
  await tx.run(`CREATE TEMP TABLE ${scratch.rows} AS SELECT ${columnList(columns)} FROM ${from}`);
  for (const statement of change.prepare) await tx.run(statement);
  const [counts] = await tx.query(change.counts);
  if (Number(counts?.updated) > 0) await tx.run(`DELETE FROM ${name} AS t WHERE ${change.remove}`);
  const changed = await tx.run(`INSERT INTO ${name} (${columnList(change.into)}) ${change.add}`);
  for (const table of Object.values(scratch)) await tx.run(`DROP TABLE IF EXISTS ${table}`);
  return changed;
}
