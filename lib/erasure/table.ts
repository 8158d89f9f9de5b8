import { TransientError } from '../errors';
import { duckdbPath } from '../ingest/read';
import type { Lake } from '../runtime/services';
import { identifier, literal } from '../sql/quote';
import { duckdbType } from '../sql/types';
import { compactTable, currentOf } from '../tables/compact';
import { expireSnapshots, removeOrphans } from '../tables/expire';
import { locationPath } from '../tables/location';
import type { Snapshot, TableMetadata } from '../tables/metadata';
import { manifestsOf } from '../tables/reach';
import type { PlaceDone } from './ledger';
import { mentionIn } from './mentions';
import type { TablePlace } from './places';
import type { ErasureServices } from './services';
import type { Wanted } from './wanted';

/** How many files a statement reads. */
const atOnce = 100;
/** Temporary table of texts that speak of somebody: of each table its own, as several are worked on side by side. */
const textsOf = ({ database, table }: TablePlace): string => identifier(`ingot_erased_${database}_${table}`);

/**
 * Erases somebody from an Iceberg table: rows are deleted, files that hold some of them (also as rows that were deleted or
 * replaced before, which merge-on-read leaves there) are rewritten, and snapshots that hold them expire with their files. Where
 * nobody is found in any file of any snapshot, nothing is changed. Done again after a crash at any step, it does what is left.
 *
 * @throws TransientError where other writers were faster at each attempt
 */
export async function eraseTable(place: TablePlace, wanted: Wanted, services: ErasureServices): Promise<PlaceDone> {
  const { lake, tables, tableFiles, log, clock, orphanAge } = services;
  const upkeep = { lake, catalog: tables, files: tableFiles, log };
  const none: PlaceDone = { ...place0(place), rows: 0, unreadable: 0, files: 0, snapshots: 0, named: [] };
  const metadata = await tables.loadTable(place.database, place.table);
  const current = metadata === undefined ? undefined : currentOf(metadata);
  if (metadata === undefined || current === undefined) return none;
  await wanted.prepare(lake);
  await removeOrphans(place, clock.now() - orphanAge, upkeep);
  const held = await holding(place, metadata, metadata.snapshots, wanted, lake);
  if (held.files.size === 0) return none;
  try {
    await keepFound(place, held.found, lake);
    const name = lake.name(place.database, place.table);
    const where = conditionOf(place);
    const { rows, unreadable } = await lake.commit(async (tx) => {
      const [count] = await tx.query<{ rows: bigint; unreadable: bigint }>(
        `SELECT count(*) AS rows, count(*) FILTER (${byWord(place)}) AS unreadable FROM ${name} AS t WHERE ${where}`,
      );
      if (count!.rows > 0n) await tx.run(`DELETE FROM ${name} AS t WHERE ${where}`);
      return { rows: Number(count!.rows), unreadable: Number(count!.unreadable) };
    });
    const now = await dataFiles([currentOf((await tables.loadTable(place.database, place.table))!)!], lake);
    if (now.some((file) => held.files.has(file))) {
      const { status } = await compactTable(place, upkeep);
      if (status === 'busy')
        throw new TransientError(`Table ${place.place} could not be rewritten: others write to it`);
    }
    const { snapshots } = await expireSnapshots(place, { keep: 1 }, upkeep);
    return { ...none, rows, unreadable, files: held.files.size, snapshots, named: await namedLeft(place, services) };
  } finally {
    await lake.run(`DROP TABLE IF EXISTS ${textsOf(place)}`);
  }
}

const place0 = ({ place, kind }: TablePlace) => ({ place, kind });

/** Branches and tags beside `main`: what they name does not expire. */
async function namedLeft(place: TablePlace, { tables }: ErasureServices): Promise<string[]> {
  const metadata = await tables.loadTable(place.database, place.table);
  const current = metadata === undefined ? undefined : currentOf(metadata)?.['snapshot-id'];
  return Object.entries(metadata?.refs ?? {})
    .filter(([name, ref]) => name !== 'main' && ref['snapshot-id'] !== current)
    .map(([name]) => name);
}

/** How many rows of somebody a table shows. */
export async function rowsLeft(place: TablePlace, wanted: Wanted, { lake, tables }: ErasureServices): Promise<number> {
  if (place.columns.length === 0 || (await tables.loadTable(place.database, place.table)) === undefined) return 0;
  await wanted.prepare(lake);
  const where = place.columns
    .map(({ name, subject }) => wanted.condition(`t.${identifier(name)}`, subject))
    .join(' OR ');
  const [count] = await lake.query<{ n: bigint }>(
    `SELECT count(*) AS n FROM ${lake.name(place.database, place.table)} AS t WHERE ${where}`,
  );
  return Number(count!.n);
}

/** What was found in a column: whoever is wanted is there by their own text, which costs less than a hash. */
const isFound = (place: TablePlace, column: string, more = ''): string =>
  `CAST(t.${identifier(column)} AS VARCHAR) IN (SELECT text FROM ${textsOf(place)} WHERE of = ${literal(column)}${more})`;

const conditionOf = (place: TablePlace): string =>
  [...place.columns.map(({ name }) => name), ...(place.texts === undefined ? [] : [place.texts.column])]
    .map((column) => `(${isFound(place, column)})`)
    .join(' OR ');

