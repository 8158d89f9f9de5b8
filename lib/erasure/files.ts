import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Dataset, Source } from '../contract/dataset';
import { TransientError } from '../errors';
import { duckdbPath } from '../ingest/read';
import { findTable } from '../platform/lookup';
import type { ObjectInfo } from '../runtime/services';
import { literal } from '../sql/quote';
import { Finder } from './finder';
import type { PlaceDone } from './ledger';
import { packed, packingOf, unpacked } from './packing';
import { csvRecords, jsonValues, linesOf } from './records';
import type { ErasureServices } from './services';
import type { Wanted } from './wanted';

/** What was done to the files of a table, and where it is to go on; empty: that was all of them. */
export interface FilesDone {
  readonly done: PlaceDone;
  /** The last file that was looked at. */
  readonly next: string;
}

/** Files that are looked through by one statement. */
const filesAtOnce = 50;
/** Records that are judged by one statement. */
const recordsAtOnce = 5_000;

/** Writers leave markers, which hold no records. */
const isData = (uri: string): boolean => !/(^|\/)([._][^/]*)?$/.test(uri);

/**
 * Erases somebody from the files that a table is loaded from. A file that holds records of theirs is written anew without
 * them; of a text format the bytes of all other records stay. What was loaded from it counts as loaded all the same, since the
 * file still says with which ETag it arrived. Done again, it writes nothing.
 *
 * @param after URI of the last file that was looked at before
 * @throws TransientError where a file changed meanwhile
 */
export async function eraseFiles(
  table: string,
  after: string,
  wanted: Wanted,
  services: ErasureServices,
): Promise<FilesDone> {
  const { dataset } = findTable(table, services.manifest);
  const source = dataset.source!;
  const until = services.clock.now() + services.patience;
  const done = { place: `${source.zone}/${source.prefix}`, kind: 'files' as const, snapshots: 0, named: [] };
  let [rows, unreadable, files] = [0, 0, 0];
  await wanted.prepare(services.lake);
  const finder = new Finder(dataset, source, wanted, services.lake);
  for await (const some of inParts(services.objects.list(`${services.zones[source.zone]}/${source.prefix}/`), after)) {
    for (const file of await finder.suspects(some)) {
      const erased = await rewrite(file, dataset, source, finder, services);
      rows += erased.rows;
      unreadable += erased.unreadable;
      if (erased.rows > 0) files += 1;
    }
    if (services.clock.now() > until) return { done: { ...done, rows, unreadable, files }, next: some.at(-1)!.uri };
  }
  return { done: { ...done, rows, unreadable, files }, next: '' };
}

