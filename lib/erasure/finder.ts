import type { Dataset, Source } from '../contract/dataset';
import { cellOf, originsOf, wantedColumns } from '../ingest/cells';
import { csv } from '../ingest/csv';
import { json } from '../ingest/json';
import { parquet } from '../ingest/parquet';
import { duckdbPath, type Format, type ProbedFile, type Reading, type SourceColumn, sameName } from '../ingest/read';
import { DuckdbError } from '../runtime/duckdb';
import type { Lake, ObjectInfo } from '../runtime/services';
import { identifier, literal } from '../sql/quote';
import { mentionIn, type Named } from './mentions';
import { namedIn } from './places';
import { utf8 } from './records';
import { subjectColumns } from './subjects';
import type { Wanted } from './wanted';

/** How a record was found: typed as ingestion types it, or by its text, as it could not be read. */
export type Found = ReadonlyMap<number, 'read' | 'unreadable'>;

const formats: Readonly<Record<Source['format'], Format>> = { csv, json, parquet };

/** Finds records of those who are wanted in files of a table, by the same expressions that ingestion types them with. */
export class Finder {
  /** The table, as if it had no column but those that name somebody. */
  private readonly dataset: Dataset;
  private readonly named: readonly Named[];
  private readonly format: Format;

  constructor(
    private readonly whole: Dataset,
    private readonly source: Source,
    private readonly wanted: Wanted,
    private readonly lake: Lake,
  ) {
    this.dataset = { ...whole, columns: subjectColumns(whole) };
    this.named = namedIn(whole);
    this.format = formats[source.format];
  }

  /** Those of some files that may hold records of theirs: those in which one was read, and those that cannot be read as they should. */
  async suspects(files: readonly ObjectInfo[]): Promise<ObjectInfo[]> {
    const query = this.lake.query.bind(this.lake);
    const probes = await this.format.probe(
      files.map(({ uri }) => uri),
      this.source,
      query,
    );
    const found = new Set<number>();
    const probed: ProbedFile[] = [];
    for (const [index, probe] of probes.entries()) {
      if ('unreadable' in probe) found.add(index);
      else probed.push({ index, uri: files[index]!.uri, columns: probe });
    }
    const readings = probed.length === 0 ? [] : this.format.readings(probed, this.source, this.all);
    for (const reading of readings) for (const index of await this.filesOf(reading)) found.add(index);
    return [...found].sort((a, b) => a - b).map((index) => files[index]!);
  }

  private get all(): SourceColumn[] {
    return wantedColumns(this.whole, this.source);
  }

  private async filesOf(reading: Reading): Promise<readonly number[]> {
    try {
      const rows = await this.lake.query<{ file: bigint }>(
        `SELECT DISTINCT CAST(file_index AS BIGINT) AS file FROM (${this.judged(reading, 'file_index')}) WHERE _ingot_is_wanted`,
      );
      const found = new Set(rows.map(({ file }) => reading.files[Number(file)]!));
      if (reading.rejects !== undefined) {
        const broken = await this.lake.query<{ file: bigint }>(
          `SELECT DISTINCT CAST(file_id AS BIGINT) AS file FROM ${reading.rejects.errors}`,
        );
        for (const { file } of broken) found.add(reading.files[Number(file)]!);
      }
      return [...found];
    } catch (error) {
      // One of them cannot be read: each is looked into by itself.
      if (error instanceof DuckdbError && !['Binder', 'Catalog', 'Parser', 'HTTP', 'Connection'].includes(error.kind))
        return reading.files;
      throw error;
    } finally {
      for (const table of Object.values(reading.rejects ?? {})) await this.lake.run(`DROP TABLE IF EXISTS ${table}`);
    }
  }

  /** SELECT of `id`, which names records of a reading, and whether each is wanted. */
  private judged(reading: Reading, id: string): string {
    const origins = originsOf(this.dataset, this.source, reading);
    const cells = this.dataset.columns.map((column, i) => cellOf(column, i, origins));
    const sources = `SELECT ${[id, ...origins.map(({ select }) => select)].join(', ')} FROM ${reading.from}`;
    const attempts = cells.flatMap(({ attempt }, i) =>
      attempt === undefined ? [] : [`${attempt} AS _ingot_attempt_${i}`],
    );
    const tried = attempts.length === 0 ? sources : `SELECT *, ${attempts.join(', ')} FROM (${sources})`;
    const conditions = cells.flatMap(({ column, value, origins: read }) => {
      const { subject } = column as { readonly subject: string };
      // The source's own text where it could not be typed; to hash it everywhere would cost as much again.
      const given = read.map(
        ({ original }) => `(${value} IS NULL AND ${this.wanted.condition(identifier(original), subject)})`,
      );
      return [this.wanted.condition(value, subject), ...given];
    });
    return `SELECT ${id}, ${conditions.join(' OR ')} AS _ingot_is_wanted FROM (${tried})`;
  }

