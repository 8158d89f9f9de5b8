import type { Dataset } from '../contract/dataset';
import type { TablePlace } from '../platform/lookup';
import type { Lake, Transaction } from '../runtime/services';
import { identifier, literal } from '../sql/quote';
import { columnList, sameKey } from '../sql/rows';
import { type Delivery, positionsAfter } from './delivery';
import { type Judged, judged } from './judge';
import { componentsOf, paneOf, partial, stateTable } from './partials';
import { positionsOf, positionsProperty } from './positions';
import type { Stream, Window } from './stream';

/**
 * Table property: the newest event of each shard that the window has counted, in microseconds since 1970. It decides
 * which of the shard's later events are late, and changes only with the partials of that event, in one commit.
 */
const newestProperty = 'ingot.stream.newest';

/** How many rows of partials may be added before they are merged. */
const mergedAfter = 20_000;
/** Table property: rows of partials that were added since they were merged. */
const addedProperty = 'ingot.stream.added';

/** A window's events of one delivery. */
export interface Panes {
  /** Temporary table of the window's events: ordinal, pane, microseconds, groups and inputs. */
  readonly table: string;
  drop(): Promise<void>;
}

/** What became of a window's events in one delivery. */
export interface Counted {
  readonly inTime: number;
  readonly late: number;
}

const nothing: Counted = { inTime: 0, late: 0 };
const micros = '_micros';

/**
 * The events of a delivery that a window counts. An event counts once, by its key: one that the table holds already came
 * before, and so did all but the first of the delivery. The table takes a delivery's rows after its windows have.
 */
export async function panesOf(
  { stream, place, dataset }: { stream: Stream; place: TablePlace; dataset: Dataset },
  index: number,
  given: Judged,
  lake: Lake,
): Promise<Panes> {
  const window = stream.windows[index]!;
  const table = identifier(`ingot_panes_${stream.name}_${window.name}`);
  const inputs = [...new Set([...window.groupBy, ...window.measures.flatMap(({ column }) => column ?? [])])];
  const time = `epoch_us(${identifier(stream.eventTime)}::TIMESTAMPTZ)`;
  const { key } = dataset;
  const drop = async () => {
    await lake.run(`DROP TABLE IF EXISTS ${table}`);
  };
  await drop();
  const first =
    key.length === 0
      ? ''
      : `QUALIFY row_number() OVER (PARTITION BY ${columnList(key)} ORDER BY ${judged.ordinal}) = 1`;
  const known =
    key.length === 0 ? '' : `ANTI JOIN ${lake.name(place.database, place.table)} AS t ON ${sameKey(key, 'e', 't')}`;
  await lake.run(`
    CREATE TEMP TABLE ${table} AS
    SELECT ${judged.ordinal}, ${judged.lane} AS lane, ${paneOf(stream.eventTime, window.everySeconds)} AS ${partial.pane}, ${time} AS ${micros},
      ${inputs.length === 0 ? '1 AS _none' : columnList(inputs, 'e')}
    FROM (SELECT * FROM ${identifier(given.table)} WHERE ${judged.reasons} IS NULL ${first}) AS e ${known}
    WHERE ${judged.counted(index)}`);
  return { table, drop };
}

/** Adds a delivery's events to a window's state, those alone that it does not hold. */
export async function addPartials(
  { delivery, stream, dataset, ops }: { delivery: Delivery; stream: Stream; dataset: Dataset; ops: string },
  index: number,
  panes: Panes,
  lake: Lake,
): Promise<Counted> {
  const window = stream.windows[index]!;
  const table = stateTable(stream, window);
  const name = lake.name(ops, table);
  return lake.commit(async (tx) => {
    const before = await tx.properties(ops, table);
    const positions = positionsOf(before);
    const fresh = await delivery.firstFresh(positions, tx);
    if (fresh.size === 0) return nothing;
    const newest = JSON.parse(before[newestProperty] ?? '{}') as Record<string, number>;
    const scratch = identifier(`ingot_partials_${stream.name}`);
    const drop = () => tx.run(`DROP TABLE IF EXISTS ${scratch}`);
    await drop();
    await tx.run(`CREATE TEMP TABLE ${scratch} AS ${eventsSql(delivery, fresh, panes, window, newest)}`);
    const lanes = await tx.query<{ lane: string; newest: bigint | null; n: bigint; late: bigint }>(
      `SELECT lane, max(${micros}) FILTER (NOT ${partial.late}) AS newest, count(*) AS n,
        count(*) FILTER (${partial.late}) AS late FROM ${scratch} GROUP BY lane ORDER BY lane`,
    );
    const total = lanes.reduce((sum, { n }) => sum + Number(n), 0);
    const late = lanes.reduce((sum, lane) => sum + Number(lane.late), 0);
    if (total === 0) {
      await drop();
      return nothing;
    }
    const components = componentsOf(window, dataset);
    const into = [partial.pane, partial.late, ...window.groupBy, ...components.map((one) => one.name)];
    const groups = columnList([partial.pane, partial.late, ...window.groupBy]);
    const added = await tx.run(
      `INSERT INTO ${name} (${columnList(into)})
       SELECT ${groups}, ${components.map(({ of }) => of).join(', ')} FROM ${scratch} GROUP BY ${groups}`,
    );
    await drop();
    const sum = Number(before[addedProperty] ?? 0) + added;
    if (sum > mergedAfter) await mergePartials(name, window, dataset, tx);
    await tx.setProperties(ops, table, {
      [positionsProperty]: JSON.stringify(positionsAfter(delivery, positions)),
      [newestProperty]: JSON.stringify(delivery.judgesLateness ? withNewest(newest, lanes) : newest),
      [addedProperty]: String(sum > mergedAfter ? 0 : sum),
    });
    return { inTime: total - late, late };
  });
}

