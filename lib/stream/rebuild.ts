import { setTimeout as sleep } from 'node:timers/promises';
import { findTable } from '../platform/lookup';
import type { Transaction } from '../runtime/services';
import { condition } from '../sql/condition';
import { identifier } from '../sql/quote';
import { columnList } from '../sql/rows';
import { componentsOf, paneOf, partial, stateTable } from './partials';
import { hasPassed, type Positions, positionsOf } from './positions';
import type { StreamServices } from './services';
import { writeResults } from './sink';
import type { Stream, Window } from './stream';

/** How often, and for how many milliseconds each time, a delivery that is being applied is waited for. */
const waits = { times: 60, milliseconds: 1_000 };

/**
 * Makes panes of a window anew from the table's rows: late events count then. A delivery that its windows have taken and
 * the table not yet is waited for; one that its consumer has given up on is as good as lost.
 */
export async function rebuild(
  panes: readonly bigint[],
  window: Window,
  stream: Stream,
  services: StreamServices,
): Promise<void> {
  if (panes.length === 0) return;
  const { lake, manifest } = services;
  const { database, table, dataset } = findTable(stream.table, manifest);
  const state = stateTable(stream, window);
  const name = lake.name(manifest.ops.database, state);
  const components = componentsOf(window, dataset);
  const into = [partial.pane, partial.late, ...window.groupBy, ...components.map((one) => one.name)];
  const groups = columnList(window.groupBy);
  const rows = rowsOf(panes, window, stream, lake.name(database, table));
  for (let waited = 0; ; waited++) {
    const settled = await lake.commit(async (tx) => {
      const ahead = positionsOf(await tx.properties(manifest.ops.database, state));
      const reached = positionsOf(await tx.properties(database, table));
      if (isAhead(ahead, reached) && waited < waits.times) return false;
      await tx.run(`DELETE FROM ${name} WHERE epoch_us(${partial.pane}) IN (${panes.join(', ')})`);
      await insert(tx);
      return true;
    });
    if (settled) break;
    await sleep(waits.milliseconds);
  }
  const scratch = identifier(`ingot_panes_${stream.name}_${window.name}`);
  await lake.run(`DROP TABLE IF EXISTS ${scratch}`);
  await lake.run(`CREATE TEMP TABLE ${scratch} AS SELECT * FROM (${rows})`);
  try {
    await writeResults(stream, window, { table: scratch, drop: async () => {} }, services);
  } finally {
    await lake.run(`DROP TABLE ${scratch}`);
  }

  function insert(tx: Transaction): Promise<number> {
    const by = [partial.pane, ...window.groupBy];
    return tx.run(
      `INSERT INTO ${name} (${columnList(into)})
       SELECT ${partial.pane}, false${groups === '' ? '' : `, ${groups}`}, ${components.map(({ of }) => of).join(', ')}
       FROM (${rows}) GROUP BY ${columnList(by)}`,
    );
  }
}

function rowsOf(
  panes: readonly bigint[],
  { everySeconds, filter = 'true' }: Window,
  stream: Stream,
  table: string,
): string {
  const pane = paneOf(stream.eventTime, everySeconds);
  const bound = (micros: bigint) => `make_timestamptz(${micros})`;
  const [least, most] = panes.reduce(([a, b], one) => [one < a ? one : a, one > b ? one : b], [panes[0]!, panes[0]!]);
  const time = `${identifier(stream.eventTime)}::TIMESTAMPTZ`;
  return `SELECT *, ${pane} AS ${partial.pane} FROM ${table}
    WHERE ${time} >= ${bound(least)} AND ${time} < ${bound(most + BigInt(everySeconds) * 1_000_000n)}
      AND epoch_us(${pane}) IN (${panes.join(', ')}) AND ${condition(filter)} IS TRUE`;
}

const isAhead = (ahead: Positions, reached: Positions): boolean =>
  Object.entries(ahead).some(([lane, { sequence }]) => !hasPassed(reached, lane, { sequence }));
