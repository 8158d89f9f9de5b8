import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TerraformStack, Testing } from 'cdktf';
import { AwsProvider } from '../../constructs/core/terraform/aws';
import { Platform } from '../../constructs/terraform';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import { loadPlatform } from '../../lib/platform/load';
import type { Manifest } from '../../lib/platform/manifest';
import { openLake } from '../../lib/runtime/lake';
import type { Lake } from '../../lib/runtime/services';
import { RestCatalog } from '../../lib/tables/client';
import { handleTables, type TablesServices } from '../../lib/tables/handle';
import { write } from './assembly';
import { versionsOf } from './versions';

// `npm run test:deploy` does the same with CloudFormation, really deployed; Terraform's provider cannot be had here.
let folder: string;
let catalog: LocalCatalog;
let lake: Lake;
let services: TablesServices;
let manifests: Manifest[];
/** Inputs of the invocations by table, for each version. */
let inputs: Record<string, { spec: { table: string } }>[];
const warnings: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ingot-versions-'));
  manifests = await Promise.all(
    versionsOf('shop').map(async (files, i) => {
      write(join(folder, String(i)), files);
      return (await loadPlatform(join(folder, String(i)))).manifest;
    }),
  );
  inputs = manifests.map(invocations);
  catalog = await startCatalog({ folder: join(folder, 'catalog'), roots: [`file://${folder}/lake`] });
  const address = { uri: catalog.uri, warehouse: 'shop', auth: { kind: 'none' } } as const;
  lake = await openLake({ catalog: address, manifest: manifests[0]! });
  const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
  services = { catalog: () => RestCatalog.connect(address), allowDrop: false, log, answer: async () => {} };
});
afterAll(async () => {
  await lake.close();
  await catalog.close();
  rmSync(folder, { recursive: true });
});

/** What Terraform sends the function for each table: its JSON, with what it refers to in place. */
function invocations(manifest: Manifest): Record<string, { spec: { table: string } }> {
  const stack = new TerraformStack(Testing.app(), 'Stack');
  new AwsProvider(stack, 'Aws', {});
  new Platform(stack, 'Platform', { manifest, runtime: __filename });
  const { resource } = JSON.parse(Testing.synth(stack)) as {
    resource: Record<string, Record<string, Record<string, string>>>;
  };
  const resolved = (text: string) =>
    text
      .replace(/s3:\/\/\$\{aws_s3_bucket\.(\w+)\.\w+\}/g, `file://${folder}/lake/$1`)
      .replace(
        /\$\{(\w+)\.(\w+)\.(\w+)\}/g,
        (_, type: string, name: string, attribute: string) => resource[type]![name]![attribute]!,
      );
  const all = Object.values(resource.aws_lambda_invocation!).map(({ input }) => JSON.parse(resolved(input!)));
  return Object.fromEntries(all.map((input) => [input.spec.table, input]));
}

const send = (action: 'create' | 'update', to: number, from?: number) =>
  Promise.all(
    Object.entries(inputs[to]!).map(async ([table, input]) => {
      const previous = from === undefined ? null : inputs[from]![table]!;
      return [table, (await handleTables({ ...input, tf: { action, prev_input: previous } }, services))!.status];
    }),
  ).then((all) => Object.fromEntries(all) as Record<string, string>);

const orders = () =>
  lake.query(`SELECT * EXCLUDE (ordered_at, unit_price) FROM ${lake.name('shop_silver', 'orders')} ORDER BY order_id`);

test("Terraform applies a contract's next versions to a table with rows, and an older one changes nothing", async () => {
  expect(new Set(Object.values(await send('create', 0)))).toEqual(new Set(['created']));
  await lake.commit((tx) =>
    tx.run(`INSERT INTO ${lake.name('shop_silver', 'orders')} VALUES (1, '2026-01-05', 'Ann', 'DE', 2, 9.5)`),
  );
  const { orders: changed, ...others } = await send('update', 1, 0);
  expect(changed).toBe('changed');
  expect(new Set(Object.values(others))).toEqual(new Set(['unchanged']));
  const first = { order_id: 1n, customer: 'Ann', country: 'DE', quantity: 2n, coupon: null };
  const known = Object.keys((await orders())[0]!);
  expect(known).toEqual(Object.keys(first));
  await lake.commit((tx) =>
    tx.run(`INSERT INTO ${lake.name('shop_silver', 'orders')} VALUES (2, '2026-01-06', 'Bob', 'NO', 1, 3, 'SPRING')`),
  );
  expect((await send('update', 2, 1)).orders).toBe('changed');

  // As a plan that is taken back sends it.
  expect((await send('update', 1, 2)).orders).toBe('older');
  expect((await send('update', 0, 1)).orders).toBe('older');
  expect(warnings.join('\n')).toMatch(
    /shop_silver.orders stays as it is: the contract's version 1.0.0 is older than 1.2.0/,
  );
  expect(await orders()).toMatchObject([
    { customer: 'Ann', coupon: null, gift: null },
    { customer: 'Bob', coupon: 'SPRING', gift: null },
  ]);
});
