import type { Lake, Transaction } from '../runtime/services';
import { literal } from '../sql/quote';
import { columnList } from '../sql/rows';
import type { Origin, Position } from './change';
import { type Kind, kept, meta } from './columns';
import { pieces } from './pieces';
import type { KnownColumns } from './schema';

/** What the table of kept changes says of its table as a whole. */
export interface Standing {
  /** Why the table is paused; undefined where it is not. */
  readonly paused?: string;
  /** The source's columns as they were last seen. */
  readonly known?: KnownColumns;
}

/** @param name quoted SQL name of the table of kept changes */
export async function standingOf(name: string, session: Pick<Transaction, 'query'>): Promise<Standing> {
  const rows = await session.query<{ kind: Kind; record: string }>(
    `SELECT ${kept.kind} AS kind, arg_max(${kept.record}, ${kept.at}) AS record FROM ${name}
      WHERE ${kept.kind} IN ('pause', 'schema') GROUP BY ALL`,
  );
  const paused = rows.find(({ kind }) => kind === 'pause')?.record;
  const known = rows.find(({ kind }) => kind === 'schema')?.record;
  return {
    ...(paused === undefined ? {} : { paused }),
    ...(known === undefined ? {} : { known: JSON.parse(known) as KnownColumns }),
  };
}

/** Writes down the source's columns, in the place of those of before. */
export async function keepSchema(name: string, known: KnownColumns, now: number, lake: Lake): Promise<void> {
  await lake.commit(async (tx) => {
    const before = await tx.query(`SELECT 1 FROM ${name} WHERE ${kept.kind} = 'schema' LIMIT 1`);
    if (before.length > 0) await tx.run(`DELETE FROM ${name} WHERE ${kept.kind} = 'schema'`);
    await insertMark(name, 'schema', JSON.stringify(known), now, tx);
  });
}

/** Pauses a table, unless it is: what comes from now on is parked. Gives whether this paused it. */
export const pauseTable = (name: string, reason: string, now: number, lake: Lake): Promise<boolean> =>
  lake.commit(async (tx) => {
    if ((await standingOf(name, tx)).paused !== undefined) return false;
    await insertMark(name, 'pause', reason, now, tx);
    return true;
  });

const insertMark = (name: string, kind: Kind, record: string, now: number, tx: Transaction): Promise<number> =>
  tx.run(
    `INSERT INTO ${name} (${columnList([kept.kind, kept.record, kept.at])})
      VALUES (${literal(kind)}, ${literal(record)}, ${literal(new Date(now).toISOString())}::TIMESTAMPTZ)`,
  );

/** A record that waits until its table goes on. */
export interface Parked {
  readonly origin: Origin;
  readonly position: Position;
}

/** Keeps records of a paused table, each once, in the order of their positions. */
export async function park(name: string, records: readonly Parked[], lake: Lake): Promise<void> {
  if (records.length === 0) return;
  const shape = '[{"l":"BIGINT","s":"BIGINT","r":"VARCHAR","t":"TIMESTAMPTZ"}]';
  await lake.commit(async (tx) => {
    for (const some of pieces(records, records.length, ({ origin }) => origin.raw.length))
      await tx.run(
        `INSERT INTO ${name} (${columnList([meta.lsn, meta.sequence, kept.kind, kept.record, kept.at])})
          SELECT DISTINCT l, s, 'parked', r, t FROM (SELECT unnest(json_transform($json::JSON, ${literal(shape)}), recursive := true)) AS n
          WHERE NOT EXISTS (SELECT 1 FROM ${name} AS k WHERE k.${kept.kind} = 'parked' AND k.${kept.record} = n.r)`,
        { json: JSON.stringify(some.map(asParked)) },
      );
  });
}

const asParked = ({ origin, position }: Parked) => ({
  l: position.lsn.toString(),
  s: position.sequence,
  r: JSON.stringify({ id: origin.id, raw: origin.raw }),
  t: origin.arrivedAt,
});

/** The first records that are parked, at most so many. */
export async function parkedRecords(name: string, most: number, lake: Pick<Lake, 'query'>): Promise<Origin[]> {
  const rows = await lake.query<{ record: string; at: string }>(
    `SELECT ${kept.record} AS record, ${kept.at} AS at FROM ${name} WHERE ${kept.kind} = 'parked'
      ORDER BY ${meta.lsn}, ${meta.sequence} LIMIT ${most}`,
  );
  return rows.map(({ record, at }) => ({ ...(JSON.parse(record) as { id: string; raw: string }), arrivedAt: at }));
}

/** Takes parked records away; where none is left, and `goOn`, the table is no longer paused. Gives how many are left. */
export const unpark = (name: string, ids: readonly string[], goOn: boolean, lake: Lake): Promise<number> =>
  lake.commit(async (tx) => {
    const json = JSON.stringify(ids);
    const parked = `${kept.kind} = 'parked'`;
    const done = `json_extract_string(CASE WHEN ${parked} THEN ${kept.record} END, '$.id') IN (SELECT unnest(json_transform($json::JSON, '["VARCHAR"]')))`;
    const [left] = await tx.query<{ n: bigint }>(
      `SELECT count(*) AS n FROM ${name} WHERE ${parked} AND NOT (${done})`,
      { json },
    );
    const ends = left!.n === 0n && goOn ? ` OR ${kept.kind} IN ('pause', 'schema')` : '';
    await tx.run(`DELETE FROM ${name} WHERE (${parked} AND ${done})${ends}`, { json });
    return Number(left!.n);
  });

/** What was kept of the snapshot that was read whole; undefined where none was. */
export async function snapshotOf(name: string, lake: Pick<Lake, 'query'>): Promise<string | undefined> {
  const [row] = await lake.query<{ record: string }>(
    `SELECT ${kept.record} AS record FROM ${name} WHERE ${kept.kind} = 'snapshot' LIMIT 1`,
  );
  return row?.record;
}

/** Writes down that a snapshot was read whole. */
export const keepSnapshot = (name: string, record: string, now: number, lake: Lake): Promise<unknown> =>
  lake.commit((tx) => insertMark(name, 'snapshot', record, now, tx));

export const forgetSnapshots = (name: string, lake: Lake): Promise<unknown> =>
  lake.commit((tx) => tx.run(`DELETE FROM ${name} WHERE ${kept.kind} = 'snapshot'`));
