import type { Rule } from '../contract/dataset';
import type { Document, Path } from '../contract/document';
import type { Problem } from '../errors';
import type { DeclaredTable } from '../platform/bind';
import { tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import { condition, subquery } from '../sql/condition';
import { hugeCasts, type Query, unpromised } from './promised';

/** A SELECT, and where a user finds what stands in it. */
interface Said {
  readonly sql: string;
  readonly problem: (message: string, line: number | undefined) => Problem;
}

/**
 * What SQL of tables says and Spark would refuse, or answer otherwise than DuckDB: models, rules, transforms, and filters of
 * windows. All of it must be SQL that DuckDB takes.
 *
 * @param tables those that are Spark's, `zone.table`
 * @param declared all tables, with the contracts that declare them
 * @param document `platform.yaml`
 */
export async function promiseProblems(
  manifest: Manifest,
  tables: ReadonlySet<string>,
  declared: readonly DeclaredTable[],
  document: Document,
  query: Query,
): Promise<Problem[]> {
  const contracts = declared.filter(({ resolved }) => tables.has(tableId(resolved.dataset)));
  const said = [
    ...modelsOf(manifest, tables),
    ...contracts.flatMap(rulesOf),
    ...contracts.flatMap(transformsOf),
    ...filtersOf(manifest, tables, document),
  ];
  const problems: Problem[] = [];
  for (const { sql, problem } of said) {
    for (const { name, line } of await unpromised(sql, query))
      problems.push(
        problem(
          `must not call ${name}: it is not promised on Spark, which is to run it (docs/functions.md has what is)`,
          line,
        ),
      );
    // Spark cannot tell such a column from one of decimals, which are divided otherwise.
    for (const line of await hugeCasts(sql, query))
      problems.push(
        problem(
          'must not cast to HUGEINT, which Spark, which is to run it, has no type for; use BIGINT, or DECIMAL(38, 0)',
          line,
        ),
      );
  }
  return problems;
}

/** Models that fill them, and those that these use. */
function modelsOf({ models }: Manifest, tables: ReadonlySet<string>): Said[] {
  const filling = models.filter(({ writes }) => writes !== undefined && tables.has(writes));
  const names = new Set(filling.flatMap(({ name, uses }) => [name, ...uses]));
  return models
    .filter(({ name }) => names.has(name))
    .map(({ file, sql }) => ({ sql, problem: (message, line) => ({ where: file, path: '', line, message }) }));
}

/** Of rules, all SQL that a contract holds; the rest of their SQL is Ingot's own. */
function rulesOf({ resolved, document }: DeclaredTable): Said[] {
  return resolved.dataset.rules.flatMap((rule) => {
    const at = resolved.rulePaths.get(rule.name) ?? resolved.path;
    // What follows from a property may be of Ingot's choice, which is the same on both where the promise has no word of it.
    return isWritten(at) ? sqlOf(rule).map((sql) => inDocument(document, at, sql)) : [];
  });
}

const isWritten = (path: Path): boolean => path.includes('quality');

const sqlOf = (rule: Rule): string[] => [
  ...(rule.type === 'sql' ? [subquery(rule.query)] : []),
  ...(rule.type === 'expression' ? [condition(rule.expression)] : []),
  ...(rule.where === undefined ? [] : [condition(rule.where)]),
];

const transformsOf = ({ resolved, document }: DeclaredTable): Said[] =>
  resolved.dataset.columns.flatMap(({ name, transform }) =>
    transform === undefined
      ? []
      : [inDocument(document, [...(resolved.columnPaths.get(name) ?? []), 'transformLogic'], condition(transform))],
  );

const filtersOf = ({ streams = [] }: Manifest, tables: ReadonlySet<string>, document: Document): Said[] =>
  streams
    .filter(({ table }) => tables.has(table))
    .flatMap(({ name, windows }) =>
      windows.flatMap(({ name: window, filter }) =>
        filter === undefined
          ? []
          : [inDocument(document, ['streams', name, 'windows', window, 'filter'], condition(filter))],
      ),
    );

/** An expression inside a document, whose line is that of its place. */
const inDocument = (document: Document, path: Path, expression: string): Said => ({
  sql: `SELECT ${expression}`,
  problem: (message) => document.problem(path, message),
});
