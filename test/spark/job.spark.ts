import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { plan } from '../../lib/ingest/plan';
import { layoutOf, zoneRoots } from '../../lib/local/layout';
import { runPlatform } from '../../lib/local/run';
import { openWorkbench, type Workbench } from '../../lib/local/workbench';
import type { LoadResult, QualityResult } from '../../lib/pipeline/events';
import { loadPlatform } from '../../lib/platform/load';
import { catalogHere, sparkHere } from '../../lib/spark/local';
import { buildSparkPackage } from '../../lib/spark/package';
import { packageFolder } from '../../lib/spark/package-folder';
import { findSparkPython } from '../../lib/spark/python';
import { makeTables } from '../../lib/tables/make';
import { shopFiles } from '../faults/shop';
import { isThere, processesBelow } from './processes';

const run = promisify(execFile);

/** The package as EMR Serverless unpacks it, and a shop with files of orders that have come. */
describe('a job of EMR Serverless', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-job-'));
  let python: string | undefined;
  let workbench: Workbench;

  beforeAll(async () => {
    try {
      python = await findSparkPython();
    } catch (error) {
      process.stderr.write(`\nSKIPPED: jobs of Spark: ${(error as Error).message}\n`);
      return;
    }
    const arch = process.arch === 'arm64' ? 'arm64' : 'x86_64';
    const [first, again] = [join(folder, 'a'), join(folder, 'b')];
    const { file, zippedBytes } = await buildSparkPackage({ arch, out: first });
    process.stderr.write(`\nThe package of a job has ${(zippedBytes / 1e6).toFixed(1)} MB\n`);
    const other = await buildSparkPackage({ arch, out: again });
    expect(readFileSync(other.file).equals(readFileSync(file))).toBe(true);
    write(join(folder, 'ingot'), unzipSync(readFileSync(file)));
    write(folder, { ...shopFiles, ...arrived });
    const { manifest } = await loadPlatform(folder);
    write(join(folder, 'platform'), { 'ingot/manifest.json': JSON.stringify(manifest) });
    workbench = await openWorkbench(manifest, layoutOf(folder));
    await makeTables(workbench.services);
  }, 1_200_000);

  afterAll(async () => {
    await workbench?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('answers as a function does, in an object, and what a handler refuses is an answer too', async () => {
    if (python === undefined) return;
    const { services } = workbench;
    const { tables } = await plan({ action: 'plan', group: 'shop', run: 'r1' }, services);
    expect(tables.map(({ table }) => table)).toEqual(['silver.orders']);
    const load = { action: 'load', table: 'silver.orders', batch: 1, run: 'r1' };
    expect(await job('ingest', load)).toMatchObject({
      table: 'silver.orders',
      status: 'loaded',
      rows: { read: 3, merged: 2, quarantined: 1, duplicates: 0 },
    } satisfies Partial<LoadResult>);
    expect(await services.lake.query('SELECT order_id FROM silver.orders ORDER BY ALL')).toEqual([
      { order_id: 1n },
      { order_id: 2n },
    ]);
    expect(await job('quality', { group: 'shop', table: 'silver.orders', run: 'r1' })).toMatchObject({
      table: 'silver.orders',
      passed: true,
    } satisfies Partial<QualityResult>);
    const refused = await job('ingest', { ...load, batch: 7 });
    expect(refused).toMatchObject({ error: { Error: expect.any(String), Cause: expect.stringContaining('7') } });
  }, 1_200_000);

  test('that cannot answer ends with an error, and leaves no answer', async () => {
    if (python === undefined) return;
    await expect(job('ingest', '{')).rejects.toThrow('JSON');
  }, 1_200_000);

  test('that is cancelled or killed in the middle leaves the table as it was and no answer, and two at once load a batch once', async () => {
    if (python === undefined) return;
    const { services } = workbench;
    const orders = () => services.lake.query('SELECT order_id FROM silver.orders ORDER BY ALL');
    write(folder, {
      '.ingot/lake/bronze/orders/source=shop/date=2026-01-02/1.csv':
        'order_id,customer,amount,ordered_on\n7,dee,1,2026-01-05\n',
    });
    const { tables } = await plan({ action: 'plan', group: 'shop', run: 'r2' }, services);
    const { batch } = tables.find(({ table }) => table === 'silver.orders')!.batches[0]!;
    const before = await orders();
    const load = { action: 'load', table: 'silver.orders', batch, run: 'r2' };

    for (const [who, signal] of [
      ['job', 'SIGTERM'],
      ['job', 'SIGKILL'],
      ['handlers', 'SIGKILL'],
      ['step', 'SIGTERM'],
    ] as const) {
      const killed = await killedAtItsBranch(load, who, signal);
      expect([who, signal, killed.ended]).not.toEqual([who, signal, 0]);
      expect([who, signal, killed.answered]).toEqual([who, signal, false]);
      expect(await orders()).toEqual(before);
    }

    const both = (await Promise.all([job('ingest', load, 'one'), job('ingest', load, 'other')])) as LoadResult[];
    expect(both.map(({ status }) => status).sort()).toEqual(['loaded', 'repeated']);
    const after = await orders();
    expect(after.filter(({ order_id }) => order_id === 7n)).toHaveLength(1);
    expect(new Set(after.map(({ order_id }) => order_id)).size).toBe(after.length);
  }, 1_800_000);

  /**
   * Starts a job, and ends it, or the handlers beside it, when it has begun to write: its branch is there. Or cancels the
   * step of an EMR cluster that it is: then the catalog answers late, and the job has time to end by itself.
   */
  async function killedAtItsBranch(event: object, who: 'job' | 'handlers' | 'step', signal: NodeJS.Signals) {
    const { uri } = workbench.services.catalog;
    let kill = () => {};
    let isCancelled = false;
    const emr = createServer((request, response) => {
      const Status = { State: isCancelled ? 'CANCELLED' : 'RUNNING' };
      const isList = String(request.headers['x-amz-target']).endsWith('ListSteps');
      const step = { Id: 's-1', Config: { Args: ['spark-submit', pathToFileURL(answer).href] }, Status };
      response.end(JSON.stringify(isList ? { Steps: [step] } : { Step: step }));
    }).listen(0, '127.0.0.1');
    const proxy = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const { method, url } = request;
      const answer = await fetch(new URL(url!, uri), {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body.length === 0 ? {} : { body }),
      });
      const text = await answer.text();
      if (/"ref-name":\s*"ingot_/.test(body.toString())) kill();
      // Three looks at the step: a job that has not ended by then goes on, which is seen.
      if (isCancelled) await sleep(90_000, undefined, { ref: false });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    if (!emr.listening) await once(emr, 'listening');
    const { arguments_, answer } = called('ingest', event, 'killed', through(proxy), who === 'step' ? asStep : {});
    try {
      const env = { ...environment, AWS_ENDPOINT_URL_EMR: local(emr) };
      const child = spawn(python!, arguments_, { cwd: folder, env, stdio: 'ignore' });
      const started = new Set<number>();
      kill = () => {
        // Once: what ends then may ask for its branch to go.
        kill = () => {};
        const below = processesBelow(child.pid!);
        for (const { pid } of below) started.add(pid);
        if (who === 'step') {
          isCancelled = true;
          return;
        }
        const handlers = below.find(({ command }) => command.includes('job.js'))!.pid;
        process.kill(who === 'job' ? child.pid! : handlers, signal);
      };
      const [code, by] = (await once(child, 'exit')) as [number | null, string | null];
      for (const pid of started) while (isThere(pid)) await sleep(200);
      return { ended: code ?? by, answered: existsSync(answer), started: started.size };
    } finally {
      for (const server of [proxy, emr]) {
        server.close();
        server.closeAllConnections();
      }
    }
  }

  const local = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const through = (proxy: Server) =>
    `${local(proxy)}${new URL(workbench.services.catalog.uri).pathname.replace(/\/$/, '')}`;
  const asStep = {
    INGOT_EMR_CLUSTER: 'j-1',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  };

  const environment = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };

  /** How EMR calls a job, and the file with its answer. */
  function called(
    handler: string,
    event: object | string,
    name = handler,
    uri = workbench.services.catalog.uri,
    environment: Readonly<Record<string, string>> = {},
  ) {
    const { manifest, catalog } = workbench.services;
    const answer = join(folder, 'answers', `${name}.json`);
    rmSync(answer, { force: true });
    const settings = {
      environment: {
        INGOT_ZONES: JSON.stringify(zoneRoots(layoutOf(folder), manifest)),
        INGOT_CATALOG_URI: catalog.uri,
        INGOT_CATALOG_AUTH: 'none',
        INGOT_WAREHOUSE: catalog.warehouse,
        ...environment,
      },
      scratch: join(folder, 'scratch'),
      catalog: catalogHere({ uri, warehouse: catalog.warehouse }),
      spark: sparkHere('local[2]', { 'spark.sql.shuffle.partitions': '4' }),
    };
    const said = typeof event === 'string' ? event : JSON.stringify(event);
    const main = join(packageFolder(), 'main.py');
    return { arguments_: [main, JSON.stringify(settings), handler, said, pathToFileURL(answer).href], answer };
  }

  /** What a job answers, started as EMR starts it: in the folder where its archives are unpacked. */
  async function job(handler: string, event: object | string, name = handler): Promise<unknown> {
    const { arguments_, answer } = called(handler, event, name);
    await run(python!, arguments_, { cwd: folder, env: environment });
    return JSON.parse(readFileSync(answer, 'utf8'));
  }
});

