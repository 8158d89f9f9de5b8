import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EntityNotFoundException } from '@aws-sdk/client-glue';
import { handler, openServices } from '../../lib/handlers/tables';
import { glueOptimizers } from '../../lib/handlers/tables/optimizers';
import { putAnswer } from '../../lib/handlers/tables/put-answer';
import { signedFetch } from '../../lib/handlers/tables/sign';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import { openLake } from '../../lib/runtime/lake';
import type { Lake, Log } from '../../lib/runtime/services';
import { RestCatalog } from '../../lib/tables/client';
import { handleTables, type TableResourceEvent, type TablesServices } from '../../lib/tables/handle';
import { quarantineLayout, withQuarantine } from '../../lib/tables/quarantine';
import type { ColumnSpec, TableSpec } from '../../lib/tables/spec';
import { column, required, specOf } from './fixture';

let folder: string;
let catalog: LocalCatalog;
let lake: Lake;
let stack: Server;
/** What CloudFormation was told. */
const answers: Record<string, unknown>[] = [];
const warnings: string[] = [];
const log: Log = { debug() {}, info() {}, error() {}, warn: (message) => void warnings.push(message) };
let services: TablesServices;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-tables-'));
  catalog = await startCatalog({ folder: join(folder, 'catalog'), roots: [`file://${folder}/silver`] });
  const address = { uri: catalog.uri, warehouse: 'test', auth: { kind: 'none' } } as const;
  const zones = [{ name: 'silver', holds: 'iceberg', database: 'test_silver' }] as const;
  lake = await openLake({ catalog: address, manifest: { zones, ops: { database: 'test_ops', zone: 'silver' } } });
  stack = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    answers.push({ method: request.method, type: request.headers['content-type'], ...JSON.parse(body) });
    response.end();
  }).listen(0, '127.0.0.1');
  await once(stack, 'listening');
  services = { catalog: () => RestCatalog.connect(address), allowDrop: false, log, answer: putAnswer };
});

afterAll(async () => {
  await lake.close();
  await catalog.close();
  stack.close();
  await rm(folder, { recursive: true, force: true });
});

/** CloudFormation hands every number and boolean over as a string, and leaves out what is empty. */
function asCloudFormation(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asCloudFormation);
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(
    ([, held]) => !(typeof held === 'object' && Object.keys(held).length === 0),
  );
  return Object.fromEntries(entries.map(([key, held]) => [key, asCloudFormation(held)]));
}

async function fromCloudFormation(
  RequestType: TableResourceEvent['RequestType'],
  spec: unknown,
  more: Partial<TableResourceEvent> & { services?: TablesServices } = {},
) {
  const { services: own = services, ...event } = more;
  const { port } = stack.address() as AddressInfo;
  await handleTables(
    {
      RequestType,
      ResponseURL: `http://127.0.0.1:${port}/answer`,
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'FlightsTable',
      ResourceProperties: { spec: asCloudFormation(spec) },
      ...event,
    },
    own,
  );
  return answers.at(-1)!;
}

const fromTerraform = (action: 'create' | 'update' | 'delete', spec: unknown, previous?: unknown, own = services) =>
  handleTables({ spec, tf: { action, prev_input: previous === undefined ? null : { spec: previous } } }, own);

const place = (table: string) => ({ table, location: `file://${folder}/silver/${table}` });
const insert = (table: string, values: string) =>
  lake.commit((tx) => tx.run(`INSERT INTO ${lake.name('test_silver', table)} ${values}`));
const rows = (table: string, columns = '*', order = 'id') =>
  lake.query(`SELECT ${columns} FROM ${lake.name('test_silver', table)} ORDER BY ${order}`);

/** One contract in its three versions: what a table goes through in its life. */
function versions(table: string): [TableSpec, TableSpec, TableSpec] {
  const id = column('id', 'long', { ...required, id: 'p1', description: 'The key' });
  const at = column('at', 'timestamp', { id: 'p2' });
  const delay: ColumnSpec = column('delay', 'int', { id: 'p3' });
  const wide = {
    ...delay,
    type: 'long',
    name: 'delay_minutes',
    description: 'Minutes, below 0 where it was early',
  } as const;
  const extra = column('extra', { kind: 'struct', fields: [{ name: 'gate', type: 'string', required: false }] });
  const key = { identifier: ['id'], ...place(table) };
  const month = [{ column: 'at', transform: 'month' }];
  return [
    specOf('1.0.0', [id, at, delay], { ...key, partitionBy: month, comment: 'Flights' }),
    specOf('1.1.0', [id, at, { ...delay, type: 'long' }, extra], { ...key, partitionBy: month }),
    specOf('2.0.0', [id, wide, at, extra], {
      ...key,
      partitionBy: [...month, { column: 'id', transform: 'bucket[2]' }],
      sortBy: [{ column: 'at', direction: 'asc' }],
    }),
  ];
}