/** Fresh events, and whether each is late: by the events of its own shard that came before it, and no others. */
function eventsSql(
  delivery: Delivery,
  fresh: ReadonlyMap<string, number>,
  panes: Panes,
  window: Window,
  newest: Readonly<Record<string, number>>,
): string {
  const lanes = [...fresh].map(([lane, first]) => `(${literal(lane)}, ${first}, ${newest[lane] ?? 0}::BIGINT)`);
  const allowed = window.watermarkSeconds * 1_000_000;
  const earlier = `greatest(newest, coalesce(max(${micros}) OVER (PARTITION BY e.lane ORDER BY ${judged.ordinal}
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))`;
  const late = delivery.judgesLateness ? `${micros} < ${earlier} - ${allowed}` : 'false';
  return `SELECT e.*, ${late} AS ${partial.late} FROM ${panes.table} AS e
    JOIN (VALUES ${lanes.join(', ')}) AS fresh (of, first, newest) ON of = e.lane AND ${judged.ordinal} >= first`;
}

function withNewest(
  newest: Readonly<Record<string, number>>,
  lanes: readonly { lane: string; newest: bigint | null }[],
): Record<string, number> {
  const next = { ...newest };
  for (const { lane, newest: seen } of lanes) if (seen !== null) next[lane] = Math.max(next[lane] ?? 0, Number(seen));
  return next;
}

/** One row in the place of all of a pane and group. */
async function mergePartials(name: string, window: Window, dataset: Dataset, tx: Transaction): Promise<void> {
  const components = componentsOf(window, dataset);
  const groups = [partial.pane, partial.late, ...window.groupBy];
  const into = columnList([...groups, ...components.map((one) => one.name)]);
  const scratch = identifier('ingot_merged');
  const merged = components.map((one) => `${one.merge} AS ${identifier(one.name)}`);
  await tx.run(`CREATE TEMP TABLE ${scratch} AS
    SELECT ${columnList(groups)}, ${merged.join(', ')} FROM ${name} GROUP BY ${columnList(groups)} HAVING count(*) > 1`);
  await tx.run(
    `DELETE FROM ${name} AS t WHERE EXISTS (SELECT 1 FROM ${scratch} AS m WHERE ${sameKey(groups, 'm', 't')})`,
  );
  await tx.run(`INSERT INTO ${name} (${into}) SELECT ${into} FROM ${scratch}`);
  await tx.run(`DROP TABLE ${scratch}`);
}

/**
 * The results, as they are now, of all windows and groups that a delivery's events fall into: a query over the state. It
 * is the same whoever asks, so writing it again changes nothing.
 */
export function resultsSql(window: Window, panes: Panes, state: string, measures: readonly string[]): string {
  const { sizeSeconds: size, everySeconds: every, groupBy } = window;
  const starts = (pane: string) =>
    `unnest(range(0, ${size}, ${every})) AS back, ${pane} - to_seconds(back) AS window_start`;
  const key = ['window_start', ...groupBy];
  const bound = (edge: 'min' | 'max') => `(SELECT ${edge}(window_start) FROM touched)`;
  return `
    WITH touched AS (
      SELECT DISTINCT ${columnList(key)} FROM (SELECT *, ${starts(partial.pane)} FROM ${panes.table})
    ), spread AS (
      SELECT *, ${starts(partial.pane)} FROM ${state}
      WHERE ${partial.pane} >= ${bound('min')} AND ${partial.pane} < ${bound('max')} + INTERVAL ${size} SECONDS
    )
    SELECT window_start, window_start + INTERVAL ${size} SECONDS AS window_end,
      ${[...groupBy.map(identifier), ...measures].join(', ')}
    FROM spread SEMI JOIN touched ON ${sameKey(key, 'spread', 'touched')}
    GROUP BY ${columnList(key)}
    ${window.measures.some((measure) => measure.function === 'late') ? '' : `HAVING bool_or(NOT ${partial.late})`}`;
}
