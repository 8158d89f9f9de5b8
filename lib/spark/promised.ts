import { literal } from '../sql/quote';

/**
 * Functions and operators whose meaning is the same on DuckDB and Spark, as DuckDB's parser names them. docs/functions.md
 * has an example of each, which `npm run test:spark` runs on both.
 */
export const promisedFunctions: ReadonlySet<string> = new Set([
  '!~~',
  '%',
  '&',
  '*',
  '+',
  '-',
  '->>',
  '/',
  '//',
  'abs',
  'acos',
  'any_value',
  'arg_max',
  'arg_min',
  'array_contains',
  'array_length',
  'array_to_string',
  'ascii',
  'asin',
  'atan',
  'atan2',
  'avg',
  'bit_and',
  'bit_or',
  'bool_and',
  'bool_or',
  'cbrt',
  'ceil',
  'chr',
  'concat',
  'concat_ws',
  'contains',
  'corr',
  'cos',
  'count',
  'count_if',
  'count_star',
  'covar_pop',
  'covar_samp',
  'cume_dist',
  'date_add',
  'date_diff',
  'date_part',
  'date_trunc',
  'datediff',
  'day',
  'dayname',
  'dayofmonth',
  'dayofweek',
  'dayofyear',
  'degrees',
  'dense_rank',
  'encode',
  'ends_with',
  'epoch',
  'epoch_ms',
  'epoch_us',
  'exp',
  'first_value',
  'floor',
  'greatest',
  'hex',
  'hour',
  'instr',
  'isfinite',
  'isinf',
  'isnan',
  'isodow',
  'isoyear',
  'json_extract_string',
  'lag',
  'last_day',
  'last_value',
  'lead',
  'least',
  'left',
  'len',
  'length',
  'like_escape',
  'list_concat',
  'list_contains',
  'list_count',
  'list_extract',
  'list_filter',
  'list_max',
  'list_min',
  'list_reverse',
  'list_sort',
  'list_transform',
  'list_unique',
  'list_value',
  'ln',
  'log10',
  'log2',
  'lower',
  'lpad',
  'ltrim',
  'make_date',
  'make_timestamp',
  'max',
  'max_by',
  'md5',
  'median',
  'min',
  'min_by',
  'minute',
  'mod',
  'month',
  'monthname',
  'now',
  'nth_value',
  'ntile',
  'nullif',
  'percent_rank',
  'pi',
  'position',
  'power',
  'prefix',
  'quantile_cont',
  'quarter',
  'radians',
  'rank',
  'regexp_extract',
  'regexp_extract_all',
  'regexp_full_match',
  'regexp_matches',
  'regexp_replace',
  'regexp_split_to_array',
  'regr_slope',
  'repeat',
  'replace',
  'right',
  'round',
  'row',
  'row_number',
  'rpad',
  'rtrim',
  'second',
  'sha256',
  'sign',
  'sin',
  'split_part',
  'sqrt',
  'starts_with',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'strftime',
  'string_agg',
  'string_split',
  'strlen',
  'strpos',
  'strptime',
  'struct_extract',
  'struct_pack',
  'substr',
  'substring',
  'suffix',
  'sum',
  'tan',
  'timezone',
  'to_base64',
  'to_days',
  'to_minutes',
  'to_months',
  'to_timestamp',
  'to_years',
  'translate',
  'trim',
  'trunc',
  'unnest',
  'upper',
  'var_pop',
  'var_samp',
  'variance',
  'week',
  'weekofyear',
  'xor',
  'year',
  'yearweek',
  '|',
  '||',
  '~~',
  '~~*',
]);

/** A function in a SELECT. */
export interface Called {
  readonly name: string;
  /** Its line in the SQL, from 1; absent where the parser does not say it. */
  readonly line?: number;
}

/** Runs a query of DuckDB's. */
export type Query = (sql: string) => Promise<readonly object[]>;

/** The functions and operators that a SELECT calls and that are not promised on both engines, each once. */
export async function unpromised(sql: string, query: Query): Promise<Called[]> {
  const called = await functionsOf(sql, query);
  return called.filter(
    ({ name }, i) => !promisedFunctions.has(name) && called.findIndex((other) => other.name === name) === i,
  );
}

/**
 * The functions and operators that a SELECT calls, as DuckDB's parser has them.
 *
 * @throws Error where it is no SELECT
 */
export async function functionsOf(sql: string, query: Query): Promise<Called[]> {
  const found: Called[] = [];
  for (const part of nodesOf(await treeOf(sql, query))) {
    const { function_name: name } = part;
    if (name !== undefined && name !== '') found.push({ name: name.toLowerCase(), line: lineOf(part, sql) });
  }
  return found;
}

/**
 * Lines on which a SELECT casts to HUGEINT, or to what holds one, undefined where the parser does not say it: in subqueries
 * and CTEs too, from where a column of that type looks like any other.
 *
 * @throws Error where it is no SELECT
 */
export async function hugeCasts(sql: string, query: Query): Promise<(number | undefined)[]> {
  const casts = [...nodesOf(await treeOf(sql, query))].filter(({ cast_type: to }) =>
    [...nodesOf(to)].some(({ id }) => id === 'HUGEINT' || id === 'UHUGEINT'),
  );
  return [...new Set(casts.map((cast) => lineOf(cast, sql)))];
}

/** What is read of a part of DuckDB's tree of a statement. */
interface Part {
  readonly error?: boolean;
  readonly error_message?: string;
  readonly function_name?: string;
  readonly query_location?: number;
  readonly cast_type?: unknown;
  /** Of a type. */
  readonly id?: string;
}

async function treeOf(sql: string, query: Query): Promise<Part> {
  const [row] = await query(`SELECT json_serialize_sql(${literal(sql)}) AS tree`);
  const tree = JSON.parse(String((row as { tree?: unknown }).tree)) as Part;
  if (tree.error === true) throw new Error(tree.error_message);
  return tree;
}

function* nodesOf(tree: unknown): Generator<Part> {
  if (typeof tree !== 'object' || tree === null) return;
  yield tree;
  for (const one of Object.values(tree)) yield* nodesOf(one);
}

/**
 * Of a part that has no place of its own, as the cast of `hugeint '5'`, the line of the first that has one inside of it. The
 * parser counts bytes, and says of what has no place one that is beyond any text.
 */
function lineOf(part: Part, sql: string): number | undefined {
  const text = Buffer.from(sql);
  for (const { query_location: at } of nodesOf(part))
    if (at !== undefined && at <= text.length) return text.subarray(0, at).toString().split('\n').length;
  return undefined;
}
