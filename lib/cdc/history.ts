import type { Type } from '../contract/dataset';
import { someType } from '../contract/types';
import { identifier } from '../sql/quote';
import { columnList, sameKey } from '../sql/rows';
import { validity } from '../sql/scd2';
import { type ChangedTable, lsnOf, meta, olderOf, positionOf, positionOfColumn, restOf, sequenceOf } from './columns';
import type { Missing, Rewrite } from './mirror';
import { type Session, staged } from './stage';

/*
 * Every version of every row. The versions of the batch's keys are made anew, from those that the table has, the changes of
 * the batch and the kept changes, and what differs is written: so a change that comes late finds its place between two
 * versions. Deletes are kept for as long as the table is: they end a version, and no version says so of itself.
 *
 * A version holds from its commit at the source on, or, where the source's clock went back, from the latest commit before
 * it: that way versions never overlap, and their order is that of the log.
 */

/** Marks what comes of a truncation among what a key's versions are made of. */
const truncation = 3;

/**
 * Makes the versions of the batch's keys.
 *
 * @param truncated position of the batch's last truncation: it ends versions of keys that the batch does not name
 */
export async function makeVersions(
  table: ChangedTable,
  truncated: bigint | undefined,
  session: Session,
): Promise<Missing> {
  const { dataset, name, kept } = table;
  const { key } = dataset;
  const keys = columnList(key);
  const rest = restOf(dataset);
  const before = truncated === undefined ? 'FALSE' : `${positionOf('t')} < ${truncated}`;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${staged.last} AS
      SELECT ${keys} FROM ${staged.changes} UNION SELECT ${columnList(key, 't')} FROM ${name} AS t WHERE ${before}`,
  );
  const sent = (of: string, older: string) =>
    rest.map(
      (c) =>
        `CASE WHEN ${positionOfColumn(c, older, '0')} IS NOT NULL THEN {'v': ${of}.${identifier(c)}} END AS "_v_${c}"`,
    );
  const none = rest.map(() => 'NULL');
  const some = (from: string, as: string) =>
    `${from} AS ${as} SEMI JOIN ${staged.last} AS l ON ${sameKey(key, as, 'l')}`;
  const columns = (of: string, position: string, dead: string, at: string, source: number, more: readonly string[]) =>
    [
      columnList(key, of),
      `${position} AS _pos`,
      `${dead} AS _dead`,
      `${at} AS _at`,
      `${source} AS _source`,
      ...more,
    ].join(', ');
  const elements = [
    `SELECT ${columns('t', positionOf('t'), 'FALSE', `t.${validity.from}`, 0, sent('t', `t.${meta.older}`))} FROM ${some(name, 't')}`,
    `SELECT ${columns('k', positionOf('k'), 'FALSE', `k.${meta.at}`, 1, sent('k', `k.${meta.older}`))} FROM ${some(kept, 'k')} WHERE k.change_kind = 'update'`,
    `SELECT ${columns('k', positionOf('k'), 'TRUE', `k.${meta.at}`, 1, none)} FROM ${some(kept, 'k')} WHERE k.change_kind = 'delete'`,
    `SELECT ${columns('l', positionOf('k'), 'TRUE', `k.${meta.at}`, truncation, none)} FROM ${staged.last} AS l, ${kept} AS k WHERE k.change_kind = 'truncate'`,
    `SELECT ${columns('e', 'e._pos', 'FALSE', 'e._at', 2, sent('e', 'e._older'))} FROM ${staged.changes} AS e WHERE NOT e._dead`,
    `SELECT ${columns('e', 'e._pos', 'TRUE', 'e._at', 2, none)} FROM ${staged.changes} AS e WHERE e._dead`,
  ];
  const inOrder = `PARTITION BY ${keys} ORDER BY _pos`;
  const sinceDelete = `PARTITION BY ${keys}, _life ORDER BY _pos ROWS UNBOUNDED PRECEDING`;
  // A truncation is of no key in particular: its time ends the version before it, but not after the next one begins.
  const isTruncation = `_source = ${truncation}`;
  const next = `min(_from) FILTER (NOT (${isTruncation})) OVER (${inOrder} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)`;
  const end = `CASE WHEN ${isTruncation} THEN greatest(_from, _at) END`;
  const filled = rest.map((c) => `last_value("_v_${c}" IGNORE NULLS) OVER (${sinceDelete}) AS "_f_${c}"`);
  const missing = rest.length === 0 ? 'FALSE' : rest.map((c) => `"_f_${c}" IS NULL`).join(' OR ');
  const values = rest.map((c) => `"_f_${c}".v AS ${identifier(c)}`);
  const older = olderOf(rest, (c) => `CASE WHEN "_v_${c}" IS NULL THEN '' END`);
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${staged.versions} AS
      SELECT ${[keys, ...values].join(', ')}, _pos, ${older} AS ${meta.older}, _own,
        _from AS ${validity.from}, _to AS ${validity.to}, _to IS NULL AS ${validity.current}, (${missing}) AS _missing
      FROM (SELECT *, ${['_at AS _own', ...filled].join(', ')}, coalesce(least(lead(_end) OVER (${inOrder}), _next), _next) AS _to
        FROM (SELECT *, ${end} AS _end, ${next} AS _next
          FROM (SELECT *, sum(_dead::INTEGER) OVER (${inOrder} ROWS UNBOUNDED PRECEDING) AS _life, coalesce(
              max(_at) FILTER (NOT (${isTruncation})) OVER (${inOrder} ROWS UNBOUNDED PRECEDING), TIMESTAMPTZ '1970-01-01') AS _from
            FROM (SELECT * FROM (${elements.join(' UNION ALL ')})
              QUALIFY row_number() OVER (PARTITION BY ${keys}, _pos, _dead ORDER BY _source) = 1))))
      WHERE NOT _dead`,
  );
  // One that has ended and whose beginning came before the snapshot will never be whole, and nobody needs to wait for it.
  const [count] = await session.query<{ missing: bigint; waiting: bigint }>(
    `SELECT count(*) AS missing, count(*) FILTER (${validity.current}) AS waiting FROM ${staged.versions} WHERE _missing`,
  );
  return { missing: Number(count!.missing), waiting: Number(count!.waiting) };
}

