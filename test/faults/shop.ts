import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { load } from '../../lib/ingest/load';
import { plan } from '../../lib/ingest/plan';
import { startCatalog } from '../../lib/local/catalog';
import { type Layout, layoutOf, zoneRoots } from '../../lib/local/layout';
import { localMachine } from '../../lib/local/machine';
import { arns, type ExecutionEnd, execute } from '../../lib/local/states/execute';
import { type Handlers, localTasks } from '../../lib/local/tasks';
import { loadPlatform } from '../../lib/platform/load';
import type { Manifest } from '../../lib/platform/manifest';
import { publish } from '../../lib/publish/publish';
import { quality } from '../../lib/quality/quality';
import { type LocalServices, localServices } from '../../lib/runtime/local';
import type { Services } from '../../lib/runtime/services';
import { makeTables } from '../../lib/tables/make';
import { transform } from '../../lib/transform/transform';
import { contractFile, type Files } from '../platform/folder';
import { type FaultyCatalog, faultyCatalog } from './proxy';

const key =
  '{logicalType: integer, logicalTypeOptions: {format: i64}, required: true, primaryKey: true, primaryKeyPosition: 1';
const custom = (...pairs: string[]) => `customProperties: [${pairs.join(', ')}]`;
const zone = (name: string) => `{property: zone, value: ${name}}`;
const csv = (text: string) => text.replace('format: parquet', 'format: csv');
const column = (logicalType: string, more = '') => `logicalType: ${logicalType}${more}`;
const id = key.slice(1);

/** A small platform with every way in which rows get into a table: valid as it stands. */
export const shopFiles: Files = {
  'platform.yaml': 'name: shop\n',
  'contracts/orders.odcs.yaml': csv(
    contractFile(
      'orders',
      'silver',
      {
        order_id: id,
        customer: column('string'),
        amount: column('number', ', logicalTypeOptions: {minimum: 0}'),
        ordered_on: column('date', ', required: true'),
      },
      { source: true, top: custom(zone('silver'), '{property: maxQuarantinePercent, value: 100}') },
    ),
  ),
  'contracts/clicks.odcs.yaml': csv(
    contractFile(
      'clicks',
      'silver',
      { page: column('string', ', required: true'), clicks: column('integer') },
      { source: true, top: custom(zone('silver'), '{property: maxQuarantinePercent, value: 100}') },
    ),
  ),
  'contracts/customers.odcs.yaml': csv(
    contractFile(
      'customers',
      'silver',
      {
        customer: column('string', ', required: true, primaryKey: true, primaryKeyPosition: 1'),
        city: column('string'),
      },
      { source: true, top: custom(zone('silver'), '{property: history, value: scd2}') },
    ),
  ),
  'contracts/totals.odcs.yaml': contractFile('totals', 'gold', {
    customer: column('string'),
    amount: column('number'),
  }),
  'contracts/days.odcs.yaml': contractFile(
    'days',
    'gold',
    { ordered_on: column('date', ', partitioned: true, partitionKeyPosition: 1'), orders: column('integer') },
    { top: custom(zone('gold'), '{property: materialization, value: partition}') },
  ),
  'contracts/sales.odcs.yaml': contractFile(
    'sales',
    'gold',
    { order_id: id, amount: column('number'), ordered_on: column('date') },
    {
      top: custom(
        zone('gold'),
        '{property: materialization, value: watermark}',
        '{property: watermark, value: ordered_on}',
      ),
    },
  ),
  'contracts/dim_customers.odcs.yaml': contractFile(
    'dim_customers',
    'gold',
    {
      customer: column('string', ', required: true, primaryKey: true, primaryKeyPosition: 1'),
      city: column('string'),
      spent: column('number'),
    },
    { top: custom(zone('gold'), '{property: history, value: scd2}') },
  ),
  'models/totals.sql': 'select customer, sum(amount) as amount from silver.orders group by customer\n',
  'models/days.sql': 'select ordered_on, count(*) as orders from silver.orders group by ordered_on\n',
  'models/sales.sql': 'select order_id, amount, ordered_on from silver.orders\n',
  'models/dim_customers.sql': `select customers.customer, city, totals.amount as spent
    from silver.customers left join gold.totals using (customer) where is_current\n`,
};

/** Files that arrive first, by table. */
const before = {
  orders: 'order_id,customer,amount,ordered_on\n1,ann,10,2026-01-01\n2,bob,20,2026-01-02\n',
  clicks: 'page,clicks\nhome,1\nhome,2\n',
  customers: 'customer,city\nann,Bern\nbob,Oslo\n',
};

/** Files that arrive next: new rows, changed rows, rows that are refused, rows that come twice. */
const after = {
  orders:
    'order_id,customer,amount,ordered_on\n2,bob,25,2026-01-02\n3,cem,-1,2026-01-03\n4,ann,5,2026-01-03\n4,ann,6,2026-01-03\nx,ann,6,2026-01-03\n',
  clicks: 'page,clicks\nhome,3\ncart,many\ncart\ncart,4\n',
  customers: 'customer,city\nbob,Rome\ncem,Kyiv\n',
};

const firstRun = Date.UTC(2026, 0, 10);
const secondRun = firstRun + 86_400_000;

/** The platform in a folder of its own, whose state can be kept and brought back. */
export class Shop {
  private clock = secondRun;
  /** What handlers have failed with, of all runs. */
  readonly said: string[] = [];

