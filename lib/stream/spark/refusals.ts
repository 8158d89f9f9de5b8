import { reasonsType } from '../../ingest/typed';
import type { TablePlace } from '../../platform/lookup';
import type { Lake } from '../../runtime/services';
import { identifier, literal } from '../../sql/quote';
import type { Refusals } from '../batch';
import { type Judged, judged, poisonRule } from '../judge';
import { enquarantine, type Reason, type Refused } from '../refused';
import type { Stream } from '../stream';
import { faultOf, isUnreadable, placedOf, type RecordRow, recordColumns, recordsIn } from './records';

interface Around {
  readonly stream: Stream;
  readonly place: TablePlace;
  readonly lake: Lake;
}

/** Whether any record that was judged is bad. */
export const hasRefused = async ({ table }: Judged, lake: Pick<Lake, 'query'>): Promise<boolean> =>
  (await lake.query(`SELECT 1 FROM ${identifier(table)} WHERE ${judged.reasons} IS NOT NULL LIMIT 1`)).length > 0;

/** Where all are good. */
export const noRefusals: Refusals = {
  stopping: async () => [],
  behind: async () => [],
  quarantine: async () => 0,
  drop: async () => {},
};

/** Which records of a table are bad. They go from there into quarantine, so that there may be as many as there are. */
export async function tableRefusals(
  from: string,
  given: Judged,
  poison: string | undefined,
  { stream, place, lake }: Around,
): Promise<Refusals> {
  const table = identifier(`ingot_refused_${stream.name}`);
  const drop = async () => {
    await lake.run(`DROP TABLE IF EXISTS ${table}`);
  };
  await drop();
  await lake.run(
    `CREATE TEMP TABLE ${table} (ordinal INTEGER, shard VARCHAR, sequence VARCHAR, key VARCHAR, arrived BIGINT,
      reasons ${reasonsType}, raw VARCHAR)`,
  );
  const refused = await lake.run(`INSERT INTO ${table} ${refusedSql(from, given, poison, stream)}`);
  const isSafe = stream.onInvalid === 'quarantine' && !given.mayHoldPoison && poison === undefined;
  return {
    stopping: async () => (refused === 0 || isSafe ? [] : stopping(table, stream, lake)),
    behind: async (stopped) =>
      stopped.length === 0
        ? []
        : recordsIn(`(SELECT r.* FROM ${from} AS r SEMI JOIN ${ofKeys(stopped)} AND r.ordinal >= s.place)`, lake),
    async quarantine(stopped) {
      if (refused === 0) return 0;
      const rest =
        stopped.length === 0
          ? table
          : `(SELECT r.* FROM ${table} AS r ANTI JOIN ${ofKeys(stopped)} AND r.ordinal > s.place)`;
      const [bounds] = await lake.query<{ n: bigint; first: bigint; last: bigint }>(
        `SELECT count(*) AS n, min(arrived) AS first, max(arrived) AS last FROM ${rest} AS r`,
      );
      await enquarantine(
        {
          from: `(SELECT make_timestamptz(r.arrived * 1000) AS quarantined_at, ${literal(stream.name)} AS run,
            CAST(0 AS BIGINT) AS batch, concat(${literal(`${stream.name}/`)}, r.shard, '/', r.sequence) AS file,
            CAST(1 AS BIGINT) AS row_number, r.reasons, r.raw FROM ${rest} AS r)`,
          arrived: [Number(bounds!.first), Number(bounds!.last)],
        },
        place,
        lake,
      );
      return Number(bounds!.n);
    },
    drop,
  };
}

const reason = (rule: string, message: string): string =>
  `[{'rule': ${rule}, 'column': CAST(NULL AS VARCHAR), 'message': ${message}}]`;

function refusedSql(from: string, given: Judged, poison: string | undefined, { maxRecordKb }: Stream): string {
  const raw = "CASE WHEN r.text IS NOT NULL THEN r.text ELSE concat('base64:', base64(r.data)) END AS raw";
  if (poison !== undefined)
    return `SELECT ${recordColumns}, ${reason(literal(poisonRule), literal(poison))} AS reasons, ${raw} FROM ${from} AS r`;
  const fault = faultOf(maxRecordKb);
  return `
    SELECT ${recordColumns}, j.reasons, ${raw} FROM ${from} AS r
    JOIN (SELECT ${judged.ordinal} AS place, ${judged.reasons} AS reasons FROM ${identifier(given.table)}
      WHERE ${judged.reasons} IS NOT NULL) AS j ON j.place = r.ordinal
    UNION ALL
    SELECT ${recordColumns}, ${reason(fault.rule, fault.message)} AS reasons, ${raw} FROM ${from} AS r
    WHERE ${isUnreadable(maxRecordKb)}`;
}

async function stopping(table: string, { onInvalid }: Stream, lake: Lake): Promise<Refused[]> {
  const isPoison = `len(list_filter(r.reasons, lambda one: one.rule = ${literal(poisonRule)})) > 0`;
  const rows = await lake.query<RecordRow & { reasons: Reason[] }>(
    `SELECT ${recordColumns}, r.reasons FROM ${table} AS r
     WHERE r.ordinal IN (SELECT min(r.ordinal) FROM ${table} AS r ${onInvalid === 'park' ? '' : `WHERE ${isPoison}`} GROUP BY r.key)
     ORDER BY r.ordinal`,
  );
  return rows.map((row) => ({ ...placedOf(row), reasons: row.reasons }));
}

const ofKeys = (stopped: readonly Refused[]): string =>
  `(VALUES ${stopped.map(({ record, ordinal }) => `(${literal(record.key)}, ${ordinal})`).join(', ')}) AS s (stopped, place)
   ON s.stopped = r.key`;
