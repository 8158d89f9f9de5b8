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
export const scratch = { rows: '_ingot_rows', changes: '_ingot_changes', versions: '_ingot_versions' } as const;

/** The new rows take the place of those that meet the condition `slice`; by default of all. */
export function replaceSlice({ name, columns }: Target, slice = 'TRUE'): Change {
  const { rows, sum } = contentOf(columns);
  const content = `${rows} AS row_count, ${sum} AS content`;
  const unlessSame = (value: string, as: string) =>
    `CASE WHEN n.row_count = t.row_count AND n.content IS NOT DISTINCT FROM t.content THEN 0 ELSE ${value} END AS ${as}`;
  return {
    prepare: [],
    counts: `SELECT ${unlessSame('n.row_count', 'inserted')}, 0 AS updated, ${unlessSame('t.row_count', 'deleted')}
      FROM (SELECT ${content} FROM ${scratch.rows}) AS n, (SELECT ${content} FROM ${name} AS t WHERE ${slice}) AS t`,
    remove: slice,
    add: `SELECT ${columnList(columns)} FROM ${scratch.rows}`,
    into: columns,
  };
}

/**
 * Every partition that the new rows touch is replaced by them, unless it holds just these rows. Partitions that they do
 * not touch stay.
 *
 * @param values SQL values that are equal for all rows of one partition
 */
export function replacePartitions({ name, columns }: Target, values: readonly string[]): Change {
  const { rows, sum } = contentOf(columns);
  const parts = values.map((_, i) => `_ingot_p${i}`);
  const grouped = (from: string) =>
    `SELECT ${values.map((value, i) => `${value} AS ${parts[i]}`).join(', ')}, ${rows} AS row_count, ${sum} AS content
      FROM ${from} GROUP BY ALL`;
  const same = parts.map((part) => `n.${part} IS NOT DISTINCT FROM t.${part}`).join(' AND ');
  const changed = values.map((value, i) => `c.${parts[i]} IS NOT DISTINCT FROM ${value}`).join(' AND ');
  const inChanged = `EXISTS (SELECT 1 FROM ${scratch.changes} AS c WHERE ${changed})`;
  return {
    prepare: [
      `CREATE TEMP TABLE ${scratch.changes} AS
        SELECT ${parts.map((part) => `n.${part}`).join(', ')}, n.row_count AS new_rows, coalesce(t.row_count, 0) AS old_rows
        FROM (${grouped(scratch.rows)}) AS n LEFT JOIN (${grouped(name)}) AS t ON ${same}
        WHERE n.row_count IS DISTINCT FROM t.row_count OR n.content IS DISTINCT FROM t.content`,
    ],
    counts: `SELECT coalesce(sum(new_rows), 0) AS inserted, 0 AS updated, coalesce(sum(old_rows), 0) AS deleted
      FROM ${scratch.changes}`,
    remove: inChanged,
    add: `SELECT ${columnList(columns)} FROM ${scratch.rows} AS t WHERE ${inChanged}`,
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
