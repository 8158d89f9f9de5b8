import type { TablePlace } from '../platform/lookup';
import type { Lake, Services } from '../runtime/services';
import { identifier, literal } from '../sql/quote';
import { duckdbType } from '../sql/types';
import { compactedMark, compactedProperty } from '../tables/compacted';

/**
 * Hours since the newest value of the column that the contract's SLA names, or else since the table's rows were last
 * written. Undefined for a table without rows. A newest row from the future is as fresh as can be: 0.
 */
export async function ageHours(place: TablePlace, { lake, clock }: Services): Promise<number | undefined> {
  const column = place.dataset.sla.freshnessColumn;
  const written = await lastWritten(place, lake);
  const newest = written === undefined || column === undefined ? written : await newestValue(place, column, lake);
  return newest === undefined ? undefined : Math.max(0, clock.now() - newest) / 3_600_000;
}

/** When a table's rows were last written, in milliseconds since 1970; undefined where they never were. */
export async function lastWritten({ database, table }: TablePlace, lake: Lake): Promise<number | undefined> {
  const name = lake.name(database, table);
  // A compaction writes files, and no row. The snapshot that it has compacted may have expired since.
  const [row] = await lake.query<{ written: bigint | null; compacted: bigint | null; mark: string | null }>(
    `SELECT epoch_ms(max(timestamp_ms) FILTER (operation <> 'replace')) AS written, epoch_ms(max(timestamp_ms)) AS compacted,
        (SELECT value FROM iceberg_table_properties(${name}) WHERE key = ${literal(compactedProperty)}) AS mark
      FROM iceberg_snapshots(${name})`,
  );
  const at = row?.written ?? compactedMark(row?.mark ?? undefined)?.at ?? row?.compacted ?? undefined;
  return at === undefined ? undefined : Number(at);
}

/**
 * The highest value of a column of dates or times, in milliseconds since 1970. The probe asks for it every few minutes:
 * Iceberg keeps the bounds of each file, so only the file with the highest one is read, unless its row was deleted.
 */
async function newestValue({ dataset, database, table }: TablePlace, column: string, lake: Lake) {
  const name = lake.name(database, table);
  const type = duckdbType(dataset.columns.find((c) => c.name === column)?.type ?? 'timestamptz');
  const [bounds] = await lake.query<{ highest: string | null; unknown: bigint }>(
    `SELECT CAST(max(bound) AS VARCHAR) AS highest, count(*) FILTER (WHERE bound IS NULL) AS unknown
      FROM (SELECT *, TRY_CAST(upper_bound AS ${type}) AS bound FROM iceberg_column_stats(${name}))
      WHERE column_name = ${literal(column)} AND status <> 'DELETED'`,
  );
  const highest = async (where: string) => {
    const [row] = await lake.query<{ at: bigint | null }>(
      `SELECT epoch_ms(CAST(max(${identifier(column)}) AS TIMESTAMPTZ)) AS at FROM ${name} WHERE ${where}`,
    );
    return row?.at === null || row === undefined ? undefined : Number(row.at);
  };
  const known = bounds !== undefined && bounds.highest !== null && bounds.unknown === 0n;
  const near = known ? `${identifier(column)} >= CAST(${literal(bounds.highest)} AS ${type})` : undefined;
  return (near === undefined ? undefined : await highest(near)) ?? (await highest('TRUE'));
}
