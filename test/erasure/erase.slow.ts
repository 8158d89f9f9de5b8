import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receive } from '../../lib/cdc/receive';
import { erase, request } from '../../lib/erasure/handle';
import type { ErasureReport } from '../../lib/erasure/report';
import type { ErasureServices } from '../../lib/erasure/services';
import { localErasureServices, runErasures } from '../../lib/local/erase';
import { layoutOf } from '../../lib/local/layout';
import { runPlatform } from '../../lib/local/run';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import { changesManifest } from '../cdc/platform';
import { ingot } from '../cli/ingot';
import { type Step, stepping } from '../faults/dying';
import { column, dataset } from '../ingest/datasets';
import { contractFile, type Files, inFolder } from '../platform/folder';
import { icebergLake } from '../publish/iceberg-lake';
import { filesWith, marker, openShop, type Shop } from './shop';

let open: Shop;
let root: string;
let untouched: string;
beforeAll(async () => {
  open = await openShop();
  root = join(open.folder, '.ingot');
  untouched = `${open.folder}-untouched`;
  cpSync(root, untouched, { recursive: true, preserveTimestamps: true });
});
afterAll(() => {
  rmSync(untouched, { recursive: true });
  open.close();
});

/** Everything but the ledger as it was before any erasure, as a backup brings it back. */
function restore(): void {
  for (const part of ['lake', 'catalog']) {
    rmSync(join(root, part), { recursive: true });
    cpSync(join(untouched, part), join(root, part), { recursive: true, preserveTimestamps: true });
  }
}

class Died extends Error {}

/** Services of which the n-th call of those that change something dies: before it has done so, or after. */
function dying(services: ErasureServices, at: number, after: boolean): { services: ErasureServices; calls(): number } {
  let calls = 0;
  const on: Step = async (work) => {
    calls += 1;
    if (calls === at && !after) throw new Died();
    const result = await work();
    if (calls === at) throw new Died();
    return result;
  };
  return {
    services: {
      ...services,
      lake: stepping(services.lake, ['commit'], on),
      objects: stepping(services.objects, ['replace', 'write', 'remove'], on),
      tables: stepping(services.tables, ['commitTable'], on),
      tableFiles: stepping(services.tableFiles, ['remove'], on),
      ledger: stepping(services.ledger, ['add', 'put'], on),
    },
    calls: () => calls,
  };
}

test('wherever an erasure dies, the next one ends it, and nobody else loses anything', async () => {
  const layout = layoutOf(open.folder);
  const { manifest } = await loadPlatform(open.folder);
  const before = await open.rowsOf();
  const own = (row: unknown) => !JSON.stringify(row).includes(marker);
  const expected = Object.fromEntries(Object.entries(before).map(([table, rows]) => [table, rows.filter(own)]));
  const erased = async (at: number, after: boolean): Promise<{ calls: number; died: boolean }> => {
    restore();
    rmSync(join(root, 'erasures'), { recursive: true, force: true });
    const workbench = await openWorkbench(manifest, layout);
    try {
      const services = await localErasureServices(workbench.services, layout, { orphanAge: 0 });
      const mortal = dying(services, at, after);
      const work = async (of: ErasureServices) => {
        await request('customer', [marker], of);
        await runErasures(of, layout);
      };
      const died = await work(mortal.services).then(
        () => false,
        () => true,
      );
      // Somebody asks again, who does not know how far it came.
      if (died) await work(services);
      return { calls: mortal.calls(), died };
    } finally {
      await workbench.close();
    }
  };
  const { calls } = await erased(0, false);
  const tries = Number(process.env.INGOT_CRASHES ?? 2);
  let deaths = 0;
  for (let n = 0; n < tries; n++) {
    const at = 1 + Math.floor((n * calls) / tries);
    // A commit whose answer was lost, and that stands, is no death.
    if ((await erased(at, n % 2 === 1)).died) deaths += 1;
    expect({ at, files: await filesWith(marker, root, open.duckdb) }).toEqual({ at, files: [] });
    expect({ at, rows: await open.rowsOf() }).toEqual({ at, rows: expected });
  }
  process.stderr.write(`${tries} of ${calls} places to die at were tried; it died at ${deaths}\n`);
  expect(deaths).toBeGreaterThanOrEqual(tries / 2);
}, 1_800_000);

