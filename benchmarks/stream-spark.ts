import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sparkLake } from '../lib/spark/lake';
import type { StreamServices } from '../lib/stream/services';
import { follow } from '../lib/stream/spark/follow';
import { recordSource } from '../lib/stream/spark/source';
import type { Window } from '../lib/stream/stream';
import { type Broker, startBroker } from '../test/spark/kafka';
import { type Cost, cpuOfAll, inProcess, median, seconds, table, tell } from './measure';
import { startSparkReader } from './spark-session';
import { inLake, perMinute, recordsOf, streamOf } from './stream-lake';

/** Records of a batch. A million takes half an hour, and runs where `INGOT_BENCH_RECORDS` says so: `10000,1000000`. */
const sizes = (process.env.INGOT_BENCH_RECORDS ?? '10000,100000').split(',').map(Number);
/** Batches that warm Spark up, and batches that are measured: fewer where they are large. */
const batchesOf = (size: number) => (size < 1e6 ? { warm: 3, counted: 3 } : { warm: 1, counted: 2 });

const topic = 'events';
const partitions = 4;
/** Records that one process makes and puts. */
const atOnce = 25_000;

const tables = {
  added: { name: 'rows are added', key: [], windows: [] },
  counted: { name: 'rows are added', key: [], windows: [perMinute] },
  merged: { name: 'rows are merged by key', key: ['id'], windows: [perMinute] },
} as const satisfies Record<string, { name: string; key: readonly string[]; windows: readonly Window[] }>;

interface Batches extends Cost {
  readonly batches: readonly { readonly cpu: number; readonly wall: number; readonly commits: number }[];
}

/** What a job of Spark gets through in a second of one processor's time, out of a real topic of Kafka. */
export async function streamSpark(): Promise<void> {
  const broker = await startBroker();
  try {
    await broker.topic(topic, partitions);
    await fill(broker, Math.max(...sizes.map((size) => size * (batchesOf(size).warm + batchesOf(size).counted))));
    const rows = Object.entries(tables).flatMap(([kind, { name, windows }]) =>
      sizes.map((size) => {
        // Processes of Kafka are this one's, and so not counted.
        const { batches } = inProcess<Batches>(__filename, [kind, String(size), broker.address]);
        const counted = batches.slice(batchesOf(size).warm);
        const of = (what: 'cpu' | 'wall' | 'commits') => median(counted.map((batch) => batch[what]));
        const names = windows.map((window) => window.name).join(', ') || 'none';
        const taken = [seconds(of('cpu')), seconds(of('wall'))];
        return [name, names, whole(size), whole(size / of('cpu')), ...taken, whole(of('commits'))];
      }),
    );
    table(
      `Spark: events of some 200 bytes out of ${partitions} partitions of Kafka into real Iceberg tables`,
      ['table', 'windows', 'records a batch', 'records/s of a core', 'CPU of a batch', 'wall', 'commits a batch'],
      rows,
    );
  } finally {
    await broker.stop();
  }
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** As many records in each partition, so that each batch has as many of each. */
async function fill(broker: Broker, records: number): Promise<void> {
  const each = records / partitions;
  for (let from = 0; from < each; from += atOnce)
    for (let i = 0; i < partitions; i++)
      await broker.put(recordsOf(`${topic}-${i}`, from, Math.min(atOnce, each - from)));
}

async function consumed(kind: keyof typeof tables, size: number, brokers: string): Promise<void> {
  const { key, windows } = tables[kind];
  const { warm, counted } = batchesOf(size);
  const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-stream-spark-'));
  const batches = await inLake(key, windows, async (open) => {
    const services = await open();
    const session = await startSparkReader(services, folder);
    const source = recordSource(
      { kind: 'kafka', topic, brokers, authentication: 'none' },
      { checkpoint: join(folder, 'checkpoint'), seconds: 0, records: size },
    );
    const costs: Batches['batches'][number][] = [];
    let before = { wall: performance.now(), cpu: cpuOfAll(), commits: commitsOf(services) };
    for await (const { changed } of follow(source, session, streamOf(windows), {
      ...services,
      lake: sparkLake(session),
    })) {
      if (changed !== size) throw new Error(`A batch has ${changed} rows where it was to have ${size}`);
      const now = { wall: performance.now(), cpu: cpuOfAll(), commits: commitsOf(services) };
      costs.push({
        wall: (now.wall - before.wall) / 1e3,
        cpu: now.cpu - before.cpu,
        commits: now.commits - before.commits,
      });
      process.stderr.write(`${kind} ${size}: ${JSON.stringify(costs.at(-1))}\n`);
      if (costs.length === warm + counted) break;
      before = now;
    }
    await session.close();
    return costs;
  });
  rmSync(folder, { recursive: true });
  tell({ wall: 0, cpu: 0, peak: 0, batches } as unknown as Cost);
}

/** Commits that all tables have taken: the catalog counts them in the names of metadata files. */
function commitsOf({ zones }: StreamServices): number {
  const newest = new Map<string, number>();
  for (const root of Object.values(zones)
    .map((zone) => fileURLToPath(zone))
    .filter(existsSync))
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      const [, metadata, version] = /^(.*\/metadata)\/(\d+)-[^/]*\.metadata\.json$/.exec(file) ?? [];
      if (metadata === undefined) continue;
      const path = join(root, metadata);
      newest.set(path, Math.max(newest.get(path) ?? 0, Number(version)));
    }
  return [...newest.values()].reduce((sum, version) => sum + version, 0);
}

if (require.main === module) {
  const [kind, size, brokers] = process.argv.slice(2);
  void consumed(kind as keyof typeof tables, Number(size), brokers!);
}
