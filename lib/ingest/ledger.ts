import type { Batch } from '../pipeline/events';
import type { Manifest } from '../platform/manifest';
import type { Lake, ObjectInfo, Transaction } from '../runtime/services';

/** Name of the ledger among the platform's own tables: every source file that was ever planned, and in which batch. */
const ledgerTable = 'files';

/** Table property: number of the last batch that changed the table, written in the same commit as its rows. */
export const positionProperty = 'ingot.position';

/**
 * Table property: number of the last batch that left the table as it was, because all of its rows were refused, or there
 * already. No catalog refuses such a commit, of properties alone, because others were first: a process that stalled may
 * take this number back. Then that batch is loaded once more, and changes nothing again; `positionProperty`, which it
 * cannot touch, keeps the batches that did from coming twice.
 */
export const settledProperty = 'ingot.settled';

/** A source file of a batch. */
export interface LedgerFile {
  /** `zone.table`. */
  readonly table: string;
  /** Counts up from 1 for each table. */
  readonly batch: number;
  readonly uri: string;
  readonly etag: string;
  readonly size: number;
  /** ISO 8601, UTC. */
  readonly modified: string;
  /** ISO 8601, UTC. The same for all files of a batch. */
  readonly plannedAt: string;
  /** The run that planned it. */
  readonly run: string;
}

export const ledgerName = (manifest: Manifest, lake: Lake): string => lake.name(manifest.ops.database, ledgerTable);

type Reader = Pick<Transaction, 'query' | 'run'>;

/** Files of a table's batches above `position`, up to `batch`, in the order in which they are read: by time of change, then by URI. */
export async function filesBetween(
  ledger: string,
  table: string,
  position: number,
  batch: number,
  reader: Reader,
): Promise<LedgerFile[]> {
  const rows = await reader.query<Record<keyof LedgerFile, string>>(
    `SELECT "table", batch::VARCHAR AS batch, uri, etag, size::VARCHAR AS size, modified, planned_at AS "plannedAt", run
     FROM ${ledger} WHERE "table" = $table AND batch > $position::BIGINT AND batch <= $batch::BIGINT ORDER BY modified, uri`,
    { table, position, batch },
  );
  return rows.map((row) => ({ ...row, batch: Number(row.batch), size: Number(row.size) }));
}

/** Those of `files` whose content, by URI and ETag, the ledger does not hold for their table. */
export async function notInLedger<F extends ObjectInfo & { readonly table: string }>(
  ledger: string,
  files: readonly F[],
  reader: Reader,
): Promise<F[]> {
  if (files.length === 0) return [];
  const rows = await reader.query<{ index: bigint }>(
    `SELECT given.index FROM ${unnested('{"index": "BIGINT", "table": "VARCHAR", "uri": "VARCHAR", "etag": "VARCHAR"}')} AS given
     SEMI JOIN ${ledger} AS ledger ON ledger."table" = given."table" AND ledger.uri = given.uri AND ledger.etag = given.etag`,
    { json: JSON.stringify(files.map(({ table, uri, etag }, index) => ({ index, table, uri, etag }))) },
  );
  const known = new Set(rows.map(({ index }) => Number(index)));
  return files.filter((_, index) => !known.has(index));
}

/** Writes files down. */
export async function addToLedger(ledger: string, files: readonly LedgerFile[], tx: Transaction): Promise<void> {
  const columns = '"table", batch, uri, etag, size, modified, planned_at, run';
  const shape =
    '{"table": "VARCHAR", "batch": "BIGINT", "uri": "VARCHAR", "etag": "VARCHAR", "size": "BIGINT", "modified": "TIMESTAMPTZ", "planned_at": "TIMESTAMPTZ", "run": "VARCHAR"}';
  await tx.run(`INSERT INTO ${ledger} (${columns}) SELECT ${columns} FROM ${unnested(shape)}`, {
    json: JSON.stringify(files.map(({ plannedAt, ...file }) => ({ ...file, planned_at: plannedAt }))),
  });
}

/** All batches of some tables above each one's position, oldest first, by table. */
export async function batchesAbove(
  ledger: string,
  positions: ReadonlyMap<string, number>,
  reader: Reader,
): Promise<Map<string, Batch[]>> {
  const rows = await reader.query<{ table: string; batch: bigint; files: bigint; bytes: string }>(
    `SELECT "table", batch, count(*) AS files, sum(size)::VARCHAR AS bytes
     FROM ${ledger} JOIN ${unnested('{"of": "VARCHAR", "position": "BIGINT"}')} AS given ON given.of = "table"
     WHERE batch > position GROUP BY ALL ORDER BY batch`,
    { json: JSON.stringify([...positions].map(([of, position]) => ({ of, position }))) },
  );
  const batches = new Map<string, Batch[]>([...positions.keys()].map((table) => [table, []]));
  for (const { table, batch, files, bytes } of rows)
    batches.get(table)!.push({ batch: Number(batch), files: Number(files), bytes: Number(bytes) });
  return batches;
}

/** The highest number that any batch of each table has. */
export async function lastBatches(ledger: string, reader: Reader): Promise<Map<string, number>> {
  const rows = await reader.query<{ table: string; last: bigint }>(
    `SELECT "table", max(batch) AS last FROM ${ledger} GROUP BY "table"`,
  );
  return new Map(rows.map(({ table, last }) => [table, Number(last)]));
}

/** Number of the last batch that was loaded into a table, by its properties; 0 where none was. */
export function positionOf(properties: Readonly<Record<string, string>>): number {
  return Math.max(Number(properties[positionProperty] ?? 0), Number(properties[settledProperty] ?? 0));
}

/** Rows of a JSON text, `$json`, as a table: one parameter, however many rows. */
const unnested = (shape: string): string =>
  `(SELECT unnest(json_transform($json::JSON, ${`'[${shape}]'`}), recursive := true))`;