test('what a restore brings back is erased again, by the ledger alone', async () => {
  restore();
  expect((await filesWith(marker, root, open.duckdb)).length).toBeGreaterThan(10);
  // Nobody says whom: the zones' own word is older than the ledger.
  const { code, out } = await ingot(['erase', '--platform', open.folder, '--json']);
  expect({ code, report: JSON.parse(out) as unknown }).toMatchObject({
    code: 0,
    report: { erasures: [{ subject: 'customer', again: true }] },
  });
  expect(await filesWith(marker, root, open.duckdb)).toEqual([]);
  expect((await runPlatform(open.folder)).status).toBe('succeeded');
  expect(await filesWith(marker, root, open.duckdb)).toEqual([]);
  expect((await ingot(['erase', '--platform', open.folder])).out).toBe('Nobody is to be erased\n');
  const again = await ingot(['erase', '--replay', '--platform', open.folder, '--json']);
  expect(JSON.parse(again.out)).toMatchObject({ erasures: [{ again: true }] });
});

test('each erasure is later than the one before, also where the clock has stepped back, so that what is restored is known', async () => {
  restore();
  rmSync(join(root, 'erasures'), { recursive: true, force: true });
  const layout = layoutOf(open.folder);
  const { manifest } = await loadPlatform(open.folder);
  const workbench = await openWorkbench(manifest, layout);
  try {
    let now = Date.now();
    const local = await localErasureServices(workbench.services, layout, { orphanAge: 0 });
    const services = { ...local, clock: { now: () => now } };
    await request('customer', ['somebody'], services);
    const first = await runErasures(services, layout);
    now -= 60_000;
    await request('customer', ['somebody else'], services);
    const second = await runErasures(services, layout);
    expect(second!.finishedAt > first!.finishedAt).toBe(true);
    expect(await erase({ action: 'status' }, services)).toMatchObject({ last: { finishedAt: second!.finishedAt } });
    // Nothing was restored, and so nothing is done again.
    expect(await runErasures(services, layout)).toBeUndefined();
  } finally {
    await workbench.close();
  }
});

