import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Lake } from '../../lib/runtime/services';
import { contractFile, type Files } from '../platform/folder';
import { call } from './emulator';

const server = '{server: store, type: postgres, host: store.example.com, port: 5432, database: store, schema: public}';

/** What a platform says that follows a database: another one than its own, which the emulator has not. */
export const changesWords = `cdc:
  store:
    source:
      host: store.example.com
      database: store
      user: ingot
      secretArn: arn:aws:secretsmanager:us-east-1:123456789012:secret:store-AbCdEf
`;

export const changesFiles: Files = {
  'contracts/customers.odcs.yaml': contractFile(
    'customers',
    'silver',
    { id: 'logicalType: integer, primaryKey: true, required: true', name: 'string', spent: 'number' },
    { top: `servers: [${server}]\ncustomProperties: [{property: zone, value: silver}]` },
  ),
};

let changes = 0;

/** A record as AWS DMS writes it to Kinesis. */
const record = (operation: string, data: object, more: object = {}) => {
  changes += 8;
  const lsn = `00000001/${changes.toString(16).toUpperCase().padStart(8, '0')}`;
  return {
    data,
    metadata: {
      timestamp: '2026-01-05T10:00:00.000000Z',
      'record-type': 'data',
      operation,
      'partition-key-type': 'primary-key',
      'schema-name': 'public',
      'table-name': 'customers',
      ...(operation === 'load'
        ? {}
        : {
            'commit-timestamp': '2026-01-05T10:00:00.000000Z',
            'transaction-id': 7,
            'transaction-record-id': 1,
            'stream-position': `${lsn}.1.${lsn}`,
          }),
    },
    ...more,
  };
};

/** Puts records into the deployed stream, as AWS DMS would, and waits for what the deployed function makes of them. */
export async function tryChanges(lake: Lake, say: (promise: string) => void): Promise<void> {
  const row = (id: number, name: string | null, spent: number | null) => ({ id, name, spent });
  const update = record('update', row(1, 'Ann B.', 12.5));
  await put([
    record('load', row(1, 'Ann', 10)),
    record('load', row(2, 'Bob', null)),
    record('insert', row(3, 'Cid', 7)),
    update,
    record('delete', row(2, null, null)),
    record('update', row(4, 'Cid', 7), { 'before-image': { id: 3 } }),
    record('insert', row(5, 'Dan', 1), {}),
    { ...record('insert', { id: 'five', name: 'x', spent: null }) },
  ]);
  const rows = 'SELECT id::INT AS id, name, spent::DOUBLE AS spent FROM silver.customers ORDER BY id';
  const wanted = [row(1, 'Ann B.', 12.5), row(4, 'Cid', 7), row(5, 'Dan', 1)];
  await eventually(rows, wanted, lake);
  say(
    'records of AWS DMS in the deployed stream come out of the deployed function, in the table: loaded, changed, moved, gone',
  );
  await eventually('SELECT reasons[1].rule AS rule FROM silver.customers_quarantine', [{ rule: 'id.type' }], lake);
  say('a change that is not what the contract says is in quarantine with its reason');
  // Delivered again, with one behind it that shows that both were read.
  await put([update, record('load', row(5, 'stale', 0)), record('delete', row(4, null, null))]);
  await eventually(rows, [row(1, 'Ann B.', 12.5), row(5, 'Dan', 1)], lake);
  say('what is delivered again, or loaded late, changes nothing');
}

const put = (records: readonly object[]): Promise<unknown> =>
  call('kinesis', 'Kinesis_20131202.PutRecords', {
    StreamName: 'shop-cdc-store',
    Records: records.map((each) => ({
      Data: Buffer.from(JSON.stringify(each)).toString('base64'),
      PartitionKey: 'public.customers',
    })),
  });

async function eventually(sql: string, wanted: unknown, lake: Lake): Promise<void> {
  let found: unknown;
  for (let tries = 0; tries < 300; tries++) {
    found = await lake.query(sql);
    if (isDeepStrictEqual(JSON.parse(JSON.stringify(found)), wanted)) return;
    await sleep(1_000);
  }
  throw new Error(`${JSON.stringify(found)} where ${JSON.stringify(wanted)} should be, of ${sql}`);
}
