import type { Postgres } from '../runtime/postgres';
import type { Services } from '../runtime/services';
import type { LocalStreamDeclaration } from '../stream/declaration';
import { findStream, type Stream } from '../stream/stream';
import { openStores } from './database';
import type { Layout } from './layout';
import { localFile } from './local-file';
import { count, plural } from './report/format';
import { LocalStream, localStreamServices } from './streams';

/** What a run did to the tables of a stream. */
export interface StreamRun {
  /** The stream's own table, `zone.table`. */
  readonly table: string;
  readonly quarantined: number;
  /** By table, in words. */
  readonly changes: ReadonlyMap<string, readonly string[]>;
}

/** Puts the events of files into their streams, each once, and delivers what was put to the streams' consumers. */
export async function runStreams(
  files: readonly LocalStreamDeclaration[],
  folder: string,
  services: Services,
  layout: Layout,
  database: () => Promise<Postgres>,
): Promise<StreamRun[]> {
  const runs: StreamRun[] = [];
  const around = localStreamServices(services, layout, database);
  for (const stream of services.manifest.streams ?? []) {
    const local = new LocalStream(stream, around, layout);
    for (const { file, into, shards } of files)
      if (into === stream.name) await local.feed(localFile(file, folder), shards);
    runs.push(summed(stream, await local.deliver()));
  }
  return runs;
}

/** Opens the platform's database where a window asks for it, and closes it at the end. */
export async function withDatabase<T>(
  services: Services,
  layout: Layout,
  work: (database: () => Promise<Postgres>) => Promise<T>,
): Promise<T> {
  let opening: Promise<Postgres> | undefined;
  try {
    return await work(() => (opening ??= openStores(services.manifest, layout, services.log)));
  } finally {
    await (await opening?.catch(() => undefined))?.close();
  }
}

function summed(stream: Stream, consumed: Awaited<ReturnType<LocalStream['deliver']>>): StreamRun {
  const sum = (of: (one: (typeof consumed)[number]) => number) => consumed.reduce((total, one) => total + of(one), 0);
  const changes = new Map<string, string[]>();
  const [records, quarantined, parked] = [
    sum((one) => one.records),
    sum((one) => one.quarantined),
    sum((one) => one.parked),
  ];
  if (records > 0) {
    const waiting = parked === 0 ? [] : [`${plural(parked, 'record')} of keys that have stopped`];
    changes.set(stream.table, [`${plural(records, 'event')} of stream ${stream.name}`, ...waiting]);
    for (const { name, into } of stream.windows) {
      const inTime = sum((one) => one.windows[name]?.inTime ?? 0);
      const late = sum((one) => one.windows[name]?.late ?? 0);
      if (into.kind === 'iceberg')
        changes.set(into.table, [`${plural(inTime, 'event')} in windows, ${count(late)} too late`]);
    }
  }
  return { table: stream.table, quarantined, changes };
}

/** Finds a stream, with what its commands need. */
export const openLocalStream = (
  name: string,
  services: Services,
  layout: Layout,
  database: () => Promise<Postgres>,
) => {
  const stream = findStream(name, services.manifest);
  const around = localStreamServices(services, layout, database);
  return { stream, services: around, local: new LocalStream(stream, around, layout) };
};
