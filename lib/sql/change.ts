import { columnList, differs, sameKey, sameRow } from './rows';

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
  /** SQL values that are equal for all rows of one bucket: buckets that have no new row stay as they are. By default none does. */
  readonly touched?: readonly string[];
}

/**
 * The new rows take the place of those of a slice. Rows that are in both stay untouched: a row that Iceberg deletes stays
 * in its file until that is compacted, and every reader reads it, so a table that was written whole each time would get
 * slower with each run.
 *
 * Rows are compared by all of their values, not by a hash of them: a hash of 64 bits would lose one change in some twenty
 * million runs of a million changes, and is not even faster where anything has changed.
 */
export function replaceSlice({ name, columns }: Target, { where = 'TRUE', touched }: Slice = {}): Change {
  const parts = touched?.map((_, i) => `_ingot_p${i}`) ?? [];
  // The values are not qualified: an alias that a column could have as its name would hide that column.
  const inBucket = touched?.map((value, i) => `_ingot_b.${parts[i]} IS NOT DISTINCT FROM ${value}`).join(' AND ');
  const isTouched =
    inBucket === undefined ? '' : ` AND EXISTS (SELECT 1 FROM ${scratch.buckets} AS _ingot_b WHERE ${inBucket})`;
  const list = columnList(columns);
  const changed = `EXISTS (SELECT 1 FROM ${scratch.changes} AS c WHERE ${sameRow(columns, 'c', 't')})`;
  return {
    prepare: [
      ...(touched === undefined
        ? []
        : [
            `CREATE TEMP TABLE ${scratch.buckets} AS
              SELECT DISTINCT ${touched.map((value, i) => `${value} AS ${parts[i]}`).join(', ')} FROM ${scratch.rows}`,
          ]),
      `CREATE TEMP TABLE ${scratch.changes} AS
        SELECT ${list}, sum(_ingot_new) AS _ingot_new_rows, sum(_ingot_old) AS _ingot_old_rows FROM (
          SELECT ${list}, 1 AS _ingot_new, 0 AS _ingot_old FROM ${scratch.rows}
          UNION ALL SELECT ${list}, 0, 1 FROM ${name} AS t WHERE (${where})${isTouched}
        ) GROUP BY ${list} HAVING sum(_ingot_new) <> sum(_ingot_old)`,
    ],
    counts: `SELECT coalesce(sum(_ingot_new_rows), 0) AS inserted, 0 AS updated, coalesce(sum(_ingot_old_rows), 0) AS deleted
      FROM ${scratch.changes}`,
    remove: `(${where}) AND ${changed}`,
    add: `SELECT ${list} FROM ${scratch.rows} AS t WHERE ${changed}`,
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