  /** Columns of a file, as it spells them; none where that cannot be told. */
  async columnsOf(uri: string): Promise<readonly SourceColumn[]> {
    if (this.source.format === 'csv' && this.source.header === false) return this.all;
    const [probe] = await this.format.probe([uri], this.source, this.lake.query.bind(this.lake));
    return probe === undefined || 'unreadable' in probe ? [] : probe;
  }

  /** Numbers of the rows of a Parquet file that are theirs. One that cannot be read holds nothing that anybody could. */
  async rowsOfParquet(uri: string): Promise<string[]> {
    const columns = await this.columnsOf(uri);
    if (columns.length === 0) return [];
    const from = `read_parquet(${literal(duckdbPath(uri))}, file_row_number = true, hive_partitioning = false)`;
    const judged = this.judged({ files: [0], columns, from }, 'file_row_number');
    const rows = await this.lake.query<{ row: bigint }>(
      `SELECT file_row_number AS row FROM (${judged}) WHERE _ingot_is_wanted ORDER BY 1`,
    );
    return rows.map(({ row }) => row.toString());
  }

  async csv(records: readonly (readonly string[])[], columns: readonly SourceColumn[]): Promise<Found> {
    const read = wantedColumns(this.dataset, this.source).flatMap(({ name }) => {
      const at = columns.findIndex((column) => sameName(column.name, name));
      return at === -1 ? [] : [{ name: columns[at]!.name, at }];
    });
    const nulls = new Set(this.source.nullValues ?? ['']);
    const whole = records.map((fields) => fields.length === columns.length);
    const rows = records.flatMap((fields, i) =>
      whole[i] === true ? [{ i, values: read.map(({ at }) => (nulls.has(fields[at]!) ? null : fields[at]!)) }] : [],
    );
    const found = new Map<number, 'read' | 'unreadable'>();
    if (read.length > 0 && rows.length > 0) {
      const from = `(SELECT i, ${read.map(({ name }, k) => `list_extract(v, ${k + 1}) AS ${identifier(name)}`).join(', ')}
        FROM (SELECT r.i AS i, r.v AS v
          FROM (SELECT unnest(json_transform($rows::JSON, '[{"i": "BIGINT", "v": ["VARCHAR"]}]')) AS r)))`;
      await this.judge(
        { files: [0], columns: read.map(({ name }) => ({ name, type: 'VARCHAR' })), from },
        rows.map(({ i, values }) => ({ i, v: values })),
        found,
      );
    }
    records.forEach((fields, i) => {
      const text = fields.join(',');
      if (whole[i] !== true && mentionIn(text, this.named, this.wanted) !== undefined) found.set(i, 'unreadable');
    });
    return found;
  }

  /** @param texts Latin-1, as they stand in the file */
  async json(texts: readonly string[], columns: readonly SourceColumn[]): Promise<Found> {
    const found = new Map<number, 'read' | 'unreadable'>();
    const rows: { i: number; t: string }[] = [];
    for (const [i, bytes] of texts.entries()) {
      const text = utf8(bytes).replace(/^\uFEFF/, '');
      if (isObject(text)) rows.push({ i, t: text });
      else if (text.trim() !== '' && mentionIn(text, this.named, this.wanted) !== undefined) found.set(i, 'unreadable');
    }
    if (rows.length === 0) return found;
    const read = wantedColumns(this.dataset, this.source).map(({ name, type }) => ({
      name: columns.find((column) => sameName(column.name, name))?.name ?? name,
      type,
    }));
    const shape = `{${read.map(({ name, type }) => `${JSON.stringify(name)}: ${JSON.stringify(type)}`).join(', ')}}`;
    const from = `(SELECT i, ${read.map(({ name }) => `o.${identifier(name)} AS ${identifier(name)}`).join(', ')}
      FROM (SELECT r.i AS i, json_transform(r.t, ${literal(shape)}) AS o
        FROM (SELECT unnest(json_transform($rows::JSON, '[{"i": "BIGINT", "t": "VARCHAR"}]')) AS r)))`;
    await this.judge({ files: [0], columns: read, from }, rows, found);
    return found;
  }

  private async judge(
    reading: Reading,
    rows: readonly object[],
    found: Map<number, 'read' | 'unreadable'>,
  ): Promise<void> {
    const hits = await this.lake.query<{ i: bigint }>(
      `SELECT i FROM (${this.judged(reading, 'i')}) WHERE _ingot_is_wanted`,
      { rows: JSON.stringify(rows) },
    );
    for (const { i } of hits) found.set(Number(i), 'read');
  }
}

function isObject(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
