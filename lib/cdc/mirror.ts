import { identifier } from '../sql/quote';
import { columnList, sameKey } from '../sql/rows';
import { type ChangedTable, lsnOf, meta, olderOf, positionOf, positionOfColumn, restOf, sequenceOf } from './columns';
import { type Session, staged } from './stage';

/*
 * The rows that the source has. Of each key, and within it of each column, what the highest position says holds: that is
 * the same in whatever order, batches and copies changes arrive.
 *
 * Most changes send every column, and a comparison of positions decides them. Where one did not (`change_older`), the
 * key's columns are judged one by one, from all that is known: its changes, its row, and its kept changes.
 */

/** Keys, or versions, of which a column is not known. */
export interface Missing {
  readonly missing: number;
  /** Those of them that the source has now. */
  readonly waiting: number;
}

/** What kept changes say of a table as a whole: where it was last truncated. */
const truncatedAt = ({ kept }: Pick<ChangedTable, 'kept'>): string =>
  `(SELECT max(${positionOf('k')}) FROM ${kept} AS k WHERE k.change_kind = 'truncate')`;

/**
 * The last change of each key, by its place: values stay where they are until they are written. Everything else of the
 * batch matters only where a change did not send every column.
 */
export async function findLast({ dataset }: ChangedTable, session: Session): Promise<void> {
  const key = columnList(dataset.key);
  const [partial] = await session.query(`SELECT 1 FROM ${staged.changes} WHERE _older IS NOT NULL LIMIT 1`);
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${staged.last} AS
      SELECT ${key}, max(_pos) AS _pos, arg_max(_n, _pos) AS _n, arg_max(_dead, _pos) AS _dead,
        ${partial === undefined ? 'FALSE' : 'bool_or(_older IS NOT NULL)'} AS _partial
      FROM ${staged.changes} GROUP BY ${key}`,
  );
}

/**
 * Finds what is known of the keys whose columns are to be judged one by one, and says how many of them are not whole. Each
 * has a row with `_p` (position of the row), `_d` (of its last delete), `_missing` and `change_older`.
 */
export async function judgeColumns(table: ChangedTable, session: Session): Promise<Missing> {
  const { dataset, name, kept } = table;
  const { key } = dataset;
  const keys = columnList(key);
  const rest = restOf(dataset);
  const held = `SELECT ${keys} FROM ${kept} AS k WHERE k.change_kind = 'update'`;
  const older = `${name} AS t WHERE t.${meta.older} IS NOT NULL`;
  // Mostly there is none of them, which statistics of the files tell without reading a key.
  const [any] = await session.query<{ partial: boolean; held: boolean; older: boolean }>(
    `SELECT EXISTS (FROM ${staged.last} WHERE _partial) AS partial, EXISTS (${held}) AS held, EXISTS (FROM ${older}) AS older`,
  );
  const keysToJudge = [
    ...(any!.partial ? [`SELECT ${keys} FROM ${staged.last} WHERE _partial`] : []),
    ...(any!.held
      ? [
          `SELECT ${columnList(key, 'l')} FROM ${staged.last} AS l SEMI JOIN (${held}) AS h ON ${sameKey(key, 'l', 'h')}`,
        ]
      : []),
    ...(any!.older
      ? [
          `SELECT ${columnList(key, 'l')} FROM ${staged.last} AS l JOIN (FROM ${older}) AS t ON ${sameKey(key, 'l', 't')}
            WHERE ${positionOf('t')} > l._pos`,
        ]
      : []),
  ];
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${staged.whole}_keys AS
      ${keysToJudge.length === 0 ? `SELECT ${keys} FROM ${staged.last} LIMIT 0` : keysToJudge.join(' UNION ')}`,
  );
  const [judged] =
    keysToJudge.length === 0
      ? []
      : await session.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${staged.whole}_keys`);
  if ((judged?.n ?? 0n) === 0n) {
    await session.run(
      `CREATE OR REPLACE TEMP TABLE ${staged.whole} AS SELECT ${columnList([...key, ...rest])}, _pos AS _p, _pos AS _d,
        FALSE AS _missing, FALSE AS _alive, _older AS ${meta.older} FROM ${staged.changes} LIMIT 0`,
    );
    return { missing: 0, waiting: 0 };
  }
  const own = (of: string, older: string, position: string) =>
    rest.map((c) => `${of}.${identifier(c)} AS ${identifier(c)}, ${positionOfColumn(c, older, position)} AS "_p_${c}"`);
  const none = rest.map(() => 'NULL, NULL');
  const some = (from: string, as: string) =>
    `${from} AS ${as} SEMI JOIN ${staged.whole}_keys AS h ON ${sameKey(key, as, 'h')}`;
  const columns = (of: string, position: string, dead: string, more: readonly string[]) =>
    [columnList(key, of), `${position} AS _pos`, `${dead} AS _dead`, ...more].join(', ');
  const elements = [
    `SELECT ${columns('e', 'e._pos', 'FALSE', own('e', 'e._older', 'e._pos'))} FROM ${some(staged.changes, 'e')} WHERE NOT e._dead`,
    `SELECT ${columns('e', 'e._pos', 'TRUE', none)} FROM ${some(staged.changes, 'e')} WHERE e._dead`,
    `SELECT ${columns('t', positionOf('t'), 'FALSE', own('t', `t.${meta.older}`, positionOf('t')))} FROM ${some(name, 't')}`,
    `SELECT ${columns('k', positionOf('k'), 'FALSE', own('k', `k.${meta.older}`, positionOf('k')))} FROM ${some(kept, 'k')} WHERE k.change_kind = 'update'`,
    `SELECT ${columns('k', positionOf('k'), 'TRUE', none)} FROM ${some(kept, 'k')} WHERE k.change_kind = 'delete'`,
    `SELECT ${columns('h', truncatedAt(table), 'TRUE', none)} FROM ${staged.whole}_keys AS h`,
  ];
  const gathered = rest.map(
    (c) => `arg_max({'v': ${identifier(c)}}, "_p_${c}") AS "_v_${c}", max("_p_${c}") AS "_p_${c}"`,
  );
  // A value of before the last delete is of another row.
  const isKnown = (c: string) => `coalesce("_p_${c}" > _d, FALSE)`;
  const missing = rest.length === 0 ? 'FALSE' : rest.map((c) => `NOT ${isKnown(c)}`).join(' OR ');
  const olderOfRow = olderOf(
    rest,
    (c) => `CASE WHEN NOT ${isKnown(c)} THEN '' WHEN "_p_${c}" < _p THEN "_p_${c}"::VARCHAR END`,
  );
  const values = rest.map((c) => `CASE WHEN ${isKnown(c)} THEN "_v_${c}".v END AS ${identifier(c)}`);
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${staged.whole} AS
      SELECT ${[keys, ...values].join(', ')}, _p, _d, _p > _d AND (${missing}) AS _missing, _p > _d AS _alive, ${olderOfRow} AS ${meta.older}
      FROM (SELECT ${keys}, coalesce(max(_pos) FILTER (NOT _dead), -1) AS _p, coalesce(max(_pos) FILTER (_dead), -1) AS _d
          ${gathered.map((c) => `, ${c}`).join('')}
        FROM (${elements.join(' UNION ALL ')}) GROUP BY ${keys})`,
  );
  const [count] = await session.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${staged.whole} WHERE _missing`);
  return { missing: Number(count!.n), waiting: Number(count!.n) };
}

/** Query of the kept changes that the batch adds, without those that are kept already: columns of `keptColumns`. */
export function newlyKept(table: ChangedTable): string {
  const { dataset, kept } = table;
  const { key } = dataset;
  const rest = restOf(dataset);
  const nulls = rest.map((c) => `NULL AS ${identifier(c)}`);
  const deletes = `SELECT ${[columnList(key, 'e'), ...nulls].join(', ')}, e._pos AS _pos, NULL AS ${meta.older}, 'delete' AS change_kind, max(e._at) AS _at
    FROM ${staged.changes} AS e
      SEMI JOIN (SELECT ${columnList(key)} FROM ${staged.last} WHERE _dead UNION ALL SELECT ${columnList(key)} FROM ${staged.whole}_keys) AS l
        ON ${sameKey(key, 'e', 'l')}
    WHERE e._dead GROUP BY ${columnList(key, 'e')}, e._pos`;
  const updates = `SELECT ${columnList([...key, ...rest])}, _p AS _pos, ${meta.older}, 'update' AS change_kind, NULL::TIMESTAMPTZ AS _at
    FROM ${staged.whole} WHERE _missing`;
  return `SELECT n.* FROM (SELECT * FROM (${deletes}) UNION ALL SELECT * FROM (${updates})) AS n ANTI JOIN ${kept} AS k
    ON ${sameKey(key, 'n', 'k')} AND n.change_kind = k.change_kind AND n._pos = ${positionOf('k')}
      AND n.${meta.older} IS NOT DISTINCT FROM k.${meta.older}`;
}

/** What is done to a table: rows that go, and rows that come. */
export interface Rewrite {
  /** Condition on the rows `t` that go. */
  readonly remove: string;
  /** Query of the rows that come, in the columns of `into`. */
  readonly add: string;
  readonly into: readonly string[];
  readonly removed: number;
  readonly added: number;
}

/**
 * Decides what becomes of each key of the batch.
 *
 * @param isTruncated whether a truncation is of the batch: it takes rows that the batch does not name
 */
export async function rewriteRows(table: ChangedTable, isTruncated: boolean, session: Session): Promise<Rewrite> {
  const { dataset, name, kept } = table;
  const { key } = dataset;
  const keys = columnList(key);
  const all = dataset.columns.map((column) => column.name);
  const into = [...all, meta.lsn, meta.sequence, meta.older];
  const truncated = `coalesce(${truncatedAt(table)}, -1)`;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${staged.actions} AS SELECT * FROM (
      SELECT ${columnList(key, 'l')}, l._n, w._p IS NOT NULL AS _judged, t._pos IS NOT NULL AS _exists,
        CASE WHEN w._p IS NOT NULL THEN w._alive AND NOT w._missing AND (t._pos IS NULL OR t._pos <> w._p OR t._older IS DISTINCT FROM w.${meta.older})
          ELSE NOT l._dead AND l._pos > greatest(coalesce(t._pos, -1), coalesce(k._d, -1), ${truncated}) END AS _write,
        CASE WHEN w._p IS NOT NULL THEN NOT w._alive OR w._missing
          ELSE t._pos < greatest(CASE WHEN l._dead THEN l._pos ELSE -1 END, coalesce(k._d, -1), ${truncated}) END AS _gone
      FROM ${staged.last} AS l
        LEFT JOIN (SELECT ${keys}, ${positionOf('o')} AS _pos, ${meta.older} AS _older FROM ${name} AS o
          SEMI JOIN ${staged.last} AS n ON ${sameKey(key, 'o', 'n')}) AS t ON ${sameKey(key, 'l', 't')}
        LEFT JOIN (SELECT ${keys}, max(${positionOf('o')}) AS _d FROM ${kept} AS o WHERE o.change_kind = 'delete' GROUP BY ALL) AS k
          ON ${sameKey(key, 'l', 'k')}
        LEFT JOIN ${staged.whole} AS w ON ${sameKey(key, 'l', 'w')})
      WHERE _write OR (_exists AND _gone)`,
  );
  const old = `${positionOf('t')} < ${truncated}`;
  const [counts] = await session.query<{ removed: bigint; added: bigint; judged: bigint; truncated: bigint }>(
    `SELECT count(*) FILTER (_exists) AS removed, count(*) FILTER (_write) AS added, count(*) FILTER (_judged) AS judged,
      ${isTruncated ? `(SELECT count(*) FROM ${name} AS t WHERE ${old})` : '0::BIGINT'} AS truncated FROM ${staged.actions}`,
  );
  const fromChanges = `SELECT ${columnList(all, 'e')}, e._lsn, e._seq, CAST(NULL AS VARCHAR)
    FROM ${staged.changes} AS e SEMI JOIN (SELECT _n FROM ${staged.actions} WHERE _write AND NOT _judged) AS a ON e._n = a._n`;
  const fromWhole = `SELECT ${columnList([...all], 'w')}, ${lsnOf('w._p')}, ${sequenceOf('w._p')}, w.${meta.older}
    FROM ${staged.whole} AS w SEMI JOIN (SELECT ${keys} FROM ${staged.actions} WHERE _write AND _judged) AS a ON ${sameKey(key, 'w', 'a')}`;
  // A list is looked up in one hash table, where EXISTS would compare row by row what it has found.
  const chosen = `(${columnList(key, 't')}) IN (SELECT ${key.length === 1 ? keys : `(${keys})`} FROM ${staged.actions} WHERE _exists)`;
  return {
    remove: isTruncated ? `${chosen} OR ${old}` : chosen,
    add: counts!.judged === 0n ? fromChanges : `${fromChanges} UNION ALL ${fromWhole}`,
    into,
    removed: Number(counts!.removed + counts!.truncated),
    added: Number(counts!.added),
  };
}
