import type { Column } from '../contract/dataset';
import { typeText } from '../contract/types';
import { isRounded } from '../ingest/rounded';
import { reasonsType } from '../ingest/typed';
import { DuckdbError } from '../runtime/duckdb';
import type { Lake, Transaction } from '../runtime/services';
import { identifier, literal } from '../sql/quote';
import { duckdbType } from '../sql/types';
import type { Change, Value } from './change';
import type { ChangedTable } from './columns';
import { pieces } from './pieces';

export type Session = Pick<Transaction, 'query' | 'run'>;

/** Temporary tables of one apply. */
export const staged = {
  /** Every change but truncations, typed; one row each. */
  changes: '_ingot_cdc_changes',
  /** The last change of each key. */
  last: '_ingot_cdc_last',
  /** Keys that need their columns judged one by one, with what is known of them. */
  whole: '_ingot_cdc_whole',
  /** What is to be done to each key, or to each version. */
  actions: '_ingot_cdc_actions',
  versions: '_ingot_cdc_versions',
} as const;

/** A change that cannot be what the contract says. */
export interface Rejected {
  readonly change: Change;
  readonly reasons: readonly { readonly rule: string; readonly column: string | null; readonly message: string }[];
}

/** How many changes are handed to DuckDB at once: one text holds them. */
const rowsOfDuckdb = 20_000;

/**
 * Puts changes of one table into a temporary table, typed as its contract says, and gives those that do not fit. The same
 * change, staged twice, is there once.
 */
export async function stageChanges(
  { dataset }: Pick<ChangedTable, 'dataset'>,
  changes: readonly Change[],
  session: Session & Pick<Lake, 'rowsAtOnce'>,
): Promise<Rejected[]> {
  const { columns, key } = dataset;
  const { rowsAtOnce } = session;
  await dropStaged(session);
  const types = columns.map((column) => `${identifier(column.name)} ${duckdbType(column.type)}`);
  await session.run(
    `CREATE TEMP TABLE ${staged.changes} (${types.join(', ')}, _n INTEGER, _op VARCHAR, _lsn BIGINT, _seq BIGINT,
      _pos HUGEINT, _dead BOOLEAN, _older VARCHAR, _at TIMESTAMPTZ, _reasons ${reasonsType})`,
  );
  // By place: a contract may have columns of whatever name.
  const into = (values: readonly string[]) => `INSERT INTO ${staged.changes}
    SELECT ${values.join(', ')}, n, o, l, s, l::HUGEINT * 4294967296 + s, o = 'delete', u, t`;
  const quick = ({ query }: Rows) => `${into(columns.map((_, i) => `c${i}`))}, NULL FROM (${query})`;
  const fields = rowsAtOnce === undefined ? fieldsOf(dataset) : undefined;
  const casts = columns.map((column, i) => `${castOf(column, `c${i}`)} AS x${i}`);
  const values = columns.map((column, i) => `${meantBy(column, `c${i}`, `x${i}`)} AS v${i}`);
  const reasons = columns.map((column, i) => reasonOf(column, `g.c${i}`, `g.v${i}`, key.includes(column.name)));
  const given = `SELECT unnest(json_transform($json::JSON, ${literal(carefulShape(columns))}), recursive := true)`;
  // Each step in a query of its own: Spark would do what a later one names twice as often.
  const careful = `${into(columns.map((_, i) => `v${i}`))}, CASE WHEN len(r) > 0 THEN r END
    FROM (SELECT g.*, list_filter([${reasons.join(', ')}], r -> r IS NOT NULL) AS r
      FROM (SELECT g.*, ${values.join(', ')} FROM (SELECT g.*, ${casts.join(', ')} FROM (${given}) AS g) AS g) AS g) AS g`;
  const isRead = (rows: Rows) =>
    session.run(quick(rows), rows.parameters).then(
      () => true,
      (error: unknown) => {
        if (error instanceof DuckdbError) return false;
        throw error;
      },
    );
  let from = 0;
  for (const some of pieces(changes, rowsAtOnce ?? rowsOfDuckdb, ({ origin }) => origin.raw.length)) {
    const rows = fields && rowsOf(fields, some, from);
    // Few batches have anything wrong: those are read once more, value by value, with a reason for each that does not fit.
    if (!(rows !== undefined && (await isRead(rows)))) await session.run(careful, { json: json(columns, some, from) });
    from += some.length;
  }
  const bad = await session.query<{ n: number; reasons: string }>(
    `SELECT _n AS n, to_json(_reasons)::VARCHAR AS reasons FROM ${staged.changes} WHERE _reasons IS NOT NULL ORDER BY _n`,
  );
  if (bad.length > 0) await session.run(`DELETE FROM ${staged.changes} WHERE _reasons IS NOT NULL`);
  return bad.map(({ n, reasons }) => ({ change: changes[n]!, reasons: JSON.parse(reasons) as Rejected['reasons'] }));
}

