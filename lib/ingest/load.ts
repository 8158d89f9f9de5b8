import { TransientError } from '../errors';
import type { LoadEvent, LoadResult } from '../pipeline/events';
import { findTable, type TablePlace } from '../platform/lookup';
import { withLoaded } from '../quality/loaded';
import type { Lake, ObjectInfo, Services, Transaction } from '../runtime/services';
import { identifier, literal } from '../sql/quote';
import { type LastRows, lastRows } from './last';
import { filesBetween, type LedgerFile, ledgerName, positionOf, positionProperty, settledProperty } from './ledger';
import { merge } from './merge';
import { sourceOf } from './plan';
import { type Staged, stage } from './stage';
import { staged as column } from './typed';

type Rows = LoadResult['rows'];

/**
 * Loads one planned batch: types its rows, sends those that fail to quarantine, of rows with one key keeps the last, and
 * merges them into the table. Quarantine and table each take the batch's number in the commit that takes its rows, so
 * that a repeat, after a crash at any step, writes only what is missing, and the same.
 *
 * @throws Error where a file has changed or is gone since it was planned, or an earlier batch has not been loaded
 */
export async function load(event: LoadEvent, services: Services): Promise<LoadResult> {
  const place = findTable(event.table, services.manifest);
  const { table, batch } = event;
  const position = await positionIn(place, services.lake);
  if (position >= batch) return repeated(event);
  const planned = await plannedFiles(event, position, services);
  const found = await assertUnchanged(planned, services);
  // An erasure may have taken records out of a file since it was planned.
  const files = planned.map((file) => ({ ...file, size: found.get(file.uri)!.size }));

  const source = sourceOf(place.dataset);
  const staged = await stage(place.dataset, source, files, `${place.table}_${batch}`, services);
  let last: LastRows | undefined;
  try {
    // A file that changed while it was read could have been read as half old, half new.
    assertUnread(await assertUnchanged(files, services), found);
    const { good, quarantined } = await judged(staged, services.lake);
    last = await lastRows(place.dataset, staged, good, services.lake);
    const rows = { read: good + quarantined, merged: last.count, quarantined, duplicates: good - last.count };
    if (quarantined > 0) await commitQuarantine(place, files, batch, staged, services.lake);
    const written = await commitRows(place, event, files[0]!.plannedAt, staged, rows, last, services.lake);
    if (!written) return repeated(event);
    report(event, rows, staged.drift, services);
    return { table, batch, status: 'loaded', rows, drift: staged.drift };
  } finally {
    await last?.drop();
    await staged.drop();
  }
}

const repeated = ({ table, batch }: LoadEvent): LoadResult => ({
  table,
  batch,
  status: 'repeated',
  rows: { read: 0, merged: 0, quarantined: 0, duplicates: 0 },
  drift: [],
});

const quarantineOf = (table: string): string => `${table}_quarantine`;

async function positionIn({ database, table }: TablePlace, lake: Lake): Promise<number> {
  return positionOf(await lake.properties(database, table));
}

async function plannedFiles({ table, batch }: LoadEvent, position: number, services: Services): Promise<LedgerFile[]> {
  const { lake, manifest } = services;
  const files = await filesBetween(ledgerName(manifest, lake), table, position, batch, lake);
  const next = Math.min(...files.map((file) => file.batch));
  if (files.length > 0 && next < batch)
    throw new Error(`Batch ${batch} of ${table} cannot be loaded before batch ${next}: batches go in their order`);
  if (files.length === 0) throw new Error(`Batch ${batch} of ${table} was never planned; its last one is ${position}`);
  return files;
}

/** How many objects are asked for at once. */
const headsAtOnce = 32;

/** Gives the files as they are now. */
async function assertUnchanged(
  files: readonly LedgerFile[],
  { objects }: Services,
): Promise<ReadonlyMap<string, ObjectInfo>> {
  const found = new Map<string, ObjectInfo>();
  const problems: string[] = [];
  for (let start = 0; start < files.length; start += headsAtOnce) {
    const some = files.slice(start, start + headsAtOnce);
    const now = await Promise.all(some.map((file) => objects.head(file.uri)));
    now.forEach((object, i) => {
      const { uri, etag } = some[i]!;
      if (object === undefined) problems.push(`${uri} is gone`);
      else if ((object.arrivedAs ?? object.etag) !== etag)
        problems.push(`${uri} has changed (ETag ${etag}, now ${object.etag})`);
      else found.set(uri, object);
    });
  }
  if (problems.length === 0) return found;
  throw new Error(
    `Since batch ${files[0]!.batch} of ${files[0]!.table} was planned, ${problems.join(', ')}. Files in this zone are never ` +
      'changed: put back what was there, and let new content arrive under a new name',
  );
}

