import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { mentionIn } from '../../lib/erasure/mentions';
import { packed, unpacked } from '../../lib/erasure/packing';
import { csvRecords, jsonValues, latin1, linesOf } from '../../lib/erasure/records';
import { remainsOf, reportText } from '../../lib/erasure/report';
import { textsOf } from '../../lib/erasure/subjects';
import { hashOf, Wanted } from '../../lib/erasure/wanted';
import { describeProblem, TransientError } from '../../lib/errors';
import { load } from '../../lib/ingest/load';
import { plan } from '../../lib/ingest/plan';
import { folderErasureLedger } from '../../lib/local/erasure-ledger';
import { runPlatform } from '../../lib/local/run';
import { loadPlatform } from '../../lib/platform/load';
import type { Manifest } from '../../lib/platform/manifest';
import { dynamoErasureLedger } from '../../lib/runtime/erasure-ledger';
import { localObjects } from '../../lib/runtime/objects';
import { s3Objects } from '../../lib/runtime/s3-objects';
import { ingot } from '../cli/ingot';
import { column, dataset, source } from '../ingest/datasets';
import { TestPlatform } from '../ingest/platform';
import { check, problemsOf } from '../platform/folder';
import { filesWith, marker, openShop, others, type Shop, shop } from './shop';

let open: Shop;
beforeAll(async () => {
  open = await openShop();
});
afterAll(() => open.close());

/** Keys that are texts like any other. */
const hostile = ["' OR '1'='1", '%', '*', '"; DROP TABLE silver.orders; --', '$secret'];
const erase = (...args: readonly string[]) => ingot(['erase', ...args, '--platform', open.folder]);

test('after an erasure no file holds the person, and no row of anybody else is different', async () => {
  const { folder, bronze, duckdb, rowsOf } = open;
  const before = await rowsOf();
  expect((await filesWith(marker, join(folder, '.ingot'), duckdb)).length).toBeGreaterThan(10);

  const { code, out, err } = await erase('customer', marker, ...hostile, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toMatchObject({
    erasures: Array(1 + hostile.length).fill({ subject: 'customer', again: false }),
    places: [
      { place: 'bronze/carts', rows: 3, files: 1 },
      { place: 'bronze/customers', rows: 4, unreadable: 1, files: 2 },
      { place: 'bronze/orders', rows: 3, unreadable: 1, files: 1 },
      { place: 'bronze/visits', rows: 1, files: 1 },
      { place: 'gold.fct_spent', rows: 1 },
      { place: 'silver.carts', rows: 3 },
      { place: 'silver.carts_quarantine', rows: 0 },
      { place: 'silver.customers', rows: 1 },
      { place: 'silver.customers_quarantine', rows: 2 },
      { place: 'silver.orders', rows: 1 },
      { place: 'silver.orders_quarantine', rows: 2 },
      { place: 'silver.visits', rows: 1 },
      { place: 'silver.visits_quarantine', rows: 0 },
    ],
  });

  expect(await filesWith(marker, join(folder, '.ingot'), duckdb)).toEqual([]);
  const own = (row: unknown) => !JSON.stringify(row).includes(marker);
  const expected = Object.fromEntries(Object.entries(before).map(([table, rows]) => [table, rows.filter(own)]));
  expect(await rowsOf()).toEqual(expected);
  for (const [path, text] of Object.entries(others)) {
    const bytes = readFileSync(join(bronze, path));
    expect([path, (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()]).toEqual([path, text]);
  }

  // The files that were written anew are no new files, also for a table without a key.
  expect((await runPlatform(folder)).status).toBe('succeeded');
  expect(await rowsOf()).toEqual(expected);
  expect(await filesWith(marker, join(folder, '.ingot'), duckdb)).toEqual([]);
  expect((await erase()).out).toBe('Nobody is to be erased\n');
});

test('what nobody can be erased by is refused, and nothing is written down', async () => {
  const { manifest } = await loadPlatform(open.folder);
  const refused = (subject: string, keys: readonly string[], of: Pick<Manifest, 'datasets'> = manifest) =>
    textsOf(subject, keys, of, open.duckdb).then(
      () => '',
      (error: Error) => error.message,
    );
  expect(await refused('costumer', ['1'])).toBe(
    'subject: must be one that a contract\'s column names; given "costumer"; allowed: customer; did you mean customer?',
  );
  expect(await refused('customer', [])).toBe('keys: must be at least one; given none');
  expect(await refused('customer', [' ', 'x'.repeat(1001), 'a\0'])).toBe(
    [
      'keys: must have no key that is empty or blank',
      `keys: must be of at most 1000 characters; given "${'x'.repeat(60)}…"`,
      'keys: must hold no NUL character; given "a\\u0000"',
    ].join('\n'),
  );
  const numbers = {
    datasets: manifest.datasets.map((one) => ({
      ...one,
      columns: one.columns.map((column) =>
        column.subject === undefined ? column : { ...column, type: 'int' as const },
      ),
    })),
  };
  expect(
    (await refused('customer', ['42.5', 'c-1', '99999999999'], numbers)).match(/must be INTEGER as/g),
  ).toHaveLength(3);
  expect(await textsOf('customer', [' 042 ', '+42'], numbers, open.duckdb)).toEqual(
    new Map([
      [' 042 ', ['42']],
      ['+42', ['42']],
    ]),
  );
  expect(await refused('customer', ['1'], { datasets: [] })).toMatch(
    /must be said by a contract: no column has the custom property subject/,
  );
  const { code, err } = await erase('customer', '1', '--replay');
  expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/must be left out with --replay and --status/) });
  const { erasures } = JSON.parse((await erase('--status', '--json')).out) as { erasures: unknown[] };
  expect(erasures).toHaveLength(1 + hostile.length);
});

