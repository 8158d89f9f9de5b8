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
  buckets: '_ingot_buckets',
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

/** Which rows of the table the new rows replace. */
export interface Slice {
  /** Condition on the rows `t` that are replaced. By default all. */
  readonly where?: string;
  /**
   * SQL values that are equal for all rows of one bucket: buckets are compared as wholes first, and rows only within
   * those that differ. By default one bucket.
   */
  readonly buckets?: readonly string[];
  /** Buckets that have no new row stay as they are. By default they are emptied. */
  readonly keepOthers?: boolean;
}

/**
 * The new rows take the place of those of a slice. Rows that are in both stay untouched: a row that Iceberg deletes stays
 * in its file until that is compacted, and every reader reads it, so a table that was written whole each time would get
 * slower with each run.
 */
export function replaceSlice({ name, columns }: Target, slice: Slice = {}): Change {
  const { where = 'TRUE', buckets = ['0'], keepOthers = false } = slice;
  const parts = buckets.map((_, i) => `_ingot_p${i}`);
  const content = contentOf(columns, 't');
  const replaced = `${name} AS t WHERE (${where})`;

  const summed = (from: string) =>
    `SELECT ${buckets.map((value, i) => `${value} AS ${parts[i]}`).join(', ')}, count(*) AS row_count,
      sum(${content}) AS content FROM ${from} GROUP BY ALL`;
  const sameBucket = parts.map((part) => `n.${part} IS NOT DISTINCT FROM t.${part}`).join(' AND ');
  const either = parts.map((part) => `CASE WHEN n.row_count IS NULL THEN t.${part} ELSE n.${part} END AS ${part}`);
  // The values are not qualified: an alias that a column could have as its name would hide that column.
  const inBucket = buckets.map((value, i) => `_ingot_b.${parts[i]} IS NOT DISTINCT FROM ${value}`).join(' AND ');
  const inDiffering = `EXISTS (SELECT 1 FROM ${scratch.buckets} AS _ingot_b WHERE ${inBucket})`;

  const counted = (from: string) => `SELECT ${content} AS content, count(*) AS row_count FROM ${from} GROUP BY ALL`;
  const changed = `${inDiffering} AND EXISTS (SELECT 1 FROM ${scratch.changes} AS c WHERE c.content = ${content})`;
  return {
    prepare: [
      `CREATE TEMP TABLE ${scratch.buckets} AS SELECT ${either.join(', ')}
        FROM (${summed(`${scratch.rows} AS t`)}) AS n
          ${keepOthers ? 'LEFT' : 'FULL'} JOIN (${summed(replaced)}) AS t ON ${sameBucket}
        WHERE n.row_count IS DISTINCT FROM t.row_count OR n.content IS DISTINCT FROM t.content`,
      `CREATE TEMP TABLE ${scratch.changes} AS
        SELECT content, coalesce(n.row_count, 0) AS new_rows, coalesce(t.row_count, 0) AS old_rows
        FROM (${counted(`${scratch.rows} AS t WHERE ${inDiffering}`)}) AS n
          FULL JOIN (${counted(`${replaced} AND ${inDiffering}`)}) AS t USING (content)
        WHERE n.row_count IS DISTINCT FROM t.row_count`,
    ],
    counts: `SELECT coalesce(sum(new_rows), 0) AS inserted, 0 AS updated, coalesce(sum(old_rows), 0) AS deleted
      FROM ${scratch.changes}`,
    remove: `(${where}) AND ${changed}`,
    add: `SELECT ${columnList(columns)} FROM ${scratch.rows} AS t WHERE ${changed}`,
    into: columns,
  };
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
