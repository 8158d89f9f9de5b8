import type { Source } from '../lib/contract/dataset';
import { literal } from '../lib/sql/quote';
import type { Bench } from './flights';

/**
 * What an engineer who knows DuckDB well writes for this one table, in one go, with no thought of a crash, a second
 * writer, a file that changed or a contract that will. It leaves the same rows in the same two Iceberg tables.
 */
export async function byHand(
  { services, table, quarantine }: Bench,
  data: string,
  format: Source['format'],
): Promise<void> {
  const { lake } = services;
  // Ingot switches an optimizer off that others have on.
  await lake.run("SET disabled_optimizers = ''");
  const files = literal(`${data}/bronze/flights/*/*/*.${format}`);
  const read =
    format === 'parquet'
      ? `read_parquet(${files}, hive_partitioning = false)`
      : `read_csv(${files}, columns = {date: 'TIMESTAMP', delay: 'INTEGER', distance: 'INTEGER', origin: 'VARCHAR', destination: 'VARCHAR'},
          hive_partitioning = false, auto_detect = false, header = true, delim = ',', quote = '"', store_rejects = true, rejects_limit = 0)`;
  await lake.run(`
    CREATE TEMP TABLE judged AS
    SELECT *, CASE WHEN bad THEN list_filter([
      CASE WHEN departed_at IS NULL THEN {'rule': 'departed_at.notNull', 'column': 'departed_at', 'message': 'departed_at is missing'} END,
      CASE WHEN origin IS NULL THEN {'rule': 'origin.notNull', 'column': 'origin', 'message': 'origin is missing'} END,
      CASE WHEN NOT regexp_matches(origin, '^[A-Z0-9]{3}$') THEN {'rule': 'origin.pattern', 'column': 'origin', 'message': 'origin does not match ^[A-Z0-9]{3}$'} END,
      CASE WHEN destination IS NULL THEN {'rule': 'destination.notNull', 'column': 'destination', 'message': 'destination is missing'} END,
      CASE WHEN NOT regexp_matches(destination, '^[A-Z0-9]{3}$') THEN {'rule': 'destination.pattern', 'column': 'destination', 'message': 'destination does not match ^[A-Z0-9]{3}$'} END,
      CASE WHEN delay_minutes IS NULL THEN {'rule': 'delay_minutes.notNull', 'column': 'delay_minutes', 'message': 'delay_minutes is missing'} END,
      CASE WHEN delay_minutes NOT BETWEEN -120 AND 2880 THEN {'rule': 'delay_minutes.range', 'column': 'delay_minutes', 'message': 'delay_minutes is not between -120 and 2880'} END,
      CASE WHEN distance_miles IS NULL THEN {'rule': 'distance_miles.notNull', 'column': 'distance_miles', 'message': 'distance_miles is missing'} END,
      CASE WHEN distance_miles <= 0 THEN {'rule': 'distance_miles.range', 'column': 'distance_miles', 'message': 'distance_miles is not above 0'} END,
      CASE WHEN origin = destination THEN {'rule': 'goes_somewhere', 'column': NULL, 'message': 'does not meet origin <> destination'} END
    ], lambda r: r IS NOT NULL) END AS reasons,
    CASE WHEN bad THEN to_json({'date': departed_at, 'delay': delay_minutes, 'distance': distance_miles, 'origin': origin, 'destination': destination})::VARCHAR END AS raw
    FROM (
      SELECT *, coalesce(departed_at IS NULL OR origin IS NULL OR NOT regexp_matches(origin, '^[A-Z0-9]{3}$')
        OR destination IS NULL OR NOT regexp_matches(destination, '^[A-Z0-9]{3}$') OR delay_minutes IS NULL
        OR delay_minutes NOT BETWEEN -120 AND 2880 OR distance_miles IS NULL OR distance_miles <= 0 OR origin = destination, false) AS bad
      FROM (SELECT date AS departed_at, origin, destination, delay::INTEGER AS delay_minutes, distance::INTEGER AS distance_miles, file_index FROM ${read}))`);
  await lake.run(`
    INSERT INTO ${quarantine} (quarantined_at, run, batch, file, row_number, reasons, raw)
    SELECT TIMESTAMPTZ '2001-12-31', 'bench', 1, file, judged.rowid - first + 1, reasons, raw
    FROM judged JOIN (SELECT file_index, min(rowid) AS first FROM judged GROUP BY ALL) USING (file_index)
      JOIN (SELECT file, row_number() OVER (ORDER BY file) - 1 AS file_index FROM glob(${files})) USING (file_index)
    WHERE bad`);
  if (format === 'csv')
    await lake.run(`
      INSERT INTO ${quarantine} (quarantined_at, run, batch, file, row_number, reasons, raw)
      SELECT TIMESTAMPTZ '2001-12-31', 'bench', 1, file_path, line, list({'rule': column_name || '.type', 'column': column_name, 'message': error_message}), any_value(csv_line)
      FROM reject_errors JOIN reject_scans USING (scan_id, file_id) GROUP BY file_path, line`);
  await lake.run(`
    INSERT INTO ${table} (departed_at, origin, destination, delay_minutes, distance_miles)
    SELECT departed_at, origin, destination, delay_minutes, max_by(distance_miles, rowid)
    FROM judged WHERE NOT bad GROUP BY departed_at, origin, destination, delay_minutes`);
}
