import { parse, SqlError, type Node as SqlNode } from 'libpg-query';
import type { Marks, Statement } from './migration';
import { lineAt, offsetOf } from './position';

/** A statement and what PostgreSQL's own parser makes of it. */
interface Parsed extends Statement {
  readonly tree: SqlNode;
}

export interface Found {
  readonly line?: number;
  readonly message: string;
}

/** The statements of a text, split by PostgreSQL's own parser, and what keeps them from being a migration. */
export async function readStatements(
  text: string,
  marks: Marks,
): Promise<{ readonly statements: readonly Statement[]; readonly problems: readonly Found[] }> {
  let parsed: Parsed[];
  try {
    parsed = await split(text);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const at = error.sqlDetails?.cursorPosition;
    const line = at === undefined || at < 0 ? undefined : lineAt(text, offsetOf(text, at));
    return { statements: [], problems: [{ line, message: `is not SQL that PostgreSQL reads: ${error.message}` }] };
  }
  if (parsed.length === 0)
    return { statements: [], problems: [{ message: 'must hold a statement; given a file without one' }] };
  const problems = parsed.flatMap(({ tree, line }) => {
    const message = wrong(tree, marks);
    return message === undefined ? [] : [{ line, message }];
  });
  const destroys = parsed.map((one) => ({ line: one.line, what: destruction(one.tree) })).find(({ what }) => what);
  if (destroys !== undefined && !marks.destructive)
    problems.push({
      line: destroys.line,
      message: `must have a line "-- destructive" at the head of the file, as ${destroys.what}; then a snapshot is taken before it`,
    });
  const statements = parsed.map(({ tree: _, ...statement }) => statement);
  return { statements, problems };
}

async function split(text: string): Promise<Parsed[]> {
  const bytes = Buffer.from(text);
  const { stmts = [] } = await parse(text);
  return stmts.map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    const sql = bytes.subarray(from, length === undefined ? undefined : from + length).toString();
    const tree = stmt as SqlNode;
    const line = lineAt(text, bytes.subarray(0, from).toString().length + (sql.length - sql.trimStart().length));
    const index = concurrentIndex(tree);
    return { sql: sql.trim(), line, tree, ...(index === undefined ? {} : { index }) };
  });
}

function concurrentIndex(tree: SqlNode): Statement['index'] {
  if (!('IndexStmt' in tree) || tree.IndexStmt.concurrent !== true) return undefined;
  const { idxname: name, relation } = tree.IndexStmt;
  return name === undefined ? undefined : { name, schema: relation?.schemaname };
}

/** Why a statement cannot stand in a migration; undefined where it can. */
function wrong(tree: SqlNode, { noTransaction }: Marks): string | undefined {
  if ('TransactionStmt' in tree)
    return noTransaction
      ? 'must not begin or end a transaction: the file is marked "-- no transaction"'
      : 'must not begin or end a transaction: the file is one already';
  if ('CopyStmt' in tree && tree.CopyStmt.is_from === true && tree.CopyStmt.filename === undefined)
    return 'must not read rows from standard input, which a migration has none of; use INSERT';
  if ('CreatedbStmt' in tree || 'DropdbStmt' in tree || 'AlterSystemStmt' in tree)
    return 'must not make or drop a database or change the server: a migration concerns the one it is applied to';
  const outside = runsOutside(tree);
  if (!noTransaction)
    return outside === undefined
      ? undefined
      : `must have a line "-- no transaction" at the head of the file, as ${outside} cannot run in one`;
  if (outside === undefined)
    return 'must stand in a file of its own without the mark "-- no transaction", in which only CREATE INDEX CONCURRENTLY, DROP INDEX CONCURRENTLY, REINDEX CONCURRENTLY, VACUUM and SET stand: those can be tried again where they broke off';
  if ('IndexStmt' in tree && tree.IndexStmt.idxname === undefined)
    return 'must name the index, so that one that is left half-built can be found';
  if ('DropStmt' in tree && tree.DropStmt.missing_ok !== true)
    return 'must say IF EXISTS, so that it can be tried again where it broke off';
  return undefined;
}

/** What a statement is that cannot run in a transaction, or may as well run outside of one. */
function runsOutside(tree: SqlNode): string | undefined {
  if ('IndexStmt' in tree && tree.IndexStmt.concurrent === true) return 'CREATE INDEX CONCURRENTLY';
  if ('DropStmt' in tree && tree.DropStmt.concurrent === true) return 'DROP INDEX CONCURRENTLY';
  if ('VacuumStmt' in tree && tree.VacuumStmt.is_vacuumcmd === true) return 'VACUUM';
  if ('ReindexStmt' in tree)
    return tree.ReindexStmt.params?.some(
      (option) => 'DefElem' in option && option.DefElem.defname?.toLowerCase() === 'concurrently',
    )
      ? 'REINDEX CONCURRENTLY'
      : undefined;
  return undefined;
}

const kept: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'a table',
  OBJECT_FOREIGN_TABLE: 'a foreign table',
  OBJECT_SCHEMA: 'a schema',
  OBJECT_SEQUENCE: 'a sequence',
  OBJECT_TYPE: 'a type',
  OBJECT_DOMAIN: 'a domain',
  OBJECT_EXTENSION: 'an extension',
};

/** What a statement destroys on the face of it. What a function or a DO block does is not looked into. */
function destruction(tree: SqlNode): string | undefined {
  if ('DropStmt' in tree && tree.DropStmt.removeType !== undefined) {
    const what = kept[tree.DropStmt.removeType];
    return what === undefined ? undefined : `it drops ${what}`;
  }
  if ('TruncateStmt' in tree) return 'it truncates a table';
  if ('DropOwnedStmt' in tree) return 'it drops what a role owns';
  if ('DeleteStmt' in tree && tree.DeleteStmt.whereClause === undefined) return 'it deletes every row of a table';
  if ('AlterTableStmt' in tree) {
    const drops = tree.AlterTableStmt.cmds?.some(
      (command) => 'AlterTableCmd' in command && command.AlterTableCmd.subtype === 'AT_DropColumn',
    );
    return drops === true ? 'it drops a column' : undefined;
  }
  return undefined;
}
