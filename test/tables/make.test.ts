import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataContract } from '../../lib/contract/odcs';
import { layoutOf } from '../../lib/local/layout';
import { openWorkbench, type Workbench } from '../../lib/local/workbench';
import { definePlatform, loadPlatform } from '../../lib/platform/load';
import { RestCatalog } from '../../lib/tables/client';
import { makeTables } from '../../lib/tables/make';

let folder: string;
let workbench: Workbench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-make-'));
  const { manifest } = await loadPlatform(join(__dirname, '../../examples/aviation'));
  workbench = await openWorkbench(manifest, layoutOf(folder));
});

afterAll(async () => {
  await workbench.close();
  await rm(folder, { recursive: true, force: true });
});

test('a platform gets all its tables, and again changes nothing', async () => {
  const made = await makeTables(workbench.services);
  expect(Object.fromEntries([...made].map(([table, { status }]) => [table, status]))).toMatchInlineSnapshot(`
{
  "aviation_gold.dim_airports": "created",
  "aviation_gold.fct_departures_by_hour": "created",
  "aviation_gold.fct_flights": "created",
  "aviation_gold.fct_route_months": "created",
  "aviation_ops.files": "created",
  "aviation_ops.quality_results": "created",
  "aviation_ops.runs": "created",
  "aviation_ops.window_departures_by_hour": "created",
  "aviation_silver.aircraft": "created",
  "aviation_silver.aircraft_changes": "created",
  "aviation_silver.aircraft_quarantine": "created",
  "aviation_silver.airports": "created",
  "aviation_silver.airports_quarantine": "created",
  "aviation_silver.carriers": "created",
  "aviation_silver.carriers_changes": "created",
  "aviation_silver.carriers_quarantine": "created",
  "aviation_silver.departures": "created",
  "aviation_silver.departures_quarantine": "created",
  "aviation_silver.flights": "created",
  "aviation_silver.flights_quarantine": "created",
}
`);
  const again = await makeTables(workbench.services);
  expect(new Set([...again.values()].map(({ status }) => status))).toEqual(new Set(['unchanged']));
});

test('DuckDB writes each of them, keys, partitions and order or not', async () => {
  const { lake, manifest } = workbench.services;
  for (const { database, table } of [
    ...manifest.datasets.map(({ zone, name }) => ({ database: `aviation_${zone}`, table: name })),
    { database: 'aviation_silver', table: 'flights_quarantine' },
    { database: 'aviation_ops', table: 'runs' },
  ]) {
    const name = lake.name(database, table);
    const columns = await lake.query<{ column_name: string; column_type: string; null: string }>(`DESCRIBE ${name}`);
    const values: Record<string, string> = {
      INTEGER: '1',
      BIGINT: '1',
      DOUBLE: '1',
      BOOLEAN: 'true',
      DATE: "'2001-01-01'",
    };
    const row = columns.map(
      ({ column_type: type }) =>
        values[type] ?? (/^TIME/.test(type) ? "'2001-01-01'" : type === 'VARCHAR' ? "'a'" : 'NULL'),
    );
    await lake.commit(async (tx) => {
      await tx.run(`INSERT INTO ${name} VALUES (${row.map((v) => (v === 'NULL' ? '[]' : v)).join(', ')})`);
      await tx.setProperties(database, table, { 'ingot.position': '1' });
    });
    expect(await lake.query(`SELECT count(*) AS n FROM ${name}`)).toEqual([{ n: 1n }]);
  }
});

describe('a contract in its versions, with rows in the table', () => {
  const made = (properties: DataContract['schema'], version: string): DataContract => ({
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: 'gates',
    version,
    status: 'active',
    servers: [{ server: 'bronze', type: 's3', location: 's3://bronze/gates/', format: 'csv' }],
    customProperties: [{ property: 'zone', value: 'silver' }],
    schema: properties,
  });
  const gates = (...properties: object[]) => [{ name: 'gates', properties }] as DataContract['schema'];
  const code = { id: 'p1', name: 'code', logicalType: 'string', required: true, primaryKey: true };
  const i32 = { logicalType: 'integer', logicalTypeOptions: { format: 'i32' } };
  const v1 = made(gates(code, { id: 'p2', name: 'seats', ...i32 }), '1.0.0');
  const v2 = made(
    gates(
      { ...code, description: 'As on the door' },
      { name: 'since', logicalType: 'date', partitioned: true, partitionKeyPosition: 1 },
      { id: 'p2', name: 'seat_count', logicalType: 'integer', logicalTypeOptions: { format: 'i64' } },
    ),
    '2.0.0',
  );
  const v3 = made(gates({ ...code, logicalType: 'integer' }), '3.0.0');

  const apply = async (contract: DataContract) => {
    const { manifest } = await definePlatform({ name: 'airport', contracts: [contract], models: {} }, folder);
    return makeTables({ ...workbench.services, manifest });
  };
  const status = async (contract: DataContract) => (await apply(contract)).get('airport_silver.gates')?.status;
  const name = 'lake.airport_silver.gates';

  test('is added to, widened, renamed, reordered, described and partitioned anew; rolled back it stays; broken it is refused', async () => {
    const { lake, catalog } = workbench.services;
    expect(await status(v1)).toBe('created');
    await lake.commit((tx) => tx.run(`INSERT INTO ${name} VALUES ('A1', 12)`));
    expect(await status(v2)).toBe('changed');
    await lake.commit((tx) => tx.run(`INSERT INTO ${name} VALUES ('B2', '2001-01-01', 3000000000)`));
    const rows = [
      { code: 'A1', since: null, seat_count: 12n },
      { code: 'B2', since: '2001-01-01', seat_count: 3_000_000_000n },
    ];
    expect(await lake.query(`FROM ${name} ORDER BY code`)).toEqual(rows);
    const table = (await (await RestCatalog.connect(catalog)).loadTable('airport_silver', 'gates'))!;
    expect(table.schemas.at(-1)).toMatchObject({
      'identifier-field-ids': [1],
      fields: [
        { id: 1, name: 'code', doc: 'As on the door' },
        { id: 3, name: 'since', type: 'date' },
        { id: 2, name: 'seat_count', type: 'long' },
      ],
    });
    expect(await status(v1)).toBe('older');
    await expect(apply(v3)).rejects.toThrow(
      /gates cannot be changed .* gates 3\.0\.0 says: since would be dropped; seat_count would/,
    );
    expect(await lake.query(`FROM ${name} ORDER BY code`)).toEqual(rows);
  });
});
