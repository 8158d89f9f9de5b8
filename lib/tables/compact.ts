import type { Lake } from '../runtime/services';
import { identifier } from '../sql/quote';
import { emptyAvro } from './avro';
import { ConflictError } from './client';
import { type CompactedMark, compactedMark, compactedProperty } from './compacted';
import type { TableName, UpkeepServices } from './expire';
import { withFork } from './fork';
import type { Snapshot, TableMetadata } from './metadata';
import { reached } from './reach';

/** What a compaction did. */
export interface Compaction {
  /** `busy`: others wrote faster, at each attempt; nothing was changed. `nothing`: there are no files. */
  readonly status: 'compacted' | 'nothing' | 'busy';
  /** Data files and delete files. */
  readonly before: number;
  readonly after: number;
}

/**
 * Rewrites a table into as few files as hold its rows, in the order that it is sorted by, without any deletes: rows do not
 * change, and reading them costs no more than they are. The files of before stay for as long as a snapshot names them.
 *
 * Its commit stands only on the snapshot that it has read. Where another writer was first, all is done again, on top of what
 * that one wrote, at most `attempts` times (by default 5).
 */
export async function compactTable(
  name: TableName,
  services: UpkeepServices,
  { attempts = 5 }: { readonly attempts?: number } = {},
): Promise<Compaction> {
  const { log } = services;
  for (let attempt = 1; ; attempt++) {
    const metadata = await services.catalog.loadTable(name.database, name.table);
    const current = metadata === undefined ? undefined : currentOf(metadata);
    if (metadata === undefined || current === undefined) return { status: 'nothing', before: 0, after: 0 };
    const made = await rewritten(name, metadata, current, services);
    const [before, after] = [filesIn(current), filesIn(made)];
    if (await commit(name, metadata, current, made, services)) {
      log.info('Table is compacted', { ...name, before, after });
      return { status: 'compacted', before, after };
    }
    const { lists, manifests, files } = await reached([made], services.lake);
    for (const file of [...files, ...manifests, ...lists]) await services.files.remove(file);
    if (attempt < attempts) continue;
    log.warn('Table is not compacted, as others write to it', { ...name, attempts });
    return { status: 'busy', before, after: before };
  }
}

/** The snapshot that a table's rows are read at. */
export const currentOf = ({ refs, snapshots }: TableMetadata): Snapshot | undefined =>
  snapshots.find((snapshot) => snapshot['snapshot-id'] === refs.main?.['snapshot-id']);

const total = ({ summary }: Snapshot, of: string): number => Number(summary[`total-${of}`] ?? 0);

/** Files that a snapshot's rows are read from. */
export const filesIn = (snapshot: Snapshot): number => total(snapshot, 'data-files') + total(snapshot, 'delete-files');

/** A snapshot of the same rows in files of their own, which is not the table's yet. */
async function rewritten(
  name: TableName,
  metadata: TableMetadata,
  current: Snapshot,
  { lake, files }: UpkeepServices,
): Promise<Snapshot> {
  const made = await withFork(name, metadata, lake, async (fork) => {
    await insertAll(name, metadata, fork.name, lake);
    return fork.snapshots();
  });
  const [written] = made;
  const added = written === undefined ? 0 : total(written, 'data-files');
  const records = written === undefined ? 0 : total(written, 'records');
  const base = written ?? (await empty(metadata, current, files));
  return {
    ...base,
    'parent-snapshot-id': current['snapshot-id'],
    'timestamp-ms': later(base['timestamp-ms'], metadata['last-updated-ms']),
    summary: {
      operation: 'replace',
      'added-data-files': String(added),
      'deleted-data-files': String(total(current, 'data-files')),
      'removed-delete-files': String(total(current, 'delete-files')),
      'added-records': String(records),
      'deleted-records': String(total(current, 'records')),
      'removed-position-deletes': String(total(current, 'position-deletes')),
      'total-data-files': String(added),
      'total-delete-files': '0',
      'total-records': String(records),
      'total-position-deletes': '0',
      'total-equality-deletes': '0',
    },
  };
}

