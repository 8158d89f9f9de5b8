import { median } from '../quality/median';
import type { Lake } from '../runtime/services';
import { literal } from '../sql/quote';
import { columnList } from '../sql/rows';

/** The platform's own table of what each run left behind, one row a run and table. */
export const runsTable = 'runs';

/** How many runs say what is normal. */
const normalRuns = 10;

export interface RunOfTable {
  /** `zone.table`. */
  readonly table: string;
  /** Rows of the table after the run. */
  readonly rows: number;
  /** Rows that the run sent to quarantine, and those of runs before it that were never recorded. */
  readonly quarantined: number;
  /** Its snapshot, as it was measured; undefined where it was never written. */
  readonly snapshot?: string;
}

export interface RunRecord {
  readonly run: string;
  readonly group: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly tables: readonly RunOfTable[];
}

/** Writes what a run left behind; where it is written already, because a step is repeated, it stays as it is. */
export async function recordRun(database: string, lake: Lake, record: RunRecord): Promise<void> {
  const { run, group, startedAt, finishedAt, tables } = record;
  if (tables.length === 0) return;
  const name = lake.name(database, runsTable);
  const duration = Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt));
  const rows = tables.map(({ table, rows: count, quarantined, snapshot }) =>
    [run, group, table, count, quarantined, snapshot ?? null, duration, startedAt, finishedAt].map(literal).join(', '),
  );
  await lake.commit(async (tx) => {
    const [known] = await tx.query(
      `SELECT count(*) AS n FROM ${name} WHERE "run" = ${literal(run)} AND "group" = ${literal(group)}`,
    );
    if (known?.n !== 0n) return;
    await tx.run(`INSERT INTO ${name} (${columnList(columns)}) VALUES ${rows.map((row) => `(${row})`).join(', ')}`);
  });
}

const columns = [
  'run',
  'group',
  'table',
  'rows',
  'quarantined',
  'snapshot',
  'duration_ms',
  'started_at',
  'finished_at',
];

/** When a run that was recorded ended, ISO 8601; undefined where it was not. */
export async function finishedAtOf(
  database: string,
  run: string,
  group: string,
  lake: Lake,
): Promise<string | undefined> {
  const [row] = await lake.query<{ at: bigint | null }>(
    `SELECT epoch_ms(max("finished_at")) AS at FROM ${lake.name(database, runsTable)}
      WHERE "run" = ${literal(run)} AND "group" = ${literal(group)}`,
  );
  return row?.at === null || row === undefined ? undefined : new Date(Number(row.at)).toISOString();
}

/** When the last other run of a group that was recorded ended, ISO 8601; undefined where there is none. */
export async function lastFinishedAt(
  database: string,
  group: string,
  run: string,
  lake: Lake,
): Promise<string | undefined> {
  const [row] = await lake.query<{ at: string | null }>(
    `SELECT max("finished_at") AS at FROM ${lake.name(database, runsTable)}
      WHERE "group" = ${literal(group)} AND "run" <> ${literal(run)}`,
  );
  return row?.at ?? undefined;
}

/** The snapshot of each table that was last published for a group, by `zone.table`. */
export async function publishedSnapshots(
  database: string,
  group: string,
  lake: Lake,
): Promise<ReadonlyMap<string, string | null>> {
  const found = await lake.query<{ table: string; snapshot: string | null }>(
    `SELECT "table", "snapshot" FROM ${lake.name(database, runsTable)} WHERE "group" = ${literal(group)}
      QUALIFY row_number() OVER (PARTITION BY "table" ORDER BY "finished_at" DESC, "run" DESC) = 1`,
  );
  return new Map(found.map(({ table, snapshot }) => [table, snapshot]));
}

/** How the last run of a group compares with those before it. */
export interface Ratios {
  /** By table: its rows as a share of the median of the runs before. */
  readonly rows: Readonly<Record<string, number>>;
  /** Its duration as a share of the median of the runs before; undefined where the group never ran. */
  readonly duration?: number;
}

/** Compares the last run of a group with up to ten before it. */
export async function ratiosOf(database: string, group: string, lake: Lake): Promise<Ratios> {
  const found = await lake.query<{ table: string; rows: bigint; duration_ms: bigint }>(
    `SELECT "table", "rows", "duration_ms" FROM ${lake.name(database, runsTable)} WHERE "group" = ${literal(group)}
      QUALIFY row_number() OVER (PARTITION BY "table" ORDER BY "finished_at" DESC, "run" DESC) <= ${normalRuns + 1}
      ORDER BY "finished_at" DESC, "run" DESC`,
  );
  const rows: Record<string, number> = {};
  let durations: number[] = [];
  for (const table of new Set(found.map((row) => row.table))) {
    const runs = found.filter((row) => row.table === table);
    rows[table] = ratio(runs.map((run) => Number(run.rows)));
    // A run takes as long for each of its tables; a table that was added later has fewer runs.
    if (runs.length > durations.length) durations = runs.map((run) => Number(run.duration_ms));
  }
  return { rows, duration: durations.length === 0 ? undefined : ratio(durations) };
}

/** The first value as a share of the median of the others; 1 where there is nothing to compare it with. */
export function ratio([last, ...before]: readonly number[]): number {
  const normal = median(before);
  return last === undefined || normal === undefined || normal === 0 ? 1 : last / normal;
}
