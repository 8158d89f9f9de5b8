import { columnList, columnOf } from '../sql/rows';
import { type ChangedTable, meta } from './columns';
import type { Rewrite } from './mirror';
import { type Session, staged } from './stage';

/** Every change, as it was: those that the table does not hold yet are added. */
export async function rewriteLog({ dataset, name }: ChangedTable, session: Session): Promise<Rewrite> {
  const all = dataset.columns.map((column) => column.name);
  const into = [...all, meta.operation, meta.lsn, meta.sequence, meta.older, meta.at];
  const identity = [...dataset.key, meta.operation, meta.lsn, meta.sequence];
  const same = identity.map((c) => `${columnOf(c, 'n')} IS NOT DISTINCT FROM ${columnOf(c, 't')}`).join(' AND ');
  // The table's files tell the highest and lowest LSN that they hold: old ones are not read.
  const [range] = await session.query<{ low: string | null; high: string | null }>(
    `SELECT min(_lsn)::VARCHAR AS low, max(_lsn)::VARCHAR AS high FROM ${staged.changes}`,
  );
  const within = range?.low == null ? 'FALSE' : `${meta.lsn} BETWEEN ${range.low} AND ${range.high}`;
  const values = [
    columnList(all),
    `_op AS ${meta.operation}`,
    `_lsn AS ${meta.lsn}`,
    `_seq AS ${meta.sequence}`,
    `_older AS ${meta.older}`,
    `_at AS ${meta.at}`,
  ];
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${staged.actions} AS
      SELECT ${columnList(into)} FROM (SELECT ${values.join(', ')} FROM ${staged.changes}
        QUALIFY row_number() OVER (PARTITION BY ${columnList(dataset.key)}, _op, _pos ORDER BY _n) = 1) AS n
      WHERE NOT EXISTS (SELECT 1 FROM (SELECT ${columnList(identity)} FROM ${name} WHERE ${within}) AS t WHERE ${same})`,
  );
  const [counts] = await session.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${staged.actions}`);
  return {
    remove: 'FALSE',
    add: `SELECT ${columnList(into)} FROM ${staged.actions}`,
    into,
    removed: 0,
    added: Number(counts!.n),
  };
}
