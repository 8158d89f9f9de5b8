import { isDeepStrictEqual } from 'node:util';
import type { LakeSession } from '../../lib/runtime/lake';

/** The columns that the examples of docs/functions.md are about, as DuckDB's SQL: edge values, in many pairs. */
export const edgeRows = `
  SELECT n,
    list_extract(['a', 'b', NULL, ''], n % 4 + 1) AS g,
    list_extract([0, 1, -1, 7, -7, 2147483647, -2147483648, NULL], n % 8 + 1)::INTEGER AS i,
    list_extract([0, 1, -1, 7, -7, 2147483647, -2147483648, NULL], n // 8 % 8 + 1)::INTEGER AS j,
    list_extract([0, 9007199254740993, -5, 9223372036854775807, -9223372036854775808, 12, NULL], n % 7 + 1)::BIGINT AS b,
    list_extract([0e0, 100e0, 1.5e0, 2.5e0, -2.5e0, 'NaN'::DOUBLE, 'Infinity'::DOUBLE, '-Infinity'::DOUBLE, 1e300, 1e-7,
      0.1e0, 1234567890123e0, 3.9999e0, NULL], n % 14 + 1)::DOUBLE AS x,
    list_extract([0e0, 5e-1, 2e0, -3e0, 'NaN'::DOUBLE, 'Infinity'::DOUBLE, NULL], n // 14 % 7 + 1)::DOUBLE AS y,
    list_extract([0, 1.5, 2.5, -2.5, 0.0001, 99999.9999, -7.25, 10.125, NULL], n % 9 + 1)::DECIMAL(18, 4) AS p,
    list_extract([3, 0, -1.5, 0.0003, 1234.5, NULL], n // 9 % 6 + 1)::DECIMAL(18, 4) AS q,
    list_extract(['', ' ', 'abc', 'ABC', 'Straße', 'İstanbul', 'e' || chr(769) || 'a', '🙂b🙂', 'a%b_c', 'o''hara', '42', '-1.5', ' 7 ', '1e3',
      'true', 'No', '2026-01-31', '2026-01-31 10:11:12.123456', '2026-01-31T10:11:12+02:00', 'a\\b', 'x' || chr(10) || 'y', '007', '+5', '1.',
      '.5', 'nan', '99999999999', '2026-02-30', '2026-1-5', '12.345', '-2.5', NULL, 'ﬁ Σς', '10:11:12', '1,5', 'NULL', '0', '1d'],
      n % 38 + 1) AS s,
    list_extract(['abc', '', 'a', 'b', 'A', '%', '_b%', NULL, 'ß', '🙂', '42'], n % 11 + 1) AS t,
    list_extract(['2026-01-31', '2024-02-29', '1969-12-31', '2025-12-29', '2021-01-03', '2262-04-11', '0002-01-01', '2026-11-21', NULL],
      n % 9 + 1)::DATE AS d,
    list_extract(['2026-03-01', '2024-02-28', '1970-01-01', '2020-12-31', NULL], n // 9 % 5 + 1)::DATE AS e,
    list_extract(['2026-01-31 23:59:59.999999', '1969-12-31 23:59:59.5', '2024-02-29 12:00:00', '1970-01-01', '2026-03-29 02:30:00',
      '2026-10-25 02:30:00', '1900-01-01 00:00:00.000001', NULL], n % 8 + 1)::TIMESTAMP AS ts,
    list_extract(['2026-01-31 10:00:00', '1970-01-01', '2025-12-31 23:59:59', '2024-02-29 12:00:00.25', NULL], n // 8 % 5 + 1)::TIMESTAMP AS us,
    list_extract(['2026-01-31 23:59:59.999999+00', '1969-12-31 22:00:00-03', '2026-03-29 01:30:00+00', '2026-11-01 05:30:00+00', NULL],
      n % 5 + 1)::TIMESTAMPTZ AS z,
    list_extract([true, false, NULL], n % 3 + 1) AS ok,
    list_extract([[1, 7, NULL, -1], [], [7, 7], NULL, [3]], n % 5 + 1)::INTEGER[] AS l,
    list_extract([[0e0, 'NaN'::DOUBLE], ['NaN'::DOUBLE, 'NaN'::DOUBLE], [1e0, 1e0], [NULL, NULL], NULL], n % 5 + 1)::DOUBLE[] AS xs,
    CASE WHEN n % 6 = 5 THEN NULL ELSE {'a': n, 'b': list_extract(['x', NULL], n % 2 + 1)} END AS st,
    list_extract(['{"a": 1, "b": [1, 2], "o": {"k": "x"}}', '{"a": null, "b": []}', '[1, 2]', '{"a": "é\\"q", "b": {}}', '{}', NULL, '{"a": 1.50, "o": 3}',
      '{"a": {"z":  [1,2]}}', '{"a": true}', '"text"'], n % 10 + 1) AS js
  FROM (SELECT range::INTEGER AS n FROM range(117))`;

/** A row of the page: an expression, or a whole query in the section of queries. */
export interface Example {
  readonly section: string;
  readonly sql: string;
}

