import type { Duckdb } from '../runtime/duckdb';

/** A table that a query names. */
export interface TableReference {
  /** As it was written: `['silver', 'flights']`. */
  readonly parts: readonly string[];
  /** From 1. */
  readonly line: number;
}

/** What DuckDB's parser found in a SQL text. */
export type ParsedSql =
  | {
      readonly kind: 'query';
      readonly tables: readonly TableReference[];
      /** Table functions, `read_csv` among them. */
      readonly functions: readonly TableReference[];
      /** Columns that it names, without the parameters of its lambdas; of `a.b` the `a`. */
      readonly columns: readonly string[];
    }
  | { readonly kind: 'problem'; readonly line: number; readonly message: string };

type Node = { readonly [key: string]: unknown };

/** Parses one SELECT by DuckDB's own parser: the tables that it reads, in subqueries too, without its own CTEs. */
export async function parseQuery(sql: string, duckdb: Duckdb): Promise<ParsedSql> {
  const [row] = await duckdb.query<{ ast: string }>('SELECT json_serialize_sql($sql::VARCHAR) AS ast', { sql });
  const ast = JSON.parse(row!.ast) as Node;
  const problem = (message: string, offset = 0): ParsedSql => ({ kind: 'problem', line: lineAt(sql, offset), message });
  if (ast.error === true) {
    if (ast.error_type === 'not implemented') return problem('must be a SELECT; other statements are not models');
    // What it quotes of the text may go over several lines.
    const said = String(ast.error_message).replace(/\s+/g, ' ').trim();
    return problem(`must be valid SQL: ${said}`, Number(ast.position ?? 0));
  }
  const statements = ast.statements as readonly Node[];
  if (statements.length === 0) return problem('must hold a SELECT; it is empty');
  if (statements.length > 1) return problem(`must hold one SELECT; given ${statements.length} statements`);
  const walk = new Walk(sql);
  walk.visit(statements[0]!.node, new Set());
  const { tables, functions, columns } = walk;
  return { kind: 'query', tables, functions, columns: columns.filter((name) => !walk.parameters.has(name)) };
}

/** Columns that an expression of a transform uses; a sentence where it is no expression. */
export async function sourceColumnsOf(expression: string, duckdb: Duckdb): Promise<readonly string[] | string> {
  const parsed = await parseQuery(`SELECT (${expression.trim()}\n)`, duckdb);
  if (parsed.kind === 'problem')
    return `must be one SQL expression over the columns of the source: ${parsed.message.replace(/^must be valid SQL: /, '')}`;
  if (parsed.tables.length > 0) return 'must be one SQL expression over the columns of the source; it reads a table';
  return [...new Set(parsed.columns)];
}

class Walk {
  readonly tables: TableReference[] = [];
  readonly functions: TableReference[] = [];
  readonly columns: string[] = [];
  readonly parameters = new Set<string>();

  constructor(private readonly sql: string) {}

  /** `ctes`: names that stand for a query of this text, in lower case as SQL compares them. */
  visit(value: unknown, ctes: ReadonlySet<string>): void {
    if (Array.isArray(value)) for (const item of value) this.visit(item, ctes);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const node = value as Node;
    if (node.type === 'BASE_TABLE') this.table(node, ctes);
    if (node.type === 'TABLE_FUNCTION') this.tableFunction(node);
    if (node.type === 'COLUMN_REF') this.columns.push(firstName(node));
    if (node.type === 'LAMBDA') for (const parameter of lambdaParameters(node.lhs)) this.parameters.add(parameter);
    const inside = this.ctes(node, ctes);
    for (const [key, held] of Object.entries(node)) if (key !== 'cte_map') this.visit(held, inside);
  }

  /** Visits the CTEs of a query, each of which sees those before it and itself; gives the names that its body sees. */
  private ctes(node: Node, outer: ReadonlySet<string>): ReadonlySet<string> {
    const map = (node.cte_map as { map?: readonly { key: string; value: unknown }[] } | undefined)?.map ?? [];
    const own = typeof node.cte_name === 'string' ? [node.cte_name.toLowerCase()] : [];
    const names = new Set([...outer, ...own]);
    for (const { key, value } of map) {
      this.visit(value, names);
      names.add(key.toLowerCase());
    }
    return names;
  }

  private table(node: Node, ctes: ReadonlySet<string>): void {
    const parts = [node.catalog_name, node.schema_name, node.table_name].filter((part): part is string => part !== '');
    if (parts.length === 1 && ctes.has(parts[0]!.toLowerCase())) return;
    this.tables.push({ parts, line: lineAt(this.sql, node.query_location) });
  }

  private tableFunction(node: Node): void {
    const call = node.function as Node;
    this.functions.push({ parts: [String(call.function_name)], line: lineAt(this.sql, node.query_location) });
  }
}

const firstName = (columnRef: Node): string => String((columnRef.column_names as readonly unknown[])[0]);

/** `lambda x: …` has one column on its left, `lambda x, y: …` a row of them. */
function lambdaParameters(left: unknown): string[] {
  const node = left as Node;
  if (node.type === 'COLUMN_REF') return [firstName(node)];
  return ((node.children ?? []) as readonly Node[]).flatMap(lambdaParameters);
}

/** Line of an offset, in bytes as DuckDB counts; offsets beyond the text are what it gives where it knows none. */
function lineAt(sql: string, offset: unknown): number {
  const bytes = Buffer.from(sql);
  const end = typeof offset === 'number' && offset <= bytes.length ? offset : 0;
  let line = 1;
  for (let i = 0; i < end; i++) if (bytes[i] === 10) line++;
  return line;
}
