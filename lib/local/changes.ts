import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CdcSource, LocalChangesDeclaration } from '../cdc/declaration';
import { readRecord } from '../cdc/envelope/read';
import { feedsOf } from '../cdc/feed';
import { type Incoming, type Received, type ReceiveServices, receive } from '../cdc/receive';
import { InvalidInputError } from '../errors';
import type { Services } from '../runtime/services';
import { isOfEngine } from '../spark/job';
import type { EngineOfTables } from './engine';
import type { Layout } from './layout';
import { localFile } from './local-file';
import type { FeedRun } from './report/feeds';

/** How many records are delivered at once, as Lambda does; and to Spark, to which every delivery is many statements. */
const recordsAtOnce = { duckdb: 10_000, spark: 100_000 };

/**
 * Applies the lines of files, each a record of changes as AWS DMS or Debezium writes it, to the tables of their source, by
 * what the deployed _apply_ function does. Each line is delivered once; where a run dies on its way, those of it come again,
 * and change nothing more.
 *
 * @param spark tables whose changes Spark applies; by default none
 */
export async function runChanges(
  files: readonly LocalChangesDeclaration[],
  folder: string,
  services: Services,
  layout: Layout,
  spark?: EngineOfTables,
): Promise<FeedRun[]> {
  const runs: FeedRun[] = [];
  for (const source of services.manifest.cdc ?? []) {
    const by = applier(source, services, spark);
    const received: Received[] = [];
    for (const { file, of } of files)
      if (of === source.name) received.push(...(await deliver(localFile(file, folder), source.name, by, layout)));
    runs.push({ source: source.name, received });
  }
  return runs;
}

interface Applier {
  readonly atOnce: number;
  apply(incoming: readonly Incoming[]): Promise<readonly Received[]>;
}

/** Applies records of a source, those of each table by its engine; one that is of none is DuckDB's. */
function applier(source: CdcSource, services: Services, spark: EngineOfTables | undefined): Applier {
  const on = async (incoming: readonly Incoming[], open: () => Promise<ReceiveServices>) =>
    incoming.length === 0 ? [] : [await receive(incoming, source, await open())];
  const duckdb = async () => services;
  const isSparks = ({ table }: { readonly table: string }) => spark?.tables.has(table) === true;
  if (spark === undefined || !source.tables.some(isSparks))
    return { atOnce: recordsAtOnce.duckdb, apply: (incoming) => on(incoming, duckdb) };
  const feeds = feedsOf(source, services.manifest);
  const goesToSpark = ({ origin }: Incoming): boolean => {
    const read = readRecord(feeds, origin);
    return read.kind !== 'nothing' && read.feed !== undefined && spark.tables.has(read.feed.id);
  };
  return {
    atOnce: recordsAtOnce.spark,
    async apply(incoming) {
      const [ofSpark, others] = parted(incoming, goesToSpark);
      const onSpark = async () => ({ ...(await spark.open()), isOfEngine });
      return [...(await on(others, duckdb)), ...(await on(ofSpark, onSpark))];
    },
  };
}

function parted<T>(all: readonly T[], test: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  const [yes, no]: [T[], T[]] = [[], []];
  for (const one of all) (test(one) ? yes : no).push(one);
  return [yes, no];
}

async function deliver(file: string, source: string, { atOnce, apply }: Applier, layout: Layout): Promise<Received[]> {
  const state = join(layout.changes, `${source}.json`);
  const delivered = await readState(state);
  const { lines, arrivedAt } = await readLines(file);
  const all: Received[] = [];
  for (let from = delivered[file] ?? 0; from < lines.length; from = delivered[file]!) {
    const batch = lines
      .slice(from, from + atOnce)
      .map((raw, i): Incoming => ({ origin: { id: `${basename(file)}:${from + i + 1}`, arrivedAt, raw } }));
    const received = await apply(batch);
    // What may pass is for the next run: these records come again then.
    for (const { failed } of received) for (const [, error] of failed) throw error;
    all.push(...received);
    delivered[file] = from + batch.length;
    await writeState(layout.changes, state, delivered);
  }
  return all;
}

async function readLines(file: string): Promise<{ readonly lines: readonly string[]; readonly arrivedAt: string }> {
  try {
    const [text, { mtime }] = [await readFile(file, 'utf8'), await stat(file)];
    return { lines: text.split('\n').filter((line) => line.trim() !== ''), arrivedAt: mtime.toISOString() };
  } catch (error) {
    const message = `must be a file that can be read: ${file}: ${(error as Error).message}`;
    throw new InvalidInputError([{ where: 'platform.yaml', path: 'local.changes', message }]);
  }
}

async function readState(file: string): Promise<Record<string, number>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, number>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

async function writeState(folder: string, file: string, state: Readonly<Record<string, number>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`);
  await rename(`${file}.new`, file);
}