test('a subject stands at columns whose values have one text each', async () => {
  const contract = shop['contracts/visits.odcs.yaml']!;
  const wrong = (from: string, to: string) =>
    problemsOf({ ...shop, 'contracts/visits.odcs.yaml': contract.replace(from, to) });
  expect(await wrong('value: customer', 'value: "A customer!"')).toEqual([
    expect.stringMatching(
      /of subject must be lower-case letters, digits, hyphens and underscores; given "A customer!"/,
    ),
  ]);
  expect(await wrong('logicalType: string', 'logicalType: number')).toEqual([
    expect.stringMatching(/of subject must stand at a column of text, whole numbers or UUIDs; customer_id is double/),
  ]);
});

test('personal data of nobody in particular is noticed', async () => {
  const contract = shop['contracts/visits.odcs.yaml']!;
  const noticed = async (more: string) => {
    const text = contract.replace(/, customProperties: \[\{property: subject[^}]*\}\]/, more);
    return (await check({ ...shop, 'contracts/visits.odcs.yaml': text })).notices.map(describeProblem);
  };
  expect(await noticed(', classification: PII')).toEqual([
    expect.stringMatching(
      /visits.odcs.yaml:\d+ schema\[0\].properties: hold personal data \(customer_id\) and nothing says whose: .* nobody can be erased from silver.visits/,
    ),
  ]);
  expect(await noticed(', tags: [personal data]')).toHaveLength(1);
  expect(await noticed(', classification: confidential')).toEqual([]);
});

/** A text in pieces, as it may be read. */
async function* inPieces(text: string, size: number): AsyncIterable<string> {
  for (let from = 0; from < text.length; from += size) yield text.slice(from, from + size);
}
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};
const cell = fc.stringMatching(/^[a-z ,"\n\r|é]{0,6}$/);

test('records of a text file are its bytes, in whatever pieces it is read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 7 }),
      async (rows, end, size) => {
        const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
        const text = latin1(rows.map((row) => row.map(quoted).join(',')).join(end) + end);
        const records = await all(csvRecords(inPieces(text, size), ','));
        expect(records.map(({ bytes }) => bytes).join('')).toBe(text);
        expect(records.map(({ fields }) => fields)).toEqual(rows);
        expect((await all(linesOf(inPieces(text, size)))).join('')).toBe(text);
      },
    ),
    { numRuns: 200 },
  );
});

test('values of a JSON text are cut out as they stand, and a broken one is none', () => {
  fc.assert(
    fc.property(
      fc.array(fc.object({ maxDepth: 2 }), { maxLength: 4 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 2 }),
      (objects, isArray, indent) => {
        const texts = objects.map((one) => JSON.stringify(one, null, indent));
        const text = isArray ? `[${texts.join(', ')}]` : texts.join('\n');
        expect(jsonValues(text)?.values).toEqual(texts);
        if (isArray || texts.length > 0) expect(jsonValues(text.slice(0, -1))).toBeUndefined();
      },
    ),
    { numRuns: 100 },
  );
});

test('a line whose quote is never closed ends with its line', async () => {
  const records = await all(csvRecords(inPieces('a,b\n"x,1\ny,2\n', 3), ','));
  expect(records.map(({ bytes }) => bytes)).toEqual(['a,b\n', '"x,1\n', 'y,2\n']);
});