async function* inParts(objects: AsyncIterable<ObjectInfo>, after: string): AsyncIterable<ObjectInfo[]> {
  let part: ObjectInfo[] = [];
  for await (const object of objects) {
    if (object.uri <= after || object.size === 0 || !isData(object.uri)) continue;
    part.push(object);
    if (part.length < filesAtOnce) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

interface Erased {
  readonly rows: number;
  readonly unreadable: number;
}

async function rewrite(
  seen: ObjectInfo,
  dataset: Dataset,
  source: Source,
  finder: Finder,
  services: ErasureServices,
): Promise<Erased> {
  const { objects, scratch, log } = services;
  // As it is now, with what a list does not say: the ETag with which it arrived.
  const before = await objects.head(seen.uri);
  if (before === undefined) return { rows: 0, unreadable: 0 };
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, 'erase-'));
  const file = join(folder, 'file');
  try {
    const erased =
      source.format === 'parquet'
        ? await withoutRows(before, file, finder, services)
        : await withoutRecords(before, file, source, finder, services);
    if (erased.rows === 0) return erased;
    if (!(await objects.replace(before, file)))
      throw new TransientError(`${before.uri} changed while an erasure wrote it anew`);
    log.info('A file was written without those who are erased', {
      table: `${dataset.zone}.${dataset.name}`,
      ...erased,
    });
    return erased;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function withoutRows(
  { uri }: ObjectInfo,
  file: string,
  finder: Finder,
  { lake }: ErasureServices,
): Promise<Erased> {
  const rows = await finder.rowsOfParquet(uri);
  if (rows.length === 0) return { rows: 0, unreadable: 0 };
  const path = literal(duckdbPath(uri));
  const [meta] = await lake.query<{ codec: string }>(
    `SELECT lower(compression) AS codec FROM parquet_metadata(${path}) LIMIT 1`,
  );
  const codec = meta?.codec ?? 'zstd';
  await lake.run(
    `COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet(${path}, file_row_number = true, hive_partitioning = false)
       WHERE file_row_number NOT IN (${rows.join(', ')})) TO ${literal(file)} (FORMAT parquet, COMPRESSION ${literal(codec)})`,
  );
  return { rows: rows.length, unreadable: 0 };
}

async function withoutRecords(
  { uri }: ObjectInfo,
  file: string,
  source: Source,
  finder: Finder,
  { objects }: ErasureServices,
): Promise<Erased> {
  const packing = packingOf(uri);
  const counts = { rows: 0, unreadable: 0 };
  const text = async () => decoded(unpacked(await objects.stream(uri), packing));
  const kept =
    source.format === 'csv' ? csvKept(uri, await text(), source, finder, counts) : jsonKept(uri, text, finder, counts);
  await pipeline(packed(encoded(kept), packing), createWriteStream(file));
  return counts;
}

async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  for await (const chunk of chunks) yield Buffer.from(chunk).toString('latin1');
}

async function* encoded(texts: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  for await (const text of texts) yield Buffer.from(text, 'latin1');
}

type Counts = { rows: number; unreadable: number };

async function* csvKept(
  uri: string,
  text: AsyncIterable<string>,
  source: Source,
  finder: Finder,
  counts: Counts,
): AsyncIterable<string> {
  const columns = await finder.columnsOf(uri);
  let isHeader = source.header !== false;
  for await (const records of batches(csvRecords(text, source.delimiter ?? ','))) {
    const [first] = isHeader ? records.splice(0, 1) : [];
    isHeader = false;
    const gone = await finder.csv(
      records.map(({ fields }) => fields),
      columns,
    );
    count(gone, counts);
    yield (first?.bytes ?? '') +
      records
        .filter((_, i) => !gone.has(i))
        .map(({ bytes }) => bytes)
        .join('');
  }
}

async function* jsonKept(
  uri: string,
  text: () => Promise<AsyncIterable<string>>,
  finder: Finder,
  counts: Counts,
): AsyncIterable<string> {
  const columns = await finder.columnsOf(uri);
  const judge = async (texts: readonly string[]): Promise<string[]> => {
    const gone = await finder.json(texts, columns);
    count(gone, counts);
    return texts.filter((_, i) => !gone.has(i));
  };
  if (await isLines(await text())) {
    for await (const lines of batches(linesOf(await text()))) yield (await judge(lines)).join('');
    return;
  }
  // An array, or objects over several lines: as a whole.
  let whole = '';
  for await (const chunk of await text()) whole += chunk;
  const found = jsonValues(whole);
  if (found === undefined) {
    // Nobody knows what it says: what speaks of them goes line by line.
    const lines = whole.split(/(?<=\n)/);
    yield (await judge(lines)).join('');
    return;
  }
  const kept: string[] = [];
  for (let from = 0; from < found.values.length; from += recordsAtOnce)
    kept.push(...(await judge(found.values.slice(from, from + recordsAtOnce))));
  yield found.before + kept.join(found.between) + found.after;
}

/** Whether the first line is a value by itself. */
async function isLines(text: AsyncIterable<string>): Promise<boolean> {
  for await (const line of linesOf(text)) {
    const trimmed = line.replace('\u00ef\u00bb\u00bf', '').trim();
    if (trimmed === '') continue;
    if (!trimmed.startsWith('{')) return !trimmed.startsWith('[');
    try {
      JSON.parse(trimmed);
      return true;
    } catch {
      // A broken line, or one object over several lines: those that begin with no more than its first field.
      return /^\{.+\}$/.test(trimmed);
    }
  }
  return true;
}

function count(gone: ReadonlyMap<number, 'read' | 'unreadable'>, counts: Counts): void {
  counts.rows += gone.size;
  counts.unreadable += [...gone.values()].filter((how) => how === 'unreadable').length;
}

async function* batches<T>(items: AsyncIterable<T>): AsyncIterable<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < recordsAtOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
