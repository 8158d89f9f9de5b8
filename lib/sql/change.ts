import { columnList, contentOf, differs, sameKey } from './rows';

/** The table whose rows change. */
export interface Target {
  /** Its quoted SQL name. */
  readonly name: string;
  /** Columns of the contract, in its order. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

/**
 * How new rows get into a table, as SQL: what changes is found out and counted first, so that a table that would stay as
 * it is gets no snapshot; then rows go and rows come. In SQL the table's rows are `t`.
 */
export interface Change {
  /** Statements that write down in temporary tables, named in `scratch`, what changes. */
  readonly prepare: readonly string[];
  /** Query that gives one row: `inserted`, `updated`, `deleted`. */
  readonly counts: string;
  /** Condition on the rows `t` that go. */
  readonly remove: string;
  /** Query that gives the rows that come, in the columns of `into`. */
  readonly add: string;
  readonly into: readonly string[];
}

/** Names of temporary tables. `rows`: what the model gives, in the columns of the contract. */
export const scratch = {
  rows: '_ingot_rows',
  partitions: '_ingot_partitions',
  changes: '_ingot_changes',
  versions: '_ingot_versions',
} as const;

/** The new rows come, as they are: for a table that is empty. */
export function insertAll({ columns }: Target): Change {
  return {
    prepare: [],
    counts: `SELECT count(*) AS inserted, 0 AS updated, 0 AS deleted FROM ${scratch.rows}`,
    remove: 'FALSE',
    add: `SELECT ${columnList(columns)} FROM ${scratch.rows}`,
    into: columns,
  };
}

/**
 * The new rows take the place of those that meet the condition `slice`; by default of all. Rows that are in both stay
 * untouched: a row that Iceberg deletes stays in its file until that is compacted, and every reader reads it, so a table
 * that was written whole each time would get slower with each run.
 */
export function replaceSlice({ name, columns }: Target, slice = 'TRUE'): Change {
  const counted = (from: string) =>
    `SELECT ${contentOf(columns)} AS content, count(*) AS row_count FROM ${from} GROUP BY ALL`;
  const differing = (count: string) =>
    `EXISTS (SELECT 1 FROM ${scratch.changes} AS c WHERE c.${count} > 0 AND c.content = ${contentOf(columns, 't')})`;
  return {
    prepare: [
      `CREATE TEMP TABLE ${scratch.changes} AS
        SELECT content, coalesce(n.row_count, 0) AS new_rows, coalesce(t.row_count, 0) AS old_rows
        FROM (${counted(scratch.rows)}) AS n
          FULL JOIN (${counted(`${name} AS t WHERE ${slice}`)}) AS t USING (content)
        WHERE n.row_count IS DISTINCT FROM t.row_count`,
    ],
    counts: `SELECT coalesce(sum(new_rows), 0) AS inserted, 0 AS updated, coalesce(sum(old_rows), 0) AS deleted
      FROM ${scratch.changes}`,
    remove: `(${slice}) AND ${differing('old_rows')}`,
    add: `SELECT ${columnList(columns)} FROM ${scratch.rows} AS t WHERE ${differing('new_rows')}`,
    into: columns,
  };
}

/**
 * In every partition that the new rows touch, they take the place of what it holds. Partitions that they do not touch
 * stay.
 *
 * @param values SQL values that are equal for all rows of one partition
 */
export function replacePartitions(target: Target, values: readonly string[]): Change {
  const parts = values.map((_, i) => `_ingot_p${i}`);
  const same = values.map((value, i) => `p.${parts[i]} IS NOT DISTINCT FROM ${value}`).join(' AND ');
  const change = replaceSlice(target, `EXISTS (SELECT 1 FROM ${scratch.partitions} AS p WHERE ${same})`);
  const touched = `CREATE TEMP TABLE ${scratch.partitions} AS
    SELECT DISTINCT ${values.map((value, i) => `${value} AS ${parts[i]}`).join(', ')} FROM ${scratch.rows}`;
  return { ...change, prepare: [touched, ...change.prepare] };
}

/**
 * Rows with a new key come, rows that differ from the table's row of the same key take its place, all others stay: also
 * those whose key the new rows do not have.
 */
export function mergeByKey({ name, columns, key }: Target): Change {
  const isNew = `t.${columnList(key.slice(0, 1))} IS NULL`;
  return {
    prepare: [
      `CREATE TEMP TABLE ${scratch.changes} AS
        SELECT n.*, NOT (${isNew}) AS _ingot_exists
        FROM ${scratch.rows} AS n LEFT JOIN ${name} AS t ON ${sameKey(key, 'n', 't')}
        WHERE ${isNew} OR ${differs(columns, 'n', 't')}`,
    ],
    counts: `SELECT count(*) FILTER (WHERE NOT _ingot_exists) AS inserted, count(*) FILTER (WHERE _ingot_exists) AS updated,
      0 AS deleted FROM ${scratch.changes}`,
    remove: `EXISTS (SELECT 1 FROM ${scratch.changes} AS c WHERE c._ingot_exists AND ${sameKey(key, 'c', 't')})`,
    add: `SELECT ${columnList(columns)} FROM ${scratch.changes}`,
    into: columns,
  };
}