const callers = {
  CloudFormation: async (change: 'create' | 'update', spec: TableSpec) => {
    const type = change === 'create' ? 'Create' : 'Update';
    const id = change === 'create' ? undefined : `test_silver.${spec.table}`;
    const { Status, Reason, Data } = await fromCloudFormation(type, spec, { PhysicalResourceId: id });
    if (Status === 'FAILED') throw new Error(String(Reason));
    return (Data as { Status: string }).Status;
  },
  Terraform: async (change: 'create' | 'update', spec: TableSpec, previous?: TableSpec) =>
    (await fromTerraform(change, spec, previous))!.status as string,
};

describe.each(Object.entries(callers))('deployed by %s', (engine, deploy) => {
  const table = `flights_${engine.toLowerCase()}`;

  test('a contract goes from version 1 to 2 to 3 with rows in the table, and back without harm', async () => {
    const [v1, v2, v3] = versions(table);
    expect(await deploy('create', v1)).toBe('created');
    await insert(table, "VALUES (1, '2026-01-05', 10)");
    expect(await deploy('update', v2, v1)).toBe('changed');
    await insert(table, "VALUES (2, '2026-02-05', 3000000000, {gate: 'A1'})");
    expect(await deploy('update', v3, v2)).toBe('changed');
    await insert(table, "VALUES (3, -5, '2026-03-05', NULL)");
    await lake.commit((tx) =>
      tx.run(`DELETE FROM ${lake.name('test_silver', table)} WHERE id = 1 AND delay_minutes = 11`),
    );
    const all = [
      { id: 1n, delay_minutes: 10n, at: '2026-01-05T00:00:00', extra: null },
      { id: 2n, delay_minutes: 3_000_000_000n, at: '2026-02-05T00:00:00', extra: { gate: 'A1' } },
      { id: 3n, delay_minutes: -5n, at: '2026-03-05T00:00:00', extra: null },
    ];
    expect(await rows(table)).toEqual(all);
    const filtered = `count(*) FILTER ("at" >= '2026-02-01') AS later, count(*) FILTER (id = 3) AS third`;
    expect(await rows(table, filtered, 'ALL')).toEqual([{ later: 2n, third: 1n }]);

    expect(await deploy('update', v3, v3)).toBe('unchanged');
    expect(await deploy('update', v1, v3)).toBe('older');
    expect(warnings.at(-1)).toMatch(/stays as it is: the contract's version 1.0.0 is older than 2.0.0/);
    expect(await rows(table)).toEqual(all);

    const narrow = { ...v3, contract: { id: 'flights', version: '3.0.0' }, columns: v3.columns.slice(0, 2) };
    await expect(deploy('update', narrow, v3)).rejects.toThrow(/at would be dropped; extra would be dropped/);
    expect(await rows(table)).toEqual(all);
  });

  test('two deployments of different versions at once end with the newer, and both succeed', async () => {
    const [v1, v2, v3] = versions(`${table}_race`);
    const created = await Promise.all([deploy('create', v1), deploy('create', v1), deploy('create', v1)]);
    expect(created.sort()).toEqual(['created', 'unchanged', 'unchanged']);
    await insert(`${table}_race`, "VALUES (1, '2026-01-05', 10)");
    await Promise.all([v3, v2, v3, v2].map((spec) => deploy('update', spec, v1)));
    expect((await lake.properties('test_silver', `${table}_race`))['ingot.contract-version']).toBe('2.0.0');
    expect(await rows(`${table}_race`, 'delay_minutes')).toEqual([{ delay_minutes: 10n }]);
  });
});

describe('CloudFormation', () => {
  const spec = () => versions('cfn')[0];

  test('gets its answer by PUT, without a content type, with the table as the id', async () => {
    expect(await fromCloudFormation('Create', spec())).toEqual({
      method: 'PUT',
      type: '',
      Status: 'SUCCESS',
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'FlightsTable',
      PhysicalResourceId: 'test_silver.cfn',
      Data: { Status: 'created' },
    });
  });

  test('may send the spec as text', async () => {
    const answer = await fromCloudFormation('Update', {}, { ResourceProperties: { spec: JSON.stringify(spec()) } });
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { Status: 'unchanged' } });
  });

  test('is told every reason of what fails, and then deletes nothing', async () => {
    const open = { ...services, allowDrop: true };
    const wrong = { ...spec(), columns: [{ name: 'a', type: 'text', required: 'maybe' }], location: '' };
    const failure = await fromCloudFormation('Create', wrong, { services: open });
    expect(failure).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'failed:FlightsTable' });
    expect(failure.Reason).toMatch(/spec\.location.*\n.*spec\.columns\.0\.type.*\n.*spec\.columns\.0\.required/);
    const deletion = await fromCloudFormation('Delete', wrong, {
      PhysicalResourceId: 'failed:FlightsTable',
      services: open,
    });
    expect(deletion).toMatchObject({ Status: 'SUCCESS' });
  });

  test('is told that the catalog refuses', async () => {
    const answer = await fromCloudFormation('Create', { ...spec(), table: 'away', location: 'file:///elsewhere/away' });
    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/answered 403 to POST .*must be inside/),
    });
  });

  test('is told that time runs out, before the function is ended', async () => {
    const never = { ...services, catalog: () => new Promise<RestCatalog>(() => {}), timeLeft: 5_050 };
    const answer = await fromCloudFormation('Create', spec(), { services: never });
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/ran out of time/) });
  });

  test('removes a resource and its table stays, unless the deletion guard is open', async () => {
    await fromCloudFormation('Create', spec());
    await insert('cfn', "VALUES (1, '2026-01-05', 10)");
    const resource = { PhysicalResourceId: 'test_silver.cfn' };
    expect(await fromCloudFormation('Delete', spec(), resource)).toMatchObject({
      Status: 'SUCCESS',
      Data: { Status: 'kept' },
    });
    expect(await rows('cfn', 'id')).toEqual([{ id: 1n }]);
    const open = { ...resource, services: { ...services, allowDrop: true } };
    expect(await fromCloudFormation('Delete', spec(), open)).toMatchObject({ Data: { Status: 'dropped' } });
    expect(await fromCloudFormation('Delete', spec(), open)).toMatchObject({ Status: 'SUCCESS' });
    await expect(rows('cfn')).rejects.toThrow(/cfn/);
  });
});

