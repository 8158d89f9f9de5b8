import type { Lake, Log } from '../runtime/services';
import { ConflictError, type RestCatalog } from './client';
import type { TableFiles } from './files';
import type { Long } from './json';
import { locationPath } from './location';
import type { OfSnapshot, Snapshot, TableMetadata } from './metadata';
import { filesOf, manifestsOf, reached } from './reach';

/** What the upkeep of an Iceberg table needs from outside. */
export interface UpkeepServices {
  /** DuckDB's: it reads manifests, and rewrites files. */
  readonly lake: Lake;
  readonly catalog: RestCatalog;
  readonly files: TableFiles;
  readonly log: Log;
}

export interface TableName {
  readonly database: string;
  readonly table: string;
}

/** Which snapshots go: those of before `olderThan`, and those beyond the newest `keep`. */
export interface Expiry {
  /** Milliseconds since 1970. By default none is too old. */
  readonly olderThan?: number;
  /** At least 1. By default none is one too many. */
  readonly keep?: number;
}

export interface Expired {
  readonly snapshots: number;
  /** Files that were removed, as no snapshot that is left reaches them. */
  readonly files: number;
}

/**
 * The snapshots of a table that an expiry takes: never those that a branch or a tag names, so never the current one.
 *
 * @throws RangeError where fewer than one are to be kept
 */
export function expirable({ snapshots, refs }: TableMetadata, { olderThan, keep }: Expiry): Snapshot[] {
  if (keep !== undefined && !(keep >= 1)) throw new RangeError(`At least 1 snapshot is kept; given ${keep}`);
  const named = new Set(Object.values(refs).map((ref) => ref['snapshot-id']));
  const sequence = (snapshot: Snapshot) => Number(snapshot['sequence-number']);
  const newestFirst = [...snapshots].sort((a, b) => sequence(b) - sequence(a));
  return newestFirst.filter((snapshot, i) => {
    if (named.has(snapshot['snapshot-id'])) return false;
    const isOld = olderThan !== undefined && Number(snapshot['timestamp-ms']) < olderThan;
    return isOld || (keep !== undefined && i >= keep);
  });
}

/**
 * Takes snapshots from a table, and then removes the files that none of those left reaches. Rows do not change, what was at
 * an expired snapshot can no longer be read. A crash in between leaves files that `removeOrphans` finds.
 *
 * @throws ConflictError where others changed the table at each attempt
 */
export async function expireSnapshots(
  { database, table }: TableName,
  expiry: Expiry,
  { lake, catalog, files, log }: UpkeepServices,
): Promise<Expired> {
  const before = await catalog.loadTable(database, table);
  const gone = before === undefined ? [] : expirable(before, expiry);
  if (before === undefined || gone.length === 0) return { snapshots: 0, files: 0 };
  const of = await reached(gone, lake);
  await remove(
    gone.map((snapshot) => snapshot['snapshot-id']),
    { database, table },
    catalog,
  );
  // As the table is now: others may have written since, on top of what is left.
  const after = await catalog.loadTable(database, table);
  const left = after?.snapshots ?? [];
  const lists = new Set(left.map((snapshot) => snapshot['manifest-list']));
  const manifests = await manifestsOf([...lists], lake);
  // A file may be named by several manifests, as writers merge them.
  const own = await filesOf(
    [...of.manifests].filter((manifest) => !manifests.has(manifest)),
    lake,
  );
  const held = await filesOf([...manifests], lake);
  const goneIds = new Set(gone.map((snapshot) => snapshot['snapshot-id']));
  const statistics = statisticsOf(before, (one) => goneIds.has(one['snapshot-id']));
  const unreached = [
    ...[...own].filter((file) => !held.has(file)),
    ...[...of.manifests].filter((manifest) => !manifests.has(manifest)),
    ...[...of.lists].filter((list) => !lists.has(list)),
    ...statistics,
  ];
  // Those that name others go last: after a crash on the way they still lead to what is left.
  for (const file of unreached) await files.remove(file);
  log.debug('Snapshots have expired', { database, table, snapshots: gone.length, files: unreached.length });
  return { snapshots: gone.length, files: unreached.length };
}

const attempts = 5;

async function remove(ids: readonly Long[], { database, table }: TableName, catalog: RestCatalog): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      // No requirement: whatever else was written meanwhile, these are not current and nothing names them.
      return await catalog.commitTable(database, table, {
        requirements: [],
        // Each by itself: servers on Iceberg's Java library of before 1.8 take no more than one id.
        updates: ids.map((id) => ({ action: 'remove-snapshots', 'snapshot-ids': [id] })),
      });
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === attempts) throw error;
    }
  }
}

/**
 * Removes files in a table's folder that none of its snapshots reaches and that were written before `olderThan`
 * (milliseconds since 1970): what commits that failed have left. A file of a commit that is under way looks the same, so this
 * is to be longer ago than any commit takes. Gives how many.
 */
export async function removeOrphans(
  { database, table }: TableName,
  olderThan: number,
  { lake, catalog, files, log }: UpkeepServices,
): Promise<number> {
  const found: string[] = [];
  const before = await catalog.loadTable(database, table);
  if (before === undefined) return 0;
  // Metadata files are the catalog's, which removes them itself.
  for await (const { location, modified } of files.list(before.location))
    if (modified < olderThan && !location.endsWith('.metadata.json')) found.push(location);
  if (found.length === 0) return 0;
  // After the list, so that what was committed meanwhile is seen.
  const metadata = (await catalog.loadTable(database, table)) ?? before;
  const { lists, manifests, files: held } = await reached(metadata.snapshots, lake);
  const named = new Set([...lists, ...manifests, ...held, ...statisticsOf(metadata)].map(locationPath));
  const orphans = found.filter((location) => !named.has(locationPath(location)));
  for (const location of orphans) await files.remove(location);
  if (orphans.length > 0)
    log.info('Removed files that no snapshot reaches', { database, table, files: orphans.length });
  return orphans.length;
}

const statisticsOf = (metadata: TableMetadata, are: (one: OfSnapshot) => boolean = () => true): string[] =>
  [...(metadata.statistics ?? []), ...(metadata['partition-statistics'] ?? [])]
    .filter(are)
    .flatMap((one) => one['statistics-path'] ?? []);
