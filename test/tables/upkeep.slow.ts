import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { compactTable } from '../../lib/tables/compact';
import { expireSnapshots } from '../../lib/tables/expire';
import { findPyiceberg } from '../local/pyiceberg';
import { doSteps, Lakes, linesOf, rowsOf, steps } from './upkeep-law';

const run = promisify(execFile);
let lakes: Lakes;
beforeAll(async () => {
  lakes = await Lakes.open();
});
afterAll(() => lakes.close());

test('many histories of writes, compactions and expiries, of two writers', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const table = await lakes.table();
      const expected = await doSteps(all, table, lakes);
      expect(await rowsOf(table, lakes)).toEqual(await linesOf(expected, lakes));
    }),
    { numRuns: 25 },
  );
});

test('pyiceberg reads what was compacted, and what is left of its snapshots, and agrees', async () => {
  const python = await findPyiceberg();
  if (python === undefined) return;
  const table = await lakes.table();
  const change = { do: 'change', from: 0, every: 3 } as const;
  const all = [change, { ...change, every: 1 }, { do: 'compact' }, { do: 'remove', from: 0, every: 6 }] as const;
  const expected = await doSteps(all, table, lakes);
  await expireSnapshots(table, { keep: 2 }, lakes.upkeep());
  const read = async (name: string) => {
    const script = join(__dirname, 'read_snapshots.py');
    const { stdout } = await run(python, [script, lakes.catalog.uri, 'test_silver', name]);
    return JSON.parse(stdout) as { operation: string; ids: number[] }[];
  };
  const ids = [...expected.keys()].sort((a, b) => a - b);
  const [compacted, now, ...more] = await read(table.table);
  expect(more).toEqual([]);
  expect(compacted!.operation).toBe('replace');
  expect(compacted!.ids).toHaveLength(33);
  expect(now!.ids).toEqual(ids);
  await doSteps(
    [
      { do: 'remove', from: 0, every: 3 },
      { do: 'remove', from: 0, every: 1 },
    ],
    table,
    lakes,
  );
  await compactTable(table, lakes.upkeep());
  expect((await read(table.table)).at(-1)).toEqual({ operation: 'replace', ids: [] });
});