describe('a quarantine', () => {
  const given = (table: string): TableSpec => ({ ...versions(table)[0], quarantine: 1 });
  /** Those of a table and its quarantine that the catalog has. */
  const tables = async (name: string) => {
    const rest = await services.catalog();
    const found = [name, `${name}_quarantine`].map(async (each) => (await rest.loadTable('test_silver', each)) && each);
    return (await Promise.all(found)).filter((each) => each !== undefined);
  };
  const open = () => ({ ...services, allowDrop: true });

  test('is made beside its table, and leaves the catalog with it', async () => {
    expect(await fromCloudFormation('Create', given('q_cfn'))).toMatchObject({ Data: { Status: 'created' } });
    await fromTerraform('create', given('q_tf'));
    expect(await tables('q_cfn')).toHaveLength(2);
    expect(await tables('q_tf')).toHaveLength(2);
    const resource = { PhysicalResourceId: 'test_silver.q_cfn' };
    expect(await fromCloudFormation('Delete', given('q_cfn'), resource)).toMatchObject({ Data: { Status: 'kept' } });
    expect(await tables('q_cfn')).toHaveLength(2);
    await fromCloudFormation('Delete', given('q_cfn'), { ...resource, services: open() });
    await fromTerraform('delete', given('q_tf'), undefined, open());
    expect(await tables('q_cfn')).toEqual([]);
    expect(await tables('q_tf')).toEqual([]);
  });

  test('is made where its table is there already, and stays where the table no longer has one', async () => {
    const { quarantine, ...without } = given('q_later');
    await fromTerraform('create', without);
    expect(await fromTerraform('update', given('q_later'), without)).toMatchObject({ status: 'created' });
    await fromTerraform('update', without, given('q_later'));
    expect(await tables('q_later')).toEqual(['q_later', 'q_later_quarantine']);
    expect(warnings.at(-1)).toMatch(/q_later_quarantine is no longer declared and stays/);
    const previous = { OldResourceProperties: { spec: asCloudFormation(given('q_later')) }, services: open() };
    await fromCloudFormation('Update', without, { PhysicalResourceId: 'test_silver.q_later', ...previous });
    expect(await tables('q_later')).toEqual(['q_later']);
  });

  test('has these columns in this layout: other columns are another layout, of which deployments hear', () => {
    const [, quarantine] = withQuarantine(given('flights'));
    expect({ quarantineLayout, quarantine }).toMatchSnapshot({ quarantine: { location: expect.any(String) } });
  });
});