const later = (a: Snapshot['timestamp-ms'], b: Snapshot['timestamp-ms']) => (a > b ? a : b);

const insertAll = (
  { database, table }: TableName,
  metadata: TableMetadata,
  into: string,
  lake: Lake,
): Promise<unknown> =>
  lake.commit((tx) => tx.run(`INSERT INTO ${into} SELECT * FROM ${lake.name(database, table)}${orderOf(metadata)}`));

/** The columns that the table is sorted by, as far as it is by columns themselves. */
function orderOf(metadata: TableMetadata): string {
  const order = metadata['sort-orders'].find((one) => one['order-id'] === metadata['default-sort-order-id']);
  const schema = metadata.schemas.find((one) => one['schema-id'] === metadata['current-schema-id']);
  const keys = (order?.fields ?? []).flatMap(({ 'source-id': id, transform, direction, 'null-order': nulls }) => {
    const field = schema?.fields.find((one) => one.id === id);
    if (field === undefined || transform !== 'identity') return [];
    return `${identifier(field.name)} ${direction} NULLS ${nulls === 'nulls-first' ? 'FIRST' : 'LAST'}`;
  });
  return keys.length === 0 ? '' : ` ORDER BY ${keys.join(', ')}`;
}

/** A snapshot without files. DuckDB writes none where there is no row. */
async function empty(metadata: TableMetadata, current: Snapshot, files: UpkeepServices['files']): Promise<Snapshot> {
  const id = randomId();
  const list = `${metadata.location}/metadata/snap-${id}-empty.avro`;
  await files.writeNew(list, emptyAvro(await files.read(current['manifest-list'])));
  return {
    'snapshot-id': id,
    'sequence-number': Number(metadata['last-sequence-number']) + 1,
    'timestamp-ms': Date.now(),
    'manifest-list': list,
    'schema-id': metadata['current-schema-id'],
    summary: {},
  };
}

const randomId = (): bigint => BigInt(Math.floor(Math.random() * 2 ** 31)) * 2n ** 32n + BigInt(Date.now() % 2 ** 32);

/** The snapshot that has made the current rows, and when: perhaps the one that an earlier compaction has named. */
function rowsOf({ properties }: TableMetadata, current: Snapshot): Pick<CompactedMark, 'rows' | 'at'> {
  const id = String(current['snapshot-id']);
  const before = compactedMark(properties[compactedProperty]);
  return before?.snapshot === id
    ? { rows: before.rows, at: before.at }
    : { rows: id, at: Number(current['timestamp-ms']) };
}

/** Whether the snapshot is the table's now. False where others were first, and it never will be. */
async function commit(
  { database, table }: TableName,
  metadata: TableMetadata,
  current: Snapshot,
  made: Snapshot,
  { catalog }: UpkeepServices,
): Promise<boolean> {
  const id = String(made['snapshot-id']);
  const mark: CompactedMark = { snapshot: id, ...rowsOf(metadata, current), files: filesIn(made) };
  try {
    await catalog.commitTable(database, table, {
      requirements: [
        { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
        { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': current['snapshot-id'] },
        { type: 'assert-current-schema-id', 'current-schema-id': metadata['current-schema-id'] },
        { type: 'assert-default-spec-id', 'default-spec-id': metadata['default-spec-id'] },
      ],
      updates: [
        { action: 'add-snapshot', snapshot: made },
        { action: 'set-snapshot-ref', 'ref-name': 'main', ...metadata.refs.main, 'snapshot-id': made['snapshot-id'] },
        { action: 'set-properties', updates: { [compactedProperty]: JSON.stringify(mark) } },
      ],
    });
    return true;
  } catch (error) {
    // The answer to a commit that stands may be lost, and then it is tried again and refused.
    const now = await catalog.loadTable(database, table);
    if (now?.snapshots.some((snapshot) => String(snapshot['snapshot-id']) === id)) return true;
    if (error instanceof ConflictError) return false;
    throw error;
  }
}
