import type { Column, Dataset, Rule } from '../contract/dataset';
import type { Document } from '../contract/document';
import type { ResolvedDataset } from '../contract/resolve';
import { show } from '../contract/strict';
import { nearest, type Problem } from '../errors';
import { failing } from '../quality/row';
import type { RuleOf } from '../quality/rule';
import { kindOf } from '../quality/rules';
import type { Duckdb } from '../runtime/duckdb';
import { condition } from '../sql/condition';
import { identifier, qualified } from '../sql/quote';
import { duckdbType } from '../sql/types';
import { tableId } from './lookup';
import type { Model } from './manifest';
import { sourceColumnsOf } from './sql';
import { type OutputColumn, Workbench } from './workbench';

/** A table with the document that declares it. */
export interface DeclaredTable {
  readonly resolved: ResolvedDataset;
  readonly document: Document;
}

/**
 * Binds every SQL text of a platform, by DuckDB and against empty tables of the contracts' types: models give the columns
 * that their contract promises, rules and transforms name columns that are there.
 */
export async function bindProblems(
  tables: readonly DeclaredTable[],
  models: readonly Model[],
  duckdb: Duckdb,
): Promise<Problem[]> {
  const datasets = tables.map(({ resolved }) => resolved.dataset);
  const workbench = await Workbench.open(duckdb, datasets);
  const problems: Problem[] = [];
  const broken = new Set<string>();
  for (const model of models) {
    // What uses a broken view would only repeat its problem.
    if (model.uses.some((view) => broken.has(view))) continue;
    const found = await modelProblems(model, datasets, workbench);
    problems.push(...found);
    if (found.length > 0) broken.add(model.name);
    else if (model.writes === undefined) await workbench.addView(model);
  }
  for (const table of tables) {
    problems.push(...(await ruleProblems(table, workbench)));
    problems.push(...(await transformProblems(table, duckdb)));
  }
  return problems;
}