export async function dropStaged(session: Session): Promise<void> {
  for (const table of Object.values(staged)) await session.run(`DROP TABLE IF EXISTS ${table}`);
}

/** Whether a text of a type means what its cast makes of it. Types that are not named here need a look. */
const forms: Readonly<Record<string, 'any' | ((text: string) => boolean)>> = {
  boolean: 'any',
  // DuckDB's cast to a whole number rounds.
  int: (text) => !text.includes('.'),
  long: (text) => !text.includes('.'),
  float: 'any',
  double: 'any',
  decimal: 'any',
  string: 'any',
  uuid: 'any',
  time: 'any',
  date: isOfUsualYear,
  timestamp: isOfUsualYear,
  timestamptz: isOfUsualYear,
};

/** PostgreSQL writes years before the first with `BC` at the end, which casts leave out. */
function isOfUsualYear(text: string): boolean {
  return /^\d{4}-/.test(text) && !text.includes('BC');
}

/*
 * DuckDB splits a text seven times faster than it reads JSON. So the values of a column are handed to it as one text, and
 * only a batch in which a value holds what stands between values, or is what stands for none, is handed over as JSON.
 */
const between = '\u0001';
const nothing = '\u0002';

/** What is handed over of each change: the contract's columns, and what a staged change has beside them. */
interface Field {
  readonly name: string;
  /** DuckDB's. */
  readonly type: string;
  readonly of: (change: Change) => Value | number | bigint | undefined;
  /** Whether a text, or none, needs a look that DuckDB's cast does not take: see `meantBy` and `reasonOf`. */
  readonly isOdd?: (text: Value | undefined, change: Change) => boolean;
}