const byWord = (place: TablePlace): string =>
  place.texts === undefined ? 'false' : `(${isFound(place, place.texts.column, ' AND word')})`;

async function keepFound(place: TablePlace, found: readonly Found[], lake: Lake): Promise<void> {
  await lake.run(`CREATE OR REPLACE TEMP TABLE ${textsOf(place)} (of VARCHAR, text VARCHAR, word BOOLEAN)`);
  await lake.run(
    `INSERT INTO ${textsOf(place)} SELECT DISTINCT of, text, word FROM
      (SELECT unnest(json_transform($json::JSON, '[{"of": "VARCHAR", "text": "VARCHAR", "word": "BOOLEAN"}]'), recursive := true))`,
    { json: JSON.stringify(found) },
  );
}

/** A text in a column that is, or speaks of, somebody who is wanted. */
interface Found {
  readonly of: string;
  readonly text: string;
  /** Whether it speaks of them by a word alone. */
  readonly word: boolean;
}

interface Holding {
  /** Data files in which a row of somebody is, deleted or not. */
  readonly files: ReadonlySet<string>;
  readonly found: readonly Found[];
}

async function holding(
  place: TablePlace,
  metadata: TableMetadata,
  snapshots: readonly Snapshot[],
  wanted: Wanted,
  lake: Lake,
): Promise<Holding> {
  const all = await dataFiles(snapshots, lake);
  const files = new Set<string>();
  const found: Found[] = [];
  for (let start = 0; start < all.length; start += atOnce) {
    const some = all.slice(start, start + atOnce);
    if (place.columns.length > 0)
      for (const [file, of] of await inColumns(place, metadata, some, wanted, lake)) {
        files.add(file);
        found.push(...of);
      }
    if (place.texts === undefined) continue;
    for (const file of some)
      for (const [text, word] of await textsIn(place.texts, metadata, file, wanted, lake)) {
        files.add(file);
        found.push({ of: place.texts.column, text, word });
      }
  }
  return { files, found };
}

async function inColumns(
  { columns }: TablePlace,
  metadata: TableMetadata,
  files: readonly string[],
  wanted: Wanted,
  lake: Lake,
): Promise<[string, Found[]][]> {
  const paths = new Map(files.map((file) => [locationPath(file), file]));
  const read = columns.map(({ name, type }, i) => ({ name, as: `c${i}`, type: duckdbType(type) }));
  const conditions = columns.map(({ subject }, i) => wanted.condition(`c${i}`, subject));
  const values = conditions.map((condition, i) => `CASE WHEN ${condition} THEN CAST(c${i} AS VARCHAR) END AS v${i}`);
  const some = columns.map((_, i) => `v${i} IS NOT NULL`).join(' OR ');
  const rows = await lake.query<Record<string, string | null>>(
    `SELECT DISTINCT * FROM (SELECT filename, ${values.join(', ')} FROM ${reading(metadata, files, read)}) WHERE ${some}`,
  );
  return rows.map(({ filename, ...row }) => [
    paths.get(locationPath(filename!))!,
    columns.flatMap(({ name: of }, i) => {
      const text = row[`v${i}`];
      return text == null ? [] : [{ of, text, word: false }];
    }),
  ]);
}

async function textsIn(
  { column, named }: NonNullable<TablePlace['texts']>,
  metadata: TableMetadata,
  file: string,
  wanted: Wanted,
  lake: Lake,
): Promise<[string, boolean][]> {
  const from = reading(metadata, [file], [{ name: column, as: 'text', type: 'VARCHAR' }]);
  const rows = await lake.query<{ text: string }>(`SELECT DISTINCT text FROM ${from} WHERE text IS NOT NULL`);
  return rows.flatMap(({ text }): [string, boolean][] => {
    const mention = mentionIn(text, named, wanted);
    return mention === undefined ? [] : [[text, mention === 'word']];
  });
}

/** Data files as they are, whatever deletes say of their rows. Columns are found by their ids, as they may have had other names. */
function reading(
  metadata: TableMetadata,
  files: readonly string[],
  columns: readonly { readonly name: string; readonly as: string; readonly type: string }[],
): string {
  const schema = metadata.schemas.find((one) => one['schema-id'] === metadata['current-schema-id'])!;
  const fields = columns.map(({ name, as, type }) => {
    const id = schema.fields.find((field) => field.name === name)!.id;
    return `${id}: {name: ${literal(as)}, type: ${literal(type)}, default_value: NULL}`;
  });
  const paths = files.map((file) => literal(duckdbPath(locationPath(file)))).join(', ');
  return `read_parquet([${paths}], schema = MAP {${fields.join(', ')}}, filename = true)`;
}

async function dataFiles(snapshots: readonly Snapshot[], lake: Lake): Promise<string[]> {
  const lists = [...new Set(snapshots.map((snapshot) => snapshot['manifest-list']))];
  const manifests = [...(await manifestsOf(lists, lake))];
  const found = new Set<string>();
  for (let start = 0; start < manifests.length; start += atOnce) {
    const selects = manifests
      .slice(start, start + atOnce)
      .map(
        (manifest) =>
          `SELECT data_file.file_path AS path FROM read_avro(${literal(manifest)}) WHERE status <> 2 AND data_file.content = 0`,
      );
    for (const { path } of await lake.query<{ path: string }>(selects.join(' UNION ALL '))) found.add(path);
  }
  return [...found];
}
