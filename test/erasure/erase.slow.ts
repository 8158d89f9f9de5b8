import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { request } from '../../lib/erasure/handle';
import type { ErasureServices } from '../../lib/erasure/services';
import { localErasureServices, runErasures } from '../../lib/local/erase';
import { layoutOf } from '../../lib/local/layout';
import { runPlatform } from '../../lib/local/run';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import { ingot } from '../cli/ingot';
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
  const on = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls === at && !after) throw new Died();
    const result = await work();
    if (calls === at) throw new Died();
    return result;
  };
  const wrap = <T extends object>(target: T, names: readonly (keyof T)[]): T =>
    new Proxy(target, {
      get(of, name) {
        const held = Reflect.get(of, name) as unknown;
        if (typeof held !== 'function') return held;
        if (!names.includes(name as keyof T)) return held.bind(of) as unknown;
        return (...args: unknown[]) => on(() => held.apply(of, args) as Promise<unknown>);
      },
    });
  return {
    services: {
      ...services,
      lake: wrap(services.lake, ['commit']),
      objects: wrap(services.objects, ['replace', 'write', 'remove']),
      tables: wrap(services.tables, ['commitTable']),
      tableFiles: wrap(services.tableFiles, ['remove']),
      ledger: wrap(services.ledger, ['add', 'put']),
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
  const tries = Number(process.env.INGOT_CRASHES ?? 4);
  let deaths = 0;
  for (let n = 0; n < tries; n++) {
    const at = 1 + Math.floor((n * calls) / tries);
    // A commit whose answer was lost, and that stands, is no death.
    if ((await erased(at, n % 2 === 1)).died) deaths += 1;
    expect({ at, files: await filesWith(marker, root, open.duckdb) }).toEqual({ at, files: [] });
    expect({ at, rows: await open.rowsOf() }).toEqual({ at, rows: expected });
  }
  process.stderr.write(`${tries} of ${calls} places to die at were tried; it died at ${deaths}\n`);
  expect(deaths).toBeGreaterThan(tries / 2);
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
