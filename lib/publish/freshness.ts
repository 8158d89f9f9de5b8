import type { TablePlace } from '../platform/lookup';
import type { Services } from '../runtime/services';
import { identifier } from '../sql/quote';

/**
 * Hours since the newest value of the column that the contract's SLA names, or else since the table's rows were last
 * written. Undefined for a table without rows. A newest row from the future is as fresh as can be: 0.
 */
export async function ageHours(place: TablePlace, { lake, clock }: Services): Promise<number | undefined> {
  const { dataset, database, table } = place;
  const column = dataset.sla.freshnessColumn;
  const newest = column === undefined ? await lastWritten(place, lake) : undefined;
  if (column === undefined) return newest === undefined ? undefined : hoursSince(newest, clock.now());
  const [row] = await lake.query<{ newest: bigint | null }>(
    `SELECT epoch_ms(CAST(max(${identifier(column)}) AS TIMESTAMPTZ)) AS newest FROM ${lake.name(database, table)}`,
  );
  return row?.newest === null || row === undefined ? undefined : hoursSince(Number(row.newest), clock.now());
}

/** When a table's rows were last written, in milliseconds since 1970; undefined where they never were. */
export async function lastWritten(
  { database, table }: TablePlace,
  lake: Services['lake'],
): Promise<number | undefined> {
  const [row] = await lake.query<{ at: bigint | null }>(
    `SELECT epoch_ms(max(timestamp_ms)) AS at FROM iceberg_snapshots(${lake.name(database, table)})`,
  );
  return row?.at === null || row === undefined ? undefined : Number(row.at);
}

const hoursSince = (then: number, now: number): number => Math.max(0, now - then) / 3_600_000;
