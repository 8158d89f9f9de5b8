import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { starterFiles } from '../../lib/cli/starter';
import { positionOf } from '../../lib/ingest/ledger';
import { load } from '../../lib/ingest/load';
import { plan } from '../../lib/ingest/plan';
import { landFiles } from '../../lib/local/land';
import { layoutOf } from '../../lib/local/layout';
import { runPlatform } from '../../lib/local/run';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import { openLake } from '../../lib/runtime/lake';
import type { LocalServices } from '../../lib/runtime/local';
import type { Lake } from '../../lib/runtime/services';
import { column, dataset, source } from '../ingest/datasets';
import { run, TestPlatform, withDataset } from '../ingest/platform';
import { everything } from './everything';
import { Shop } from './shop';

jest.setTimeout(600_000);

const numbers = (name: string) => dataset(name, [column('n', 'int')], { source: source('csv', { prefix: name }) });

let platform: TestPlatform;
beforeAll(async () => {
  platform = await TestPlatform.start([]);
});
afterAll(() => platform.stop());

const rowsOf = (name: string) => platform.content('test_silver', name);

/** Services whose lake calls `before` when a statement is run that has these words. */
function interrupted(services: LocalServices, words: string, before: () => void): LocalServices {
  const { lake } = services;
  const changed: Lake = Object.create(lake, {
    run: {
      value: (sql: string, params?: never) => {
        if (sql.includes(words)) before();
        return lake.run(sql, params);
      },
    },
    query: { value: lake.query.bind(lake) },
    commit: { value: lake.commit.bind(lake) },
    properties: { value: lake.properties.bind(lake) },
    name: { value: lake.name.bind(lake) },
  });
  return { ...services, lake: changed };
}

describe('a source file', () => {
  const event = (name: string) => ({ action: 'load', table: `silver.${name}`, batch: 1, run: 'run-1' }) as const;

  test('that changes while it is read is named, and nothing of it is loaded', async () => {
    const services = await platform.with(numbers('changing'));
    const file = fileURLToPath(platform.land('changing', 'a.csv', 'n\n1\n2\n', 1));
    await plan({ action: 'plan', group: 'all', run: 'run-1' }, services);
    const busy = interrupted(services, 'read_csv', () => writeFileSync(file, 'n\n1\n3\n4\n'));
    await expect(load(event('changing'), busy)).rejects.toThrow(/changing\/.*a\.csv has changed/);
    expect(await rowsOf('changing')).toEqual([]);
    platform.land('changing', 'a.csv', 'n\n1\n2\n', 1);
    await run(services, 'run-2');
    expect(await rowsOf('changing')).toEqual(['{"n":1}', '{"n":2}']);
  });

  test('that vanishes between being listed and being read is named, and is loaded once it is back', async () => {
    const services = await platform.with(numbers('vanishing'));
    const file = fileURLToPath(platform.land('vanishing', 'a.csv', 'n\n1\n', 1));
    platform.land('vanishing', 'b.csv', 'n\n2\n', 2);
    await plan({ action: 'plan', group: 'all', run: 'run-1' }, services);
    for (const words of ['CREATE TEMP TABLE', 'read_csv']) {
      const busy = interrupted(services, words, () => existsSync(file) && renameSync(file, `${file}.gone`));
      await expect(load(event('vanishing'), busy)).rejects.toThrow(/a\.csv/);
      expect(await rowsOf('vanishing')).toEqual([]);
      renameSync(`${file}.gone`, file);
    }
    await run(services, 'run-2');
    expect(await rowsOf('vanishing')).toEqual(['{"n":1}', '{"n":2}']);
  });
});

describe('names that mean something in a URL, a glob or a shell', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ingot-names-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const inFolder = (name: string) => {
    const platform = join(folder, name);
    for (const [path, text] of Object.entries(starterFiles('shop'))) {
      mkdirSync(dirname(join(platform, path)), { recursive: true });
      writeFileSync(join(platform, path), text);
    }
    return platform;
  };
  const names = ['a [b] 50% #2?*.csv', 'größe 50%25.csv', "it's {x}.csv", '日本&;$HOME.csv'];

  test('a platform and its files may have them: rows are loaded, changed, judged and told of', async () => {
    const platform = inFolder("100% %41 #1? [x] it's a&b;c");
    const { manifest } = await loadPlatform(platform);
    const layout = layoutOf(platform);
    for (let i = 0; i < 2; i++) {
      for (const [n, name] of names.entries()) {
        const order = `${2000 + n},2026-01-05T12:12:00Z,Ingrid Berg,NO,${i + 1},64.00`;
        const file = join(platform, `${i} ${name}`);
        writeFileSync(file, `order_id,ordered_at,customer,country,quantity,unit_price\n${order}\n`);
        await landFiles([{ file, as: 'orders', date: `2026-01-0${6 + i}` }], manifest, layout);
      }
      const report = await runPlatform(platform);
      expect(report.runs).toMatchObject([{ status: 'succeeded', failures: [] }]);
    }
    const workbench = await openWorkbench(manifest, layout);
    const { lake } = workbench.services;
    const found = await lake.query('SELECT quantity::INT AS q FROM silver.orders WHERE order_id >= 2000');
    const files = await lake.query('SELECT count(*)::INT AS n FROM ops.files');
    await workbench.close();
    expect(found).toEqual(names.map(() => ({ q: 2 })));
    expect(files).toEqual([{ n: 2 * names.length + 1 }]);
    for (const kind of ['quality', 'lineage']) expect(existsSync(join(layout.zone('silver'), '_ops', kind))).toBe(true);
  });

  test('a folder whose path is not of ASCII characters is refused before anything is made in it', async () => {
    const platform = inFolder('Größe');
    await expect(runPlatform(platform)).rejects.toThrow(
      /Größe\/.ingot: must lie in a folder whose path is of ASCII characters.*given ö ß/,
    );
  });
});

