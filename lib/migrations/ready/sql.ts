import { identifier, literal, qualified } from '../../sql/quote';

/** A table's column, in PostgreSQL's words. */
export interface PgColumn {
  readonly name: string;
  /** For example `numeric(10, 2)`. */
  readonly type: string;
  readonly required: boolean;
  readonly description?: string;
}

/** A table, `airports` or `app.airports`, quoted. */
export const tableName = (table: string): string => qualified(...table.split('.'));

/** Another object beside a table, named after it: `app.airports` with `_page` is `"app"."airports_page"`. */
export const beside = (table: string, suffix: string): string => tableName(`${table}${suffix}`);

/** Makes the schema that a table names. */
export const makeSchema = (table: string): string[] =>
  table.includes('.') ? [`CREATE SCHEMA IF NOT EXISTS ${identifier(table.slice(0, table.indexOf('.')))}`] : [];

/** An index is named without its schema: it lies where its table does. */
export const indexName = (table: string, suffix: string): string =>
  identifier(`${table.slice(table.lastIndexOf('.') + 1)}${suffix}`);

export const columnList = (names: readonly string[], of?: string): string =>
  names.map((name) => (of === undefined ? identifier(name) : `${of}.${identifier(name)}`)).join(', ');

export const definition = ({ name, type, required }: PgColumn): string =>
  `${identifier(name)} ${type}${required ? ' NOT NULL' : ''}`;

/** A function's body, quoted. No name or text that is put into one may hold `$ingot$`: names hold no `$`. */
export const body = (sql: string): string => `$ingot$\n${sql.trim()}\n$ingot$`;

export const comments = (table: string, columns: readonly PgColumn[]): string[] =>
  columns.flatMap(({ name, description }) =>
    description === undefined
      ? []
      : [`COMMENT ON COLUMN ${tableName(table)}.${identifier(name)} IS ${literal(description)}`],
  );

/** What brings a table's columns from `before` to `after`, or why that would lose something. */
export function changeColumns(
  table: string,
  before: readonly PgColumn[],
  after: readonly PgColumn[],
): readonly string[] | string {
  const statements: string[] = [];
  const name = tableName(table);
  const gone = before.filter((old) => !after.some((column) => column.name === old.name)).map((column) => column.name);
  if (gone.length > 0) return `columns must stay; ${gone.join(', ')} of ${table} would go`;
  for (const column of after) {
    const old = before.find((one) => one.name === column.name);
    const quoted = identifier(column.name);
    if (old === undefined) {
      if (column.required)
        return `a new column must not be required, as rows are there already; given ${table}.${column.name}`;
      statements.push(`ALTER TABLE ${name} ADD COLUMN ${definition(column)}`);
    } else if (old.type !== column.type) {
      if (!widens(old.type, column.type))
        return `a column's type may only be widened; given ${table}.${column.name} from ${old.type} to ${column.type}`;
      statements.push(`ALTER TABLE ${name} ALTER COLUMN ${quoted} TYPE ${column.type}`);
    }
    if (old?.required === true && !column.required)
      statements.push(`ALTER TABLE ${name} ALTER COLUMN ${quoted} DROP NOT NULL`);
    if (old?.required === false && column.required)
      return `a column must not become required, as rows may lack it; given ${table}.${column.name}`;
    if (column.description !== old?.description)
      statements.push(`COMMENT ON COLUMN ${name}.${quoted} IS ${literal(column.description ?? null)}`);
  }
  return statements;
}

/** Widening that every value survives. */
function widens(from: string, to: string): boolean {
  if (from === 'integer' && to === 'bigint') return true;
  if (from === 'real' && to === 'double precision') return true;
  const [old, wide] = [from, to].map((type) => /^numeric\((\d+), (\d+)\)$/.exec(type));
  return old != null && wide != null && old[2] === wide[2] && Number(wide[1]) >= Number(old[1]);
}

/**
 * What is to be done regularly in a database, by name; the function that migrates does what is due. Only who owns the
 * ledger may write here.
 */
export const upkeepTable = `CREATE TABLE IF NOT EXISTS ingot.upkeep (
  name text PRIMARY KEY,
  statement text NOT NULL,
  every interval NOT NULL,
  last_at timestamptz,
  error text
)`;

/** Enters what is to be done regularly, or changes how. */
export const upkeep = (name: string, statement: string, every: string): string =>
  `INSERT INTO ingot.upkeep (name, statement, every) VALUES (${literal(name)}, ${literal(statement)}, ${literal(every)})
ON CONFLICT (name) DO UPDATE SET statement = excluded.statement, every = excluded.every`;
