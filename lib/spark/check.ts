import type { Problem } from '../errors';
import type { Model } from '../platform/manifest';
import type { EngineDeclaration } from '../sizing/declaration';
import { hugeCasts, type Query, unpromised } from './promised';

/**
 * What models of tables that are declared to be Spark's say and Spark would refuse, or answer otherwise than DuckDB. A
 * table whose engine follows from its volume is looked at by nobody: it is DuckDB's until it has grown.
 */
export async function sparkModelProblems(
  models: readonly Model[],
  engine: EngineDeclaration,
  query: Query,
): Promise<Problem[]> {
  const isSpark = (table: string) => (engine.tables?.[table] ?? engine.default) === 'spark';
  const run = models.filter(({ writes }) => writes !== undefined && isSpark(writes));
  const names = new Set(run.flatMap(({ name, uses }) => [name, ...uses]));
  const problems: Problem[] = [];
  for (const { name, file, sql } of models) {
    if (!names.has(name)) continue;
    for (const called of await unpromised(sql, query))
      problems.push({
        where: file,
        path: '',
        line: called.line,
        message: `must not call ${called.name}: it is not promised on Spark, which is to run it (docs/functions.md has what is)`,
      });
    // Spark cannot tell such a column from one of decimals, which are divided otherwise.
    for (const line of await hugeCasts(sql, query))
      problems.push({
        where: file,
        path: '',
        line,
        message:
          'must not cast to HUGEINT, which Spark, which is to run it, has no type for; use BIGINT, or DECIMAL(38, 0)',
      });
  }
  return problems;
}
