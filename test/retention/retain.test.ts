import type { Dataset } from '../../lib/contract/dataset';
import type { Manifest } from '../../lib/platform/manifest';
import { expired } from '../../lib/retention/expired';
import { retain } from '../../lib/retention/retain';
import { transform } from '../../lib/transform/transform';
import { column } from '../ingest/datasets';
import { type IcebergLake, icebergLake } from '../publish/iceberg-lake';
import { dataset } from '../quality/fixture';

const events = dataset({
  name: 'events',
  columns: [column('id', 'int'), column('seen', 'date')],
  key: ['id'],
  source: { zone: 'bronze', prefix: 'events', format: 'csv' },
  retentionDays: 30,
  retentionColumn: 'seen',
});
const copied: Dataset = dataset({
  name: 'copied',
  zone: 'gold',
  columns: [column('id', 'int'), column('seen', 'date')],
  materialization: { kind: 'full' },
  retentionDays: 10,
  retentionColumn: 'seen',
});
const history: Dataset = dataset({
  name: 'dim_events',
  zone: 'gold',
  columns: [column('id', 'int')],
  key: ['id'],
  history: 'scd2',
  materialization: { kind: 'scd2' },
});
const manifest: Manifest = {
  name: 'test',
  zones: [
    { name: 'bronze', holds: 'files', database: 'test_bronze' },
    { name: 'silver', holds: 'iceberg', database: 'test_silver', retentionDays: 730 },
    { name: 'gold', holds: 'iceberg', database: 'test_gold', retentionDays: 365 },
  ],
  datasets: [events, copied, history],
  models: [
    {
      name: 'copied',
      file: 'models/copied.sql',
      sql: 'select * from silver.events',
      reads: ['silver.events'],
      uses: [],
      writes: 'gold.copied',
    },
    {
      name: 'dim_events',
      file: 'models/dim_events.sql',
      sql: 'select id from silver.events',
      reads: ['silver.events'],
      uses: [],
      writes: 'gold.dim_events',
    },
  ],
  groups: [
    {
      name: 'all',
      ingests: ['silver.events'],
      levels: [['copied', 'dim_events']],
      schedule: 'rate(1 day)',
      timeZone: 'UTC',
    },
  ],
  ops: { database: 'test_ops', zone: 'silver' },
};

describe('over real Iceberg tables', () => {
  let lake: IcebergLake;
  // Of one moment, so that no midnight comes between rows and what is deleted.
  const now = Date.now();
  const day = (ago: number) => new Date(now - ago * 86_400_000).toISOString().slice(0, 10);
  const services = () => ({ ...lake.services, clock: { now: () => now } });
  const ids = async (table: string) =>
    (await lake.services.lake.query<{ id: number }>(`SELECT id FROM ${table} ORDER BY id NULLS LAST`)).map(
      ({ id }) => id,
    );

  beforeAll(async () => {
    lake = await icebergLake(manifest);
    const rows = `(1, '${day(31)}'), (2, '${day(30)}'), (3, '${day(0)}'), (4, NULL)`;
    await lake.services.lake.run(`INSERT INTO lake.test_silver.events VALUES ${rows}`);
    await lake.services.lake.run(`
      INSERT INTO lake.test_silver.events_quarantine (quarantined_at, run, batch, file, row_number, reasons)
      VALUES ('${day(91)}', 'r', 1, 'f', 1, []), ('${day(90)}', 'r', 2, 'f', 1, [])`);
    await lake.services.lake.run(`
      INSERT INTO lake.test_gold.dim_events VALUES
        (1, '${day(900)}', '${day(366)}', false), (2, '${day(900)}', '${day(365)}', false), (3, '${day(900)}', NULL, true)`);
  });
  afterAll(() => lake.close());

  test('a model makes no rows that are too old for its table, of a source that still has them', async () => {
    await transform({ model: 'copied', run: 'r' }, services());
    expect(await ids('lake.test_gold.copied')).toEqual([3, 4]);
  });

  test('rows go on the day after the last on which they are kept, and those without a date stay', async () => {
    const { tables } = await retain({ group: 'all' }, services());
    expect(tables).toEqual([
      { table: 'test_silver.events', rows: 1 },
      { table: 'test_gold.dim_events', rows: 1 },
      { table: 'test_silver.events_quarantine', rows: 1 },
    ]);
    expect(await ids('lake.test_silver.events')).toEqual([2, 3, 4]);
  });

  test('of history only versions that have ended go, and current ones stay however old', async () => {
    expect(await ids('lake.test_gold.dim_events')).toEqual([2, 3]);
  });

  test('refused rows are kept for 90 days', async () => {
    const batches = await lake.services.lake.query(
      'SELECT batch::INTEGER AS batch FROM lake.test_silver.events_quarantine',
    );
    expect(batches).toEqual([{ batch: 2 }]);
  });

  test('running it again deletes nothing more and commits nothing', async () => {
    const before = await lake.services.lake.snapshotId('test_silver', 'events');
    expect(await retain({ group: 'all' }, services())).toEqual({ group: 'all', tables: [] });
    expect(await lake.services.lake.snapshotId('test_silver', 'events')).toBe(before);
  });
});

describe('what is kept for ever', () => {
  const now = Date.UTC(2026, 0, 31, 23, 59);
  const { retentionColumn: _, ...undated } = events;

  test.each<[string, Dataset, { retentionDays?: number }, string | undefined]>([
    [
      'a table whose contract names no column: nothing says how old a row is',
      undated,
      { retentionDays: 10 },
      undefined,
    ],
    [
      'a table of a zone without retention, whose contract says nothing',
      { ...events, retentionDays: undefined },
      {},
      undefined,
    ],
    ["not what the contract limits: it goes before the zone's", events, { retentionDays: 1 }, `"seen" < '2026-01-01'`],
    [
      'not what the zone limits, where the contract only names the column',
      { ...events, retentionDays: undefined },
      { retentionDays: 1 },
      `"seen" < '2026-01-30'`,
    ],
  ])('%s', (_, of, zone, condition) => {
    expect(expired(of, zone, now)).toBe(condition);
  });
});
