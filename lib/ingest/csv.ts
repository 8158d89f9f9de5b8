import type { Source } from '../contract/dataset';
import { list, literal } from '../sql/quote';
import {
  byHeader,
  columnsOption,
  duckdbPath,
  type Format,
  type Probe,
  type ProbedFile,
  pathList,
  probeEach,
  type Reading,
  type SourceColumn,
  sameName,
} from './read';

let readings = 0;

/**
 * CSV, with quotes as in RFC 4180. Every column is read as text. A line with too few or too many columns, or that is not
 * UTF-8, is set aside with its text. DuckDB guesses nothing: the header says the columns, the contract the rest.
 */
export const csv: Format = {
  async probe(uris, source, query) {
    if (source.header === false) return uris.map(() => []);
    const probes = await probeEach(uris, (uri) => firstLine(uri, false), query);
    const columns: Probe[] = [];
    for (const [i, probe] of probes.entries()) {
      if (!('unreadable' in probe)) columns.push(header(probe[0]?.name ?? '', source));
      else if (/on Line: 1$/.test(probe.unreadable)) columns.push({ unreadable: 'its header is not UTF-8' });
      // DuckDB looks at more than the first line: it is another one that is broken, and that is for the reader to say.
      else {
        const [lenient] = await probeEach([uris[i]!], (uri) => firstLine(uri, true), query);
        columns.push(lenient === undefined || 'unreadable' in lenient ? probe : header(lenient[0]?.name ?? '', source));
      }
    }
    return columns;
  },

  readings(files, source, wanted) {
    return byHeader(files).map((group) => {
      const columns =
        source.header === false ? wanted.map(({ name }) => ({ name, type: 'VARCHAR' })) : group[0]!.columns;
      return reading(group, columns, source);
    });
  },
};

function reading(files: readonly ProbedFile[], columns: Reading['columns'], source: Source): Reading {
  readings += 1;
  const rejects = { errors: `ingot_rejected_lines_${readings}`, scans: `ingot_rejecting_scans_${readings}` };
  const options = [
    `columns = ${columnsOption(columns)}`,
    'auto_detect = false',
    `header = ${source.header ?? true}`,
    `delim = ${literal(source.delimiter ?? ',')}`,
    `quote = '"'`,
    `escape = '"'`,
    `nullstr = ${list(source.nullValues ?? [''])}`,
    'hive_partitioning = false',
    'store_rejects = true',
    'rejects_limit = 0',
    `rejects_table = ${literal(rejects.errors)}`,
    `rejects_scan = ${literal(rejects.scans)}`,
  ];
  const uris = files.map((file) => file.uri);
  return {
    files: files.map((file) => file.index),
    columns,
    from: `read_csv(${pathList(uris)}, ${options.join(', ')})`,
    rejects,
  };
}

/** A SELECT of a file's first line as `name`. For one line DuckDB's usual buffers, of 32 MB, would be filled and split. */
function firstLine(uri: string, ignoreErrors: boolean): string {
  const options = `columns = {line: 'VARCHAR'}, auto_detect = false, header = false, delim = chr(0), quote = '', escape = '',
    hive_partitioning = false, buffer_size = 4000000, ignore_errors = ${ignoreErrors}`;
  return `SELECT line AS name, 'VARCHAR' AS type FROM read_csv(${literal(duckdbPath(uri))}, ${options}) LIMIT 1`;
}

function header(line: string, source: Source): Probe {
  const names = splitHeader(line.replace(/^\uFEFF/, ''), source.delimiter ?? ',');
  if (names === undefined) return { unreadable: 'its header has a quote that is not closed' };
  const seen = new Map<string, number>();
  return names.map((given, i) => {
    const name = given === '' ? `column${i}` : given;
    const before = seen.get(name.toLowerCase()) ?? 0;
    seen.set(name.toLowerCase(), before + 1);
    return before === 0 ? { name, type: 'VARCHAR' } : { name: `${name}_${before}`, type: 'VARCHAR', repeats: name };
  });
}

/**
 * Why a file was not split as the contract says, in words: its header is one column whose name holds several of those
 * that are wanted, apart by another delimiter. Undefined where nothing tells so.
 */
export function otherDelimiter(
  columns: readonly SourceColumn[],
  source: Source,
  wanted: readonly SourceColumn[],
): string | undefined {
  const [only, ...more] = columns;
  if (source.format !== 'csv' || source.header === false || only === undefined || more.length > 0) return undefined;
  const said = source.delimiter ?? ',';
  const found = [',', ';', '\t', '|'].find((delimiter) => {
    const names = delimiter === said ? [] : (splitHeader(only.name, delimiter) ?? []);
    return names.filter((name) => wanted.some((column) => sameName(column.name, name))).length > 1;
  });
  if (found === undefined) return undefined;
  const words = (delimiter: string) => JSON.stringify(delimiter);
  return `its columns are ${words(found)} apart and not ${words(said)}; the contract's server has the field delimiter`;
}

/** The names in a header line; undefined where a quote is not closed. */
function splitHeader(line: string, delimiter: string): string[] | undefined {
  const names: string[] = [];
  let rest = line.replace(/\r$/, '');
  for (;;) {
    const quoted = /^\s*"((?:[^"]|"")*)"\s*/.exec(rest);
    if (quoted === null && /^\s*"/.test(rest)) return undefined;
    const end = rest.indexOf(delimiter, quoted?.[0].length ?? 0);
    const name = quoted === null ? rest.slice(0, end === -1 ? undefined : end) : quoted[1]!.replaceAll('""', '"');
    names.push(name.trim());
    if (end === -1) return names;
    rest = rest.slice(end + delimiter.length);
  }
}