/** @throws TransientError where an erasure wrote a file anew while it was read */
function assertUnread(now: ReadonlyMap<string, ObjectInfo>, before: ReadonlyMap<string, ObjectInfo>): void {
  for (const [uri, { etag }] of now)
    if (before.get(uri)?.etag !== etag)
      throw new TransientError(`${uri} was written anew by an erasure while it was read`);
}

/** How many rows can be merged, and how many go to quarantine. */
async function judged(staged: Staged, lake: Lake): Promise<{ good: number; quarantined: number }> {
  const [counts] = await lake.query<Record<'good' | 'bad' | 'rejected', bigint>>(`
    SELECT count(*) FILTER (WHERE ${identifier(column.reasons)} IS NULL) AS good, count(*) - good AS bad,
      (SELECT count(*) FROM ${identifier(staged.rejects)}) AS rejected
    FROM ${identifier(staged.rows)}`);
  const { good, bad, rejected } = counts!;
  return { good: Number(good), quarantined: Number(bad) + Number(rejected) };
}

async function commitQuarantine(
  { database, table }: TablePlace,
  files: readonly LedgerFile[],
  batch: number,
  staged: Staged,
  lake: Lake,
): Promise<void> {
  const rows = identifier(staged.rows);
  const file = identifier(column.file);
  const { plannedAt, run } = files[0]!;
  const uris = `[${files.map(({ uri }) => literal(uri)).join(', ')}]`;
  await lake.commit((tx) =>
    once(database, quarantineOf(table), batch, tx, async () => {
      const changed = await tx.run(`
        INSERT INTO ${lake.name(database, quarantineOf(table))}
          (quarantined_at, run, batch, file, row_number, reasons, raw)
        SELECT ${literal(plannedAt)}::TIMESTAMPTZ, ${literal(run)}, ${batch}::BIGINT, list_extract(${uris}, file + 1),
          row_number, reasons, raw
        FROM (
          SELECT ${file} AS file, staged.rowid - first + 1 AS row_number, ${identifier(column.reasons)} AS reasons,
            ${identifier(column.raw)} AS raw
          FROM ${rows} AS staged
          JOIN (SELECT ${file} AS of, min(rowid) AS first FROM ${rows} GROUP BY ALL) AS starts ON starts.of = ${file}
          WHERE ${identifier(column.reasons)} IS NOT NULL
          UNION ALL
          SELECT file, row_number, reasons, raw FROM ${identifier(staged.rejects)}
        )`);
      return { changed };
    }),
  );
}

async function commitRows(
  { database, table, dataset }: TablePlace,
  { batch, run }: LoadEvent,
  plannedAt: string,
  staged: Staged,
  rows: Rows,
  { from }: LastRows,
  lake: Lake,
): Promise<boolean> {
  const reasons = rows.quarantined === 0 ? {} : await reasonsOf(staged, lake);
  return lake.commit((tx) =>
    once(database, table, batch, tx, async (before) => {
      const properties = withLoaded(before, { run, read: rows.read, quarantined: rows.quarantined, reasons });
      if (rows.merged === 0) return { changed: 0, properties };
      const changed = await merge({ dataset, name: lake.name(database, table), from, since: plannedAt }, tx);
      return { changed, properties };
    }),
  );
}

/** How many rows go to quarantine for each reason, by its rule. */
async function reasonsOf(staged: Staged, lake: Lake): Promise<Record<string, number>> {
  const reasons = identifier(column.reasons);
  const found = await lake.query<{ rule: string; n: bigint }>(`
    SELECT reason.rule AS rule, count(*) AS n FROM (
      SELECT unnest(${reasons}) AS reason FROM ${identifier(staged.rows)} WHERE ${reasons} IS NOT NULL
      UNION ALL
      SELECT unnest(reasons) FROM ${identifier(staged.rejects)}
    ) GROUP BY ALL ORDER BY ALL`);
  return Object.fromEntries(found.map(({ rule, n }) => [rule, Number(n)]));
}

type Properties = Record<string, string>;

/**
 * Writes a batch into a table, and with it its number and the properties that `write` gives, unless the table holds it;
 * whether it was written. `write` says how many rows it has changed.
 */
async function once(
  database: string,
  table: string,
  batch: number,
  tx: Transaction,
  write: (before: Properties) => Promise<{ readonly changed: number; readonly properties?: Properties }>,
): Promise<boolean> {
  const before = await tx.properties(database, table);
  if (positionOf(before) >= batch) return false;
  const { changed, properties } = await write(before);
  const position = changed === 0 ? settledProperty : positionProperty;
  await tx.setProperties(database, table, { ...properties, [position]: String(batch) });
  return true;
}

function report({ table, batch }: LoadEvent, rows: Rows, drift: readonly string[], { log }: Services): void {
  log.info('Loaded a batch', { table, batch, ...rows });
  if (drift.length > 0) log.warn('Files differ from the contract', { table, batch, drift });
}
