import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Begun, ErasureEvent } from '../../lib/erasure/handle';
import type { ErasureReport } from '../../lib/erasure/report';
import { load } from '../../lib/ingest/load';
import { plan } from '../../lib/ingest/plan';
import { startCatalog } from '../../lib/local/catalog';
import type { Manifest } from '../../lib/platform/manifest';
import { resolveZones } from '../../lib/platform/zones';
import { awsServices } from '../../lib/runtime/aws';
import { readEnvironment } from '../../lib/runtime/environment';
import { s3Objects } from '../../lib/runtime/s3-objects';
import { makeTables } from '../../lib/tables/make';
import { metadataIn } from '../deploy/emulator';
import { column, dataset, source } from '../ingest/datasets';
import { startMoto } from './moto';
import { marker } from './shop';

const customers = dataset(
  'customers',
  [{ ...column('customer_id', 'string', { required: true }), subject: 'customer' }, column('age', 'int')],
  { key: ['customer_id'], source: source('csv', { prefix: 'customers' }) },
);
const manifest: Manifest = {
  name: 'shop',
  zones: resolveZones('shop'),
  datasets: [customers],
  models: [],
  groups: [{ name: 'all', ingests: ['silver.customers'], levels: [], schedule: 'rate(1 day)', timeZone: 'UTC' }],
  ops: { database: 'shop_ops', zone: 'silver' },
};

test('the deployed function erases from S3, by a ledger in DynamoDB', async () => {
  const moto = await startMoto();
  if (moto === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'ingot-erasure-aws-'));
  const before = { ...process.env };
  const zones = { bronze: 's3://shop-bronze', silver: 's3://shop-silver', gold: 's3://shop-gold' };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: moto.url,
    INGOT_ZONES: JSON.stringify(zones),
    INGOT_CATALOG_AUTH: 'none',
    INGOT_WAREHOUSE: 'shop',
    INGOT_MANIFEST: join(folder, 'manifest.json'),
    INGOT_ERASURE_LEDGER: 'ledger',
    INGOT_HOLDS: '{"versionDays":30}',
    INGOT_LOG_LEVEL: 'error',
  });
  const s3 = new S3Client({ forcePathStyle: true });
  const objects = s3Objects(s3);
  const catalog = await startCatalog({
    folder: join(folder, 'catalog'),
    roots: [zones.silver, zones.gold],
    files: metadataIn(objects),
  });
  process.env.INGOT_CATALOG_URI = catalog.uri;
  try {
    for (const Bucket of ['shop-bronze', 'shop-silver', 'shop-gold'])
      await s3.send(new CreateBucketCommand({ Bucket }));
    await new DynamoDBClient().send(
      new CreateTableCommand({
        TableName: 'ledger',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['kind', 'id'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
        KeySchema: [
          { AttributeName: 'kind', KeyType: 'HASH' },
          { AttributeName: 'id', KeyType: 'RANGE' },
        ],
      }),
    );
    const services = await awsServices(readEnvironment(process.env), manifest);
    await makeTables(services);
    const put = (Key: string, Body: string | Buffer) =>
      s3.send(new PutObjectCommand({ Bucket: 'shop-bronze', Key, Body, ContentType: 'text/csv' }));
    await put('customers/source=s/date=2026-01-01/a.csv', `customer_id,age\n${marker},40\nc-2,30\n${marker}\nc-3,x\n`);
    await put('customers/source=s/date=2026-01-02/b [1].csv.gz', gzipSync(`customer_id,age\n${marker},41\nc-4,31\n`));
    const range = { from: '2026-01-01', to: '2026-01-31' };
    const { tables } = await plan({ action: 'plan', group: 'all', run: 'r', range }, services);
    for (const { table, batches } of tables)
      for (const { batch } of batches) await load({ action: 'load', table, batch, run: 'r' }, services);

    const { handler } = require('../../lib/handlers/erase') as {
      handler: (event: ErasureEvent) => Promise<unknown>;
    };
    await handler({ action: 'request', subject: 'customer', keys: [marker] });
    const { run, files, tables: places } = (await handler({ action: 'begin' })) as Begun;
    for (const table of files) expect(await handler({ action: 'files', run, table, after: '' })).toEqual({ next: '' });
    for (const place of places) await handler({ action: 'table', run, place });
    const report = (await handler({ action: 'finish', run })) as ErasureReport;
    expect(report.places.map(({ place, rows, files: n }) => [place, rows, n])).toEqual([
      ['bronze/customers', 3, 2],
      ['silver.customers', 1, 1],
      ['silver.customers_quarantine', 1, 1],
    ]);
    expect(report.remains.map(({ what }) => what)).toEqual(['object versions of bronze', 'object versions of silver']);

    expect(await services.lake.query('SELECT * FROM silver.customers ORDER BY 1')).toEqual([
      { customer_id: 'c-2', age: 30 },
      { customer_id: 'c-4', age: 31 },
    ]);
    for (const root of [zones.bronze, zones.silver])
      for await (const { uri } of objects.list(`${root}/`)) {
        const bytes = await objects.read(uri);
        const text = uri.endsWith('.parquet')
          ? JSON.stringify(
              await services.lake.query(`SELECT CAST(to_json(t) AS VARCHAR) AS row FROM read_parquet('${uri}') AS t`),
            )
          : (uri.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
        expect([uri, text.includes(marker)]).toEqual([uri, false]);
      }
    // What S3 tells of the objects that were written anew is no arrival.
    const arrived = async function* () {
      for await (const { uri } of objects.list(`${zones.bronze}/customers/`))
        yield { object: (await objects.head(uri))!, done: async () => {} };
    };
    const again = await plan({ action: 'plan', group: 'all', run: 'r2' }, { ...services, arrivals: { take: arrived } });
    expect(again.tables).toEqual([]);
    expect(await handler({ action: 'begin' })).toMatchObject({ empty: true });
    await services.lake.close();
  } finally {
    await catalog.close();
    process.env = before;
    moto.stop();
    rmSync(folder, { recursive: true });
  }
});