/** What is deployed is what is run: the machine's jobs are done by Spark on this machine. */
test('a run does jobs for tables that are Spark’s and no others, and leaves what functions leave', async () => {
  try {
    await findSparkPython();
  } catch (error) {
    process.stderr.write(`\nSKIPPED: a run with jobs of Spark: ${(error as Error).message}\n`);
    return;
  }
  const rows: unknown[] = [];
  for (const engine of ['', 'engine: {tables: {silver.orders: spark, gold.totals: spark}}\n']) {
    const folder = mkdtempSync(join(tmpdir(), 'ingot-jobs-'));
    try {
      write(folder, { ...shopFiles, ...arrived, 'platform.yaml': `name: shop\n${engine}` });
      const { runs } = await runPlatform(folder);
      expect(runs).toMatchObject([{ status: 'succeeded', failures: [] }]);
      const told = readFileSync(join(layoutOf(folder).runs, `${runs[0]!.run}.jsonl`), 'utf8');
      expect(told.includes('"state":"LoadSparkJob"')).toBe(engine !== '');
      const { manifest } = await loadPlatform(folder);
      const workbench = await openWorkbench(manifest, layoutOf(folder));
      try {
        const tables = ['silver.orders', 'gold.totals', 'gold.sales'];
        const query = (table: string) => workbench.services.lake.query(`FROM ${table} ORDER BY ALL`);
        rows.push(await Promise.all(tables.map(query)));
      } finally {
        await workbench.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  expect(rows[1]).toEqual(rows[0]);
}, 1_200_000);

const arrived = {
  '.ingot/lake/bronze/orders/source=shop/date=2026-01-01/0.csv':
    'order_id,customer,amount,ordered_on\n1,ann,10.25,2026-01-01\n2,bob,20,2026-01-02\n3,cem,-1,2026-01-02\n',
};

function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [file, body] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), body);
  }
}
