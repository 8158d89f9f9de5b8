import { identifier, literal } from '../sql/quote';
import {
  columnsOption,
  duckdbPath,
  type Format,
  type ProbedFile,
  pathList,
  probeEach,
  type SourceColumn,
  sameName,
} from './read';

/** Rows of each file that are looked at for columns that the contract does not know. */
const sampledRows = 1000;

/** JSON: one object a line, or an array of objects. What the contract wants as text or number is read as text. */
export const json: Format = {
  probe(uris, _source, query) {
    const describe = (uri: string) => `
      SELECT column_name AS name, 'JSON' AS type FROM (DESCRIBE FROM read_json(${literal(duckdbPath(uri))},
        maximum_depth = 1, sample_size = ${sampledRows}, hive_partitioning = false, ignore_errors = false))`;
    // A file whose sample is broken may have good lines: its columns are then those of the contract.
    return probeEach(uris, describe, query).then((probes) =>
      probes.map((probe) => ('unreadable' in probe ? [] : probe)),
    );
  },

  readings(files, _source, wanted) {
    const columns = columnsOf(files, wanted);
    const uris = files.map((file) => file.uri);
    const from = `read_json(${pathList(uris)}, columns = ${columnsOption(columns)}, format = 'auto', hive_partitioning = false)`;
    return [{ files: files.map((file) => file.index), columns, from }];
  },

  /** Line by line: what is no JSON object is a row that is broken, and the others are read. */
  lenient(file, _source, wanted) {
    const columns = columnsOf([file], wanted);
    const shape = `{${columns.map(({ name, type }) => `${JSON.stringify(name)}: ${JSON.stringify(type)}`).join(', ')}}`;
    const fields = columns.map(({ name }) => `row.${identifier(name)} AS ${identifier(name)}`).join(', ');
    return {
      files: [file.index],
      columns,
      from: `(
        SELECT ${fields}, NOT is_object AS is_broken, line, file_index FROM (
          SELECT line, is_object, file_index, json_transform(CASE WHEN is_object THEN line ELSE '{}' END, ${literal(shape)}) AS row
          FROM (
            SELECT line, file_index,
              coalesce(CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' END, false) AS is_object
            FROM read_csv(${pathList([file.uri])}, columns = {line: 'VARCHAR'}, auto_detect = false, header = false,
              delim = chr(0), quote = '', escape = '', hive_partitioning = false)
            WHERE trim(line) <> '')))`,
      broken: { when: 'is_broken', raw: 'line', message: literal('the line is not a JSON object') },
    };
  },
};

/** What the contract wants, in its types, and what else the files have. */
function columnsOf(files: readonly ProbedFile[], wanted: readonly SourceColumn[]): SourceColumn[] {
  const columns = [...wanted];
  for (const { name } of files.flatMap((file) => file.columns)) {
    const known = columns.findIndex((column) => sameName(column.name, name));
    if (known === -1) columns.push({ name, type: 'JSON' });
    // JSON knows case in names: the file's spelling is the one that finds the value.
    else columns[known] = { name, type: columns[known]!.type };
  }
  return columns;
}
