import type { Services } from '../runtime/services';
import { identifier, literal, qualified } from '../sql/quote';
import { duckdbType } from '../sql/types';

const quarantineColumns =
  'quarantined_at TIMESTAMPTZ, run VARCHAR, batch BIGINT, file VARCHAR, row_number BIGINT, reasons STRUCT("rule" VARCHAR, "column" VARCHAR, "message" VARCHAR)[], raw VARCHAR';
const ops = {
  files:
    '"table" VARCHAR, batch BIGINT, uri VARCHAR, etag VARCHAR, size BIGINT, modified TIMESTAMPTZ, planned_at TIMESTAMPTZ, run VARCHAR',
  quality_results:
    'run VARCHAR, "table" VARCHAR, rule VARCHAR, type VARCHAR, dimension VARCHAR, severity VARCHAR, status VARCHAR, checked BIGINT, failed BIGINT, observed DOUBLE, tolerance VARCHAR, message VARCHAR, measured_at TIMESTAMPTZ',
  runs: 'run VARCHAR, "group" VARCHAR, "table" VARCHAR, rows BIGINT, quarantined BIGINT, duration_ms BIGINT, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ',
};
export async function makeTables({ manifest, lake, zones }: Services): Promise<void> {
  const create = async (db: string, table: string, columns: string, location: string) => {
    await lake.run(`CREATE SCHEMA IF NOT EXISTS ${qualified('lake', db)}`);
    await lake.run(
      `CREATE TABLE IF NOT EXISTS ${lake.name(db, table)} (${columns}) WITH ('location' = ${literal(location)})`,
    );
  };
  for (const [t, c] of Object.entries(ops))
    await create(manifest.ops.database, t, c, `${zones[manifest.ops.zone]}/_ops/${t}`);
  for (const d of manifest.datasets) {
    const zone = manifest.zones.find((z) => z.name === d.zone)!;
    const columns = d.columns.map((c) => `${identifier(c.name)} ${duckdbType(c.type)}`);
    if (d.history === 'scd2') columns.push('valid_from TIMESTAMPTZ', 'valid_to TIMESTAMPTZ', 'is_current BOOLEAN');
    await create(zone.database, d.name, columns.join(', '), `${zones[d.zone]}/${d.name}`);
    if (d.source)
      await create(zone.database, `${d.name}_quarantine`, quarantineColumns, `${zones[d.zone]}/${d.name}_quarantine`);
  }
}
