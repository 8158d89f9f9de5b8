import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { runPlatform } from '../../lib/local/run';
import { type Duckdb, openDuckdb } from '../../lib/runtime/duckdb';
import { ingot } from '../cli/ingot';
import type { Files } from '../platform/folder';

/** A key that stands nowhere else, in no number and no hash. */
export const marker = 'cust-ERASE-ME-7';

const contract = (table: string, format: string, columns: readonly string[], more = ''): string =>
  `apiVersion: v3.1.0
kind: DataContract
id: shop-${table}
version: 1.0.0
status: active
servers: [{server: in, type: s3, location: "s3://bronze/${table}/", format: ${format}}]
customProperties: [{property: zone, value: silver}, {property: maxQuarantinePercent, value: 100}]
schema:
  - name: ${table}
${more}    properties:
${columns.map((column) => `      - ${column}`).join('\n')}
`;

const customer = (more = '') =>
  `{name: customer_id, logicalType: string, required: true${more}, customProperties: [{property: subject, value: customer}]}`;

/** Customers (CSV, with history), orders (JSON lines), visits (a JSON array, without a key) and carts (Parquet); sums in gold. */
export const shop: Files = {
  'platform.yaml': 'name: shop\n',
  'contracts/customers.odcs.yaml': contract(
    'customers',
    'csv',
    [customer(', primaryKey: true'), '{name: name, logicalType: string}', '{name: age, logicalType: integer}'],
    '    customProperties: [{property: history, value: scd2}]\n',
  ),
  'contracts/orders.odcs.yaml': contract('orders', 'json', [
    '{name: id, logicalType: integer, required: true, primaryKey: true}',
    "{name: customer_id, logicalType: string, transformLogic: 'trim(cust)', transformSourceObjects: [cust], customProperties: [{property: subject, value: customer}]}",
    '{name: amount, logicalType: number, required: true}',
  ]),
  'contracts/visits.odcs.yaml': contract('visits', 'json', [customer(), '{name: page, logicalType: string}']),
  'contracts/carts.odcs.yaml': contract('carts', 'parquet', [
    '{name: id, logicalType: integer, required: true, primaryKey: true}',
    customer(),
  ]),
  'contracts/fct_spent.odcs.yaml': `apiVersion: v3.1.0
kind: DataContract
id: shop-fct-spent
version: 1.0.0
status: active
customProperties: [{property: zone, value: gold}]
schema:
  - name: fct_spent
    properties:
      - ${customer()}
      - {name: spent, logicalType: number}
`,
  'models/fct_spent.sql':
    'select customer_id, cast(sum(amount) as double) as spent from silver.orders where customer_id is not null group by all\n',
};

/** Files as they arrive, by their path below bronze. */
export function arrivals(): Record<string, Buffer> {
  const text = (lines: readonly string[], end = '\n') => Buffer.from(lines.join(end) + end);
  const day = (table: string, n: number, file: string) => `${table}/source=s/date=2026-01-0${n}/${file}`;
  return {
    [day('customers', 1, 'a.csv')]: text(
      [
        'customer_id,name,age',
        `${marker},"Zoë, of\r\nErlangen",40`,
        'c-1,"says ""hi"", twice",30',
        `"${marker}",x`,
        'c-2,ümläut,old',
        `c-3,knows nobody,33`,
      ],
      '\r\n',
    ),
    [day('customers', 2, 'b.csv.gz')]: gzipSync(
      text(['age,customer_id,name', `41,${marker},Zoe`, '31,c-1,one', `old,${marker},refused`]),
    ),
    [day('orders', 1, 'a.json')]: text([
      `{"id": 1, "cust": "  ${marker} ", "amount": 1.50}`,
      '{"id":2,"cust":"c-1","amount":2.0,  "note":"kept  as it is"}',
      `{"id": 3, "cust": "${marker}"}`,
      `{"id": 4, "cust": "${marker}", "amount": `,
      '{"id": 5, "cust": "c-2", "amount": 7}',
    ]),
    [day('visits', 1, 'a.json')]: Buffer.from(
      `[\n {"customer_id": "${marker}", "page": "/a"},\n {"customer_id": "c-1", "page": "/b"}\n]\n`,
    ),
    [day('visits', 2, 'b.json')]: text(['{"customer_id": "c-2", "page": "/c"}']),
  };
}

