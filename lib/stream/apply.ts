import { merge } from '../ingest/merge';
import { findTable, type TablePlace } from '../platform/lookup';
import type { Lake } from '../runtime/services';
import { identifier, literal } from '../sql/quote';
import { columnList, sameKey } from '../sql/rows';
import { type Delivery, positionsAfter } from './delivery';
import { type Judged, judged } from './judge';
import { positionsOf, positionsProperty } from './positions';
import type { StreamServices } from './services';
import { writeResults } from './sink';
import type { Stream } from './stream';
import { addPartials, type Counted, type Panes, panesOf } from './window';

/** What became of the good records of a delivery. */
export interface Applied {
  /** Rows that the table got or changed. */
  readonly changed: number;
  /** By window. */
  readonly windows: Readonly<Record<string, Counted>>;
}

/**
 * Writes what was judged good: first into the windows, last into the table, whose position says that all is done. Each
 * step asks its own table how far the stream has come there, so that after a crash only what is missing is done.
 */
export async function apply(
  delivery: Delivery,
  given: Judged,
  stream: Stream,
  services: StreamServices,
): Promise<Applied> {
  const place = findTable(stream.table, services.manifest);
  const windows: Record<string, Counted> = {};
  for (const [i, window] of stream.windows.entries()) {
    const panes = await panesOf({ stream, place, dataset: place.dataset }, i, given, services.lake);
    try {
      windows[window.name] = await count(delivery, i, panes, stream, place, services);
    } finally {
      await panes.drop();
    }
  }
  const changed = await commitRows(delivery, given, place, services.lake);
  return { changed, windows };
}

async function count(
  delivery: Delivery,
  index: number,
  panes: Panes,
  stream: Stream,
  { dataset }: TablePlace,
  services: StreamServices,
): Promise<Counted> {
  const { lake, manifest } = services;
  const [found] = await lake.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${panes.table}`);
  if (found!.n === 0n) return { inTime: 0, late: 0 };
  const counted = await addPartials({ delivery, stream, dataset, ops: manifest.ops.database }, index, panes, lake);
  // Also where nothing was added: whoever added it may have died before its results were written.
  await writeResults(stream, stream.windows[index]!, panes, services);
  return counted;
}

async function commitRows(
  delivery: Delivery,
  given: Judged,
  { database, table, dataset }: TablePlace,
  lake: Lake,
): Promise<number> {
  const rows = identifier(given.table);
  const [any] = await lake.query(`SELECT 1 FROM ${rows} WHERE ${judged.reasons} IS NULL LIMIT 1`);
  if (any === undefined) return 0;
  return lake.commit(async (tx) => {
    const positions = positionsOf(await tx.properties(database, table));
    const fresh = await delivery.firstFresh(positions, tx);
    if (fresh.size === 0) return 0;
    const lanes = [...fresh].map(([lane, first]) => `(${literal(lane)}, ${first})`).join(', ');
    const last =
      dataset.key.length === 0
        ? ''
        : `QUALIFY row_number() OVER (PARTITION BY ${columnList(dataset.key)} ORDER BY ${judged.ordinal} DESC) = 1`;
    const name = lake.name(database, table);
    const newer =
      delivery.newerStays === undefined
        ? ''
        : `AND NOT EXISTS (SELECT 1 FROM ${name} AS t WHERE ${sameKey(dataset.key, 't', 'g')}
            AND t.${identifier(delivery.newerStays)} > g.${identifier(delivery.newerStays)})`;
    const columns = columnList(dataset.columns.map(({ name }) => name));
    const from = `(SELECT ${columns} FROM ${rows} AS g JOIN (VALUES ${lanes}) AS fresh (of, first)
      ON of = ${judged.lane} AND ${judged.ordinal} >= first WHERE ${judged.reasons} IS NULL ${newer} ${last})`;
    const changed = await merge({ dataset, name, from, since: '1970-01-01T00:00:00Z' }, tx);
    if (changed === 0) return 0;
    const next = positionsAfter(delivery, positions);
    await tx.setProperties(database, table, { [positionsProperty]: JSON.stringify(next) });
    return changed;
  });
}
