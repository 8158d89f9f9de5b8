import type { Duckdb } from '../../runtime/duckdb';
import { list, literal } from '../../sql/quote';
import type { Sample, SampleColumn } from './sample';

/** What is known of one column of a file. */
export interface Profile {
  readonly column: SampleColumn;
  readonly rows: number;
  /** Rows with a value. */
  readonly values: number;
  /** Rows with a value that is no word for "none", such as `NA`. */
  readonly meant: number;
  /** About how many different values; exact figures are asked for where they count. */
  readonly distinct: number;
  /** Of texts: how many of the meant values can be read as each kind. */
  readonly fits: Readonly<Record<Kind, number>>;
  /** Of numbers, and of texts that can be read as such: the lowest and the highest; null where there is none. */
  readonly least: number | null;
  readonly most: number | null;
  /** Of texts: characters of the shortest and of the longest. */
  readonly shortest: number | null;
  readonly longest: number | null;
}

/** What a text may be read as. */
export type Kind = keyof typeof tests;

/** Words that stand for "no value" in a column of numbers or dates. */
const noneWords = [
  'NA',
  'N/A',
  'n/a',
  'na',
  'null',
  'NULL',
  'None',
  'none',
  'NaN',
  'nan',
  '-',
  '--',
  '?',
  '\\N',
  '#N/A',
];

/** SQL condition that a text is none of those words. */
const isMeant = (column: string): string => `NOT list_contains(${list(noneWords)}, ${column})`;

const matching = (pattern: string, type?: string) => (v: string) =>
  `regexp_full_match(${v}, ${literal(pattern)})${type === undefined ? '' : ` AND TRY_CAST(${v} AS ${type}) IS NOT NULL`}`;

const day = '\\d{4}-\\d{2}-\\d{2}';
const clock = '\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?';

/**
 * A text is only taken for a number where writing the number gives the text again, in essence: a postal code `02134` is
 * no number, and an id of 25 digits would lose some. Numbers of more than eight digits are `long`, so that the next file
 * has room for larger ones.
 */
const tests = {
  boolean: (v: string) => `lower(${v}) IN ('true', 'false')`,
  int: matching('-?(0|[1-9]\\d{0,7})'),
  long: matching('-?(0|[1-9]\\d{0,18})', 'BIGINT'),
  double: (v: string) =>
    `regexp_full_match(${v}, '[-+]?((0|[1-9]\\d{0,17})(\\.\\d*)?|\\.\\d+)([eE][-+]?\\d+)?') AND isfinite(TRY_CAST(${v} AS DOUBLE))`,
  date: matching(day, 'DATE'),
  timestamp: matching(`${day}[ T]${clock}`, 'TIMESTAMP'),
  timestamptz: matching(`${day}[ T]${clock} ?(Z|[-+]\\d{2}(:?\\d{2})?)`, 'TIMESTAMPTZ'),
  time: matching('\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?', 'TIME'),
  uuid: matching('[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}', 'UUID'),
  json: (v: string) => `regexp_matches(${v}, '^[\\[{]') AND json_valid(${v})`,
  email: matching('[^@\\s]+@[^@\\s]+\\.[A-Za-z]{2,}'),
} as const;

const kinds = Object.keys(tests) as Kind[];

/** How many columns are asked for by one statement. */
const columnsAtOnce = 50;

/** Looks at every column by one pass over the rows. */
export async function profile({ columns, from }: Sample, duckdb: Duckdb): Promise<Profile[]> {
  const profiles: Profile[] = [];
  for (let start = 0; start < columns.length; start += columnsAtOnce) {
    const some = columns.slice(start, start + columnsAtOnce);
    const wanted = some.flatMap((column) =>
      Object.entries(aggregatesOf(column)).map(([k, sql]) => `${sql} AS ${column.sql}_${k}`),
    );
    const [row = {}] = await duckdb.query<Record<string, unknown>>(
      `SELECT count(*) AS rows, ${wanted.join(', ')} FROM ${from}`,
    );
    const number = (name: string) => (row[name] === null || row[name] === undefined ? null : Number(row[name]));
    profiles.push(
      ...some.map((column) => {
        const of = (name: string) => number(`${column.sql}_${name}`);
        return {
          column,
          rows: number('rows') ?? 0,
          values: of('values') ?? 0,
          meant: of('meant') ?? of('values') ?? 0,
          distinct: of('distinct') ?? 0,
          fits: Object.fromEntries(kinds.map((kind) => [kind, of(kind) ?? 0])) as Profile['fits'],
          least: of('least'),
          most: of('most'),
          shortest: of('shortest'),
          longest: of('longest'),
        };
      }),
    );
  }
  return profiles;
}