/** Undefined where a column is of a type whose texts all need a look. */
function fieldsOf({ columns, key }: ChangedTable['dataset']): Field[] | undefined {
  const own = columns.map(({ name, type, required }, i): Field | undefined => {
    const form = forms[typeof type === 'string' ? type.replace(/\(.*/, '') : ''];
    if (form === undefined) return undefined;
    const isKey = key.includes(name);
    const mayBeMissing = ({ operation, unchanged }: Change) =>
      !isKey && (!required || operation === 'delete' || unchanged?.includes(name) === true);
    const isOdd = (text: Value | undefined, change: Change) =>
      text == null
        ? !mayBeMissing(change)
        : (form !== 'any' && !form(text)) || text === nothing || text.includes(between);
    return { name: `c${i}`, type: duckdbType(type), of: ({ row }) => row[name], isOdd };
  });
  if (own.includes(undefined)) return undefined;
  return [
    ...(own as Field[]),
    { name: 'o', type: 'VARCHAR', of: ({ operation }) => operation },
    { name: 'l', type: 'BIGINT', of: ({ position }) => position.lsn },
    { name: 's', type: 'BIGINT', of: ({ position }) => position.sequence },
    { name: 't', type: 'TIMESTAMPTZ', of: ({ at }) => at },
    { name: 'u', type: 'VARCHAR', of: notSent },
  ];
}

interface Rows {
  /** A query of the changes, typed. Fails where a value is not of its type. */
  readonly query: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Changes as rows, column by column: each one text, and where all have the same value that value. Undefined where a value
 * needs a look that casts do not take.
 */
function rowsOf(fields: readonly Field[], changes: readonly Change[], from: number): Rows | undefined {
  const parameters: Record<string, string> = { n: changes.map((_, i) => from + i).join(between) };
  const split = [`unnest(string_split($n, ${literal(between)})) AS n`];
  const typed = ['v.n::INTEGER AS n'];
  for (const { name, type, of, isOdd } of fields) {
    const values = new Array<string | number | bigint>(changes.length);
    let isSame = true;
    let hasNone = false;
    for (let i = 0; i < changes.length; i++) {
      const change = changes[i]!;
      const value = of(change);
      if (isOdd?.(value as Value | undefined, change) === true) return undefined;
      hasNone ||= value == null;
      values[i] = value ?? nothing;
      isSame &&= values[i] === values[0];
    }
    parameters[name] = isSame ? String(values[0]) : values.join(between);
    split.push(`${isSame ? `$${name}::VARCHAR` : `unnest(string_split($${name}, ${literal(between)}))`} AS ${name}`);
    typed.push(`${hasNone ? `nullif(v.${name}, ${literal(nothing)})` : `v.${name}`}::${type} AS ${name}`);
  }
  return { query: `SELECT ${typed.join(', ')} FROM (SELECT ${split.join(', ')}) AS v`, parameters };
}

/** `change_older` of a change: what it did not send. */
function notSent({ unchanged, row }: Change): string | null {
  const left = unchanged === undefined ? [] : unchanged.filter((name) => !(name in row));
  return left.length === 0 ? null : `{${left.map((name) => `"${name}":""`).join(',')}}`;
}

/** The changes row by row, as JSON of `carefulShape`. */
const json = (columns: readonly Column[], changes: readonly Change[], from: number): string =>
  JSON.stringify(
    changes.map((change, i) => ({
      n: from + i,
      o: change.operation,
      l: change.position.lsn.toString(),
      s: change.position.sequence,
      t: change.at ?? null,
      u: notSent(change),
      ...Object.fromEntries(columns.map(({ name }, c) => [`c${c}`, change.row[name] ?? null])),
    })),
  );

const carefulShape = (columns: readonly Column[]): string => {
  const fields = columns.map((_, i) => `"c${i}":"VARCHAR"`).join(',');
  return `[{"n":"INTEGER","o":"VARCHAR","l":"BIGINT","s":"BIGINT","t":"TIMESTAMPTZ","u":"VARCHAR",${fields}}]`;
};

/** What the cast of a text to its column's type makes; null where it fails. PostgreSQL writes bytes as `\x00ff`. */
function castOf({ type }: Column, text: string): string {
  const target = duckdbType(type);
  if (target === 'VARCHAR') return text;
  if (target === 'BLOB') return `TRY(unhex(CASE WHEN starts_with(${text}, '\\x') THEN substr(${text}, 3) END))`;
  return typeof type === 'string'
    ? `TRY_CAST(${text} AS ${target})`
    : `TRY(CAST(TRY_CAST(${text} AS JSON) AS ${target}))`;
}

/** What of a cast is meant by its text; null where it is something else. */
function meantBy({ type }: Column, text: string, cast: string): string {
  if (typeof type !== 'string')
    return `CASE WHEN NOT ${isRounded(`TRY_CAST(${text} AS JSON)`, 'JSON', cast, type)} THEN ${cast} END`;
  const target = duckdbType(type);
  // DuckDB's cast to a whole number rounds: 1.5 is no whole number, and to say 2 would be to make up data.
  if (target === 'INTEGER' || target === 'BIGINT') return `CASE WHEN NOT contains(${text}, '.') THEN ${cast} END`;
  if (!/^(DATE|TIMESTAMP|TIMESTAMPTZ)$/.test(target)) return cast;
  // Milliseconds read as seconds are the year 50000: no reader of Iceberg would show that, and some would fail.
  return `CASE WHEN year(${cast}) BETWEEN 1 AND 9999 AND NOT contains(${text}, 'BC') THEN ${cast} END`;
}

function reasonOf({ name, type, required }: Column, text: string, value: string, isKey: boolean): string {
  const reason = (rule: string, message: string) =>
    `{'rule': ${literal(`${name}.${rule}`)}, 'column': ${literal(name)}, 'message': ${message}}`;
  const missing = reason('required', literal('must have a value'));
  const wrong = reason('type', `'must be ${typeText(type)}; given ' || left(${text}, 200)`);
  const demanded = isKey
    ? `${text} IS NULL`
    : required
      ? `${text} IS NULL AND g.o <> 'delete' AND coalesce(json_extract_string(g.u, ${literal(`$."${name}"`)}), 'x') <> ''`
      : 'FALSE';
  return `CASE WHEN ${demanded} THEN ${missing} WHEN ${text} IS NOT NULL AND ${value} IS NULL THEN ${wrong} END`;
}
