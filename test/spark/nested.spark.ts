import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openDuckdb } from '../../lib/runtime/duckdb';
import { literal } from '../../lib/sql/quote';
import { contractFile, type Files } from '../platform/folder';
import { arriving, differences, hasSpark, readByPyiceberg, runsBy, write } from './turns';

const json = (text: string) => text.replace('format: parquet', 'format: json');
const zone = (name: string, ...more: string[]) =>
  `customProperties: [${[`{property: zone, value: ${name}}`, ...more].join(', ')}]`;
const quarantine = '{property: maxQuarantinePercent, value: 100}';
const id = 'logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1';
const of = (name: string, type: string) => `{name: ${name}, logicalType: ${type}}`;

const address = `logicalType: object, properties: [${of('city', 'string')}, {name: at, logicalType: object, properties: [${of('x', 'number')}, ${of('since', 'date')}]}]`;
const lines = `logicalType: array, items: {logicalType: object, properties: [${of('sku', 'string')}, ${of('count', 'integer')}]}`;
const tags = 'logicalType: array, items: {logicalType: string}';

/** Tables with structs, lists and maps, that files of JSON and of Parquet and models fill. */
const files: Files = {
  'contracts/people.odcs.yaml': json(
    contractFile(
      'people',
      'silver',
      { id, address, lines, tags, scores: 'logicalType: object, physicalType: "map<string, int>"' },
      { source: true, top: zone('silver', quarantine) },
    ),
  ),
  'contracts/homes.odcs.yaml': json(
    contractFile(
      'homes',
      'silver',
      { id, address, tags: `${tags}, required: true` },
      {
        source: true,
        top: zone('silver', quarantine, '{property: history, value: scd2}'),
      },
    ),
  ),
  'contracts/parcels.odcs.yaml': contractFile(
    'parcels',
    'silver',
    { address, lines, tags },
    {
      source: true,
      top: zone('silver', quarantine),
    },
  ),
  'contracts/skus.odcs.yaml': contractFile('skus', 'gold', {
    sku: 'logicalType: string',
    total: 'logicalType: integer, logicalTypeOptions: {format: i64}',
    place: `logicalType: object, properties: [${of('city', 'string')}, ${of('people', 'integer')}]`,
    tags,
  }),
  'models/skus.sql': `
select line.sku as sku, sum(line.count)::bigint as total, {'city': max(city), 'people': count(distinct id)::integer} as place,
  [max(first_tag), upper(max(city))] as tags
from (select id, address.city as city, tags[1] as first_tag, unnest(lines) as line from silver.people) as p
group by line.sku
`,
};

/** What arrives before each run, by its file. */
const arrivals: readonly Readonly<Record<string, string>>[] = [
  {
    people: `{"id": 1, "address": {"city": "Bern", "at": {"x": 1.5, "since": "2026-01-31"}}, "lines": [{"sku": "a", "count": 2}, {"sku": "b", "count": 1}], "tags": ["x", null, ""], "scores": {"k": 1}}
{"id": 2, "address": null, "lines": [], "tags": null, "scores": {}}
{"id": 3}
{"id": 4, "address": {"city": null, "at": null}, "lines": [null, {"sku": "a", "count": null}], "tags": [1, 2.5, true, {"z": [1]}], "scores": {"k": null, "é": 7}}
`,
    homes: `{"id": 1, "address": {"city": "Bern", "at": null}, "tags": ["x"]}
{"id": 2, "address": {"city": "Oslo", "at": {"x": -0.25, "since": null}}, "tags": []}
`,
  },
  {
    people: `{"id": 1, "address": {"city": "Rome", "at": {"x": "1e3", "since": "2026-1-5"}}, "lines": [{"count": "3", "sku": "a"}], "tags": ["y"], "scores": {"i": true, "j": 2.0, "k": "2"}}
{"id": 5, "address": {"city": "Kyiv"}, "lines": [], "tags": [], "scores": {}}
{"id": 6, "address": {"city": "Kyiv", "at": null, "more": 1}, "lines": [], "tags": [], "scores": {}}
{"id": 7, "address": "Kyiv", "lines": {"sku": "a"}, "tags": "x", "scores": [1]}
{"id": 8, "address": "{\\"city\\": \\"Kyiv\\", \\"at\\": null}", "lines": [], "tags": [], "scores": {}}
{"id": 9, "address": null, "lines": [{"sku": "a", "count": "many"}], "tags": [], "scores": {}}
{"id": 10, "address": {"City": "Kyiv", "at": null}, "lines": [1], "tags": [[]], "scores": {"k": "x"}}
{"id": 11, "address": null, "lines": null, "tags": ["o'hara", "a\\"b", "🙂"], "scores": null, "more": {"z": 1, "a": [1, "b"]}}
{"id": 13, "address": null, "lines": [], "tags": [], "scores": {"j": 2.5}}
{"id": 14, "address": null, "lines": [{"sku": "a", "count": 1.5}], "tags": [], "scores": {}}
`,
    homes: `{"id": 1, "address": {"city": "Bern", "at": null}, "tags": ["x"]}
{"id": 2, "address": {"city": "Oslo", "at": {"x": -0.25, "since": "2026-01-01"}}, "tags": []}
{"id": 3, "address": {"city": "Bern", "at": null}, "tags": null}
`,
  },
  {
    people: `[{"id": 2, "address": {"city": "Bern", "at": {"x": 2, "since": "2024-02-29"}}, "lines": [{"sku": "c", "count": 4}], "tags": ["x"], "scores": {}, "note": "late"},
 {"id": 12, "address": {"city": "Bern", "at": {"x": "x", "since": null}}, "lines": [], "tags": [], "scores": {}}]
`,
    homes: `{"id": 2, "address": {"city": "Oslo", "at": {"x": -0.25, "since": "2026-01-01"}}, "tags": ["a", "b"]}
`,
  },
];

