import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Dataset, Source } from '../../contract/dataset';
import { csv } from '../../ingest/csv';
import { json } from '../../ingest/json';
import { parquet } from '../../ingest/parquet';
import type { Format, SourceColumn } from '../../ingest/read';
import { duckdbPath, pathList } from '../../ingest/read';
import { stage } from '../../ingest/stage';
import type { Duckdb } from '../../runtime/duckdb';
import { localObjects } from '../../runtime/objects';
import { identifier, literal } from '../../sql/quote';

/** A file as it was found, ready to be looked at with SQL. */
export interface Sample {
  readonly source: Source;
  /** Its columns, each under the SQL name under which `from` gives it. */
  readonly columns: readonly SampleColumn[];
  /** What stands behind FROM. */
  readonly from: string;
  /** What of it cannot be read as rows, one sentence for each reason. */
  readonly unreadable: readonly string[];
}

export interface SampleColumn {
  /** As the file calls it. */
  readonly source: string;
  readonly sql: string;
  /** Its type in the file, in DuckDB's words; a text where the file knows no types. */
  readonly type: string;
}

const formats: Readonly<Record<Source['format'], Format>> = { csv, json, parquet };

const formatOfEnding: Readonly<Record<string, Source['format']>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.txt': 'csv',
  '.json': 'json',
  '.jsonl': 'json',
  '.ndjson': 'json',
  '.parquet': 'parquet',
  '.pq': 'parquet',
};

/** Endings of files that can be looked at. */
export const knownEndings = Object.keys(formatOfEnding);

/** What a file is, by its name; undefined where nobody can tell. */
export const formatOf = (file: string): Source['format'] | undefined =>
  formatOfEnding[extname(unpacked(file)).toLowerCase()];

/** The name without the ending that says how it is packed. */
export const unpacked = (file: string): string => file.replace(/\.(gz|zst)$/i, '');

/**
 * Reads a file as ingest would: of CSV and JSON every value as text, so that what is said of types is said by what will
 * read them.
 *
 * @param place zone and prefix of the files to come
 * @throws Error where it cannot be opened
 */
export async function openSample(
  file: string,
  format: Source['format'],
  place: Pick<Source, 'zone' | 'prefix'>,
  size: number,
  duckdb: Duckdb,
): Promise<Sample> {
  const uri = pathToFileURL(file).href;
  const source: Source = { ...place, format, ...(format === 'csv' ? await dialectOf(uri, duckdb) : {}) };
  if (size === 0) throw new Error('it is empty, so there is nothing to look at');
  const query = duckdb.query.bind(duckdb);
  const [probe = []] = await formats[format].probe([uri], source, query);
  if ('unreadable' in probe) throw new Error(probe.unreadable);
  const found = source.header === false ? await headless(uri, source, duckdb) : distinct(probe);
  if (found.length === 0) throw new Error('no column was found in it');
  const columns = found.map(({ name, type }, i) => ({
    source: name,
    sql: `c${i}`,
    type: format === 'parquet' ? type : 'VARCHAR',
  }));
  if (format === 'parquet') {
    const list = columns.map((column) => `${identifier(column.source)} AS ${column.sql}`).join(', ');
    const from = `(SELECT ${list} FROM read_parquet(${pathList([uri])}, hive_partitioning = false))`;
    return { source, columns, from, unreadable: [] };
  }
  const staged = await stage(asText(columns, source), source, [{ uri, size }], 'sample', reader(duckdb));
  return { source, columns, from: identifier(staged.rows), unreadable: await reasonsOf(staged.rejects, duckdb) };
}

/** What staging reads with. */
export const reader = (duckdb: Duckdb) => ({ lake: duckdb, objects: localObjects });

/** What DuckDB takes for the delimiter of a CSV file, and whether its first line are names. */
async function dialectOf(uri: string, duckdb: Duckdb): Promise<Pick<Source, 'delimiter' | 'header'>> {
  try {
    const [found] = await duckdb.query<{ delimiter: string; header: boolean }>(
      `SELECT "Delimiter" AS delimiter, "HasHeader" AS header FROM sniff_csv(${literal(duckdbPath(uri))}, quote = '"', sample_size = 20000)`,
    );
    const delimiter = found?.delimiter;
    return {
      ...(delimiter === undefined || !/^[;\t|]$/.test(delimiter) ? {} : { delimiter }),
      ...(found?.header === false && (await beginsWithData(uri, delimiter, duckdb)) ? { header: false } : {}),
    };
  } catch {
    // What cannot be told is what most files are.
    return {};
  }
}

/** Whether the first line holds a number or nothing where a name should be: one line of another length makes DuckDB doubt a header. */
async function beginsWithData(uri: string, delimiter: string | undefined, duckdb: Duckdb): Promise<boolean> {
  const source: Source = { zone: '', prefix: '', format: 'csv', ...(delimiter === undefined ? {} : { delimiter }) };
  const [probe] = await csv.probe([uri], source, duckdb.query.bind(duckdb));
  return (
    probe === undefined || 'unreadable' in probe || probe.some(({ name }) => /^([-+.]?\d|column\d+$|$)/.test(name))
  );
}

/** Columns of a CSV file without a header, which are told by their places. */
async function headless(uri: string, source: Source, duckdb: Duckdb): Promise<SourceColumn[]> {
  const options = `header = false, delim = ${literal(source.delimiter ?? ',')}, quote = '"', all_varchar = true, hive_partitioning = false`;
  const found = await duckdb.query(`DESCRIBE FROM read_csv(${literal(duckdbPath(uri))}, ${options})`);
  return found.map((_, i) => ({ name: `column${i + 1}`, type: 'VARCHAR' }));
}

/** DuckDB knows no case in names: of two that differ in nothing else, one could not be read. */
function distinct(columns: readonly SourceColumn[]): SourceColumn[] {
  const seen = new Set<string>();
  return columns.filter(({ name }) => !seen.has(name.toLowerCase()) && seen.add(name.toLowerCase()));
}

const asText = (columns: readonly SampleColumn[], { zone }: Source): Dataset => ({
  name: 'sample',
  zone,
  contract: { id: 'sample', version: '1.0.0' },
  columns: columns.map(({ source, sql }) => ({
    name: sql,
    type: 'string',
    required: false,
    tags: [],
    sourceColumns: [source],
  })),
  key: [],
  partitionBy: [],
  sortBy: [],
  rules: [],
  history: 'current',
  maxQuarantinePercent: 100,
  sla: {},
  owners: [],
  tags: [],
  roles: [],
});

async function reasonsOf(rejects: string, duckdb: Duckdb): Promise<string[]> {
  const found = await duckdb.query<{ message: string; n: bigint }>(
    `SELECT reasons[1].message AS message, count(*) AS n FROM ${identifier(rejects)} GROUP BY ALL ORDER BY n DESC, message LIMIT 5`,
  );
  return found.map(({ message, n }) => `${n} ${n === 1n ? 'line' : 'lines'}: ${message.split('\n')[0]}`);
}