const isNumeric = (type: string): boolean => /INT|DECIMAL|FLOAT|DOUBLE/.test(type) && !/[[(<].*[A-Z]/.test(type);

function aggregatesOf({ sql, type }: SampleColumn): Record<string, string> {
  const shared = { values: `count(${sql})`, distinct: `approx_count_distinct(${sql})` };
  if (isNumeric(type)) return { ...shared, least: `CAST(min(${sql}) AS DOUBLE)`, most: `CAST(max(${sql}) AS DOUBLE)` };
  if (type !== 'VARCHAR') return { values: shared.values, distinct: /[[(]/.test(type) ? '0' : shared.distinct };
  const number = `TRY_CAST(${sql} AS DOUBLE)`;
  return {
    ...shared,
    meant: `count(${sql}) FILTER (WHERE ${isMeant(sql)})`,
    ...Object.fromEntries(
      kinds.map((kind) => [kind, `count(*) FILTER (WHERE ${isMeant(sql)} AND ${tests[kind](sql)})`]),
    ),
    least: `min(${number}) FILTER (WHERE isfinite(${number}))`,
    most: `max(${number}) FILTER (WHERE isfinite(${number}))`,
    shortest: `min(length(${sql}))`,
    longest: `max(length(${sql}))`,
  };
}

/** Exactly how many different values a column has. */
export async function distinctOf({ sql }: SampleColumn, from: string, duckdb: Duckdb): Promise<number> {
  const [row] = await duckdb.query<{ n: bigint }>(`SELECT count(DISTINCT ${sql}) AS n FROM ${from}`);
  return Number(row!.n);
}

/** The values of a column, most frequent first, with how often each stands; undefined where there are more than `most`. */
export async function valuesOf(
  { sql }: SampleColumn,
  most: number,
  from: string,
  duckdb: Duckdb,
): Promise<{ readonly value: string; readonly rows: number }[] | undefined> {
  const found = await duckdb.query<{ value: string; n: bigint }>(
    `SELECT CAST(${sql} AS VARCHAR) AS value, count(*) AS n FROM ${from} WHERE ${sql} IS NOT NULL
      GROUP BY ALL ORDER BY n DESC, value LIMIT ${most + 1}`,
  );
  return found.length > most ? undefined : found.map(({ value, n }) => ({ value, rows: Number(n) }));
}

/** The words for "none" that a column of texts holds. */
export async function noneWordsIn({ sql }: SampleColumn, from: string, duckdb: Duckdb): Promise<string[]> {
  const found = await duckdb.query<{ value: string }>(
    `SELECT DISTINCT ${sql} AS value FROM ${from} WHERE NOT (${isMeant(sql)}) ORDER BY value`,
  );
  return found.map(({ value }) => value);
}

/** The one shape that all texts of a column share, as a regular expression; undefined where they do not share one. */
export async function shapeOf({ sql }: SampleColumn, from: string, duckdb: Duckdb): Promise<string | undefined> {
  const shape = `regexp_replace(regexp_replace(regexp_replace(${sql}, '[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g'), '[0-9]', '0', 'g')`;
  const found = await duckdb.query<{ shape: string }>(
    `SELECT DISTINCT ${shape} AS shape FROM ${from} WHERE ${sql} IS NOT NULL LIMIT 2`,
  );
  const [one] = found;
  return one === undefined || found.length > 1 ? undefined : patternOf(one.shape);
}

/** `AA-000` as `^[A-Z]{2}-\d{3}$`; undefined where it says nothing: no letter or digit, or a sign that is none of ASCII's. */
function patternOf(shape: string): string | undefined {
  if (!/[Aa0]/.test(shape) || !/^[\x20-\x7e]+$/.test(shape)) return undefined;
  const classes: Readonly<Record<string, string>> = { A: '[A-Z]', a: '[a-z]', '0': '\\d' };
  const runs = shape.match(/A+|a+|0+|[^Aa0]/g) ?? [];
  const parts = runs.map((run) => {
    const name = classes[run[0]!];
    if (name === undefined) return run.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    return run.length === 1 ? name : `${name}{${run.length}}`;
  });
  return `^${parts.join('')}$`;
}

/** Ways to write a day that are not ISO 8601, in strptime's words. */
const dayFormats = [
  '%b %d %Y',
  '%d %b %Y',
  '%b %d, %Y',
  '%B %d, %Y',
  '%d.%m.%Y',
  '%m/%d/%Y',
  '%d/%m/%Y',
  '%Y/%m/%d',
  '%d-%b-%Y',
];

/** The one way in which all meant texts of a column write a day; undefined where none fits, or several do. */
export async function dayFormatOf({ sql }: SampleColumn, from: string, duckdb: Duckdb): Promise<string | undefined> {
  const counts = dayFormats.map((format, i) => `count(try_strptime(${sql}, ${literal(format)})) AS f${i}`);
  const [row] = await duckdb.query<Record<string, bigint>>(
    `SELECT count(*) AS n, ${counts.join(', ')} FROM ${from} WHERE ${sql} IS NOT NULL AND ${isMeant(sql)}`,
  );
  const fitting = dayFormats.filter((_, i) => row!.n !== 0n && row![`f${i}`] === row!.n);
  return fitting.length === 1 ? fitting[0] : undefined;
}