/** Rows of Parquet files before each run: as the contract has them; with fields in another order and one that is missing; with texts. */
const parquet: readonly string[] = [
  `SELECT {'city': 'Bern', 'at': {'x': 1.5, 'since': DATE '2026-01-31'}} AS address, [{'sku': 'a', 'count': 1}, NULL] AS lines, ['x', NULL] AS tags
    UNION ALL SELECT NULL, NULL, NULL UNION ALL SELECT {'city': NULL, 'at': NULL}, [], []`,
  `SELECT {'at': {'since': DATE '2026-01-31'}, 'city': 'Oslo', 'more': 1} AS address, [{'count': 1::BIGINT, 'sku': 'b'}] AS lines, ['y'] AS tags`,
  `SELECT {'city': 'Rome', 'at': {'x': '2.5', 'since': '2026-1-5'}} AS address, [{'sku': 7, 'count': '8'}] AS lines, [1, 2] AS tags`,
];

async function arrive(folder: string, run: number): Promise<void> {
  // The contract of people has got a column.
  if (run === 2) {
    const people = files['contracts/people.odcs.yaml']!.replace('version: 1.0.0', 'version: 1.1.0');
    write(folder, { 'contracts/people.odcs.yaml': `${people.trimEnd()}\n      - ${of('note', 'string')}\n` });
  }
  const json = Object.entries(arrivals[run]!).map(([table, text]) => [arriving(table, run, `${run}.json`), text]);
  write(folder, Object.fromEntries(json));
  const file = join(folder, arriving('parcels', run, `${run}.parquet`));
  mkdirSync(dirname(file), { recursive: true });
  const duckdb = await openDuckdb();
  await duckdb.run(`COPY (${parquet[run]}) TO ${literal(file)}`);
  duckdb.close();
}

test('structs, lists and maps out of JSON, Parquet and models, good and bad ones, are the same by Spark and by DuckDB, and to pyiceberg', async () => {
  if (!(await hasSpark())) return;
  const turns = {
    platform: (folder: string) => write(folder, { 'platform.yaml': 'name: nested\n', ...files }),
    before: arrive,
  };
  const expected = await runsBy(turns, ['duckdb', 'duckdb', 'duckdb']);
  const empty = Object.entries(expected[2]!).flatMap(([table, rows]) => (rows.length === 0 ? [table] : []));
  expect(empty).toEqual(['silver.parcels_quarantine']);
  await runsBy(turns, ['spark', 'spark', 'duckdb'], async (run, tables, folder) => {
    expect([`run ${run}`, ...differences(expected[run]!, tables)]).toEqual([`run ${run}`]);
    for (const [table, rows] of Object.entries((await readByPyiceberg(folder)) ?? {}))
      expect([`run ${run}`, table, ...texts(rows)]).toEqual([`run ${run}`, table, ...texts(tables[table]!)]);
  });
}, 3_600_000);

/** Rows as texts, in one order, without what is of versions. Of a null list of structs pyiceberg 0.12 makes an empty one. */
const texts = (rows: readonly unknown[]): string[] =>
  rows
    .map((row) => ({ ...(row as Record<string, unknown>), is_current: undefined, open: undefined }))
    .map((row: Record<string, unknown>) =>
      JSON.stringify('lines' in row ? { ...row, lines: row.lines ?? [] } : row, inText),
    )
    .sort();

const inText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