test('what was packed is packed again, and everybody can read it', async () => {
  const bytes = Buffer.from('0123456789'.repeat(40_000));
  for (const packing of ['gzip', 'zstd', 'none'] as const) {
    const chunks = async function* () {
      yield bytes;
    };
    const file = Buffer.concat(await all(packed(chunks(), packing)));
    const again = async function* () {
      yield file;
    };
    expect(Buffer.concat(await all(unpacked(again(), packing))).equals(bytes)).toBe(true);
    if (packing !== 'zstd') continue;
    const path = join(open.folder, 'packed.csv.zst');
    writeFileSync(path, file);
    const [row] = await open.duckdb.query(
      `SELECT sum(length(column0)) AS n FROM read_csv('${path}', header = false, all_varchar = true, max_line_size = 10000000)`,
    );
    expect(Number(row!.n)).toBe(bytes.length);
  }
});

const wanted = new Wanted('secret', [{ subject: 'customer', hashes: [hashOf('secret', '42')] }]);
const named = [{ subject: 'customer', names: ['customer_id', 'cust'] }];
test.each([
  ['{"cust": 42}', 'field'],
  ['{"CUSTOMER_ID": "042", "name": "x"}', 'field'],
  ['{"after": {"cust": {"long": 42}}}', 'field'],
  ['{"id": "1", "raw": "{\\"cust\\": 42}"}', 'field'],
  ['[{"x": 1}, {"cust": "42"}]', 'field'],
  ['{"amount": 42, "name": "42"}', undefined],
  ['{"cust": 421}', undefined],
  ['7,"42"', 'word'],
  ['{"cust": 42', 'word'],
  ['421, 4.2, a42', undefined],
] as const)(
  'a refused record speaks of somebody by a field of that name, or, where it is no JSON, by a word: %s',
  (text, expected) => {
    expect(mentionIn(text, named, wanted)).toBe(expected);
  },
);

test('a file from which an erasure took records is the file that was planned, but not while it is read', async () => {
  const columns = [{ ...column('id', 'int', { required: true }), subject: 'customer' }, column('name', 'string')];
  const visits = dataset('visits', columns, { source: source('csv', { prefix: 'visits' }) });
  const platform = await TestPlatform.start([visits]);
  try {
    const { services } = platform;
    const uri = platform.land('visits', 'a.csv', 'id,name\n1,a\n2,b\n', 1);
    const plans = () => plan({ action: 'plan', group: 'all', run: 'r' }, services);
    const [open] = (await plans()).tables;
    const without = async (text: string) => {
      const file = join(platform.folder, 'new');
      writeFileSync(file, text);
      expect(await localObjects.replace((await localObjects.head(uri))!, file)).toBe(true);
    };
    await without('id,name\n2,b\n');
    // Written anew while it is staged.
    const stagingOnce = {
      ...services,
      lake: {
        ...services.lake,
        query: services.lake.query.bind(services.lake),
        properties: services.lake.properties.bind(services.lake),
        name: services.lake.name.bind(services.lake),
        commit: services.lake.commit.bind(services.lake),
        run: async (sql: string) => {
          const rows = await services.lake.run(sql);
          if (/^INSERT INTO "ingot_rows/.test(sql.trim())) await without('id,name\n2,b\n');
          return rows;
        },
      },
    } as typeof services;
    const event = { action: 'load', table: 'silver.visits', batch: open!.batches[0]!.batch, run: 'r' } as const;
    await expect(load(event, stagingOnce)).rejects.toThrow(TransientError);
    expect((await load(event, services)).rows).toMatchObject({ read: 1, merged: 1 });
    expect((await plans()).tables).toEqual([]);
    // Whoever saw it before must not replace it.
    const seen = (await localObjects.head(uri))!;
    await without('id,name\n');
    expect(await localObjects.replace(seen, join(platform.folder, 'new'))).toBe(false);
  } finally {
    await platform.stop();
  }
});

/** A client of AWS that answers by a function of the command's name and input. */
const client = <C>(answer: (name: string, input: Record<string, never>) => unknown): C =>
  ({
    middlewareStack: { add() {} },
    send: async (command: { input: Record<string, never>; constructor: { name: string } }) =>
      answer(command.constructor.name, command.input),
  }) as unknown as C;

test('an object of S3 is replaced only as it was seen, and says from then on how it arrived', async () => {
  const file = join(open.folder, 'object');
  writeFileSync(file, 'abc');
  const sent: Record<string, unknown>[] = [];
  let answer: () => unknown = () => ({});
  const s3 = s3Objects(
    client<S3Client>((name, input) => {
      if (name === 'HeadObjectCommand')
        return {
          ContentType: 'text/csv',
          ContentLength: 3,
          ETag: '"e2"',
          LastModified: new Date(0),
          Metadata: { 'ingot-arrived-as': 'e1' },
        };
      sent.push(input);
      return answer();
    }),
  );
  const seen = (await s3.head('s3://b/k'))!;
  expect(seen).toMatchObject({ etag: 'e2', arrivedAs: 'e1' });
  expect(await s3.replace(seen, file)).toBe(true);
  expect(sent[0]).toMatchObject({
    Bucket: 'b',
    Key: 'k',
    ContentLength: 3,
    ContentType: 'text/csv',
    IfMatch: '"e2"',
    Metadata: { 'ingot-arrived-as': 'e1' },
  });
  answer = () => {
    throw Object.assign(new Error('changed'), { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } });
  };
  expect(await s3.replace(seen, file)).toBe(false);
});