test('from a stream: its table, windows, what waits and what was refused', async () => {
  const line = (id: string, user: string, more: object = {}) =>
    `${JSON.stringify({ id, user, event_type: 'click', happened_at: new Date().toISOString(), amount: 1, ...more })}\n`;
  const person = 'ann-ERASE-ME';
  const files: Files = {
    'contracts/clicks.odcs.yaml': contractFile(
      'clicks',
      'silver',
      {
        id: 'logicalType: string, required: true, primaryKey: true',
        user: 'logicalType: string, required: true, customProperties: [{property: subject, value: visitor}]',
        event_type: 'string',
        happened_at: 'logicalType: timestamp, required: true',
        amount: 'integer',
      },
      { source: true },
    ).replace('format: parquet', 'format: json'),
    'contracts/fct_clicks.odcs.yaml': contractFile('fct_clicks', 'gold', {
      window_start: 'logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 1',
      window_end: 'logicalType: timestamp, required: true',
      user: 'logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 2, customProperties: [{property: subject, value: visitor}]',
      events: 'integer',
    }),
    'platform.yaml': `name: shop
streams:
  clicks:
    table: silver.clicks
    eventTime: happened_at
    partitionKey: user
    onInvalid: park
    windows:
      hourly:
        size: 1 hour
        watermark: 5 minutes
        groupBy: [user]
        measures: { events: count }
        into: gold.fct_clicks
local:
  streams:
    - file: events.jsonl
      into: clicks
`,
    'events.jsonl': line('1', person) + line('2', 'bob'),
  };
  await inFolder(files, async (folder) => {
    expect((await runPlatform(folder)).status).toBe('succeeded');
    const more = join(folder, 'more.jsonl');
    writeFileSync(more, line('3', person, { amount: 'many' }) + line('4', person) + line('5', 'bob'));
    expect((await ingot(['stream', 'put', 'clicks', more, '--platform', folder])).out).toMatch(
      /^3 put; 1 in quarantine, 2 wait|^3 put; 0 in quarantine, 2 wait/,
    );
    const state = join(folder, '.ingot');
    expect((await filesWith(person, state, open.duckdb)).length).toBeGreaterThan(6);
    const { code, out, err } = await ingot(['erase', 'visitor', person, '--platform', folder, '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { places, remains } = JSON.parse(out) as ErasureReport;
    expect(places.filter(({ rows }) => rows > 0).map(({ place, rows }) => [place, rows])).toEqual([
      ['bronze/_parked/silver.clicks', 2],
      ['bronze/clicks', 3],
      ['gold.fct_clicks', 1],
      ['ops.window_clicks_hourly', 1],
      ['silver.clicks', 1],
      ['silver.clicks_quarantine', 1],
    ]);
    expect(remains.map(({ what }) => what)).toContain('stream clicks');
    expect(await filesWith(person, state, open.duckdb)).toEqual([]);
    appendFileSync(join(folder, 'events.jsonl'), line('6', 'bob'));
    expect((await runPlatform(folder)).status).toBe('succeeded');
    const rows = await ingot([
      'query',
      'select id, (select events from gold.fct_clicks) as events from silver.clicks order by id',
      '--csv',
      '--platform',
      folder,
    ]);
    expect(rows.out).toBe('id,events\r\n2,3\r\n5,3\r\n6,3\r\n');
  });
});

test('from tables that changes fill: rows, versions, remembered deletes and records that wait', async () => {
  const columns = [
    { ...column('id', 'long', { required: true }), subject: 'customer' },
    column('name', 'string', { required: true }),
  ];
  const modes = ['mirror', 'history', 'log'] as const;
  const manifest = changesManifest(
    modes.map((mode) => [
      dataset(mode, columns, { key: ['id'], postgres: { server: 'shop', schema: 'public', table: mode } }),
      mode,
    ]),
  );
  const lake = await icebergLake(manifest);
  const scratch = mkdtempSync(join(tmpdir(), 'ingot-erasure-cdc-'));
  try {
    let lsn = 1_000;
    const change = (table: string, op: string, before: object | null, after: object | null) => {
      lsn += 8;
      const source = { schema: 'public', table, lsn, ts_ms: Date.UTC(2026, 0, 1), snapshot: 'false' };
      const raw = JSON.stringify({ op, before, after, source, ts_ms: Date.UTC(2026, 0, 1) });
      return { origin: { id: `s/${lsn}`, arrivedAt: '2026-01-02T00:00:00.000Z', raw } };
    };
    const records = modes.flatMap((table) => [
      change(table, 'c', null, { id: 4711, name: 'one' }),
      change(table, 'c', null, { id: 2, name: 'two' }),
      change(table, 'u', null, { id: 4711, name: 'ONE' }),
      change(table, 'd', { id: 2 }, null),
      change(table, 'c', null, { id: 3, name: 'three' }),
      change(table, 'd', { id: 4711 }, null),
      change(table, 'c', null, { id: 4711, name: 'again' }),
      // Refused: the name is missing.
      change(table, 'c', null, { id: 4711, name: null }),
      change(table, 'c', null, { id: 5, name: null }),
    ]);
    await receive(records, manifest.cdc![0]!, lake.services);
    const of = async (table: string) =>
      lake.services.lake.query<{ id: number; n: number }>(
        `SELECT id::INT AS id, count(*)::INT AS n FROM silver.${table} WHERE id IS NOT NULL GROUP BY ALL ORDER BY ALL`,
      );
    const refused = async (table: string) =>
      (await lake.services.lake.query<{ raw: string }>(`SELECT raw FROM silver.${table}_quarantine`)).map(
        ({ raw }) => raw,
      );
    const before = new Map<string, { id: number }[]>();
    for (const mode of modes) for (const table of [mode, `${mode}_changes`]) before.set(table, await of(table));
    const services = await localErasureServices(lake.services, layoutOf(scratch), { orphanAge: 0 });
    await request('customer', ['4711'], services);
    const report = await runErasures(services, layoutOf(scratch));
    for (const [table, rows] of before)
      expect([table, await of(table)]).toEqual([table, rows.filter(({ id }) => id !== 4711)]);
    for (const mode of modes) {
      const left = await refused(mode);
      expect([mode, left.length]).toEqual([mode, 1]);
      expect(left[0]).not.toContain('4711');
    }
    expect(before.get('history')!.find(({ id }) => id === 4711)).toBeDefined();
    expect(report!.remains.map(({ what }) => what)).toEqual(modes.map((mode) => `table public.${mode} of server shop`));
  } finally {
    await lake.close();
    rmSync(scratch, { recursive: true });
  }
});