async function modelProblems(model: Model, datasets: readonly Dataset[], workbench: Workbench): Promise<Problem[]> {
  const problem = (message: string, line?: number): Problem => ({
    where: model.file,
    path: '',
    ...(line === undefined ? {} : { line }),
    message,
  });
  const output = await workbench.describe(model.sql);
  if ('message' in output) return [problem(`must fit the tables that it reads: ${output.message}`, output.line)];
  const problems: Problem[] = [];
  const given = new Map<string, OutputColumn>();
  for (const column of output) {
    if (given.has(column.name)) problems.push(problem(`must give each column once; ${column.name} is given twice`));
    given.set(column.name, column);
  }
  const dataset = datasets.find((one) => tableId(one) === model.writes);
  if (dataset === undefined) return problems;
  for (const column of dataset.columns) {
    const found = given.get(column.name);
    if (found === undefined)
      problems.push(
        problem(
          `must give the column ${column.name} (${duckdbType(column.type)}) that the contract of ${model.writes} promises`,
        ),
      );
    else if (!(await isAssignable(found.type, column, workbench)))
      problems.push(
        problem(
          `must give ${column.name} as ${duckdbType(column.type)}, as the contract of ${model.writes} says; given ${found.type}; cast it`,
        ),
      );
  }
  const promised = dataset.columns.map(({ name }) => name);
  for (const name of given.keys())
    if (!promised.includes(name)) {
      const meant = nearest(name, promised);
      problems.push(
        problem(
          `must give no other columns than the contract of ${model.writes} promises; given ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
        ),
      );
    }
  return problems;
}

const integers = [
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
];
const isInteger = (word: string) => integers.includes(word);
const isDecimal = (word: string) => word.startsWith('DECIMAL(');
const isFloating = (word: string) => word === 'FLOAT' || word === 'DOUBLE';
const isNumber = (word: string) => isInteger(word) || isDecimal(word) || isFloating(word);

/**
 * Whether a model's values can be written to a column without a cast of its own: equal types, or numbers that lose no
 * fraction (one that is too large for its column fails the run, and is never written).
 */
async function isAssignable(given: string, column: Column, workbench: Workbench): Promise<boolean> {
  const wanted = await workbench.typeWord(duckdbType(column.type));
  if (given === wanted) return true;
  if (isInteger(wanted)) return isInteger(given);
  if (isDecimal(wanted)) return isInteger(given) || isDecimal(given);
  if (isFloating(wanted)) return isNumber(given);
  if (wanted === 'VARCHAR') return given.startsWith('ENUM(') || given === 'UUID' || given === 'JSON';
  return wanted === 'TIMESTAMP' && ['DATE', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'].includes(given);
}

async function ruleProblems({ resolved, document }: DeclaredTable, workbench: Workbench): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const rule of resolved.dataset.rules) {
    const at = resolved.rulePaths.get(rule.name) ?? resolved.path;
    for (const message of await ruleMessages(rule, resolved.dataset, workbench))
      problems.push(document.problem(at, message));
  }
  return problems;
}

async function ruleMessages(rule: Rule, dataset: Dataset, workbench: Workbench): Promise<string[]> {
  const column = 'column' in rule ? dataset.columns.find(({ name }) => name === rule.column) : undefined;
  const values =
    rule.type === 'acceptedValues'
      ? rule.values
      : rule.type === 'range'
        ? [rule.min, rule.max].filter((end) => end !== undefined)
        : [];
  const type = column === undefined ? 'VARCHAR' : duckdbType(column.type);
  const foreign: string[] = [];
  for (const value of values)
    if (!(await workbench.isValueOf(value, type)))
      foreign.push(`must name values of type ${type}; given ${show(value)}`);
  if (foreign.length > 0) return foreign;

  if (rule.type === 'sql') {
    const output = await workbench.describe(rule.query);
    if ('message' in output) return [`must hold a query that fits the table: ${output.message}`];
    const [answer, ...others] = output;
    const isAnswer = others.length === 0 && (isNumber(answer!.type) || answer!.type === 'BOOLEAN');
    const columns = output.map(({ name, type }) => `${name} ${type}`).join(', ');
    return isAnswer ? [] : [`must hold a query that gives one number or boolean; it gives ${columns}`];
  }
  const kind = kindOf(rule);
  if (rule.type === 'referential') {
    const differing = await differingTypes(rule, dataset, workbench);
    if (differing.length > 0) return differing;
  }
  const conditions = kind.level === 'row' ? failing(rule, kind, dataset) : rule.where && condition(rule.where);
  const problem = conditions === undefined ? undefined : await workbench.conditionProblem(conditions, dataset);
  return problem === undefined ? [] : [`must hold a condition that fits the table: ${problem.message}`];
}

/** Values of different types would be compared as texts, or stop at the first that cannot be. */
async function differingTypes(
  { columns, references }: RuleOf<'referential'>,
  dataset: Dataset,
  workbench: Workbench,
): Promise<string[]> {
  const typesOf = async (names: readonly string[], table: string) => {
    const selected = await workbench.describe(`SELECT ${names.map(identifier).join(', ')} FROM ${table}`);
    return 'message' in selected ? [] : selected.map(({ type }) => type);
  };
  const own = await typesOf(columns, qualified(dataset.zone, dataset.name));
  const others = await typesOf(references.columns, qualified(...references.table.split('.')));
  return columns.flatMap((name, i) => {
    const [type, other] = [own[i], others[i]];
    if (type === undefined || other === undefined || type === other || (isNumber(type) && isNumber(other))) return [];
    return `must refer to a column of its own type; ${name} is ${type}, ${references.table}.${references.columns[i]} is ${other}`;
  });
}

/** A transform may use the source's columns that it names, and no others: those are what is read from the files. */
async function transformProblems({ resolved, document }: DeclaredTable, duckdb: Duckdb): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const column of resolved.dataset.columns) {
    if (column.transform === undefined) continue;
    const at = resolved.columnPaths.get(column.name) ?? resolved.path;
    const used = await sourceColumnsOf(column.transform, duckdb);
    if (typeof used === 'string') {
      problems.push(document.problem([...at, 'transformLogic'], used));
      continue;
    }
    const missing = used.filter((name) => !column.sourceColumns.includes(name));
    if (missing.length > 0)
      problems.push(
        document.problem(
          [...at, 'transformSourceObjects'],
          `must name every column of the source that transformLogic uses; missing: ${missing.join(', ')}`,
        ),
      );
  }
  return problems;
}
