import type { Dataset } from '../contract/dataset';
import { type RowCheck, rowRules } from '../quality/row';
import { DuckdbError } from '../runtime/duckdb';
import type { Session } from './stage';

/**
 * The checks of a dataset's rows, each of which DuckDB can answer. What a contract says in SQL of its own may still stop
 * at a row, as `CAST(code AS INTEGER) > 0` does: such a row fails, and the others are judged all the same.
 *
 * @param rows an empty table of the dataset's columns, as quoted SQL
 * @throws Error that names the rule where one can be answered for no row: it would be the files that are blamed
 */
export async function answerableChecks(
  dataset: Dataset,
  rows: string,
  lake: Pick<Session, 'query'>,
): Promise<RowCheck[]> {
  const plain = rowRules(dataset);
  const ownSql = new Set(dataset.rules.filter(hasOwnSql).map(({ name }) => name));
  const guarded = plain.map((check) =>
    ownSql.has(check.rule) ? { ...check, predicate: `coalesce(TRY(${check.predicate}), TRUE)` } : check,
  );
  if ((await problemOf(guarded, rows, lake)) === undefined) return guarded;
  const checks: RowCheck[] = [];
  for (const [i, check] of guarded.entries()) {
    // TRY takes neither a subquery nor a function of chance.
    const isGuarded = (await problemOf([check], rows, lake)) === undefined;
    const problem = isGuarded ? undefined : await problemOf([plain[i]!], rows, lake);
    if (problem !== undefined) {
      const { contract, zone, name } = dataset;
      const where = contract.file ?? contract.id;
      throw new Error(`${where}: the rule ${check.rule} of ${zone}.${name} cannot be answered: ${problem}`);
    }
    checks.push(isGuarded ? check : plain[i]!);
  }
  return checks;
}

const hasOwnSql = ({ type, where }: Dataset['rules'][number]): boolean => type === 'expression' || where !== undefined;

/** What DuckDB says of checks that it cannot carry out, in a line. */
async function problemOf(
  checks: readonly RowCheck[],
  rows: string,
  lake: Pick<Session, 'query'>,
): Promise<string | undefined> {
  if (checks.length === 0) return undefined;
  try {
    // One row of nulls: of no row, DuckDB would not even look at what the contract gives.
    const row = `(SELECT 1) AS one(_ingot_one) LEFT JOIN ${rows} ON true`;
    await lake.query(`SELECT ${checks.map(({ predicate }) => predicate).join(', ')} FROM ${row}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof DuckdbError)) throw error;
    return error.message.split('\n')[0]!;
  }
}
