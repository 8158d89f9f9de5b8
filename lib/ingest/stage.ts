import type { Dataset, Source } from '../contract/dataset';
import type { RowCheck } from '../quality/row';
import { DuckdbError } from '../runtime/duckdb';
import type { Lake } from '../runtime/services';
import { identifier, list } from '../sql/quote';
import { answerableChecks } from './answerable';
import { wantedColumns } from './cells';
import { csv, otherDelimiter } from './csv';
import { foreign, givenTwice, jsonForCsv } from './foreign';
import { json } from './json';
import { parquet } from './parquet';
import {
  type Format,
  type Formats,
  faultOfFile,
  type ProbedFile,
  type Reading,
  type SourceColumn,
  sameName,
} from './read';
import { reasonsType, staged, stagingSelect, stagingTable } from './typed';
import { type Bytes, cutOff, hasMore } from './whole';

/** How DuckDB reads them. */
const duckdbFormats: Formats = { csv, json, parquet };

/** How many files are looked through at once, to see whether they are whole. */
const checkedAtOnce = 4;

export interface StagedFile {
  readonly uri: string;
  readonly size: number;
}

/** What staging needs of a lake: statements outside any commit. */
export type Session = Pick<Lake, 'query' | 'run' | 'formats'>;

/** The rows of a batch in two temporary tables of the lake's session, typed and judged; nothing is committed yet. */
export interface Staged {
  /** Rows that could be split into columns, in the order in which they were read, with `staged`'s columns beside the contract's. */
  readonly rows: string;
  /** What could not: `file`, `row_number` (from 1; for CSV the line, 0 for a whole file), `reasons`, `raw`. */
  readonly rejects: string;
  /** How the files differ from the contract, in sentences. */
  readonly drift: readonly string[];
  /** Drops both tables. */
  drop(): Promise<void>;
}

/**
 * Reads files, in their order, into temporary tables. A file that cannot be read at all becomes one reject, and the
 * others are read all the same.
 *
 * @throws Error where the contract's expressions do not fit the files, a rule cannot be answered, or the machine fails
 */
export async function stage(
  dataset: Dataset,
  source: Source,
  files: readonly StagedFile[],
  name: string,
  { lake, objects }: { readonly lake: Session; readonly objects: Bytes },
): Promise<Staged> {
  const stage = new Stage(dataset, source, files, name, lake, objects);
  try {
    return await stage.fill();
  } catch (error) {
    await stage.drop();
    throw error;
  }
}

class Stage {
  private readonly rows: string;
  private readonly rejects: string;
  private readonly format: Format;
  private readonly wanted;
  private checks: readonly RowCheck[] = [];

  constructor(
    private readonly dataset: Dataset,
    private readonly source: Source,
    private readonly files: readonly StagedFile[],
    name: string,
    private readonly lake: Session,
    private readonly objects: Bytes,
  ) {
    this.rows = `ingot_rows_${name}`;
    this.rejects = `ingot_rejects_${name}`;
    this.format = (lake.formats ?? duckdbFormats)[source.format];
    this.wanted = wantedColumns(dataset, source);
  }

  async fill(): Promise<Staged> {
    const { dataset, source, lake } = this;
    await this.drop();
    await lake.run(stagingTable(this.rows, dataset));
    this.checks = await answerableChecks(dataset, identifier(this.rows), lake);
    await lake.run(
      `CREATE TEMP TABLE ${identifier(this.rejects)} (file INTEGER, row_number BIGINT, reasons ${reasonsType}, raw VARCHAR)`,
    );
    const probed = await this.probe();
    // A header that says nothing of the contract's, with no row below it, is drift, and there is nothing to read.
    const filled = probed.filter(({ columns }) => this.foreign(columns) === undefined);
    if (filled.length > 0) {
      for (const reading of this.format.readings(filled, source, this.wanted)) await this.read(reading, filled);
    }
    return { rows: this.rows, rejects: this.rejects, drift: this.drift(probed), drop: () => this.drop() };
  }

  async drop(): Promise<void> {
    for (const table of [this.rows, this.rejects]) await this.lake.run(`DROP TABLE IF EXISTS ${identifier(table)}`);
  }

  /** The files that can be opened, with their columns. A file of no bytes has no rows, whatever its format. */
  private async probe(): Promise<ProbedFile[]> {
    const opened = await this.wholeFiles();
    const query = this.lake.query.bind(this.lake);
    const probes = await this.format.probe(
      opened.map((file) => file.uri),
      this.source,
      query,
    );
    const probed: ProbedFile[] = [];
    for (const [i, probe] of probes.entries()) {
      const { index, uri } = opened[i]!;
      const fault = 'unreadable' in probe ? probe.unreadable : await this.misread(uri, probe);
      if (fault !== undefined) await this.rejectFile(index, fault);
      else if (!('unreadable' in probe)) probed.push({ index, uri, columns: probe });
    }
    return probed;
  }

  private async misread(uri: string, columns: readonly SourceColumn[]): Promise<string | undefined> {
    const fault =
      otherDelimiter(columns, this.source, this.wanted) ??
      jsonForCsv(columns, this.source) ??
      givenTwice(columns, this.wanted);
    if (fault !== undefined) return fault;
    const foreign = this.foreign(columns);
    if (foreign === undefined || (this.source.format === 'csv' && !(await hasMore(uri, this.objects))))
      return undefined;
    return foreign;
  }

  private foreign(columns: readonly SourceColumn[]): string | undefined {
    return foreign(columns, this.dataset, this.source, this.wanted);
  }