/** The examples of the page's tables, whose first column they are; but for what is not on both engines. */
export function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  let section = '';
  for (const line of page.split('\n')) {
    section = /^## (.+)$/.exec(line)?.[1] ?? section;
    const cell = /^\| `(.+?)` \|/.exec(line.replaceAll('\\|', '\u0000'))?.[1];
    if (cell !== undefined && section !== 'Not on both')
      examples.push({ section, sql: cell.replaceAll('\u0000', '|') });
  }
  return examples;
}

/** What an engine makes of an example: the sort of each column's type, and its rows; or that it refuses it. */
export type Outcome =
  | { readonly types: readonly string[]; readonly rows: readonly unknown[] }
  | { readonly error: string };

type Asked = Pick<LakeSession, 'query'>;

/** Examples that are asked together: analysis costs Spark more than the rows do. */
const together = 12;

export async function outcomes(examples: readonly Example[], session: Asked): Promise<Outcome[]> {
  const found = new Map<Example, Outcome>();
  for (const section of new Set(examples.map((example) => example.section))) {
    const all = examples.filter((example) => example.section === section);
    const size = section === 'Queries' ? 1 : together;
    for (let start = 0; start < all.length; start += size) {
      const some = all.slice(start, start + size);
      for (const [i, outcome] of (await outcomesOf(section, some, session)).entries()) found.set(some[i]!, outcome);
    }
  }
  return examples.map((example) => found.get(example)!);
}

async function outcomesOf(section: string, examples: readonly Example[], session: Asked): Promise<Outcome[]> {
  const sql = queryOf(section, examples);
  try {
    const types = await session.query<{ column_type: string }>(`DESCRIBE ${sql}`);
    const rows = await session.query(sql);
    if (section === 'Queries')
      return [{ types: types.map(({ column_type }) => sortOf(column_type)), rows: ordered(examples[0]!.sql, rows) }];
    return examples.map((_, i) => ({
      types: [sortOf(types[i]!.column_type)],
      rows: rows.map((row) => row[`c${i}`]),
    }));
  } catch (error) {
    if (examples.length === 1) return [{ error: (error as Error).message }];
    const each: Outcome[] = [];
    for (const example of examples) each.push(...(await outcomesOf(section, [example], session)));
    return each;
  }
}

function queryOf(section: string, examples: readonly Example[]): string {
  if (section === 'Queries') return examples[0]!.sql;
  const columns = (of: (sql: string) => string) => examples.map(({ sql }, i) => `${of(sql)} AS c${i}`).join(', ');
  if (section === 'Aggregates') return `SELECT ${columns((sql) => sql)}, g FROM edge GROUP BY g ORDER BY g`;
  if (section === 'Window functions') return `SELECT ${columns((sql) => sql)}, n FROM edge ORDER BY n`;
  // Within a struct, null is told from the null that stands for an error.
  return `SELECT ${columns((sql) => `TRY({'v': ${sql}})`)}, n FROM edge ORDER BY n`;
}

/** Without ORDER BY any row may come first. */
const ordered = (sql: string, rows: readonly object[]): readonly unknown[] =>
  /ORDER BY [^()]*$/.test(sql) ? rows : [...rows].sort((a, b) => (text(a) < text(b) ? -1 : 1));

const text = (value: unknown): string => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v));

const sorts: readonly [RegExp, string][] = [
  [/^(u?(tiny|small|big|huge)int|integer|int|long)$/, 'whole number'],
  [/^(double|float)$/, 'floating point'],
  [/^(varchar|string|json)$/, 'text'],
  [/^timestamp_ntz$/, 'timestamp'],
  [/^timestamp with time zone$/, 'timestamp with a zone'],
  [/^(blob|binary)$/, 'bytes'],
];

/** The sort of a type: which whole number it is does not show in a table, whose contract says it. */
function sortOf(type: string): string {
  const lower = type.toLowerCase().replaceAll('"', '');
  const inner = /^struct[(<]v:? ?(.*)[)>]$/.exec(lower)?.[1] ?? lower;
  // DuckDB's has none.
  if (inner === 'timestamp' && type.includes('timestamp')) return 'timestamp with a zone';
  const scale = /^decimal\(\d+, ?(\d+)\)$/.exec(inner)?.[1];
  if (scale !== undefined) return scale === '0' ? 'whole number' : `decimal of ${scale}`;
  if (/^(struct|array|map)|\[\]$/.test(inner)) return 'nested';
  return sorts.find(([like]) => like.test(inner))?.[1] ?? inner;
}

/** Whether two engines agree: in floating point up to its last bits, since sums go in another order. */
export function agree(a: unknown, b: unknown): boolean {
  const [one, other] = [plain(a), plain(b)];
  if (typeof one === 'number' && typeof other === 'number') {
    // Zero and its negative are equal in SQL.
    if (one === other || (Number.isNaN(one) && Number.isNaN(other))) return true;
    return Math.abs(one - other) <= 1e-12 * Math.max(Math.abs(one), Math.abs(other));
  }
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((value, i) => agree(value, other[i]));
  if (isObject(one) && isObject(other)) {
    const names = Object.keys(one);
    return isDeepStrictEqual(names, Object.keys(other)) && names.every((name) => agree(one[name], other[name]));
  }
  return isDeepStrictEqual(one, other);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whole numbers come as they fit, and what JSON has no number for as its name. */
function plain(value: unknown): unknown {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  return typeof value === 'bigint' && BigInt(Number(value)) === value ? Number(value) : value;
}
