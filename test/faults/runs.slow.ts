import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { makeTables } from '../../lib/tables/make';
import { dying } from './dying';
import { everything } from './everything';
import type { Fault } from './proxy';
import { mulberry } from './random';
import { Shop } from './shop';

// A test that ran out of time would go on beside those after it, and break them too.
jest.setTimeout(everything ? 10_800_000 : 600_000);

let shop: Shop;
let fresh: ReturnType<Shop['keep']>;
let clean: Awaited<ReturnType<Shop['content']>>;
let steps: number;
const programs = mkdtempSync(join(tmpdir(), 'ingot-killed-'));
const program = join(programs, 'killed.js');
beforeAll(async () => {
  buildSync({
    entryPoints: [join(__dirname, 'killed.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    packages: 'external',
  });
  shop = await Shop.open();
  fresh = shop.keep();
  const counting = dying(shop.services, Number.POSITIVE_INFINITY);
  expect(await shop.run('run-1', counting)).toMatchObject({ status: 'SUCCEEDED' });
  steps = counting.steps();
  clean = await shop.content();
});
afterEach(() => {
  shop.catalog.fault = () => undefined;
});
afterAll(async () => {
  rmSync(programs, { recursive: true });
  fresh.drop();
  await shop.close();
});

/** What several runs have left, as if it had been one: which of them did what is nobody's business. */
function asOne(content: typeof clean, atOnce = false): typeof clean {
  const one = Object.entries(content).map(([table, rows]) => {
    const neutral = rows.map((row) => row.replace(/"run":"run-[a-z1-9]"/g, '"run":"run"'));
    // Of two at once, each judges and is recorded, with what was in quarantine by then.
    if (table === 'shop_ops.runs' && atOnce)
      return [table, unique(neutral.map((row) => row.replace(/"quarantined":"\d+"/, '')))];
    return [table, table === 'shop_ops.quality_results' ? unique(neutral) : neutral.sort()];
  });
  return Object.fromEntries(one);
}
const unique = (rows: readonly string[]) => [...new Set(rows)].sort();

test('a crash after any step of any part of a run, and a run after it, give what one clean run gives', async () => {
  expect(steps).toBeGreaterThan(250);
  const stride = everything ? 1 : 71;
  let tried = 0;
  for (let at = 1; at <= steps; at += stride) {
    fresh.restore();
    const doomed = dying(shop.services, at);
    // A platform's own steps end with the process, so a crash in them is no end of the execution that is worth a look.
    await shop.run('run-1', doomed).catch(() => undefined);
    // What was under way when it died may have ended; and where commits met, the clean run took a few steps more.
    expect(doomed.steps()).toBeGreaterThanOrEqual(Math.min(at, steps * 0.9));
    tried += 1;
    // The same execution once more, or a new one: each in its turn.
    if (tried % 2 === 0) {
      expect(await shop.run('run-1')).toMatchObject({ status: 'SUCCEEDED' });
      expect({ at, ...(await shop.content()) }).toEqual({ at, ...clean });
    } else {
      expect(await shop.run('run-2')).toMatchObject({ status: 'SUCCEEDED' });
      expect({ at, ...asOne(await shop.content()) }).toEqual({ at, ...asOne(clean) });
    }
  }
  if (everything) console.log(`${tried} crashes`);
});

/** Runs the shop in a process of its own, which kills itself at a step if one is given; what it has printed. */
function inProcess(...args: readonly (string | number)[]): { signal: NodeJS.Signals | null; said: string } {
  const { signal, stdout, stderr } = spawnSync(process.execPath, [program, shop.folder, ...args.map(String)], {
    encoding: 'utf8',
    env: { ...process.env, NODE_PATH: join(__dirname, '../../node_modules') },
  });
  return { signal, said: stdout + stderr };
}

test('a process that is killed at any step, and a run after it, give what one clean run gives', async () => {
  fresh.restore();
  const { said } = inProcess('run-1');
  expect(said).toContain('SUCCEEDED');
  expect(await shop.content()).toEqual(clean);
  const all = (JSON.parse(said) as { steps: number }).steps;
  expect(all).toBeGreaterThan(500);
  const random = mulberry(all);
  const stride = everything ? 1 : Math.ceil(all / 4);
  let [tried, killed] = [0, 0];
  for (let at = 1; at <= all; at += stride) {
    fresh.restore();
    tried += 1;
    // Every other one dies a little later, wherever DuckDB then is.
    const run = tried % 2 === 0 ? inProcess('run-1', at) : inProcess('run-1', at, Math.ceil(random() * 20));
    if (run.signal === 'SIGKILL') killed += 1;
    // It may have come to its end, as steps that go side by side do not come in one order.
    else expect(run.said).toContain('SUCCEEDED');
    if (tried % 4 < 2) {
      expect(await shop.run('run-1')).toMatchObject({ status: 'SUCCEEDED' });
      expect({ at, ...(await shop.content()) }).toEqual({ at, ...clean });
    } else {
      expect(await shop.run('run-2')).toMatchObject({ status: 'SUCCEEDED' });
      expect({ at, ...asOne(await shop.content()) }).toEqual({ at, ...asOne(clean) });
    }
  }
  expect(killed).toBeGreaterThan(tried * 0.7);
  if (everything) console.log(`${killed} processes killed, at ${tried} of ${all} steps`);
});

const faults: readonly Fault[] = [409, 'lost-503', 429, 'half', 500, 'lost', 'repeated', 503, 'lost-500', 'cut', 502];

/** The first commit to each table suffers a fault, so many times in a row; each table another one. */
function faultyCommits(offset: number, times: number): Map<string, Fault> {
  const suffering = new Map<string, Fault>();
  const left = new Map<string, number>();
  shop.catalog.fault = ({ isCommit, path }) => {
    if (!isCommit) return undefined;
    const fault = suffering.get(path) ?? faults[(offset + suffering.size) % faults.length]!;
    suffering.set(path, fault);
    const more = left.get(path) ?? (fault === 409 ? 1 : times);
    left.set(path, more - 1);
    return more > 0 ? fault : undefined;
  };
  return suffering;
}

test.each([
  ['once, which DuckDB itself tries again', 1],
  ['until DuckDB gives up, and the state machine tries again', 4],
])('commits that fail, or whose answer is lost, %s, give what one clean run gives', async (_, times) => {
  for (const offset of everything ? faults.keys() : [times]) {
    fresh.restore();
    const suffering = faultyCommits(offset, times);
    expect(await shop.run('run-1')).toMatchObject({ status: 'SUCCEEDED' });
    expect(new Set(suffering.values())).toEqual(new Set(faults));
    expect({ offset, ...(await shop.content()) }).toEqual({ offset, ...clean });
  }
});

test('a catalog that fails at random, in whatever is asked of it, costs time and nothing else', async () => {
  for (let seed = 1; seed <= (everything ? 40 : 1); seed++) {
    fresh.restore();
    const random = mulberry(seed);
    let failed = 0;
    shop.catalog.fault = ({ isCommit }) => {
      if (random() > 0.1) return undefined;
      failed += 1;
      const fault = faults[Math.floor(random() * faults.length)]!;
      // Only a commit can meet another.
      return fault === 409 && !isCommit ? 503 : fault;
    };
    shop.said.length = 0;
    const { status } = await shop.run('run-1');
    expect(failed).toBeGreaterThan(5);
    // Every failure is one that the state machine tries again; where it has given up at last, the next run goes on.
    for (const said of shop.said) expect(said).toMatch(/^TransientError: /);
    shop.catalog.fault = () => undefined;
    if (status !== 'SUCCEEDED') expect(await shop.run('run-1')).toMatchObject({ status: 'SUCCEEDED' });
    expect({ seed, ...(await shop.content()) }).toEqual({ seed, ...clean });
  }
});

test('tables are made through a catalog that fails at random, each once and as its contract says', async () => {
  const { zones, ops } = shop.manifest;
  for (let seed = 1; seed <= (everything ? 20 : 1); seed++) {
    fresh.restore();
    const random = mulberry(seed);
    shop.catalog.fault = ({ method }) => {
      if (random() > 0.1) return undefined;
      const fault = faults[Math.floor(random() * faults.length)]!;
      return fault === 409 && method === 'GET' ? 503 : fault;
    };
    const again = (database: string) => `${database}_${seed}`;
    const manifest = {
      ...shop.manifest,
      zones: zones.map((zone) => ({ ...zone, database: again(zone.database) })),
      ops: { ...ops, database: again(ops.database) },
    };
    // Elsewhere than the tables that are there.
    const roots = Object.entries(shop.services.zones).map(([zone, root]) => [zone, `${root}/again`]);
    const services = { ...shop.services, manifest, zones: Object.fromEntries(roots) };
    const made = await makeTables(services);
    shop.catalog.fault = () => undefined;
    const statuses = [...(await makeTables(services))].map(([table, { status }]) => `${table} ${status}`);
    expect(statuses.sort()).toEqual([...made.keys()].map((table) => `${table} unchanged`).sort());
  }
});

test('two runs at once give what one gives', async () => {
  const other = await shop.another();
  for (let i = 0; i < (everything ? 20 : 1); i++) {
    fresh.restore();
    const ends = await Promise.all([shop.run('run-a'), shop.run('run-b', other)]);
    expect(ends).toMatchObject([{ status: 'SUCCEEDED' }, { status: 'SUCCEEDED' }]);
    expect(asOne(await shop.content(), true)).toEqual(asOne(clean, true));
  }
  await other.close();
});
