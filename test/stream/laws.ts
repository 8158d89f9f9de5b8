import fc from 'fast-check';
import type { StreamRecord } from '../../lib/stream/record';
import { release } from '../../lib/stream/release';
import type { Window } from '../../lib/stream/stream';
import { Crash, clicks, dying, perMinute, sliding, type World, world } from './world';

/** One event of a history. Its shard and place in it follow from where it stands. */
interface Event {
  readonly user: number;
  readonly id: number;
  readonly type: 'click' | 'buy' | 'heartbeat' | 'unknown';
  readonly second: number;
  readonly amount: number | null;
  readonly fault: 'none' | 'broken' | 'milliseconds' | 'poison';
}

/** What a step of a history delivers: so many records of a shard, from so many before the first that was not delivered. */
interface Step {
  readonly shard: number;
  readonly length: number;
  readonly back: number;
}

export interface History {
  readonly shards: readonly (readonly Event[])[];
  readonly steps: readonly Step[];
}

const weighted = <T>(...of: [number, T][]) =>
  fc.oneof(...of.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

const event: fc.Arbitrary<Event> = fc.record({
  user: fc.nat(2),
  id: fc.nat(9),
  type: weighted([5, 'click'], [3, 'buy'], [2, 'heartbeat'], [1, 'unknown']),
  // Twenty minutes: with a watermark of five, many are late.
  second: fc.nat(1200),
  amount: fc.option(fc.integer({ min: -5, max: 50 })),
  fault: weighted([120, 'none'], [5, 'broken'], [5, 'milliseconds'], [1, 'poison']),
});

export const history: fc.Arbitrary<History> = fc.record({
  shards: fc.array(fc.array(event, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
  steps: fc.array(fc.record({ shard: fc.nat(2), length: fc.integer({ min: 1, max: 6 }), back: fc.nat(3) }), {
    maxLength: 6,
  }),
});

const start = Date.UTC(2026, 0, 1);

/** Histories stand side by side in one table: their shards, users and keys are their own. */
function recordsOf({ shards }: History, number: number): StreamRecord[][] {
  return shards.map((events, s) =>
    events.map(({ user, id, type, second, amount, fault }, place): StreamRecord => {
      const at = fault === 'milliseconds' ? '1970-01-21T10:00:00Z' : new Date(start + second * 1000).toISOString();
      const body = {
        id: `${number}/${s}/${id}`,
        user: `${number}/${s}/${user}`,
        event_type: type,
        at,
        amount,
        ...(fault === 'poison' ? { code: 'x' } : {}),
      };
      return {
        shard: `h${number}-${s}`,
        sequence: String(place + 1),
        key: body.user,
        data: Buffer.from(fault === 'broken' ? '{"id": ' : JSON.stringify(body)),
        arrived: start + 1200_000,
      };
    }),
  );
}

interface Result {
  readonly table: Map<string, string>;
  readonly quarantined: Set<string>;
  readonly windows: Map<string, Map<string, string>>;
}

/** What a history means: each shard once, in its order; then what waited, key by key. Written without the code under test. */
function meaning(histories: readonly History[]): Result {
  const table = new Map<string, string>();
  const quarantined = new Set<string>();
  const counted = new Map<
    string,
    { window: Window; start: number; group: string; late: boolean; amount: number | null }[]
  >([perMinute, sliding].map((window) => [window.name, []]));
  for (const [number, { shards }] of histories.entries())
    for (const [s, events] of shards.entries()) {
      const newest = new Map<string, number>();
      const stopped = new Map<number, [Event, number][]>();
      const one = (e: Event, place: number, judgesLateness: boolean) => {
        if (e.fault !== 'none' || e.type === 'unknown') {
          quarantined.add(`clicks/h${number}-${s}/${place + 1}`);
          return;
        }
        const id = `${number}/${s}/${e.id}`;
        const isFirst = !table.has(id);
        table.set(id, JSON.stringify([`${number}/${s}/${e.user}`, e.type, e.second, e.amount]));
        if (!isFirst || e.type === 'heartbeat') return;
        for (const window of [perMinute, sliding]) {
          const before = newest.get(window.name) ?? 0;
          const late = judgesLateness && e.second < before - window.watermarkSeconds;
          if (judgesLateness) newest.set(window.name, Math.max(before, e.second));
          const group = [`${number}/${s}/${e.user}`, ...(window === perMinute ? [e.type] : [])].join('|');
          const pane = Math.floor(e.second / window.everySeconds) * window.everySeconds;
          for (let back = 0; back < window.sizeSeconds; back += window.everySeconds)
            counted.get(window.name)!.push({ window, start: pane - back, group, late, amount: e.amount });
        }
      };
      events.forEach((e, place) => {
        const queue = stopped.get(e.user);
        // A broken record has the key of its user all the same: keys are the stream's, not the event's.
        if (queue !== undefined) queue.push([e, place]);
        else if (e.fault === 'poison') {
          quarantined.add(`clicks/h${number}-${s}/${place + 1}`);
          stopped.set(e.user, []);
        } else one(e, place, true);
      });
      for (const [, queue] of [...stopped].sort(([a], [b]) => a - b))
        for (const [e, place] of queue) one(e, place, false);
    }
  const windows = new Map<string, Map<string, string>>();
  for (const [name, all] of counted) {
    const results = new Map<string, typeof all>();
    for (const one of all) {
      const key = `${one.start}|${one.group}`;
      results.set(key, [...(results.get(key) ?? []), one]);
    }
    windows.set(name, new Map([...results].map(([key, of]) => [key, JSON.stringify(aggregate(of))])));
  }
  return { table, quarantined, windows };
}

function aggregate(all: readonly { late: boolean; amount: number | null }[]) {
  const amounts = all.flatMap(({ late, amount }) => (late || amount === null ? [] : [amount]));
  const sum = amounts.reduce((a, b) => a + b, 0);
  const none = amounts.length === 0;
  return [
    all.filter(({ late }) => !late).length,
    all.filter(({ late }) => late).length,
    none ? null : sum,
    none ? null : sum / amounts.length,
    none ? null : Math.min(...amounts),
    none ? null : Math.max(...amounts),
  ];
}

/**
 * Plays histories as Lambda would deliver them: shards interleaved, parts delivered again, deliveries that die at any step
 * and come again in other parts; then everything that waits is released, dying too. Gives what is there at the end.
 *
 * @param crashes after how many steps each delivery dies; 0: it does not
 */
export async function play(
  histories: readonly History[],
  crashes: readonly number[],
  make: () => Promise<Pick<World, 'services' | 'consume' | 'rows' | 'close'>> = world,
): Promise<Result> {
  const { services, consume, rows, close } = await make();
  try {
    const all = histories.map(recordsOf);
    const reached = all.map((shards) => shards.map(() => 0));
    const most = Math.max(...histories.map(({ steps }) => steps.length));
    for (let step = 0; step <= most + 1; step++) {
      const parts: { h: number; s: number; to: number }[] = [];
      const delivery = histories.flatMap(({ steps }, h) => {
        const { shard, length, back } = steps[step] ?? { shard: step, length: Infinity, back: 0 };
        // At last everything that is left, shard by shard, all at once.
        const shards = step > most ? all[h]!.map((_, s) => s) : [shard % all[h]!.length];
        return shards.flatMap((s) => {
          const from = Math.max(0, reached[h]![s]! - back);
          const to = Math.min(all[h]![s]!.length, reached[h]![s]! + length);
          parts.push({ h, s, to });
          return all[h]![s]!.slice(from, to);
        });
      });
      const crash = crashes[step % Math.max(1, crashes.length)] ?? 0;
      if (crash > 0 && step <= most && (await dies(() => consume(delivery, dying(services, crash))))) continue;
      await consume(delivery);
      for (const { h, s, to } of parts) reached[h]![s] = to;
    }
    const keys = await services.parked.list('clicks');
    for (const [i, { key }] of keys.sort((a, b) => (a.key < b.key ? -1 : 1)).entries()) {
      const crash = crashes[i % Math.max(1, crashes.length)] ?? 0;
      if (crash > 0 && (await dies(() => release({ key, skip: true }, clicks, dying(services, crash)).then(() => {}))))
        expect((await services.parked.list('clicks')).length).toBeLessThanOrEqual(keys.length);
      await release({ key, skip: true }, clicks, services);
    }
    expect(await services.parked.list('clicks')).toEqual([]);
    // Delivered once more from the start, it is all known.
    await consume(all.flat(2));
    return await readResult(rows);
  } finally {
    await close();
  }
}

async function dies(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

async function readResult(rows: (table: string) => Promise<Record<string, unknown>[]>): Promise<Result> {
  const number = (value: unknown) => (value === null ? null : Number(value));
  const second = (value: unknown) => (Date.parse(String(value)) - start) / 1000;
  const table = new Map(
    (await rows('silver.events')).map((row) => [
      String(row.id),
      JSON.stringify([row.user, row.event_type, second(row.at), number(row.amount)]),
    ]),
  );
  const refused = (await rows('lake.test_silver.events_quarantine')).map((row) => String(row.file));
  const windows = new Map<string, Map<string, string>>();
  for (const [window, into] of [
    [perMinute, 'gold.per_minute'],
    [sliding, 'gold.sliding'],
  ] as const) {
    const found = (await rows(into)).map((row): [string, string] => {
      const group = window.groupBy.map((name) => row[name]).join('|');
      const values = [row.events, row.late, row.amount, row.mean, row.least, row.most].map(number);
      return [`${second(row.window_start)}|${group}`, JSON.stringify(values)];
    });
    windows.set(window.name, new Map(found));
  }
  expect(refused.length).toBe(new Set(refused).size);
  return { table, quarantined: new Set(refused), windows };
}

const plain = ({ table, quarantined, windows }: Result) => ({
  table: [...table].sort(),
  quarantined: [...quarantined].sort(),
  windows: [...windows].map(([name, results]) => [name, [...results].sort()]),
});

/** Tries so many histories, `together` of them in one table, and gives how many it tried. */
export async function tryHistories(
  count: number,
  together: number,
  make?: Parameters<typeof play>[2],
): Promise<number> {
  let tried = 0;
  const many = fc.array(history, { minLength: together, maxLength: together });
  const crashes = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(many, crashes, async (histories, crash) => {
      expect(plain(await play(histories, crash, make))).toEqual(plain(meaning(histories)));
      tried += histories.length;
    }),
    // Shrinking would try a hundred histories at once thousands of times: the one that differs is enough to see why.
    { numRuns: Math.ceil(count / together), endOnFailure: true },
  );
  return tried;
}