/** What none of them says of others, once the marker is gone. */
export const others: Record<string, string> = {
  'customers/source=s/date=2026-01-01/a.csv':
    'customer_id,name,age\r\nc-1,"says ""hi"", twice",30\r\nc-2,ümläut,old\r\nc-3,knows nobody,33\r\n',
  'customers/source=s/date=2026-01-02/b.csv.gz': 'age,customer_id,name\n31,c-1,one\n',
  'orders/source=s/date=2026-01-01/a.json':
    '{"id":2,"cust":"c-1","amount":2.0,  "note":"kept  as it is"}\n{"id": 5, "cust": "c-2", "amount": 7}\n',
  'visits/source=s/date=2026-01-01/a.json': '[{"customer_id": "c-1", "page": "/b"}]\n',
  'visits/source=s/date=2026-01-02/b.json': '{"customer_id": "c-2", "page": "/c"}\n',
};

/** Every file below a folder that holds a text: its bytes, and what is packed in gzip, Parquet and Avro. */
export async function filesWith(text: string, folder: string, duckdb: Duckdb): Promise<string[]> {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    const reader = /\.parquet$/.test(path) ? 'read_parquet' : /\.avro$/.test(path) ? 'read_avro' : undefined;
    const rows =
      reader === undefined
        ? ''
        : JSON.stringify(
            await duckdb.query(
              `SELECT CAST(to_json(t) AS VARCHAR) AS row FROM ${reader}('${path.replaceAll("'", "''")}') AS t`,
            ),
          );
    const unpacked = /\.gz$/.test(path) ? gunzipSync(bytes).toString() : '';
    if (bytes.includes(text) || rows.includes(text) || unpacked.includes(text))
      found.push(path.slice(folder.length + 1));
  }
  return found;
}

/** A shop that has run once. */
export interface Shop {
  readonly folder: string;
  readonly bronze: string;
  readonly duckdb: Duckdb;
  rowsOf(): Promise<Record<string, readonly unknown[]>>;
  close(): void;
}

const tables = ['silver.customers', 'silver.orders', 'silver.visits', 'silver.carts', 'gold.fct_spent'] as const;

export async function openShop(): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-erasure-'));
  const bronze = join(folder, '.ingot/lake/bronze');
  const duckdb = await openDuckdb({ extensions: ['avro'] });
  const put = (path: string, bytes: string | Buffer) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  };
  for (const [file, text] of Object.entries(shop)) put(join(folder, file), text);
  for (const [path, bytes] of Object.entries(arrivals())) put(join(bronze, path), bytes);
  const carts = join(bronze, 'carts/source=s/date=2026-01-01/a.parquet');
  put(carts, '');
  await duckdb.run(
    `COPY (SELECT i AS id, CASE WHEN i % 3 = 0 THEN '${marker}' ELSE 'c-' || i END AS customer_id FROM range(9) r(i)) TO '${carts}' (FORMAT parquet)`,
  );
  const { status, runs } = await runPlatform(folder);
  if (status !== 'succeeded') throw new Error(JSON.stringify(runs));
  return {
    folder,
    bronze,
    duckdb,
    async rowsOf() {
      const rows: Record<string, readonly unknown[]> = {};
      const each = tables.map(
        (table) => `SELECT '${table}' AS of, CAST(to_json(t) AS VARCHAR) AS row FROM ${table} AS t`,
      );
      const { code, out, err } = await ingot([
        'query',
        `${each.join(' UNION ALL ')} ORDER BY ALL`,
        '--platform',
        folder,
        '--json',
      ]);
      if (code !== 0) throw new Error(err);
      const found = JSON.parse(out) as { of: string; row: string }[];
      for (const table of tables) rows[table] = found.flatMap(({ of, row }) => (of === table ? [JSON.parse(row)] : []));
      return rows;
    },
    close() {
      duckdb.close();
      rmSync(folder, { recursive: true });
    },
  };
}