test.each([
  ['of this machine', (folder: string) => folderErasureLedger(join(folder, 'ledger'))],
  ['of DynamoDB', () => dynamoErasureLedger('ledger', memoryDynamo())],
])('the ledger %s keeps what was there first, and all of a kind', async (_, make) => {
  const ledger = make(open.folder);
  expect(await ledger.get('a', '1')).toBeUndefined();
  expect(await ledger.list('a')).toEqual(new Map());
  expect(await ledger.add('a', '1', 'one')).toBe('one');
  expect(await ledger.add('a', '1', 'two')).toBe('one');
  await ledger.put('a', '1', 'three');
  await ledger.put('a', '2/..', 'four');
  await ledger.put('b', '1', 'other');
  expect(await ledger.get('a', '1')).toBe('three');
  expect(await ledger.list('a')).toEqual(
    new Map([
      ['1', 'three'],
      ['2/..', 'four'],
    ]),
  );
});

/** What the ledger asks of DynamoDB. */
function memoryDynamo(): DynamoDBClient {
  const items = new Map<string, Record<string, { S: string }>>();
  const keyOf = (of: Record<string, { S: string }>) => `${of.kind!.S} ${of.id!.S}`;
  interface Input {
    readonly Key: Record<string, { S: string }>;
    readonly Item: Record<string, { S: string }>;
    readonly ConditionExpression?: string;
    readonly ExpressionAttributeValues: Record<string, { S: string }>;
  }
  const dynamo = client<DynamoDBClient>((name, given) => {
    const { Key, Item, ConditionExpression, ExpressionAttributeValues: values } = given as unknown as Input;
    if (name === 'GetItemCommand') return { Item: items.get(keyOf(Key)) };
    if (name === 'QueryCommand')
      return { Items: [...items.values()].filter(({ kind }) => kind!.S === values[':kind']!.S) };
    if (ConditionExpression !== undefined && items.has(keyOf(Item)))
      throw new ConditionalCheckFailedException({ message: 'there', $metadata: {} });
    items.set(keyOf(Item), Item);
    return {};
  });
  return Object.setPrototypeOf(dynamo, DynamoDBClient.prototype) as DynamoDBClient;
}

test('the report says what still holds it in AWS, and until when', async () => {
  const { manifest } = await loadPlatform(open.folder);
  const place = { rows: 1, unreadable: 0, files: 1, snapshots: 1, named: [] };
  const silver = { ...place, place: 'silver.orders', kind: 'table', named: ['audit'] } as const;
  const postgres = { server: 'crm', schema: 'public', table: 'orders' };
  const whole: Manifest = {
    ...manifest,
    datasets: manifest.datasets.map((one) => (one.name === 'orders' ? { ...one, postgres } : one)),
    backup: { tiers: { incremental: false }, copies: [{ vaultArn: 'arn:vault', keepDays: 90 }] },
  };
  const told = {
    places: [silver, { ...place, place: 'bronze/orders', kind: 'files' as const }],
    finishedAt: '2026-01-01T12:00:00.000Z',
  };
  const holds = { versionDays: 30, replicas: ['bronze', 'gold'], queryResultDays: 7 };
  expect(remainsOf(whole, told, holds).map(({ what, until }) => [what, until?.slice(0, 10)])).toEqual([
    ['object versions of silver', '2026-01-31'],
    ['object versions of bronze', '2026-01-31'],
    ['replica of bronze', undefined],
    ["results of Athena's queries", '2026-01-08'],
    ['backups of tier full (lake)', '2026-01-31'],
    ['backups of tier log (lake)', '2026-01-08'],
    ['copies of backups in arn:vault', '2026-04-01'],
    ['branch or tag audit of silver.orders', undefined],
    ['table public.orders of server crm', undefined],
  ]);
  expect(
    reportText({ ...told, run: 'r', startedAt: told.finishedAt, erasures: [], remains: remainsOf(whole, told, holds) }),
  ).toContain(
    '  backups of tier full (lake) until 2026-01-31: recovery points of before the erasure are kept 30 days; locked: governance',
  );
});
