import fc from 'fast-check';
import { positionOf } from '../../lib/ingest/ledger';
import { load } from '../../lib/ingest/load';
import { plan } from '../../lib/ingest/plan';
import type { LocalServices } from '../../lib/runtime/local';
import type { Arrivals } from '../../lib/runtime/services';
import { Crash, dying } from '../faults/dying';
import { column, dataset, source } from './datasets';
import { run, TestPlatform, withDataset } from './platform';

const columns = [column('id', 'int', { required: true }), column('name', 'string')];
const keyed = (name: string) => dataset(name, columns, { key: ['id'], source: source('csv', { prefix: name }) });
const keyless = (name: string) => dataset(name, columns, { source: source('csv', { prefix: name }) });

let platform: TestPlatform;
beforeAll(async () => {
  platform = await TestPlatform.start([]);
});
afterAll(() => platform.stop());

/** What a table, its quarantine and the ledger hold, with the table's own name out of it. */
async function everything(name: string): Promise<unknown> {
  const neutral = (rows: string[]) => rows.map((row) => row.replaceAll(name, 'TABLE'));
  return {
    table: await platform.content('test_silver', name),
    quarantine: neutral(await platform.content('test_silver', `${name}_quarantine`)),
    ledger: neutral(await platform.content(`ops_${name}`, 'files', '"table", batch, uri, size, run')),
    properties: await platform.services.lake.properties('test_silver', name).then(positionOf),
  };
}

/** Arrivals as a queue gives them: what is done does not come again. */
function queued(services: LocalServices): LocalServices {
  const done = new Set<string>();
  const arrivals: Arrivals = {
    async *take(group) {
      for await (const { object } of services.arrivals.take(group)) {
        if (!done.has(object.uri)) yield { object, done: async () => void done.add(object.uri) };
      }
    },
  };
  return { ...services, arrivals };
}

test('a crash at any step, and a run after it, give what one clean run gives', async () => {
  const prepare = async (name: string, make: typeof keyed) => {
    const services = queued(await platform.with(make(name)));
    platform.land(name, 'a.csv', 'id,name\n1,old\n', 1);
    await run(services, 'run-0');
    platform.land(name, 'b.csv', 'id,name\n1,one\nx,bad\n2,two\n', 2);
    platform.land(name, 'c.csv', 'id,name\n2,TWO\n3\n', 3);
    return services;
  };
  // A table without a key takes the same steps but one; here every third is enough.
  for (const [make, stride] of [
    [keyed, 1],
    [keyless, 3],
  ] as const) {
    await run(await prepare(`clean_${make.name}`, make));
    const clean = await everything(`clean_${make.name}`);
    let died = true;
    let at = 0;
    while (died) {
      at += stride;
      const name = `crash_${make.name}_${at}`;
      const services = await prepare(name, make);
      const doomed = dying(services, at);
      died = await run(doomed).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Crash) return true;
          throw error;
        },
      );
      // An error that is swallowed would be a crash that is not survived but overlooked.
      expect({ at, died }).toEqual({ at, died: doomed.steps() >= at });
      await run(services);
      expect({ at, ...((await everything(name)) as object) }).toEqual({ at, ...(clean as object) });
    }
    expect(at).toBeGreaterThan(35);
  }
}, 300_000);

test('two plans and two loads at once, from two processes, are one', async () => {
  const name = 'twice';
  const one = await platform.with(keyed(name));
  const other = withDataset(await platform.another(), keyed(name));
  platform.land(name, 'a.csv', 'id,name\n1,one\nx,bad\n2,two\n', 1);
  const planning = { action: 'plan', group: 'all', run: 'run-1' } as const;
  const plans = await Promise.all([one, other].map((services) => plan(planning, services)));
  expect(plans[0]).toEqual(plans[1]);
  const loading = { action: 'load', table: `silver.${name}`, batch: 1, run: 'run-1' } as const;
  const loads = await Promise.all([one, other].map((services) => load(loading, services)));
  expect(loads.map(({ status }) => status).sort()).toEqual(['loaded', 'repeated']);
  expect(await platform.content('test_silver', name, 'name')).toEqual(['{"name":"one"}', '{"name":"two"}']);
  expect(await platform.content('test_silver', `${name}_quarantine`, 'row_number')).toEqual(['{"row_number":2}']);
  expect(await platform.content(`ops_${name}`, 'files', 'batch')).toEqual(['{"batch":1}']);
  await other.lake.close();
});

describe('laws of ingest', () => {
  let tables = 0;
  const text = (rows: readonly { id: number; name: string }[]) =>
    `id,name\n${rows.map(({ id, name }) => `${id},${name}\n`).join('')}`;
  const row = fc.record({ id: fc.integer({ min: 1, max: 5 }), name: fc.constantFrom('a', 'b', 'c') });

  test('rows in one file, or split over any files, batches and runs, give the same table: the last row of a key', async () => {
    const split = fc.record({
      rows: fc.array(row, { minLength: 1, maxLength: 12 }),
      cuts: fc.array(fc.record({ length: fc.integer({ min: 1, max: 4 }), run: fc.boolean() }), { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(split, async ({ rows, cuts }) => {
        const name = `split_${++tables}`;
        const services = await platform.with(keyed(name));
        let rest = rows;
        for (const [i, { length, run: runs }] of cuts.entries()) {
          platform.land(name, `part-${9 - i}.csv`, text(rest.slice(0, length)), i);
          rest = rest.slice(length);
          if (runs) await run(services, `run-${i}`);
        }
        platform.land(name, 'rest.csv', text(rest), 30);
        await run(services, 'run-last');
        const last = new Map(rows.map(({ id, name: value }) => [id, value]));
        const expected = [...last].map(([id, value]) => JSON.stringify({ id, name: value })).sort();
        expect(await platform.content('test_silver', name)).toEqual(expected);
      }),
      { numRuns: 8 },
    );
  });

  test('files in any order, any of them delivered again, give the same table where a key has one content', async () => {
    const files = fc.array(
      fc.record({
        ids: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 6 }),
        minute: fc.integer({ min: 0, max: 59 }),
        copies: fc.integer({ min: 1, max: 2 }),
        run: fc.boolean(),
      }),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(files, async (files) => {
        const name = `order_${++tables}`;
        const services = await platform.with(keyed(name));
        for (const [i, { ids, minute, copies, run: runs }] of files.entries()) {
          for (let copy = 0; copy < copies; copy++) {
            platform.land(name, `${i}-${copy}.csv`, text(ids.map((id) => ({ id, name: `n${id}` }))), minute);
          }
          if (runs) await run(services, `run-${i}`);
        }
        await run(services, 'run-last');
        const expected = [...new Set(files.flatMap(({ ids }) => ids))]
          .sort()
          .map((id) => JSON.stringify({ id, name: `n${id}` }));
        expect(await platform.content('test_silver', name)).toEqual(expected);
      }),
      { numRuns: 8 },
    );
  });
});
