import { createHash } from 'node:crypto';
import type { Type } from '../contract/dataset';
import { TransientError } from '../errors';
import type { Services } from '../runtime/services';
import { type Applied, applyChanges, changedTable, type FedTable, quarantine } from './apply';
import type { Change, Origin } from './change';
import type { CdcSource } from './declaration';
import { readRecord } from './envelope/read';
import type { Read } from './envelope/record';
import { evolveTable, type SchemaCatalog } from './evolve';
import { columnFromSource, columnsWith, sourceColumnsOf } from './evolved';
import { type Feed, feedsOf, noColumns, type SourceColumns, withColumns } from './feed';
import { keepSchema, park, pauseTable, type Standing, standingOf } from './kept';
import { cdcMetrics } from './metrics';
import { placed } from './reload';
import { compareSchema } from './schema';
import type { Rejected } from './stage';

/** What receiving needs of services. */
export type ReceiveServices = Pick<
  Services,
  'manifest' | 'zones' | 'lake' | 'objects' | 'clock' | 'metrics' | 'log' | 'catalog'
> & {
  /** Changes tables where the source's schema has changed; by default through the catalog's address, without a signature. */
  readonly schemaCatalog?: SchemaCatalog;
  /** Whether an error says that the engine itself cannot go on: then no table is paused for it. By default none does. */
  readonly isOfEngine?: (error: Error) => boolean;
  /** What the engine that applies this source's changes has no type for, as `must not be …`. By default there is nothing. */
  readonly lacks?: (type: Type) => string | undefined;
};

/** A record that came in, and how it is read once the tables' columns are known. */
export interface Incoming {
  readonly origin: Origin;
  /** By default by its envelope. */
  readonly read?: (feeds: ReadonlyMap<string, Feed>) => Read;
}

/** What became of records. */
export interface Received {
  readonly tables: readonly TableReceived[];
  /** Records that could not be read, and are kept. */
  readonly unreadable: number;
  /** Records of tables that could not be written, by their id, each with its error: they are to be delivered again. */
  readonly failed: ReadonlyMap<string, Error>;
}

export interface TableReceived extends Applied {
  /** `zone.table`. */
  readonly table: string;
  /** `parked`: the table is paused, and its changes are kept. */
  readonly status: 'applied' | 'parked';
  readonly changes: number;
}

/** Records of one table. */
interface Batch {
  feed: Feed;
  records: { readonly incoming: Incoming; changes: readonly Change[]; columns: SourceColumns }[];
}

/**
 * Applies records of a source, each table by itself: what stops one, an error or a change of its schema, stops no other.
 * What cannot be read is kept, and says why.
 */
export async function receive(
  incoming: readonly Incoming[],
  source: CdcSource,
  services: ReceiveServices,
): Promise<Received> {
  const feeds = feedsOf(source, services.manifest);
  const { batches, refused } = await sort(incoming, feeds, services);
  const tables: TableReceived[] = [];
  const failed = new Map<string, Error>();
  for (const batch of batches.values()) {
    try {
      tables.push(await receiveTable(batch, services));
    } catch (error) {
      const left = await stopTable(batch, error as Error, services).catch((other: Error) => other);
      if (!(left instanceof Error)) tables.push(left);
      else for (const { incoming: one } of batch.records) failed.set(one.origin.id, left);
    }
  }
  for (const [feed, rejected] of refused.byFeed) await quarantine(feed.place, rejected, services);
  await keepStrays(refused.strays, source, services);
  const unreadable = refused.strays.length + [...refused.byFeed.values()].reduce((sum, { length }) => sum + length, 0);
  report(tables, unreadable, source, services);
  return { tables, unreadable, failed };
}

/** What may pass, or is of no table, is for whoever delivers; what is neither stops this table, and keeps its changes. */
async function stopTable(batch: Batch, error: Error, services: ReceiveServices): Promise<TableReceived> {
  const { lake, clock, log } = services;
  log.error(`Changes of ${batch.feed.id} could not be applied`, { error: error.message });
  if (error instanceof TransientError || services.isOfEngine?.(error) === true) throw error;
  await pauseTable(changedTable(batch.feed, lake).kept, `${error.name}: ${error.message}`, clock.now(), lake);
  return parked(batch, services);
}

/** A record that is of no table. */
interface Stray {
  readonly origin: Origin;
  readonly reason: string;
}

