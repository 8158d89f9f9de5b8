import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Change, lsnText } from '../lib/cdc/change';
import { followChanges } from '../lib/cdc/spark/follow';
import { layoutOf } from '../lib/local/layout';
import { openWorkbench } from '../lib/local/workbench';
import { sparkLake } from '../lib/spark/lake';
import type { StreamRecord } from '../lib/stream/record';
import { recordSource } from '../lib/stream/spark/source';
import { type Broker, startBroker } from '../test/spark/kafka';
import { changesOf, filled, manifest } from './cdc-table';
import { type Cost, inProcess, median, megabytes, table, tell } from './measure';
import { startSparkReader } from './spark-session';

/** Rows of the table, and changes of a batch. */
const [size, changes] = [1_000_000, Number(process.env.INGOT_BENCH_CHANGES ?? 100_000)];
/** Batches that warm Spark up, and batches that are measured. */
const [warm, counted] = [1, 3];
const topic = 'changes';

/** Seconds of processors. */
interface Taken {
  /** Of the handlers: they read records, and say SQL. */
  readonly node: number;
  /** Of PySpark, which brings records to them, and translates. */
  readonly python: number;
  /** Of Spark, driver and executors. */
  readonly java: number;
  /** MB that Node and Python have had at most, together. */
  readonly peak: number;
}

interface Batches extends Cost {
  readonly taken: readonly Taken[];
}

/** What a job of Spark that applies changes gets through, out of a real topic of Kafka; and how much of that is in one process. */
export async function cdcSpark(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-cdc-spark-'));
  const broker = await startBroker();
  try {
    await broker.topic(topic, 1);
    await fill(folder, broker);
    const { taken } = inProcess<Batches>(__filename, [folder, broker.address]);
    const of = (what: keyof Taken) => median(taken.map((one) => one[what]));
    const [node, python, java] = [of('node'), of('python'), of('java')];
    table(
      `Spark: changes out of Kafka into a table of Iceberg with ${size.toLocaleString('en')} rows (mirror)`,
      [
        'changes a batch',
        'CPU of Node',
        'of Python',
        'of Spark',
        'changes/s of a core',
        'changes/s, Node and Python alone',
      ],
      [
        [
          changes.toLocaleString('en'),
          ...[node, python, java].map((value) => `${value.toFixed(1)} s`),
          ...[node + python + java, node + python].map((value) => Math.round(changes / value).toLocaleString('en')),
          megabytes(taken.at(-1)!.peak),
        ],
      ],
    );
  } finally {
    await broker.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Fills a lake and a topic. */
async function fill(folder: string, broker: Broker): Promise<void> {
  const workbench = await filled(folder, size);
  for (let i = 0; i < warm + counted; i++) {
    const batch = await changesOf(size, changes, workbench, 1_000 + i * changes);
    for (let from = 0; from < changes; from += 25_000)
      await broker.put(batch.slice(from, from + 25_000).map((change, n) => recordOf(change, i * changes + from + n)));
  }
  await workbench.close();
}

/** In a process of its own: its memory is that of the handlers of a job. */
async function applied(folder: string, brokers: string): Promise<void> {
  const workbench = await openWorkbench(manifest, layoutOf(folder));
  const { services } = workbench;
  const session = await startSparkReader(services, folder);
  const from = recordSource(
    { kind: 'kafka', topic, brokers, authentication: 'none' },
    { checkpoint: join(folder, 'checkpoint'), seconds: 0, records: changes },
  );
  const taken: Taken[] = [];
  let before = takenNow();
  for await (const { received } of followChanges(from, session, manifest.cdc![0]!, {
    ...services,
    lake: sparkLake(session),
  })) {
    const rejected = received.reduce((sum, one) => sum + one.unreadable + one.failed.size, 0);
    if (rejected > 0) throw new Error(`${rejected} records were not applied`);
    const now = takenNow();
    taken.push({
      node: now.node - before.node,
      python: now.python - before.python,
      java: now.java - before.java,
      peak: now.peak,
    });
    process.stderr.write(`${JSON.stringify(taken.at(-1))}\n`);
    before = now;
  }
  await session.close();
  await workbench.close();
  tell({ wall: 0, cpu: 0, peak: 0, taken: taken.slice(warm) } as Batches);
}

/** A change as AWS DMS writes it. */
function recordOf({ operation, position, at, row }: Change, n: number): StreamRecord {
  const lsn = lsnText(position.lsn);
  const metadata = {
    timestamp: at,
    'record-type': 'data',
    operation,
    'partition-key-type': 'primary-key',
    'schema-name': 'public',
    'table-name': 'orders',
    'commit-timestamp': at,
    'transaction-id': n,
    'transaction-record-id': position.sequence,
    'stream-position': `${lsn}.1.${lsn}`,
  };
  const data = Buffer.from(JSON.stringify({ data: row, metadata }));
  return { shard: `${topic}-0`, sequence: String(n), key: row.id!, arrived: Date.UTC(2026, 0, 1), data };
}

/** What this process and those below it have taken, but for Kafka's, as Linux counts it. */
function takenNow(): Taken {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        // A hundredth of a second each.
        return [
          {
            pid: Number(name),
            parent: Number(fields[1]),
            command,
            cpu: (Number(fields[11]) + Number(fields[12])) / 100,
          },
        ];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  const below = (of: number): typeof processes =>
    processes.filter(({ parent }) => parent === of).flatMap((one) => [one, ...below(one.pid)]);
  const sum = (test: (command: string) => boolean) =>
    below(process.pid).reduce((total, { command, cpu }) => (test(command) ? total + cpu : total), 0);
  const { user, system } = process.cpuUsage();
  const isPython = (command: string) => command.includes('ingot_spark') && !command.includes('SparkSubmit');
  const pythons = below(process.pid).filter(({ command }) => isPython(command));
  return {
    node: (user + system) / 1e6,
    python: sum(isPython),
    java: sum((command) => command.includes('SparkSubmit')),
    peak: [process.pid, ...pythons.map(({ pid }) => pid)].reduce((total, pid) => total + peakOf(pid), 0),
  };
}

/** MB. */
const peakOf = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

if (require.main === module) {
  const [folder, brokers] = process.argv.slice(2);
  void applied(folder!, brokers!);
}
