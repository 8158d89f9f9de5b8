import { tryHistories } from './laws';

test('any interleaving, duplication, split and crash of a history give the table, the quarantine and the windows of the history in order', async () => {
  const tried = await tryHistories(1000, 100);
  process.stdout.write(`${tried} histories of streams tried\n`);
  expect(tried).toBeGreaterThanOrEqual(1000);
}, 120_000);
