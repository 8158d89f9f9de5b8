import { fileURLToPath } from 'node:url';
import type { Source } from '../contract/dataset';
import { DuckdbError } from '../runtime/duckdb';
import type { Row } from '../runtime/services';
import { identifier, literal } from '../sql/quote';

/** A column as a file has it, before the contract is applied. */
export interface SourceColumn {
  readonly name: string;
  /** DuckDB's word. */
  readonly type: string;
  /** The name that its file's header gives it, where an earlier column has that name, too. */
  readonly repeats?: string;
}

/** Files that are read by one statement. */
export interface Reading {
  /** Indexes of its files in the batch, in the order in which they are read. */
  readonly files: readonly number[];
  readonly columns: readonly SourceColumn[];
  /** What stands behind FROM; it gives the columns and `file_index`. */
  readonly from: string;
  /** Columns that `from` gives besides, and that go with their rows to the end, as they are. */
  readonly passed?: readonly string[];
  /** SQL condition, TRUE where what was read is no row at all; then `broken.raw` is its text, and `broken.message` why. */
  readonly broken?: { readonly when: string; readonly raw: string; readonly message: string };
  /** CSV: the temporary tables in which DuckDB keeps the lines that it could not split into columns. */
  readonly rejects?: { readonly errors: string; readonly scans: string };
}

/** What can be said of a file before its rows are read. */
export type Probe = readonly SourceColumn[] | Unreadable;

/** A file that cannot be read at all, and why. */
export interface Unreadable {
  readonly unreadable: string;
}

export type Query = <R extends Row = Row>(sql: string) => Promise<R[]>;

/** One of the formats that a source may have. */
export interface Format {
  /** The columns of each file. */
  probe(uris: readonly string[], source: Source, query: Query): Promise<Probe[]>;
  /** How to read files of which `columns` are known, in as few statements as the format allows. `wanted`: what the contract reads. */
  readings(files: readonly ProbedFile[], source: Source, wanted: readonly SourceColumn[]): readonly Reading[];
  /** A slower way that gives the good rows of a file of which `readings` failed; absent where there is none. */
  lenient?(file: ProbedFile, source: Source, wanted: readonly SourceColumn[]): Reading;
}

/** How each format is read by whoever runs the statements. */
export type Formats = Readonly<Record<Source['format'], Format>>;

export interface ProbedFile {
  /** Its index in the batch. */
  readonly index: number;
  readonly uri: string;
  readonly columns: readonly SourceColumn[];
}

/** Files apart by what their headers say: those of one header are read together. */
export function byHeader(files: readonly ProbedFile[]): ProbedFile[][] {
  const groups = new Map<string, ProbedFile[]>();
  for (const file of files) {
    const header = JSON.stringify(file.columns.map((column) => column.name));
    groups.set(header, [...(groups.get(header) ?? []), file]);
  }
  return [...groups.values()];
}

/** How many files are asked for their columns by one statement. */
const probedAtOnce = 50;

/**
 * Runs a SELECT of `name` and `type` for each file. Many at once, because each statement costs a round trip; one by one
 * where that fails, to find the files that are to blame.
 */
export async function probeEach(
  uris: readonly string[],
  select: (uri: string) => string,
  query: Query,
): Promise<Probe[]> {
  const probes: Probe[] = [];
  for (let start = 0; start < uris.length; start += probedAtOnce) {
    probes.push(...(await probeTogether(uris.slice(start, start + probedAtOnce), select, query)));
  }
  return probes;
}

async function probeTogether(uris: readonly string[], select: (uri: string) => string, query: Query): Promise<Probe[]> {
  const parts = uris.map((uri, i) => `SELECT ${i} AS file, name, type FROM (${select(uri)})`);
  try {
    const rows = await query<{ file: number; name: string; type: string }>(parts.join(' UNION ALL '));
    const columns: SourceColumn[][] = uris.map(() => []);
    for (const { file, name, type } of rows) columns[file]!.push({ name, type });
    return columns;
  } catch (error) {
    const unreadable = faultOfFile(error);
    if (uris.length === 1) return [{ unreadable }];
    const probes: Probe[] = [];
    for (const uri of uris) probes.push(...(await probeTogether([uri], select, query)));
    return probes;
  }
}

/** Kinds of errors that say nothing of the file: the statement, the machine or the network is to blame. */
const otherFaults = ['Binder', 'Catalog', 'Parser', 'Out of Memory', 'HTTP', 'Connection', 'Permission', 'INTERNAL'];

/** Why a file cannot be read, in one line. Rethrows what is not the file's fault. */
export function faultOfFile(error: unknown): string {
  if (!(error instanceof DuckdbError) || otherFaults.includes(error.kind)) throw error;
  const [line] = error.message.split('\n');
  if (error.kind === 'IO' && /space|connect|time|no files found|HTTP|cannot open/i.test(line!)) throw error;
  return line!.replace(`${error.kind} Error: `, '').trim();
}

/** What DuckDB opens for a URI: a path on disk or `s3://…`, with no character that it would take for a pattern. */
export function duckdbPath(uri: string): string {
  const path = uri.startsWith('file:') ? fileURLToPath(uri) : uri;
  return path.replace(/[[*?]/g, '[$&]');
}

/** A list of files as a SQL list. */
export const pathList = (uris: readonly string[]): string =>
  `[${uris.map((uri) => literal(duckdbPath(uri))).join(', ')}]`;

/** Columns and types as the struct that DuckDB's readers take: `{"id": 'VARCHAR'}`. */
export const columnsOption = (columns: readonly SourceColumn[]): string =>
  `{${columns.map(({ name, type }) => `${identifier(name)}: ${literal(type)}`).join(', ')}}`;

/** The same name in DuckDB, which knows no case in names. */
export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
