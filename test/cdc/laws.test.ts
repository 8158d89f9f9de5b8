import fc from 'fast-check';
import { applyChanges, type FedTable } from '../../lib/cdc/apply';
import type { Change } from '../../lib/cdc/change';
import type { Mode } from '../../lib/cdc/columns';
import { quiet } from '../ingest/platform';
import { arrivals, inOrder, type Plan, people, plan, tell, truncation } from './histories';
import { Crash, type MemoryLake, memoryLake, shown } from './memory';

/** How many histories each mode tries; `npm run test:histories` sets more. */
const wanted = (globalThis as { histories?: number }).histories ?? 300;
const together = wanted > 1_000 ? 400 : 60;
const batches = 5;
let tried = 0;

let memory: MemoryLake;
beforeAll(async () => {
  memory = await memoryLake();
});
afterAll(async () => {
  await memory.lake.close();
  process.stdout.write(
    `\n${tried} histories of changes were tried in any order, cut anywhere, delivered again, with crashes\n`,
  );
});

const apply = (fed: FedTable, changes: readonly Change[]) =>
  applyChanges(fed, changes, { lake: memory.lake, clock: { now: () => 0 }, log: quiet });

async function content(fed: FedTable): Promise<Record<string, unknown>[]> {
  const columns = [...people.columns.map(({ name }) => name), ...shown(fed.mode)];
  return memory.lake.query(`SELECT ${columns.join(', ')} FROM ${memory.lake.name('test_silver', people.name)}`);
}

const texts = (rows: readonly Record<string, unknown>[]): string[] =>
  rows.map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).sort()), (_, v) => normal(v))).sort();
const normal = (value: unknown): unknown =>
  typeof value === 'bigint' || typeof value === 'number'
    ? String(value)
    : typeof value === 'string' && /^20\d\d-/.test(value)
      ? new Date(value).toISOString()
      : value;

/** Batches, and at which commit of each the process dies; a batch that was not done comes again, with the next one. */
async function deliver(
  fed: FedTable,
  all: readonly Change[][],
  deaths: readonly (number | undefined)[],
): Promise<void> {
  let again: Change[] = [];
  for (const [i, batch] of all.entries()) {
    const given = [...again, ...batch];
    memory.dieAt(deaths[i]);
    try {
      await apply(fed, given);
      again = [];
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      again = given;
    }
  }
  memory.dieAt(undefined);
  await apply(fed, again);
}

const death = fc.constantFrom(undefined, undefined, 0, 0.5, 1, 1.5);
const seed = Number(process.env.INGOT_SEED ?? 20_261_121);

/** Shrinking would try sixty histories at once thousands of times: the one that differs is enough to see why. */
function different(mode: Mode, plans: readonly Plan[], actual: string[], expected: string[]): string | undefined {
  const wrong = [
    ...actual.filter((row) => !expected.includes(row)),
    ...expected.filter((row) => !actual.includes(row)),
  ];
  if (wrong.length === 0 && actual.length === expected.length) return undefined;
  const h = Number((JSON.parse(wrong[0] ?? actual.find((row, i) => actual[i + 1] === row)!) as { h: string }).h);
  const of = (rows: string[]) => rows.filter((row) => (JSON.parse(row) as { h: string }).h === String(h));
  const plan = plans[h]!;
  const { changes } = tell(plan, h);
  const show = ({ operation, position, row, unchanged, at }: Change) =>
    `${position.lsn}.${position.sequence} ${operation} ${JSON.stringify(row)} ${unchanged ?? ''} ${at}`;
  return [
    `${mode}: history ${h}`,
    ...changes.map(show),
    ...arrivals(changes, plan, batches).map(
      (batch, i) => `batch ${i}: ${batch.map(({ position: p }) => `${p.lsn}.${p.sequence}`).join(' ')}`,
    ),
    'expected',
    ...of(expected),
    'actual',
    ...of(actual),
  ].join('\n');
}

describe.each<Mode>(['mirror', 'history', 'log'])('%s', (mode) => {
  test('any order, any batches, any copies and any crash give what the history gives, applied once and in order', async () => {
    for (let round = 0; round < wanted / together; round++) {
      const plans = fc.sample(plan(batches), { numRuns: together, seed: seed + round });
      const dies = fc.sample(death, { numRuns: batches, seed: seed + round });
      const fed = await memory.make(people, mode);
      const told = plans.map((one, h) => tell(one, h));
      const each = told.map(({ changes }, i) => arrivals(changes, plans[i]!, batches));
      await deliver(
        fed,
        Array.from({ length: batches }, (_, b) => each.flatMap((one) => one[b]!)),
        dies,
      );
      const actual = texts(await content(fed));
      const differs = (expected: string[]) => different(mode, plans, actual, expected);
      expect(differs(texts(told.flatMap(({ changes }) => inOrder[mode](changes))))).toBeUndefined();
      const rows = told.flatMap((one, h) => [...one.rows].map(([id, row]) => ({ h, id, ...row })));
      if (mode === 'mirror') expect(differs(texts(rows))).toBeUndefined();
      tried += together;
    }
  }, 3_600_000);

  test('a truncation, whenever it comes, takes the rows of before and no others', async () => {
    for (let round = 0; round < wanted / together / 3; round++) {
      const plans = fc
        .sample(plan(batches), { numRuns: together, seed: seed - round })
        .map((one) => ({ ...one, snapshotAt: 0, overlap: 0 }));
      const fed = await memory.make(people, mode);
      const told = plans.map((one, h) => tell(one, h, true).changes);
      const each = told.map((changes, i) =>
        arrivals(
          changes.filter((c) => c !== truncation),
          plans[i]!,
          batches,
        ),
      );
      const all = Array.from({ length: batches }, (_, b) => each.flatMap((one) => one[b]!));
      const dies = fc.sample(death, { numRuns: batches, seed: seed - round });
      all[round % batches]!.push(truncation);
      all[(round + 3) % batches]!.push(truncation);
      await deliver(fed, all, dies);
      const ofRows = (rows: Record<string, unknown>[]) => rows.filter((row) => row.change_operation !== 'truncate');
      // A history that came to its end before the table was emptied has lost its rows as well.
      const whole = told.map((changes) => (changes.includes(truncation) ? changes : [...changes, truncation]));
      const actual = texts(ofRows(await content(fed)));
      const expected = texts(ofRows(whole.flatMap((changes) => inOrder[mode](changes))));
      expect(different(mode, plans, actual, expected)).toBeUndefined();
      tried += together;
    }
  }, 3_600_000);
});
