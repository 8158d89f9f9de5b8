import { type Compaction, compactTable, currentOf, filesIn } from './compact';
import { compactedMark, compactedProperty } from './compacted';
import { type Expired, type Expiry, expirable, expireSnapshots, removeOrphans, type UpkeepServices } from './expire';
import type { TableMetadata } from './metadata';
import type { TableSpec } from './spec';

/** What upkeep does to a table now. */
export interface DueUpkeep {
  readonly spec: TableSpec;
  readonly compact: boolean;
  readonly expire?: Expiry;
}

/** What it did. */
export interface Upkeep extends Partial<Expired> {
  /** `database.table`. */
  readonly table: string;
  readonly compaction?: Compaction;
}

/** Files that a table gets more of before it is compacted: each costs every reader about a millisecond. */
const filesAtLeast = 50;
/** Rows that are rewritten without further thought. */
const fewRows = 1_000_000;
/** Snapshots that a table keeps at most, however young the others are. */
const snapshotsAtMost = 100;
/** But none expires that somebody may be reading. */
const hour = 3_600_000;
const day = 24 * hour;

/** Which tables have grown enough since their last upkeep. To ask costs one request a table. */
export async function dueUpkeep(
  specs: readonly TableSpec[],
  { catalog }: Pick<UpkeepServices, 'catalog'>,
  now: number,
): Promise<DueUpkeep[]> {
  const due: DueUpkeep[] = [];
  for (const spec of specs) {
    const metadata = await catalog.loadTable(spec.database, spec.table);
    if (metadata === undefined) continue;
    const compact = spec.maintenance.compaction && hasManyFiles(metadata);
    const expire = expiryOf(metadata, spec, now);
    if (compact || expire !== undefined) due.push({ spec, compact, ...(expire === undefined ? {} : { expire }) });
  }
  return due;
}

/**
 * Does what is due. What a table's snapshots no longer reach is removed, and what commits that failed have left a day ago.
 */
export async function doUpkeep(due: readonly DueUpkeep[], services: UpkeepServices, now: number): Promise<Upkeep[]> {
  const done: Upkeep[] = [];
  for (const { spec, compact, expire } of due) {
    const compaction = compact ? await compactTable(spec, services) : undefined;
    const expired = expire === undefined ? undefined : await expireSnapshots(spec, expire, services);
    if (spec.maintenance.orphanRemoval) await removeOrphans(spec, now - day, services);
    done.push({
      table: `${spec.database}.${spec.table}`,
      ...(compaction === undefined ? {} : { compaction }),
      ...expired,
    });
  }
  return done;
}

/** Of a large table, so many that rewriting all of it is worth it: it is rewritten whole. */
function hasManyFiles(metadata: TableMetadata): boolean {
  const current = currentOf(metadata);
  if (current === undefined) return false;
  const more = filesIn(current) - (compactedMark(metadata.properties[compactedProperty])?.files ?? 0);
  if (more < filesAtLeast) return false;
  const rows = Number(current.summary['total-records'] ?? 0);
  const deleted = Number(current.summary['total-position-deletes'] ?? 0);
  return rows <= fewRows || deleted * 5 >= rows || more >= filesAtLeast * (rows / fewRows);
}

function expiryOf(metadata: TableMetadata, { maintenance }: TableSpec, now: number): Expiry | undefined {
  const retained = maintenance.snapshotRetentionDays * day;
  const young = metadata.snapshots.filter((snapshot) => Number(snapshot['timestamp-ms']) >= now - hour).length;
  const expiry = { olderThan: now - retained, keep: Math.max(snapshotsAtMost, young) };
  const gone = expirable(metadata, expiry);
  // Not for each single one, as to find out which files they leave is to read all manifests.
  const isOverdue = gone.some((snapshot) => Number(snapshot['timestamp-ms']) < now - retained - day);
  return isOverdue || gone.length >= snapshotsAtMost / 4 ? expiry : undefined;
}
