import type { Column } from '../contract/dataset';
import { typeText } from '../contract/types';
import { reasonsType } from '../ingest/typed';
import { DuckdbError } from '../runtime/duckdb';
import type { Transaction } from '../runtime/services';
import { identifier, literal } from '../sql/quote';
import { columnList } from '../sql/rows';
import { duckdbType } from '../sql/types';
import type { Change } from './change';
import type { ChangedTable } from './columns';

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

/** Columns that a staged change has beside the contract's. */
export const stagedColumns = {
  index: '_n',
  operation: '_op',
  lsn: '_lsn',
  sequence: '_seq',
  position: '_pos',
  /** Whether the row is gone after it. */
  dead: '_dead',
  /** As `change_older`: an empty text for each column that was not sent. */
  older: '_older',
  at: '_at',
} as const;

/** A change that cannot be what the contract says. */
export interface Rejected {
  readonly change: Change;
  readonly reasons: readonly { readonly rule: string; readonly column: string | null; readonly message: string }[];
}

/** How many changes are handed to DuckDB at once: one text holds them. */
const atOnce = 20_000;

/**
 * Puts changes of one table into a temporary table, typed as its contract says, and gives those that do not fit. The same
 * change, staged twice, is there once.
 */
export async function stageChanges(
  { dataset }: Pick<ChangedTable, 'dataset'>,
  changes: readonly Change[],
  session: Session,
): Promise<Rejected[]> {
  const { columns, key } = dataset;
  await dropStaged(session);
  const list = columnList(columns.map(({ name }) => name));
  const types = columns.map((column) => `${identifier(column.name)} ${duckdbType(column.type)}`);
  await session.run(
    `CREATE TEMP TABLE ${staged.changes} (${types.join(', ')}, _n INTEGER, _op VARCHAR, _lsn BIGINT, _seq BIGINT,
      _pos HUGEINT, _dead BOOLEAN, _older VARCHAR, _at TIMESTAMPTZ, _reasons ${reasonsType})`,
  );
  const into = `INSERT INTO ${staged.changes}
    SELECT ${list}, n, o, l, s, l::HUGEINT * 4294967296 + s, o = 'delete', u, t`;
  const unnested = (types: readonly string[], strict: string) => {
    const fields = types.map((type, i) => `"c${i}":"${type}"`).join(',');
    const shape = `[{"n":"INTEGER","o":"VARCHAR","l":"BIGINT","s":"BIGINT","t":"TIMESTAMPTZ","u":"VARCHAR",${fields}}]`;
    return `(SELECT unnest(json_transform${strict}($json::JSON, ${literal(shape)}), recursive := true)) AS g`;
  };
  const renamed = columns.map(({ name }, i) => `c${i} AS ${identifier(name)}`).join(', ');
  const quick = `${into}, NULL FROM (SELECT n, o, l, s, t, u, ${renamed} FROM ${unnested(
    columns.map(({ type }) => duckdbType(type)),
    '_strict',
  )})`;
  const values = columns.map((column, i) => `${typedValue(column, `c${i}`)} AS ${identifier(column.name)}`);
  const reasons = columns.map((column, i) => reasonOf(column, `g.c${i}`, key.includes(column.name)));
  const careful = `${into}, nullif(list_filter([${reasons.join(', ')}], r -> r IS NOT NULL), [])
    FROM (SELECT g.*, ${values.join(', ')} FROM ${unnested(
      columns.map(() => 'VARCHAR'),
      '',
    )}) AS g`;
  for (let from = 0; from < changes.length; from += atOnce) {
    const some = changes.slice(from, from + atOnce);
    const given = { json: json(columns, some, from) };
    // Few batches have anything wrong: those are read once more, value by value, with a reason for each that does not fit.
    const isRead =
      looksRight(dataset, some) &&
      (await session.run(quick, given).then(
        () => true,
        (error: unknown) => {
          if (error instanceof DuckdbError) return false;
          throw error;
        },
      ));
    if (!isRead) await session.run(careful, given);
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

/** Whether no value needs a look that DuckDB's casts do not take: see `typedValue` and `reasonOf`. */
function looksRight({ columns, key }: ChangedTable['dataset'], changes: readonly Change[]): boolean {
  const checks = columns.map(({ name, type, required }) => {
    const form = forms[typeof type === 'string' ? type.replace(/\(.*/, '') : ''];
    return { name, form, isKey: key.includes(name), required };
  });
  if (checks.some(({ form }) => form === undefined)) return false;
  return changes.every(({ operation, row, unchanged }) =>
    checks.every(({ name, form, isKey, required }) => {
      const value = row[name];
      if (value != null) return form!.test(value);
      return !isKey && (!required || operation === 'delete' || unchanged?.includes(name) === true);
    }),
  );
}

/** What texts of a type look like whose cast means what they say. Types that are not named here need a look. */
const forms: Readonly<Record<string, RegExp>> = {
  boolean: /^/,
  int: /^-?\d+$/,
  long: /^-?\d+$/,
  float: /^/,
  double: /^/,
  decimal: /^/,
  string: /^/,
  uuid: /^/,
  time: /^/,
  date: /^\d{4}-/,
  timestamp: /^\d{4}-/,
  timestamptz: /^\d{4}-/,
};

function json(columns: readonly Column[], changes: readonly Change[], from: number): string {
  return JSON.stringify(
    changes.map(({ operation, position, at, row, unchanged }, i) => {
      const left = unchanged === undefined ? [] : unchanged.filter((name) => !(name in row));
      const record: Record<string, unknown> = {
        n: from + i,
        o: operation,
        l: position.lsn.toString(),
        s: position.sequence,
        t: at ?? null,
        u: left.length === 0 ? null : `{${left.map((name) => `"${name}":""`).join(',')}}`,
      };
      for (const [c, { name }] of columns.entries()) record[`c${c}`] = row[name] ?? null;
      return record;
    }),
  );
}

/** The text of a value as its column's type; null where it is none. PostgreSQL writes bytes as `\x00ff`. */
function typedValue({ type }: Column, text: string): string {
  const target = duckdbType(type);
  if (target === 'VARCHAR') return text;
  if (target === 'BLOB') return `TRY(unhex(CASE WHEN starts_with(${text}, '\\x') THEN ${text}[3:] END))`;
  if (typeof type !== 'string') return `TRY(CAST(TRY_CAST(${text} AS JSON) AS ${target}))`;
  const cast = `TRY_CAST(${text} AS ${target})`;
  // DuckDB's cast to a whole number rounds: 1.5 is no whole number, and to say 2 would be to make up data.
  if (target === 'INTEGER' || target === 'BIGINT') return `CASE WHEN NOT contains(${text}, '.') THEN ${cast} END`;
  if (!/^(DATE|TIMESTAMP|TIMESTAMPTZ)$/.test(target)) return cast;
  // Milliseconds read as seconds are the year 50000: no reader of Iceberg would show that, and some would fail.
  return `CASE WHEN year(${cast}) BETWEEN 1 AND 9999 THEN ${cast} END`;
}

function reasonOf({ name, type, required }: Column, text: string, isKey: boolean): string {
  const reason = (rule: string, message: string) =>
    `{'rule': ${literal(`${name}.${rule}`)}, 'column': ${literal(name)}, 'message': ${message}}`;
  const missing = reason('required', literal('must have a value'));
  const wrong = reason('type', `'must be ${typeText(type)}; given ' || left(${text}, 200)`);
  const demanded = isKey
    ? `${text} IS NULL`
    : required
      ? `${text} IS NULL AND g.o <> 'delete' AND coalesce(json_extract_string(g.u, ${literal(`$."${name}"`)}), 'x') <> ''`
      : 'FALSE';
  return `CASE WHEN ${demanded} THEN ${missing} WHEN ${text} IS NOT NULL AND g.${identifier(name)} IS NULL THEN ${wrong} END`;
}
