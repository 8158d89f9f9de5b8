import type { Column, Dataset } from '../../lib/contract/dataset';
import type { Manifest } from '../../lib/platform/manifest';
import { databaseName, resolveZones } from '../../lib/platform/zones';
import { column, dataset as silver } from '../ingest/datasets';

/** A dataset with nothing but what a test says: no rule follows from its columns. */
export const dataset = (zone: string, name: string, columns: readonly Column[], more: Partial<Dataset> = {}): Dataset =>
  silver(name, columns, { zone, rules: [], ...more });

/** A small platform, as loading resolves it: one ingested table, one view, one model with a table. */
export const manifest: Manifest = {
  name: 'aviation',
  zones: resolveZones('aviation'),
  datasets: [
    dataset(
      'silver',
      'flights',
      [
        column('departed_at', 'timestamp', { required: true }),
        column('origin', 'string', { description: 'IATA code' }),
      ],
      {
        description: 'One row a flight.',
        key: ['departed_at', 'origin'],
        partitionBy: [{ column: 'departed_at', transform: 'month' }],
        source: { zone: 'bronze', prefix: 'flights', format: 'parquet' },
        sla: { freshnessHours: 24, freshnessColumn: 'departed_at' },
      },
    ),
    dataset('gold', 'fct_flights', [column('origin', 'string')], { materialization: { kind: 'full' } }),
  ],
  models: [
    {
      name: 'stg_flights',
      file: 'models/stg_flights.sql',
      sql: 'select * from silver.flights',
      reads: ['silver.flights'],
      uses: [],
    },
    {
      name: 'fct_flights',
      file: 'models/fct_flights.sql',
      sql: 'select origin from stg_flights',
      reads: ['silver.flights'],
      uses: ['stg_flights'],
      writes: 'gold.fct_flights',
    },
  ],
  groups: [
    {
      name: 'aviation',
      ingests: ['silver.flights'],
      levels: [['fct_flights']],
      schedule: 'rate(1 hour)',
      timeZone: 'UTC',
    },
  ],
  ops: { database: databaseName('aviation', 'ops'), zone: 'silver' },
};
