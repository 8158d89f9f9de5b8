import { historyColumns } from '../contract/names';
import { type Change, scratch, type Target } from './change';
import { columnList, columnOf, differs, sameKey } from './rows';

const [from, to, current] = historyColumns;
/** Columns that a table with history has after those of its contract. */
export const validity = { from, to, current } as const;

/**
 * Keeps every version of a row, each with the time in which it held (slowly changing dimension, type 2). What holds for
 * each key, after any sequence of changes:
 *
 * - exactly one version is current, and its `valid_to` is null;
 * - versions neither overlap nor leave a gap: `valid_to` (excluded) of one is `valid_from` (included) of the next;
 * - rows that do not differ from the current version change nothing.
 *
 * A change that is not later than the current version's `valid_from` cannot end it: it corrects it in place. A key that
 * the new rows do not have keeps its current version: rows leave the lake by retention, which says nothing about the
 * thing that they describe.
 *
 * @param since SQL value (timestamp with time zone) over the new rows `n`: from when on their version holds
 */
export function keepHistory({ name, columns, key }: Target, since: string): Change {
  const into = [...columns, ...Object.values(validity)];
  const isNew = `t.${columnList(key.slice(0, 1))} IS NULL`;
  const current = `SELECT * FROM ${name} WHERE ${validity.current}`;
  const ends = '_ingot_since > _ingot_from';
  return {
    prepare: [
      `CREATE TEMP TABLE ${scratch.changes} AS
        SELECT n.*, ${since} AS _ingot_since, t.${validity.from} AS _ingot_from
        FROM ${scratch.rows} AS n LEFT JOIN (${current}) AS t ON ${sameKey(key, 'n', 't')}
        WHERE ${isNew} OR ${differs(columns, 'n', 't')}`,
      `CREATE TEMP TABLE ${scratch.versions} AS
        SELECT ${columnList(columns)}, CASE WHEN ${ends} THEN _ingot_since ELSE coalesce(_ingot_from, _ingot_since) END
          AS ${validity.from}, CAST(NULL AS TIMESTAMPTZ) AS ${validity.to}, true AS ${validity.current}
        FROM ${scratch.changes}
        UNION ALL
        SELECT ${columnList(columns, 't')}, t.${validity.from}, c._ingot_since, false
        FROM (${current}) AS t JOIN ${scratch.changes} AS c ON ${sameKey(key, 'c', 't')} WHERE ${ends}`,
    ],
    counts: `SELECT count(*) FILTER (WHERE _ingot_from IS NULL) AS inserted,
      count(*) FILTER (WHERE _ingot_from IS NOT NULL) AS updated, 0 AS deleted FROM ${scratch.changes}`,
    remove: `t.${columnOf(validity.current)} AND EXISTS (
      SELECT 1 FROM ${scratch.changes} AS c WHERE c._ingot_from IS NOT NULL AND ${sameKey(key, 'c', 't')})`,
    add: `SELECT ${columnList(into)} FROM ${scratch.versions}`,
    into,
  };
}
