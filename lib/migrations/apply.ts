import { type Postgres, PostgresError } from '../runtime/postgres';
import { literal, qualified } from '../sql/quote';
import { finishStatement, readLedger, writeBegun, writeFailed, writeProgress } from './ledger';
import { MigrationError, type Pending, type Statement } from './migration';
import { lineAt, offsetOf } from './position';

/** How long a statement waits for a lock that somebody else has: whoever comes after it waits for it too. */
const lockTimeout = '10s';

/**
 * Applies one migration over a connection of its own, and writes it into the ledger in the same transaction.
 *
 * @throws MigrationError that names file, line and statement
 */
export async function applyMigration(session: Postgres, migration: Pending): Promise<void> {
  await writeBegun(session, migration);
  try {
    if (migration.marks.noTransaction) await applyWithout(session, migration);
    else if (migration.marks.long) await applyAtOnce(session, migration);
    else await applyInOne(session, migration);
  } catch (error) {
    if (error instanceof MigrationError) await writeFailed(session, migration.name, error.message);
    throw error;
  }
}

/** Settings and the role that a file has set must not reach beyond it, nor keep the ledger from being written. */
const reset = 'SET SESSION AUTHORIZATION DEFAULT; RESET ALL';

/** One transaction, statement by statement, so that an error knows its statement. */
async function applyInOne(session: Postgres, migration: Pending): Promise<void> {
  const { statements, name } = migration;
  await session
    .transaction(async (tx) => {
      await tx.execute(`SET LOCAL lock_timeout = ${literal(lockTimeout)}; SET LOCAL statement_timeout = 0`);
      for (const [i, { sql }] of statements.entries())
        await tx.execute(sql).catch((error: unknown) => {
          throw failure(migration, error, i);
        });
      await tx.execute(`${reset}; ${finishStatement(literal(name))}`);
    })
    .catch((error: unknown) => {
      // What was put off until the end of the transaction, such as deferred constraints.
      throw failure(migration, error);
    });
}

/**
 * One transaction in one message: PostgreSQL goes on to its COMMIT though the connection may end meanwhile, as a
 * function's does after 15 minutes. No notice may be sent, which would tell PostgreSQL of that too early.
 */
async function applyAtOnce(session: Postgres, migration: Pending): Promise<void> {
  const starts: number[] = [];
  let message = `BEGIN; SET LOCAL client_min_messages = error; SET LOCAL lock_timeout = ${literal(lockTimeout)}; SET LOCAL statement_timeout = 0;\n`;
  for (const { sql } of migration.statements) {
    starts.push(message.length);
    message += `${sql}\n;`;
  }
  try {
    await session.execute(`${message}${reset}; ${finishStatement(literal(migration.name))}; COMMIT`);
  } catch (error) {
    await session.execute('ROLLBACK').catch(() => {});
    if (!(error instanceof PostgresError) || error.position === undefined) throw failure(migration, error);
    const at = offsetOf(message, error.position - 1);
    const i = starts.findLastIndex((start) => start <= at);
    throw failure(migration, error, i, at - starts[i]!);
  }
}

/** Statement by statement, each written down before and after, so that it goes on where it broke off. */
async function applyWithout(session: Postgres, migration: Pending): Promise<void> {
  const { statements, name } = migration;
  const entry = (await readLedger(session)).find((one) => one.name === name)!;
  await session.execute('SET lock_timeout = 0; SET statement_timeout = 0');
  for (const [i, statement] of statements.entries()) {
    if (i < entry.done) continue;
    const again = i === entry.done && entry.begun;
    if (!(again && (await indexIsBuilt(session, statement)))) {
      await writeProgress(session, name, i, true);
      await session.execute(statement.sql).catch((error: unknown) => {
        throw failure(migration, error, i);
      });
    }
    await writeProgress(session, name, i + 1, false);
  }
  await session.execute(`${reset}; ${finishStatement(literal(name))}`);
}

/** Whether the index was built before this broke off. One that was left invalid goes, so that it is built anew. */
async function indexIsBuilt(session: Postgres, { index }: Statement): Promise<boolean> {
  if (index === undefined) return false;
  const path = index.schema === undefined ? [index.name] : [index.schema, index.name];
  const [found] = await session.query<{ valid: boolean }>(
    'SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)',
    [qualified(...path)],
  );
  if (found?.valid === false) await session.execute(`DROP INDEX CONCURRENTLY IF EXISTS ${qualified(...path)}`);
  return found?.valid === true;
}

/** PostgreSQL's error as one that says where in which file; any other error as it is. */
function failure(migration: Pending, error: unknown, i?: number, offset?: number): unknown {
  if (!(error instanceof PostgresError)) return error;
  const { file, statements, marks } = migration;
  const statement = i === undefined ? undefined : statements[i];
  const at = offset ?? offsetOf(statement?.sql ?? '', (error.position ?? 1) - 1);
  const line = statement === undefined ? undefined : statement.line - 1 + lineAt(statement.sql, at);
  const which =
    i === undefined
      ? statements.length === 1
        ? 'its statement'
        : 'one of its statements, or its COMMIT,'
      : `statement ${i + 1} of ${statements.length}`;
  const waited = error.code === '55P03' ? `; it waited ${lockTimeout} for a lock that another connection holds` : '';
  const more = [error.detail, error.hint, error.context].filter((part) => part !== undefined && part !== '');
  const after =
    marks.noTransaction && i !== undefined && i > 0
      ? `the ${i === 1 ? 'statement' : `${i} statements`} before it stay applied, and it goes on from there`
      : 'nothing of it was applied';
  return new MigrationError(
    `${file}${line === undefined ? '' : `:${line}`}: ${which} failed: ${error.message} (${error.code})${waited}; ${after}${more.map((part) => `; ${part!.replace(/\s*\n\s*/g, ', ')}`).join('')}`,
    { cause: error },
  );
}