test('a process that stalled over a batch without a good row does not bring a later batch back', async () => {
  const name = 'stalled';
  const services = await platform.with(numbers(name));
  const stalled = withDataset(await platform.another(), numbers(name));
  platform.land(name, 'refused.csv', 'n\nx\n', 1);
  await plan({ action: 'plan', group: 'all', run: 'run-1' }, services);
  let wakeUp = () => {};
  const asleep = new Promise<void>((done) => {
    wakeUp = done;
  });
  let fellAsleep = () => {};
  const isAsleep = new Promise<void>((done) => {
    fellAsleep = done;
  });
  const { lake } = stalled;
  const sleepy: Lake = Object.create(lake, {
    query: { value: lake.query.bind(lake) },
    run: { value: lake.run.bind(lake) },
    properties: { value: lake.properties.bind(lake) },
    name: { value: lake.name.bind(lake) },
    commit: {
      value: (work: Parameters<Lake['commit']>[0]) =>
        lake.commit(async (tx) => {
          let settles = false;
          const result = await work({
            ...tx,
            setProperties: (database, table, properties) => {
              settles = table === name;
              return tx.setProperties(database, table, properties);
            },
          });
          if (settles) {
            fellAsleep();
            await asleep;
          }
          return result;
        }),
    },
  });
  const slow = load({ action: 'load', table: `silver.${name}`, batch: 1, run: 'run-1' }, { ...stalled, lake: sleepy });
  await isAsleep;
  await run(services, 'run-2');
  platform.land(name, 'good.csv', 'n\n7\n', 2);
  await run(services, 'run-3');
  expect(await rowsOf(name)).toEqual(['{"n":7}']);
  wakeUp();
  await slow;
  expect(positionOf(await services.lake.properties('test_silver', name))).toBe(2);
  expect((await run(services, 'run-4')).results).toEqual([]);
  expect(await rowsOf(name)).toEqual(['{"n":7}']);
  await stalled.lake.close();
});

test('writers that meet all the time lose no commit and make none twice', async () => {
  const services = await platform.with(numbers('busy'));
  const { manifest, catalog } = services;
  const lakes = await Promise.all([1, 2, 3].map(() => openLake({ catalog, manifest })));
  const wanted = everything ? 1000 : 50;
  let [conflicts, commits] = [0, 0];
  const work = async (lake: Lake) => {
    const count = () =>
      lake.commit(
        async (tx) => {
          const counted = Number((await tx.properties('test_silver', 'busy')).counter ?? 0) + 1;
          await tx.run(`INSERT INTO ${lake.name('test_silver', 'busy')} VALUES (${counted})`);
          await tx.setProperties('test_silver', 'busy', { counter: String(counted) });
        },
        // The lake would wait for a while, and there would be fewer conflicts.
        { attempts: 1 },
      );
    while (conflicts < wanted) {
      await count().then(
        () => commits++,
        (error: Error) => {
          expect(error.message).toContain('Conflict_409');
          expect(error.name).toBe('TransientError');
          conflicts++;
        },
      );
    }
  };
  await Promise.all(lakes.map(work));
  const [seen] = await services.lake.query(
    `SELECT count(*)::INT AS n, count(DISTINCT n)::INT AS different, max(n)::INT AS highest FROM silver.busy`,
  );
  expect(seen).toEqual({ n: commits, different: commits, highest: commits });
  if (everything) console.log(`${conflicts} conflicts, ${commits} commits`);
  for (const lake of lakes) await lake.close();
});

/** Why no small disk can be had here; undefined where it can. */
function noSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-disk-'));
  try {
    mount(folder);
    unmount(folder);
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  } finally {
    rmdirSync(folder);
  }
}
const mount = (folder: string) =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', folder], { stdio: 'pipe' });
const unmount = (folder: string) => void execFileSync('umount', ['-l', folder], { stdio: 'pipe' });

const unable = noSmallDisk();
if (unable !== undefined) console.warn(`The test of a full disk is skipped: ${unable}`);

(unable === undefined ? test : test.skip)(
  'a disk that is full, at whatever step, is said; with space again, a run gives what one clean run gives',
  async () => {
    const clean = await Shop.open();
    await clean.run('run-1');
    const expected = await clean.content();
    await clean.close();

    const shop = await Shop.open(mount, unmount);
    const ballast = join(shop.layout.root, 'ballast');
    const kilobytes = everything ? Array.from({ length: 64 }, (_, i) => i * 16) : [0, 24, 96, 384];
    let refused = 0;
    for (const free of kilobytes) {
      rmSync(ballast, { force: true });
      const { bavail, bsize } = statfsSync(shop.layout.root);
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - free * 1024)));
      shop.said.length = 0;
      const end = await shop.run('run-1').catch((error: Error) => ({ status: 'FAILED', cause: error.message }));
      if (end.status === 'SUCCEEDED') break;
      refused += 1;
      expect([...shop.said, JSON.stringify(end)].join('\n')).toMatch(/no space left on device/i);
      for (const said of shop.said) expect(said).toMatch(/no space left on device/i);
    }
    if (everything) console.log(`${refused} runs on a full disk`);
    expect(refused).toBeGreaterThan(2);
    rmSync(ballast);
    expect(await shop.run('run-1')).toMatchObject({ status: 'SUCCEEDED' });
    expect(await shop.content()).toEqual(expected);
    await shop.close();
  },
);
