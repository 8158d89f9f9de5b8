import { join } from 'node:path';
import { consumeEvent, kinesisEvent } from '../lib/stream/handle';
import type { Window } from '../lib/stream/stream';
import { inProcess, median, table } from './measure';
import { inLake, perMinute, recordsOf, sliding, streamOf } from './stream-lake';
import type { Writers } from './stream-writers';

/** Deliveries, of which the first warms up. */
const deliveries = 7;

/** What a consumer gets through in a second of one processor's time, with no window and with some; and how writers meet. */
export async function stream(): Promise<void> {
  const rows: string[][] = [];
  for (const { name, key, windows } of [
    { name: 'rows are added', key: [], windows: [] },
    { name: 'rows are added', key: [], windows: [perMinute] },
    { name: 'rows are added', key: [], windows: [perMinute, sliding] },
    { name: 'rows are merged by key', key: ['id'], windows: [perMinute] },
  ])
    for (const size of [1_000, 10_000]) {
      const cost = await costOf(key, windows, size);
      const names = windows.map((window) => window.name).join(', ') || 'none';
      rows.push([name, names, whole(size), whole(size / cost.cpu), whole(cost.wall * 1000)]);
    }
  table(
    'Consumer: events of some 200 bytes into real Iceberg tables',
    ['table', 'windows', 'records a delivery', 'records/s of a core', 'ms a delivery'],
    rows,
  );
  table(
    'Writers on one table, 8 deliveries of 1,000 records each, with one window: three commits a delivery',
    ['writers', 'commits', 'conflicts', 'tries a commit', 'commits/s', 'records/s', 'slowest delivery, ms'],
    [1, 2, 4, 8].map((writers) => {
      // Each writer holds a thread of Node's while it waits for the catalog, which is in this process too.
      const env = { UV_THREADPOOL_SIZE: '32' };
      const told = inProcess<Writers>(join(__dirname, 'stream-writers.ts'), [String(writers)], env);
      const { commits, conflicts, records, wall, slowest } = told;
      const tries = ((commits + conflicts) / commits).toFixed(2);
      return [
        writers,
        commits,
        conflicts,
        tries,
        (commits / wall).toFixed(1),
        whole(records / wall),
        whole(slowest),
      ].map(String);
    }),
  );
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** Seconds that a delivery costs, once everything is warm. */
async function costOf(key: readonly string[], windows: readonly Window[], size: number) {
  return inLake(key, windows, async (open) => {
    const services = await open();
    const costs: { cpu: number; wall: number }[] = [];
    for (let i = 0; i < deliveries; i++) {
      const event = kinesisEvent(recordsOf('shard-0', i * size, size));
      const [began, before] = [performance.now(), process.cpuUsage()];
      await consumeEvent(event, streamOf(windows), services);
      const { user, system } = process.cpuUsage(before);
      costs.push({ cpu: (user + system) / 1e6, wall: (performance.now() - began) / 1e3 });
    }
    const warm = costs.slice(1);
    return { cpu: median(warm.map(({ cpu }) => cpu)), wall: median(warm.map(({ wall }) => wall)) };
  });
}
