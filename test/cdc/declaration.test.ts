import { platformMigrations } from '../../lib/migrations/platform';
import { definePlatform } from '../../lib/platform/load';
import { platformSpecs } from '../../lib/tables/specs';

const contract = (name: string, more: object = {}, property: object = {}) => ({
  apiVersion: 'v3.1.0',
  kind: 'DataContract',
  id: name,
  version: '1.0.0',
  status: 'active',
  servers: [{ server: 'shop', type: 'postgres', host: 'h', port: 5432, database: 'd', schema: 'sales' }],
  customProperties: [{ property: 'zone', value: 'silver' }],
  schema: [
    {
      name,
      properties: [
        { name: 'id', logicalType: 'integer', primaryKey: true, required: true },
        { name: 'title', logicalType: 'string', ...property },
      ],
    },
  ],
  ...more,
});
const zone = { property: 'zone', value: 'silver' };
const scd2 = { customProperties: [zone, { property: 'history', value: 'scd2' }] };
const define = (cdc: object | undefined, contracts: object[]) =>
  definePlatform({ name: 'shop', contracts, models: {}, ...(cdc === undefined ? {} : { cdc }) } as never);

test('tables, columns and modes follow from contracts whose server is the source', async () => {
  const { manifest } = await define({ shop: { log: ['silver.clicks'], truncate: 'refuse' } }, [
    contract('people'),
    contract('orders', scd2),
    contract('clicks'),
  ]);
  expect(manifest.cdc).toEqual([
    {
      name: 'shop',
      publication: 'ingot_shop',
      slot: 'ingot_shop',
      truncate: 'refuse',
      schemaChanges: 'evolve',
      rememberDays: 30,
      tables: [
        { table: 'silver.clicks', mode: 'log', schema: 'sales', name: 'clicks' },
        { table: 'silver.orders', mode: 'history', schema: 'sales', name: 'orders' },
        { table: 'silver.people', mode: 'mirror', schema: 'sales', name: 'people' },
      ],
    },
  ]);
  const specs = platformSpecs(manifest, { silver: 's3://silver', gold: 's3://gold' });
  const columnsOf = (name: string) => specs.find(({ table }) => table === name)?.columns.map((column) => column.name);
  expect(columnsOf('people')).toEqual(['id', 'title', 'change_lsn', 'change_sequence', 'change_older']);
  expect(columnsOf('orders')).toContain('valid_to');
  expect(columnsOf('clicks')).toContain('change_operation');
  for (const name of ['people', 'orders', 'clicks']) {
    expect(columnsOf(`${name}_changes`)).toContain('change_kind');
    expect(specs.find(({ table }) => table === name)?.quarantine).toBeDefined();
  }
});