/** Query of the kept changes that the batch adds, without those that are kept already. */
export function newlyKept({ dataset, kept }: ChangedTable): string {
  const { key } = dataset;
  const rest = restOf(dataset);
  const nulls = rest.map((c) => `NULL AS ${identifier(c)}`);
  const deletes = `SELECT ${[columnList(key, 'e'), ...nulls].join(', ')}, e._pos AS _pos, NULL AS ${meta.older}, 'delete' AS change_kind, max(e._at) AS _at
    FROM ${staged.changes} AS e WHERE e._dead GROUP BY ALL`;
  const updates = `SELECT ${columnList([...key, ...rest])}, _pos, ${meta.older}, 'update' AS change_kind, _own AS _at
    FROM ${staged.versions} WHERE _missing`;
  return `SELECT n.* FROM (SELECT * FROM (${deletes}) UNION ALL SELECT * FROM (${updates})) AS n ANTI JOIN ${kept} AS k
    ON ${sameKey(key, 'n', 'k')} AND n.change_kind = k.change_kind AND n._pos = ${positionOf('k')}`;
}

/** Finds the versions that differ from those of the table. */
export async function rewriteVersions({ dataset, name }: ChangedTable, session: Session): Promise<Rewrite> {
  const { key } = dataset;
  const all = dataset.columns.map((column) => column.name);
  const into = [...all, ...Object.values(validity), meta.lsn, meta.sequence, meta.older];
  const made = `SELECT ${columnList([...all, ...Object.values(validity)])}, ${lsnOf('_pos')} AS ${meta.lsn}, ${sequenceOf('_pos')} AS ${meta.sequence}, ${meta.older}
    FROM ${staged.versions} WHERE NOT _missing`;
  const there = `SELECT ${columnList(into)} FROM ${name} AS t SEMI JOIN ${staged.last} AS l ON ${sameKey(key, 't', 'l')}`;
  // Spark, where it groups by a map, makes 0 of null in it.
  const maps = new Set(dataset.columns.flatMap(({ name, type }) => (someType(type, isMap) ? [name] : [])));
  const some = into.map((c) => (maps.has(c) ? `any_value(${identifier(c)}) AS ${identifier(c)}` : identifier(c)));
  const by = into.map((c) => (maps.has(c) ? `to_json(${identifier(c)})` : identifier(c)));
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${staged.actions} AS
      SELECT ${some.join(', ')}, sum(_new) AS _new FROM
        (SELECT *, 1 AS _new FROM (${made}) UNION ALL SELECT *, -1 FROM (${there}))
      GROUP BY ${by.join(', ')} HAVING sum(_new) <> 0`,
  );
  const [counts] = await session.query<{ removed: bigint; added: bigint }>(
    `SELECT count(*) FILTER (_new < 0) AS removed, count(*) FILTER (_new > 0) AS added FROM ${staged.actions}`,
  );
  const identity = [...key, meta.lsn, meta.sequence];
  return {
    remove: `EXISTS (SELECT 1 FROM ${staged.actions} AS a WHERE a._new < 0 AND ${sameKey(identity, 'a', 't')})`,
    add: `SELECT ${columnList(into)} FROM ${staged.actions} WHERE _new > 0`,
    into,
    removed: Number(counts!.removed),
    added: Number(counts!.added),
  };
}

const isMap = (type: Type): boolean => typeof type !== 'string' && type.kind === 'map';
