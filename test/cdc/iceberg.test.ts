import fc from 'fast-check';
import { applyChanges } from '../../lib/cdc/apply';
import type { Change } from '../../lib/cdc/change';
import type { Mode } from '../../lib/cdc/columns';
import { quiet } from '../ingest/platform';
import { type IcebergLake, icebergLake } from '../publish/iceberg-lake';
import { arrivals, inOrder, people, plan, tell } from './histories';
import { shown } from './memory';
import { changesManifest, fedTable } from './platform';

const modes: Mode[] = ['mirror', 'history', 'log'];
const manifest = changesManifest(modes.map((mode) => [{ ...people, name: mode }, mode]));
let lake: IcebergLake;
beforeAll(async () => {
  lake = await icebergLake(manifest);
});
afterAll(() => lake.close());

const texts = (rows: readonly Record<string, unknown>[]): string[] =>
  rows
    .map((row) =>
      JSON.stringify(Object.fromEntries(Object.entries(row).sort()), (_, v) =>
        v === null ? null : typeof v === 'object' || typeof v === 'boolean' ? v : String(v).replace(/\.000Z$/, 'Z'),
      ),
    )
    .sort();

test.each(modes)('in Iceberg too: %s, from two processes at once, in any order', async (mode) => {
  const [histories, batches] = [40, 4];
  const plans = fc.sample(plan(batches), { numRuns: histories, seed: 7 });
  const told = plans.map((one, h) => tell(one, h).changes);
  const each = told.map((changes, h) => arrivals(changes, plans[h]!, batches));
  const batch = (b: number): Change[] => each.flatMap((one) => one[b]!);
  const fed = fedTable(manifest, `silver.${mode}`);
  const other = await lake.another();
  const apply = (changes: readonly Change[], services = lake.services) =>
    applyChanges(fed, changes, { lake: services.lake, clock: services.clock, log: quiet });
  await Promise.all([apply(batch(0)), apply(batch(1), other)]);
  await Promise.all([apply(batch(2)), apply(batch(3), other)]);
  const columns = [...people.columns.map(({ name }) => name), ...shown(mode)].join(', ');
  const rows = await lake.services.lake.query(`SELECT ${columns} FROM silver.${mode}`);
  expect(texts(rows)).toEqual(texts(told.flatMap((changes) => inOrder[mode](changes))));
});