describe('Terraform', () => {
  test('removes a resource and its table stays, unless the deletion guard is open', async () => {
    const [spec] = versions('tf');
    await fromTerraform('create', spec);
    expect(await fromTerraform('delete', spec)).toMatchObject({ status: 'kept' });
    expect(await fromTerraform('delete', spec, spec, { ...services, allowDrop: true })).toMatchObject({
      status: 'dropped',
    });
  });

  test('renames a resource: the new table is made, and the old one is let go of as by a deletion', async () => {
    const [before, after] = [versions('tf_old')[0], versions('tf_new')[0]];
    await fromTerraform('create', before);
    expect(await fromTerraform('update', after, before)).toMatchObject({
      table: 'test_silver.tf_new',
      status: 'created',
    });
    expect(warnings.at(-1)).toMatch(/tf_old is no longer declared and stays/);
    expect(await rows('tf_old')).toEqual([]);
  });

  test('is given the error where something fails', async () => {
    await expect(fromTerraform('create', { table: 'x' })).rejects.toThrow(/spec\.database/);
  });
});

test('the entry reads its environment, and says everything that is missing', async () => {
  expect(() => openServices({})).toThrow(
    /INGOT_CATALOG_URI: must be set\n.*INGOT_WAREHOUSE: must be set\n.*AWS_REGION: must be set/,
  );
  Object.assign(process.env, { INGOT_CATALOG_URI: catalog.uri, INGOT_CATALOG_AUTH: 'none', INGOT_WAREHOUSE: 'test' });
  const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await handler({ spec: versions('entry')[0] })).toMatchObject({ status: 'created' });
  written.mockRestore();
});

test('a request to Glue is signed as AWS checks it', async () => {
  jest.useFakeTimers({ now: Date.UTC(2026, 0, 1), doNotFake: ['nextTick', 'setImmediate'] });
  const sent: { url: string; headers: Record<string, string> }[] = [];
  const send = signedFetch(
    'eu-west-1',
    'glue',
    { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' },
    async (url, request) => {
      sent.push({ url, headers: request.headers as Record<string, string> });
      return new Response('{}');
    },
  );
  await send('https://glue.eu-west-1.amazonaws.com/iceberg/v1/config?warehouse=123', { method: 'GET', headers: {} });
  jest.useRealTimers();
  expect(sent).toMatchSnapshot();
});

test('optimizers are made once, changed where they differ, and made not at all where they are off', async () => {
  const state = new Map<string, unknown>();
  const calls: string[] = [];
  const glue = {
    send: async (command: { input: { Type: string; TableOptimizerConfiguration: unknown } }) => {
      const [name, { input }] = [command.constructor.name.replace('TableOptimizerCommand', ''), command];
      if (name !== 'Get') {
        calls.push(`${name} ${input.Type}`);
        state.set(input.Type, input.TableOptimizerConfiguration);
      }
      if (!state.has(input.Type)) throw new EntityNotFoundException({ message: '', $metadata: {} });
      return { TableOptimizer: { configuration: state.get(input.Type) } };
    },
  } as unknown as Parameters<typeof glueOptimizers>[0];
  const maintenance = glueOptimizers(glue, '123', 'role');
  const [spec] = versions('any');
  await maintenance.set({ ...spec, maintenance: { ...spec.maintenance, orphanRemoval: false } });
  expect(calls).toEqual(['Create compaction', 'Create retention']);
  await maintenance.set(spec);
  expect(calls.splice(0)).toEqual(['Create compaction', 'Create retention', 'Create orphan_file_deletion']);
  await maintenance.set(spec);
  expect(calls).toEqual([]);
  await maintenance.set({ ...spec, maintenance: { compaction: false, snapshotRetentionDays: 3, orphanRemoval: true } });
  expect(calls).toEqual(['Update compaction', 'Update retention']);
  expect([...state]).toMatchSnapshot();
});