  private constructor(
    readonly folder: string,
    readonly layout: Layout,
    readonly manifest: Manifest,
    readonly services: LocalServices,
    readonly catalog: FaultyCatalog,
    /** Services of another process on the same platform. */
    readonly another: () => Promise<LocalServices>,
    private readonly end: () => Promise<void>,
  ) {}

  /** With its tables made, and one run behind it. `mount` is given the folder of its data before there is any. */
  static async open(mount: (folder: string) => void = () => {}, unmount = mount): Promise<Shop> {
    const folder = mkdtempSync(join(tmpdir(), 'ingot-shop-'));
    for (const [file, text] of Object.entries(shopFiles)) write(join(folder, file), text);
    const { root } = layoutOf(folder);
    mkdirSync(root);
    mount(root);
    const shop = await Shop.at(folder, () => {
      unmount(root);
      rmSync(folder, { recursive: true });
    });
    await makeTables(shop.services);
    shop.clock = firstRun;
    shop.land('before', before, 1);
    await shop.run('run-0');
    shop.clock = secondRun;
    shop.land('after', after, 2);
    return shop;
  }

  /** One that another process has opened: this one has a catalog of its own over the same folder. */
  static async at(folder: string, afterwards: () => void = () => {}): Promise<Shop> {
    const { manifest } = await loadPlatform(folder);
    const layout = layoutOf(folder);
    const zones = zoneRoots(layout, manifest);
    const roots = manifest.zones.filter(({ holds }) => holds === 'iceberg').map(({ name }) => zones[name]!);
    const real = await startCatalog({ folder: layout.catalog, roots });
    const catalog = await faultyCatalog(real.uri);
    const nothing = () => {};
    const connect = () =>
      localServices({
        manifest,
        zones,
        catalog: { uri: catalog.uri, warehouse: 'shop', auth: { kind: 'none' } },
        log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
        clock: { now: () => shop.clock },
      });
    const services = await connect();
    const shop: Shop = new Shop(folder, layout, manifest, services, catalog, connect, async () => {
      await services.close();
      await catalog.close();
      await real.close();
      afterwards();
    });
    return shop;
  }

  close(): Promise<void> {
    return this.end();
  }

  /** Puts files into bronze, changed at a given minute. */
  private land(name: string, files: Readonly<Record<string, string>>, minute: number): void {
    for (const [table, text] of Object.entries(files)) {
      const file = join(this.layout.zone('bronze'), table, 'source=till', 'date=2026-01-09', `${name}.csv`);
      write(file, text);
      utimesSync(file, minute * 60, minute * 60);
    }
  }

  /** Executes the group's state machine; waits between its retries take no time. */
  async run(name: string, services: Services = this.services): Promise<ExecutionEnd> {
    const group = this.manifest.groups[0]!;
    const { execution, stateMachine } = arns('shop', name);
    const startedAt = new Date(this.clock).toISOString();
    const around = { id: execution, name, machine: stateMachine, startedAt };
    const task = localTasks({ handlers: this.heard(handlersOf(services)), layout: this.layout, execution: around });
    const sleep = async () => {};
    const asl = localMachine(group, this.manifest);
    return execute(asl, { machine: 'shop', name, input: {} }, { task, sleep, random: () => 0, now: () => this.clock });
  }

  private heard(handlers: Handlers): Handlers {
    const heard = Object.entries(handlers).map(([name, handler]) => [
      name,
      (event: never) =>
        handler(event).catch((error: Error) => {
          this.said.push(`${error.name}: ${error.message}`);
          throw error;
        }),
    ]);
    return Object.fromEntries(heard) as Handlers;
  }

  /** Keeps what is on disk as it is now. `restore` brings it back, at the same place. */
  keep(): { restore(): void; drop(): void } {
    const kept = mkdtempSync(join(tmpdir(), 'ingot-kept-'));
    cpSync(this.layout.root, kept, { recursive: true, preserveTimestamps: true });
    return {
      restore: () => {
        rmSync(this.layout.root, { recursive: true });
        cpSync(kept, this.layout.root, { recursive: true, preserveTimestamps: true });
      },
      drop: () => rmSync(kept, { recursive: true }),
    };
  }

  /** All rows of all tables, as text in an order of their own, but for what is another each time: ids of snapshots. */
  async content(): Promise<Record<string, readonly string[]>> {
    const { lake } = this.services;
    const content: Record<string, readonly string[]> = {};
    const read = async (database: string, table: string, columns: string) => {
      const rows = await lake.query(`SELECT ${columns} FROM ${lake.name(database, table)}`);
      content[`${database}.${table}`] = rows.map((row) => asText(row).replaceAll(this.layout.root, '')).sort();
    };
    for (const { zone, name, source } of this.manifest.datasets) {
      await read(`shop_${zone}`, name, '*');
      if (source !== undefined) await read(`shop_${zone}`, `${name}_quarantine`, '*');
    }
    await read('shop_ops', 'files', '*');
    await read('shop_ops', 'quality_results', '*');
    await read('shop_ops', 'runs', '* EXCLUDE (snapshot)');
    return content;
  }
}

function handlersOf(services: Services): Handlers {
  return {
    ingest: (event: Parameters<typeof plan>[0] | Parameters<typeof load>[0]) =>
      event.action === 'plan' ? plan(event, services) : load(event, services),
    quality: (event) => quality(event, services),
    transform: (event) => transform(event, services),
    publish: (event) => publish(event, services),
  };
}

const asText = (row: unknown): string => JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? String(v) : v));

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
