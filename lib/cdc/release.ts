import { changedTable, quarantine } from './apply';
import { readRecord } from './envelope/read';
import { columnFromSource, columnsWith, sourceColumnsOf } from './evolved';
import { type Feed, feedsOf, withColumns } from './feed';
import { parkedRecords, standingOf, unpark } from './kept';
import { applyBatch, type ReceiveServices } from './receive';

/** What became of a table's parked records. */
export interface Released {
  readonly table: string;
  /** Why it was paused; undefined where it was not. */
  readonly reason?: string;
  readonly records: number;
  /** Changes that are not what the contract says: they are in quarantine. */
  readonly rejected: number;
}

/** Records that are applied together. */
const atOnce = 10_000;

/**
 * Applies the changes that were kept while a table was paused, and lets it go on. What the source's columns are is looked at
 * anew. A crash is repaired by releasing it again.
 *
 * @throws Error where the platform has no such table that changes fill
 */
export async function releaseTable(table: string, services: ReceiveServices): Promise<Released> {
  const { manifest, lake, log } = services;
  const [name, feed] = await feedOfId(table, services);
  const { kept } = changedTable(feed, lake);
  const { paused } = await standingOf(kept, lake);
  let [records, rejected] = [0, 0];
  const feeds = new Map([[name, feed]]);
  for (;;) {
    const parked = await parkedRecords(kept, atOnce, lake);
    const reads = parked.map((origin) => ({ origin, read: readRecord(feeds, origin) }));
    const readable = reads.flatMap(({ origin, read }) =>
      read.kind === 'changes' ? [{ incoming: { origin }, changes: read.changes, columns: read.columns }] : [],
    );
    const unreadable = reads.flatMap(({ origin, read }) =>
      read.kind === 'unreadable'
        ? [
            {
              change: { operation: 'update' as const, position: { lsn: 0n, sequence: 0 }, row: {}, origin },
              reasons: [{ rule: 'record.unreadable', column: null, message: read.reason }],
            },
          ]
        : [],
    );
    await quarantine(feed.place, unreadable, services);
    const applied = await applyBatch({ feed, records: readable }, services);
    records += parked.length;
    rejected += applied.rejected + unreadable.length;
    const left = await unpark(
      kept,
      parked.map(({ id }) => id),
      true,
      lake,
    );
    if (left === 0) break;
  }
  log.info(`Table ${table} goes on`, { table, records, platform: manifest.name });
  return { table, ...(paused === undefined ? {} : { reason: paused }), records, rejected };
}

/** The feed of a table of the lake, with the columns that the table has now, and its name at the source. */
async function feedOfId(table: string, { manifest, lake }: ReceiveServices): Promise<[string, Feed]> {
  const all = (manifest.cdc ?? []).flatMap((source) => [...feedsOf(source, manifest)]);
  const found = all.find(([, feed]) => feed.id === table);
  if (found === undefined)
    throw new Error(
      `Platform ${manifest.name} has no table ${JSON.stringify(table)} that changes fill; it has ${all.map(([, { id }]) => id).join(', ') || 'none'}`,
    );
  const [name, feed] = found;
  const evolved = sourceColumnsOf(await lake.properties(feed.place.database, feed.place.table));
  return [name, withColumns(feed, columnsWith(feed.place.dataset.columns, evolved, columnFromSource))];
}