interface Refused {
  readonly byFeed: Map<Feed, Rejected[]>;
  readonly strays: Stray[];
}

async function sort(incoming: readonly Incoming[], feeds: Map<string, Feed>, services: ReceiveServices) {
  const batches = new Map<string, Batch>();
  const refused: Refused = { byFeed: new Map(), strays: [] };
  const current = await feedsNow(incoming, feeds, services);
  for (const one of incoming) {
    const read = readOne(one, current);
    if (read.kind === 'nothing') continue;
    if (read.kind === 'changes') {
      const batch = batches.get(read.feed.id) ?? { feed: read.feed, records: [] };
      batches.set(read.feed.id, batch);
      batch.records.push({ incoming: one, changes: read.changes, columns: read.columns });
    } else if (read.feed === undefined) refused.strays.push({ origin: one.origin, reason: read.reason });
    else {
      const known = refused.byFeed.get(read.feed) ?? [];
      refused.byFeed.set(read.feed, [...known, rejectedRecord(one.origin, 'record.unreadable', read.reason)]);
    }
  }
  return { batches, refused };
}

const readOne = ({ origin, read }: Incoming, feeds: ReadonlyMap<string, Feed>): Read =>
  read === undefined ? readRecord(feeds, origin) : read(feeds);

const rejectedRecord = (origin: Origin, rule: string, message: string): Rejected => ({
  change: { operation: 'update', position: { lsn: 0n, sequence: 0 }, row: {}, origin },
  reasons: [{ rule, column: null, message }],
});

/** The feeds of the tables that records name, with the columns that their tables have now. */
async function feedsNow(
  incoming: readonly Incoming[],
  feeds: Map<string, Feed>,
  { lake }: ReceiveServices,
): Promise<Map<string, Feed>> {
  const named = new Set<string>();
  for (const one of incoming) {
    const read = readOne(one, feeds);
    if (read.kind === 'changes') named.add(read.feed.id);
    if (named.size === feeds.size) break;
  }
  const current = new Map(feeds);
  for (const [name, feed] of feeds) {
    if (!named.has(feed.id)) continue;
    const { database, table, dataset } = feed.place;
    const evolved = sourceColumnsOf(await lake.properties(database, table));
    if (evolved.length > 0)
      current.set(name, withColumns(feed, columnsWith(dataset.columns, evolved, columnFromSource)));
  }
  return current;
}

async function receiveTable(batch: Batch, services: ReceiveServices): Promise<TableReceived> {
  const { feed } = batch;
  const { lake } = services;
  const standing = await standingOf(changedTable(feed, lake).kept, lake);
  const paused = standing.paused ?? (await judgeSchema(batch, standing, services));
  if (paused !== undefined) return parked(batch, services);
  return { table: feed.id, status: 'applied', changes: changesOf(batch), ...(await applyBatch(batch, services)) };
}

const changesOf = ({ records }: Batch): number => records.reduce((sum, one) => sum + one.changes.length, 0);

async function parked(batch: Batch, services: ReceiveServices): Promise<TableReceived> {
  await parkBatch(batch, services);
  return {
    table: batch.feed.id,
    status: 'parked',
    changes: changesOf(batch),
    added: 0,
    removed: 0,
    rejected: 0,
    waiting: 0,
  };
}

/** Applies what the batch's records say of the source's columns. Gives why the table is paused, where it is. */
async function judgeSchema(batch: Batch, standing: Standing, services: ReceiveServices): Promise<string | undefined> {
  const { lake, clock, log } = services;
  const { feed } = batch;
  const name = changedTable(feed, lake).kept;
  const seen = together(batch.records.map(({ columns }) => columns));
  const change = compareSchema(feed, standing.known, seen, services.lacks);
  if (change.kind === 'none') return undefined;
  if (change.kind === 'noticed') {
    await keepSchema(name, change.known, clock.now(), lake);
    return undefined;
  }
  if (change.kind === 'evolve' && feed.source.schemaChanges === 'evolve') {
    const columns = await evolveTable(feed, change.columns, services);
    await keepSchema(name, change.known, clock.now(), lake);
    log.info(`Table ${feed.id} has changed with its source: ${change.words}`, { table: feed.id });
    reread(batch, withColumns(feed, columns));
    return undefined;
  }
  const reason =
    change.kind === 'evolve' ? `The source's table of ${feed.id} has changed: ${change.words}` : change.reason;
  if (await pauseTable(name, reason, clock.now(), lake))
    log.error(`Table ${feed.id} is paused, and its changes are kept: ${reason}`, { table: feed.id });
  return reason;
}

