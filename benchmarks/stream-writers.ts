import { consume } from '../lib/stream/consume';
import type { StreamServices } from '../lib/stream/services';
import { type Cost, measured, tell } from './measure';
import { inLake, perMinute, recordsOf, streamOf } from './stream-lake';

/** What became of several writers on one table. */
export interface Writers extends Cost {
  readonly records: number;
  readonly commits: number;
  /** Commits that met another writer, and were tried again. */
  readonly conflicts: number;
  /** Milliseconds. */
  readonly slowest: number;
}

/** Deliveries of each writer, and records of each. */
const [rounds, size] = [8, 1000];

/** Consumers of as many shards, each as a process of its own would be, on one table: what conflicts cost. */
async function write(writers: number): Promise<Writers> {
  return inLake([], [perMinute], async (open) => {
    let [commits, conflicts, slowest] = [0, 0, 0];
    const all: StreamServices[] = [];
    for (let i = 0; i < writers; i++) all.push(await open());
    const one = async (services: StreamServices, shard: number) => {
      const counting = counted(services, (isAgain) => {
        if (isAgain) conflicts += 1;
        else commits += 1;
      });
      for (let i = 0; i < rounds; i++) {
        const began = performance.now();
        await consume(recordsOf(`shard-${shard}`, i * size, size), streamOf([perMinute]), counting);
        slowest = Math.max(slowest, performance.now() - began);
      }
    };
    const { result: _, ...cost } = await measured(() => Promise.all(all.map(one)));
    const records = writers * rounds * size;
    const [row] = await all[0]!.lake.query<{ n: bigint }>('SELECT count(*) AS n FROM silver.events');
    if (Number(row!.n) !== records) throw new Error(`${row!.n} rows where ${records} were put`);
    return { ...cost, records, commits, conflicts, slowest };
  });
}

/** Work of a commit that begins once more has met another writer. */
function counted(services: StreamServices, begun: (isAgain: boolean) => void): StreamServices {
  return {
    ...services,
    lake: new Proxy(services.lake, {
      get(lake, name) {
        if (name !== 'commit') {
          const value = lake[name as keyof typeof lake];
          return typeof value === 'function' ? value.bind(lake) : value;
        }
        return <T>(work: Parameters<typeof lake.commit<T>>[0], options?: Parameters<typeof lake.commit<T>>[1]) => {
          let tries = 0;
          return lake.commit<T>((tx) => {
            begun(tries++ > 0);
            return work(tx);
          }, options);
        };
      },
    }),
  };
}

if (require.main === module) void write(Number(process.argv[2])).then(tell);
