import fc from 'fast-check';
import { applyTable } from '../../lib/tables/apply';
import { compactTable } from '../../lib/tables/compact';
import { expireSnapshots, removeOrphans } from '../../lib/tables/expire';
import { reached } from '../../lib/tables/reach';
import { doUpkeep, dueUpkeep } from '../../lib/tables/upkeep';
import { quiet } from '../ingest/platform';
import { column, required, specOf } from './fixture';
import { doSteps, filesOf, Lakes, linesOf, rowsOf, steps } from './upkeep-law';

let lakes: Lakes;
beforeAll(async () => {
  lakes = await Lakes.open();
});
afterAll(() => lakes.close());

test('whatever two writers write, and however it is compacted and expires meanwhile, the rows are the same', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const table = await lakes.table();
      const expected = await doSteps(all, table, lakes);
      expect(await rowsOf(table, lakes)).toEqual(await linesOf(expected, lakes));
    }),
    { numRuns: 4, seed: 4 },
  );
});

test('a compacted table has one file a partition, no delete, its rows sorted, and counts as unchanged', async () => {
  const table = await lakes.table();
  await doSteps(
    [
      { do: 'add', from: 0, every: 3 },
      { do: 'change', from: 0, every: 6 },
      { do: 'remove', from: 3, every: 6 },
    ],
    table,
    lakes,
  );
  const { lake } = lakes.writers[0];
  const before = await lake.snapshotId('test_silver', table.table);
  expect(await compactTable(table, lakes.upkeep())).toEqual({ status: 'compacted', before: 9, after: 3 });
  expect(await lake.snapshotId('test_silver', table.table)).toBe(before);
  const again = await compactTable(table, lakes.upkeep());
  expect(again).toEqual({ status: 'compacted', before: 3, after: 3 });
  expect(await lake.snapshotId('test_silver', table.table)).toBe(before);
  const { snapshots } = (await lakes.client.loadTable('test_silver', table.table))!;
  expect(snapshots.at(-1)!.summary).toMatchObject({ operation: 'replace', 'total-delete-files': '0' });
  const read = await lake.query<{ id: bigint }>(`SELECT id FROM ${table.name} WHERE day < DATE '2026-02-01'`);
  expect(read.map(({ id }) => Number(id))).toEqual([...read.map(({ id }) => Number(id))].sort((a, b) => b - a));
});

test('what expired is gone from the disk, and no file that a snapshot is made of', async () => {
  const table = await lakes.table();
  const change = { do: 'change', from: 0, every: 3 } as const;
  await doSteps([change, change, { do: 'compact' }, change], table, lakes);
  const { length: before } = await filesOf(table);
  expect(await expireSnapshots(table, { keep: 2 }, lakes.upkeep())).toEqual({ snapshots: 4, files: before - 11 });
  const left = (await lakes.client.loadTable('test_silver', table.table))!.snapshots;
  const { lists, manifests, files } = await reached(left, lakes.writers[0].lake);
  expect((await filesOf(table)).sort()).toEqual([...lists, ...manifests, ...files].sort());
  expect(await expireSnapshots(table, { keep: 2, olderThan: 0 }, lakes.upkeep())).toEqual({ snapshots: 0, files: 0 });
  await expect(expireSnapshots(table, { keep: 0 }, lakes.upkeep())).rejects.toThrow(
    'At least 1 snapshot is kept; given 0',
  );
});

test('when all rows have been deleted, compaction and expiry leave nothing of them, and the table can be written', async () => {
  const table = await lakes.table();
  const steps = [
    { do: 'add', from: 0, every: 1 },
    { do: 'remove', from: 0, every: 1 },
    { do: 'compact' },
    { do: 'expire', keep: 1 },
  ] as const;
  await doSteps(steps, table, lakes);
  expect(
    (await filesOf(table)).map((file) =>
      file
        .replace(/snap-\d+/, 'snap-…')
        .split('/')
        .at(-1),
    ),
  ).toEqual(['snap-…-empty.avro']);
  const expected = await doSteps([{ do: 'add', from: 5, every: 1 }], table, lakes);
  expect(await rowsOf(table, lakes)).toEqual(await linesOf(expected, lakes));
});

test('files of a commit that never was are removed once they are old, and those of one under way are not', async () => {
  const table = await lakes.table();
  await doSteps([{ do: 'add', from: 0, every: 1 }], table, lakes);
  const lost = `${table.location}/data/lost.parquet`;
  await lakes.upkeep().files.writeNew(lost, Buffer.from('x'));
  expect(await removeOrphans(table, Date.now() - 60_000, lakes.upkeep())).toBe(0);
  expect(await removeOrphans(table, Date.now() + 1000, lakes.upkeep())).toBe(1);
  expect(await filesOf(table)).not.toContain(lost);
});

test('upkeep is due after fifty files, and once snapshots are old, and then no more', async () => {
  const spec = specOf('1.0.0', [column('id', 'long', required)], {
    table: 'busy',
    location: `file://${lakes.folder}/lake/busy`,
    // A file for each row: so many there will be after a compaction, too.
    partitionBy: [{ column: 'id', transform: 'identity' }] as never,
  });
  await applyTable(spec, lakes.client, { log: quiet });
  const { lake } = lakes.writers[0];
  const name = lake.name('test_silver', 'busy');
  const days = 8.5 * 86_400_000;
  const due = (ahead = 0) => dueUpkeep([spec], lakes.upkeep(), Date.now() + ahead);
  await lake.run(`INSERT INTO ${name} SELECT * FROM range(49)`);
  expect(await due(days)).toEqual([]);
  await lake.run(`INSERT INTO ${name} VALUES (49)`);
  expect(await due()).toEqual([{ spec, compact: true }]);
  expect(await doUpkeep(await due(days), lakes.upkeep(), Date.now() + days)).toEqual([
    { table: 'test_silver.busy', compaction: { status: 'compacted', before: 50, after: 50 }, snapshots: 2, files: 54 },
  ]);
  expect(await due(days)).toEqual([]);
  expect(await lake.query(`SELECT count(*)::INTEGER AS n FROM ${name}`)).toEqual([{ n: 50 }]);
});
