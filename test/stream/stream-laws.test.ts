import { tryHistories } from './laws';
import { tableWorld } from './tables';

/** `npm run test:histories` tries many. */
const count = 'histories' in globalThis ? 20_000 : 1_000;

test('any interleaving, duplication, split and crash of a history give the table, the quarantine and the windows of the history in order', async () => {
  const tried = await tryHistories(count, 100);
  process.stdout.write(`${tried} histories of streams tried\n`);
  expect(tried).toBeGreaterThanOrEqual(count);
}, 3_600_000);

test('so do records that are in a table, as Spark has them', async () => {
  expect(await tryHistories(count / 10, 100, tableWorld)).toBeGreaterThanOrEqual(count / 10);
}, 3_600_000);
