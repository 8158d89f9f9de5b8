import type { Source } from '../contract/dataset';
import type { Format, Formats, ProbedFile, Reading, SourceColumn } from '../ingest/read';
import { byHeader, sameName } from '../ingest/read';
import { literal } from '../sql/quote';
import { SparkError, type SparkSession } from './session';

/** How Spark reads the formats that a source may have: the table function `ingot_read`, of which `spark/` knows. */
export const sparkFormats = (session: Pick<SparkSession, 'columns'>): Formats => ({
  csv: {
    probe: probe(session),
    readings: (files, source, wanted) =>
      byHeader(files).map((group) => together(group, source, source.header === false ? wanted : [])),
  },
  json: { probe: probe(session), readings: (files, source, wanted) => [together(files, source, wanted)] },
  parquet: { probe: probe(session), readings: (files, source) => [together(files, source, [])] },
});

/** Kinds of errors that say nothing of the file. */
const otherFaults = ['Binder', 'Catalog', 'INTERNAL', 'Parser', 'Protocol'];

function probe(session: Pick<SparkSession, 'columns'>): Format['probe'] {
  return async (uris, source) => {
    const probes = [];
    for (const uri of uris) {
      try {
        const columns = source.header === false ? [] : await session.columns(describe([uri], source, []));
        probes.push(source.format === 'csv' ? repeated(columns) : columns);
      } catch (error) {
        if (!(error instanceof SparkError) || otherFaults.includes(error.kind)) throw error;
        probes.push({ unreadable: error.message });
      }
    }
    return probes;
  };
}

/** Columns of a header; to each name that it gives more than once, Spark has put the column's place. */
function repeated(columns: readonly SourceColumn[]): SourceColumn[] {
  const given = columns.map(({ name }, i) => (name.endsWith(`${i}`) ? name.slice(0, -`${i}`.length) : name));
  return columns.map((column, i) => {
    const name = given[i]!;
    const isRepeated =
      name !== column.name && given.some((one, k) => k < i && one !== columns[k]!.name && sameName(one, name));
    return isRepeated && !columns.some((one) => sameName(one.name, name)) ? { ...column, repeats: name } : column;
  });
}

/** What the contract wants and the files have, in the files' own spelling: a text where the format has no types. */
function together(files: readonly ProbedFile[], source: Source, wanted: readonly SourceColumn[]): Reading {
  const columns: SourceColumn[] = wanted.map((column) => ({ ...column }));
  for (const column of files.flatMap((file) => file.columns)) {
    const known = columns.findIndex(({ name }) => sameName(name, column.name));
    if (known === -1) columns.push(source.format === 'json' ? { name: column.name, type: 'JSON' } : column);
    else if (source.format === 'json') columns[known] = { name: column.name, type: columns[known]!.type };
    else if (columns[known]!.type !== column.type) columns[known] = { name: columns[known]!.name, type: 'ANY' };
  }
  const from = `ingot_read(${literal(
    JSON.stringify(
      describe(
        files.map((file) => file.uri),
        source,
        columns,
      ),
    ),
  )})`;
  const reading = { files: files.map((file) => file.index), columns, from };
  if (source.format === 'parquet') return reading;
  const what = source.format === 'json' ? 'is not a JSON object' : 'has not the columns of the header';
  return {
    ...reading,
    broken: {
      when: '_ingot_broken_line IS NOT NULL',
      raw: '_ingot_broken_line',
      message: literal(`the line ${what}`),
    },
  };
}

function describe(files: readonly string[], source: Source, columns: readonly SourceColumn[]): object {
  const { format, delimiter = ',', header = true, nullValues = [''] } = source;
  const nested = columns.filter(({ type }) => type === 'JSON').map(({ name }) => name);
  return {
    format,
    files,
    columns: columns.map(({ name }) => name),
    ...(format === 'csv' ? { delimiter, header, nullValues } : {}),
    ...(nested.length === 0 ? {} : { nested }),
  };
}