test('how a source is deployed has every default; without a database there is nothing to follow from', async () => {
  const withDatabase = (cdc: object, database: object = {}) =>
    definePlatform({ name: 'shop', contracts: [contract('people')], models: {}, cdc, database } as never);
  const { manifest } = await withDatabase({ shop: {} });
  expect(manifest.cdc?.[0]?.deployed).toEqual({
    from: 'own',
    replicaIdentity: 'key',
    columns: 'all',
    capacity: { min: 1, max: 4 },
    multiAz: false,
    maxValueKb: 256,
    reconcile: 'rate(1 day)',
  });
  expect(manifest.database?.logicalReplication).toBe(true);
  expect(platformMigrations(manifest).uses).toEqual([
    {
      recipe: 'changeSource',
      name: 'shop',
      after: 'files',
      parameters: {
        publication: 'ingot_shop',
        replicaIdentity: 'key',
        tables: [{ schema: 'sales', name: 'people', key: ['id'] }],
      },
    },
  ]);
  const source = {
    host: 'db.example.com',
    database: 'sales',
    user: 'ingot',
    secretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:sales-AbCdEf',
  };
  const said = { reconcile: false, multiAz: true, capacity: { min: 1, max: 384 } };
  const outside = (await withDatabase({ shop: { ...said, source } })).manifest;
  expect(outside.cdc?.[0]?.deployed).toMatchObject({ ...said, from: { ...source, port: 5432 } });
  expect(outside.database?.logicalReplication).toBe(false);
  expect(platformMigrations(outside).uses).toEqual([]);
  const nowhere = await define({ shop: {} }, [contract('people')]);
  expect(nowhere.manifest.cdc?.[0]).not.toHaveProperty('deployed');
  expect(nowhere.notices.map(({ path, message }) => `${path} ${message}`)).toContainEqual(
    expect.stringMatching(/^cdc is followed by ingot cdc alone: .* there is neither$/),
  );

  await expect(withDatabase({ shop: {} }, { logicalReplication: false })).rejects.toThrow(
    /cdc\.shop: must follow another database by source, or database\.logicalReplication must be left out/,
  );
  await expect(withDatabase({ shop: {}, again: {} })).rejects.toThrow(
    /cdc\.again: must say which database it follows by source, as shop follows the platform's own/,
  );
  const wrong = { capacity: { min: 4, max: 3 }, reconcile: 'daily', source: { ...source, secretArn: 'x' } };
  await expect(withDatabase({ shop: wrong })).rejects.toMatchObject({
    problems: [
      { path: 'cdc.shop.source.secretArn', message: 'must be the ARN of a secret; given "x"' },
      { path: 'cdc.shop.capacity.max', message: expect.stringMatching(/^must be one of 1, 2, 4, .*; given 3$/) },
      { path: 'cdc.shop.capacity', message: 'must have a min that is not above max' },
      {
        path: 'cdc.shop.reconcile',
        message: expect.stringMatching(/^must be a schedule such as rate\(1 hour\) or cron.* or false; given "daily"$/),
      },
    ],
  });
});

describe('what cannot be followed is said, all of it', () => {
  const files = {
    servers: [
      ...contract('x').servers,
      { server: 'files', type: 's3', location: 's3://bronze/people/', format: 'csv' },
    ],
  };
  test.each<[string, object | undefined, object[], RegExp]>([
    [
      'a server that nothing names',
      undefined,
      [contract('people')],
      /or by the changes of server shop, which cdc of platform\.yaml must name/,
    ],
    [
      'a source that no contract has',
      { shpo: {} },
      [contract('people')],
      /cdc\.shpo: must be the name of a server of type postgres in a contract; given "shpo"; allowed: shop/,
    ],
    ['a name that is none', { 'My shop': {} }, [contract('people')], /must be 1 to 30 lower-case letters/],
    [
      'a table to log that is not there',
      { shop: { log: ['silver.poeple'] } },
      [contract('people')],
      /cdc\.shop\.log\[0\]: must be a table of the source; given "silver\.poeple"; .*did you mean silver\.people/,
    ],
    [
      'history of a table that logs',
      { shop: { log: ['silver.people'] } },
      [contract('people', scd2)],
      /must not keep history where platform\.yaml logs every change/,
    ],
    [
      'a table without a key',
      { shop: {} },
      [{ ...contract('people'), schema: [{ name: 'people', properties: [{ name: 'id', logicalType: 'integer' }] }] }],
      /must have a primary key, by which changes of silver\.people find their row/,
    ],
    ['files and changes', { shop: {} }, [contract('people', files)], /must be filled by files or by changes/],
    [
      'a transformation',
      { shop: {} },
      [contract('people', {}, { transformLogic: 'upper(title)', transformSourceObjects: ['title'] })],
      /must have no transformLogic for title/,
    ],
    [
      'a column of a reserved name',
      { shop: {} },
      [contract('people', {}, { name: 'change_lsn' })],
      /must not have a column change_lsn/,
    ],
    ['an unknown word', { shop: { slots: 'a' } }, [contract('people')], /slots.*did you mean slot/],
    [
      'a slot that is no name',
      { shop: { slot: 'My-Slot' } },
      [contract('people')],
      /must be the name of a replication slot.*given "My-Slot"/,
    ],
  ])('%s', async (_, cdc, contracts, message) => {
    await expect(define(cdc, contracts)).rejects.toThrow(message);
  });
});