  /** A file that was cut off is rejected as a whole: nobody knows what it would have said. */
  private async wholeFiles() {
    const files = this.files.map((file, index) => ({ ...file, index })).filter((file) => file.size > 0);
    const whole: typeof files = [];
    for (let start = 0; start < files.length; start += checkedAtOnce) {
      const some = files.slice(start, start + checkedAtOnce);
      const faults = await Promise.all(
        some.map(({ uri, size }) => cutOff(uri, size, this.source.format, this.objects)),
      );
      for (const [i, fault] of faults.entries()) {
        if (fault === undefined) whole.push(some[i]!);
        else await this.rejectFile(some[i]!.index, fault);
      }
    }
    return whole;
  }

  /** Reads files together; where that fails, each by itself, and what fails then by the format's lenient way. */
  private async read(reading: Reading, probed: readonly ProbedFile[]): Promise<void> {
    try {
      await this.insert(reading);
    } catch (error) {
      const fault = faultOfFile(error);
      const files = reading.files.map((index) => probed.find((file) => file.index === index)!);
      if (files.length === 1) return this.readBroken(files[0]!, fault);
      for (const file of files) {
        for (const alone of this.format.readings([file], this.source, this.wanted)) await this.read(alone, probed);
      }
    }
  }

  private async readBroken(file: ProbedFile, fault: string): Promise<void> {
    const reading = this.format.lenient?.(file, this.source, this.wanted);
    if (reading === undefined) return this.rejectFile(file.index, fault);
    try {
      await this.insert(reading);
    } catch (error) {
      return this.rejectFile(file.index, faultOfFile(error));
    }
    if (await this.isLines(file.index)) return;
    await this.lake.run(`DELETE FROM ${identifier(this.rows)} WHERE ${identifier(staged.file)} = ${file.index}`);
    await this.rejectFile(file.index, fault);
  }

  /** Whether what was read line by line is lines indeed: not an array that was cut off, nor another thing altogether. */
  private async isLines(index: number): Promise<boolean> {
    const broken = `coalesce(${identifier(staged.reasons)}[1].rule = 'row.unreadable', false)`;
    const raw = identifier(staged.raw);
    const [found] = await this.lake.query<{ good: boolean; array: boolean }>(`
      SELECT bool_or(NOT broken) AS good, arg_min(broken AND NOT json_valid(raw) AND ltrim(raw) LIKE '[%', rowid) AS array
      FROM (SELECT rowid, ${broken} AS broken, ${raw} AS raw FROM ${identifier(this.rows)} WHERE ${identifier(staged.file)} = ${index})`);
    return found?.good === true && !found.array;
  }

  private async insert(reading: Reading): Promise<void> {
    const select = stagingSelect(this.dataset, this.source, reading, this.checks);
    try {
      await this.lake.run(`INSERT INTO ${identifier(this.rows)} ${select}`);
      if (reading.rejects !== undefined) await this.takeRejects(reading.rejects.errors, reading.files);
    } catch (error) {
      if (error instanceof DuckdbError && ['Binder', 'Catalog', 'Parser'].includes(error.kind))
        throw this.misfit(error);
      throw error;
    } finally {
      for (const table of Object.values(reading.rejects ?? {})) await this.lake.run(`DROP TABLE IF EXISTS ${table}`);
    }
  }

  private misfit(error: Error): Error {
    const { contract, zone, name } = this.dataset;
    const [first] = error.message.split('\n');
    const where = contract.file ?? contract.id;
    return new Error(`${where}: the expressions of ${zone}.${name} do not fit its files: ${first}`, { cause: error });
  }

  /** Lines that DuckDB set aside, by file and line; a line is one reject, whatever is wrong with it. */
  private async takeRejects(errors: string, files: readonly number[]): Promise<void> {
    await this.lake.run(`
      INSERT INTO ${identifier(this.rejects)}
      SELECT list_extract(${list(files)}, file_id::INTEGER + 1), line,
        [{'rule': 'row.unreadable', 'column': NULL, 'message': arg_min(error_message, byte_position)}], any_value(csv_line)
      FROM ${errors} GROUP BY file_id, line ORDER BY file_id, line`);
  }

  private async rejectFile(index: number, fault: string): Promise<void> {
    const message = `the file cannot be read: ${fault}`;
    await this.lake.run(
      `INSERT INTO ${identifier(this.rejects)} VALUES ($file, 0, [{'rule': 'file.unreadable', 'column': NULL, 'message': $message}], NULL)`,
      { file: index, message },
    );
  }

  private drift(probed: readonly ProbedFile[]): string[] {
    const none = this.files.filter((file) => file.size === 0).length;
    const empty = none === 0 ? [] : [`${none} ${none === 1 ? 'file is' : 'files are'} empty`];
    if (this.source.header === false) return empty;
    const known = probed.filter((file) => file.columns.length > 0);
    const unknown = new Map<string, number>();
    const missing = new Map<string, number>();
    const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const { columns } of known) {
      for (const { name } of columns)
        if (!this.wanted.some((column) => sameName(column.name, name))) count(unknown, name);
      for (const { name } of this.wanted)
        if (!columns.some((column) => sameName(column.name, name))) count(missing, name);
    }
    const sentence =
      (kind: string) =>
      ([name, files]: [string, number]) =>
        `${kind} column ${JSON.stringify(name)} in ${files} ${files === 1 ? 'file' : 'files'}`;
    return [...empty, ...[...unknown].map(sentence('unknown')), ...[...missing].map(sentence('missing'))];
  }
}