/** With new columns, records say more than they did. */
function reread(batch: Batch, feed: Feed): void {
  const feeds = new Map([[`${tableOf(feed).schema}.${tableOf(feed).name}`, feed]]);
  batch.feed = feed;
  batch.records = batch.records.map((record) => {
    const read = readOne(record.incoming, feeds);
    return read.kind === 'changes' ? { ...record, changes: read.changes } : record;
  });
}

const tableOf = (feed: Feed) => feed.source.tables.find(({ table }) => table === feed.id)!;

/** What several records say of the columns together: the last complete one says which there are. */
function together(all: readonly SourceColumns[]): SourceColumns {
  const types = new Map<string, SourceColumns['types'] extends ReadonlyMap<string, infer T> ? T : never>();
  const complete = all.findLast((one) => one.complete);
  for (const one of all) {
    if (complete !== undefined && !one.complete) continue;
    for (const [name, type] of one.types) if (type !== null || !types.has(name)) types.set(name, type);
  }
  if (complete !== undefined) for (const name of types.keys()) if (!complete.types.has(name)) types.delete(name);
  const last = complete ?? all.at(-1) ?? noColumns;
  return { types, declared: last.declared, complete: complete !== undefined };
}

async function parkBatch({ feed, records }: Batch, { lake }: ReceiveServices): Promise<void> {
  const parked = records.map(({ incoming: { origin }, changes }) => ({ origin, position: changes[0]!.position }));
  await park(changedTable(feed, lake).kept, parked, lake);
}

/** Applies a batch; with `truncate: refuse` truncations go to quarantine. */
export async function applyBatch({ feed, records }: Batch, services: ReceiveServices): Promise<Applied> {
  const all = records.flatMap((one) => one.changes);
  const changes = await placed(all, changedTable(feed, services.lake).kept, services.lake);
  const fed: FedTable = { place: feed.place, mode: feed.mode };
  if (feed.source.truncate === 'apply' || feed.mode === 'log') return applyChanges(fed, changes, services);
  const refused = changes.filter(({ operation }) => operation === 'truncate');
  await quarantine(
    feed.place,
    refused.map(({ origin }) => rejectedRecord(origin, 'truncate.refused', 'the table is not emptied')),
    services,
  );
  const rest = refused.length === 0 ? changes : changes.filter(({ operation }) => operation !== 'truncate');
  const applied = await applyChanges(fed, rest, services);
  return { ...applied, rejected: applied.rejected + refused.length };
}

/** Keeps records that are of no table as an object beside what arrived in bronze; written again, it is the same one. */
async function keepStrays(strays: readonly Stray[], source: CdcSource, services: ReceiveServices): Promise<void> {
  if (strays.length === 0) return;
  const { manifest, zones, objects, log } = services;
  const zone = manifest.zones.find(({ holds }) => holds === 'files') ?? manifest.zones[0]!;
  const lines = strays.map(({ origin, reason }) => `${JSON.stringify({ ...origin, raw: origin.raw, reason })}\n`);
  const name = createHash('sha256')
    .update(strays.map(({ origin }) => origin.id).join('\n'))
    .digest('hex')
    .slice(0, 32);
  const day = strays[0]!.origin.arrivedAt.slice(0, 10);
  const uri = `${zones[zone.name]}/_refused/cdc/source=${source.name}/date=${day}/${name}.jsonl`;
  await objects.write(uri, lines.join(''), 'application/x-ndjson');
  log.error('Records of changes could not be read, and are kept', {
    source: source.name,
    uri,
    records: strays.length,
    first: strays[0]!.reason,
  });
}

function report(
  tables: readonly TableReceived[],
  unreadable: number,
  source: CdcSource,
  { metrics }: ReceiveServices,
): void {
  for (const { table, status, changes, rejected, waiting } of tables) {
    metrics.put(cdcMetrics.changes, changes, 'Count', { Table: table });
    metrics.put(cdcMetrics.refused, rejected, 'Count', { Table: table });
    metrics.put(cdcMetrics.waiting, waiting, 'Count', { Table: table });
    metrics.put(cdcMetrics.paused, status === 'parked' ? 1 : 0, 'None', { Table: table });
  }
  if (unreadable > 0) metrics.put(cdcMetrics.unreadable, unreadable, 'Count', { Source: source.name });
}
