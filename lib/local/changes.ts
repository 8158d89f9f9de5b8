import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CdcSource, LocalChangesDeclaration } from '../cdc/declaration';
import { type Incoming, type Received, type ReceiveServices, receive } from '../cdc/receive';
import { engineOfSpark } from '../cdc/spark/engine';
import { InvalidInputError } from '../errors';
import type { Services } from '../runtime/services';
import type { Layout } from './layout';
import { localFile } from './local-file';
import type { FeedRun } from './report/feeds';

/** How many records are delivered at once, as Lambda does; and to Spark, to which every delivery is many statements. */
const recordsAtOnce = { duckdb: 10_000, spark: 100_000 };

/** Sources, by their names, whose changes Spark applies, and how it is opened. */
export interface SparkOfSources {
  readonly sources: ReadonlySet<string>;
  readonly open: () => Promise<Services>;
}

/**
 * Applies the lines of files, each a record of changes as AWS DMS or Debezium writes it, to the tables of their source, by
 * what the deployed _apply_ function does. Each line is delivered once; where a run dies on its way, those of it come again,
 * and change nothing more.
 *
 * @param spark sources whose changes Spark applies; by default none
 */
export async function runChanges(
  files: readonly LocalChangesDeclaration[],
  folder: string,
  services: Services,
  layout: Layout,
  spark?: SparkOfSources,
): Promise<FeedRun[]> {
  const runs: FeedRun[] = [];
  for (const source of services.manifest.cdc ?? []) {
    const by: Applier = spark?.sources.has(source.name)
      ? { atOnce: recordsAtOnce.spark, open: async () => ({ ...(await spark.open()), ...engineOfSpark }) }
      : { atOnce: recordsAtOnce.duckdb, open: async () => services };
    const received: Received[] = [];
    for (const { file, of } of files)
      if (of === source.name) received.push(...(await deliver(localFile(file, folder), source, by, layout)));
    runs.push({ source: source.name, received });
  }
  return runs;
}

/** What applies records, opened where there are some. */
interface Applier {
  readonly atOnce: number;
  readonly open: () => Promise<ReceiveServices>;
}

async function deliver(
  file: string,
  source: CdcSource,
  { atOnce, open }: Applier,
  layout: Layout,
): Promise<Received[]> {
  const state = join(layout.changes, `${source.name}.json`);
  const delivered = await readState(state);
  const { lines, arrivedAt } = await readLines(file);
  const all: Received[] = [];
  for (let from = delivered[file] ?? 0; from < lines.length; from = delivered[file]!) {
    const batch = lines
      .slice(from, from + atOnce)
      .map((raw, i): Incoming => ({ origin: { id: `${basename(file)}:${from + i + 1}`, arrivedAt, raw } }));
    const received = await receive(batch, source, await open());
    // What may pass is for the next run: these records come again then.
    for (const [, error] of received.failed) throw error;
    all.push(received);
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
