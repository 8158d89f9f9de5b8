import type { Lake, Services } from '../runtime/services';
import { literal } from '../sql/quote';
import { columnList } from '../sql/rows';
import { applyChanges, changedTable } from './apply';
import { type Change, parseLsn } from './change';
import { kept, meta } from './columns';
import type { CdcSource } from './declaration';
import { feedsOf } from './feed';
import { standingOf } from './kept';

/** A second load of a table: rows that were loaded at this time or later stand at this place in the log. */
export interface Reload {
  readonly lsn: bigint;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Tables that are read anew. */
export interface Reloading {
  readonly tables: readonly string[];
}

/**
 * Writes down, before any of them comes, where rows stand that are loaded again, and empties the tables at that place: what
 * went while nobody followed is gone, too. Rows of a load say nothing of their place, and would lose to every change that
 * was applied before; the source's log is read before they are, so every change that stands behind wins over them.
 *
 * @throws Error where a table is paused: what it has parked comes first
 */
export async function markReload(
  { lsn, at }: { readonly lsn: string; readonly at: string },
  source: CdcSource,
  services: Pick<Services, 'manifest' | 'lake' | 'clock' | 'log'>,
): Promise<Reloading> {
  const { manifest, lake, log } = services;
  const position = { lsn: parseLsn(lsn), sequence: 0 };
  const feeds = [...feedsOf(source, manifest).values()];
  const paused: string[] = [];
  for (const feed of feeds)
    if ((await standingOf(changedTable(feed, lake).kept, lake)).paused !== undefined) paused.push(feed.id);
  if (paused.length > 0)
    throw new Error(`Tables that are paused must be released before they are read anew: ${paused.join(', ')}`);
  for (const feed of feeds) {
    const { kept: name } = changedTable(feed, lake);
    await lake.commit((tx) =>
      tx.run(
        `INSERT INTO ${name} (${columnList([meta.lsn, meta.sequence, kept.kind, meta.at, kept.at])})
          SELECT ${position.lsn}::BIGINT, 0::BIGINT, 'reload', ${literal(at)}::TIMESTAMPTZ, ${literal(at)}::TIMESTAMPTZ
          WHERE NOT EXISTS (SELECT 1 FROM ${name} AS k WHERE k.${kept.kind} = 'reload' AND k.${meta.lsn} = ${position.lsn})`,
      ),
    );
    const origin = { id: `reload/${lsn}`, arrivedAt: at, raw: '' };
    await applyChanges(feed, [{ operation: 'truncate', position, at, row: {}, origin }], services);
    log.info(`Table ${feed.id} is read anew`, { table: feed.id, lsn });
  }
  return { tables: feeds.map(({ id }) => id) };
}

/** Gives rows of a load the place that they have where their table is read anew. */
export async function placed(changes: readonly Change[], name: string, lake: Lake): Promise<readonly Change[]> {
  if (!changes.some(isLoaded)) return changes;
  const reloads = await reloadsOf(name, lake);
  return reloads.length === 0 ? changes : changes.map((change) => (isLoaded(change) ? place(change, reloads) : change));
}

/** A row of a load without a place of its own. */
const isLoaded = ({ operation, position }: Change): boolean => operation === 'load' && position.lsn === 0n;

function place(change: Change, reloads: readonly Reload[]): Change {
  const at = Date.parse(change.at ?? '');
  const last = reloads.findLast((reload) => reload.at <= at);
  // Behind the emptying of its table.
  return last === undefined ? change : { ...change, position: { lsn: last.lsn, sequence: 1 } };
}

async function reloadsOf(name: string, lake: Pick<Lake, 'query'>): Promise<Reload[]> {
  const rows = await lake.query<{ lsn: bigint; at: bigint }>(
    `SELECT ${meta.lsn} AS lsn, epoch_ms(${meta.at}) AS at FROM ${name} WHERE ${kept.kind} = 'reload' ORDER BY 2`,
  );
  return rows.map(({ lsn, at }) => ({ lsn: BigInt(lsn), at: Number(at) }));
}
