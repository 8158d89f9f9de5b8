import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutOf } from '../../lib/local/layout';
import { openWorkbench, type Workbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
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
  "aviation_gold.fct_flights": "created",
  "aviation_gold.fct_route_months": "created",
  "aviation_ops.files": "created",
  "aviation_ops.quality_results": "created",
  "aviation_ops.runs": "created",
  "aviation_silver.airports": "created",
  "aviation_silver.airports_quarantine": "created",
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
