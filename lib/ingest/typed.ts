import type { Dataset, Source, Type } from '../contract/dataset';
import type { RowCheck } from '../quality/row';
import { condition } from '../sql/condition';
import { identifier, list, literal } from '../sql/quote';
import { duckdbType } from '../sql/types';
import { attemptName, type Cell, cellOf, type Origin, originsOf } from './cells';
import { type Reading, sameName } from './read';

/** Columns of the staging table beside the contract's own. */
export const staged = { file: '_ingot_file', reasons: '_ingot_reasons', raw: '_ingot_raw' } as const;
export const reasonsType = 'STRUCT("rule" VARCHAR, "column" VARCHAR, "message" VARCHAR)[]';

/**
 * The one SELECT that turns what files hold into rows of the contract, each with the reasons for which it cannot be
 * merged (null: none) and then its source as JSON. Reasons and JSON are built for failing rows alone: all others cost
 * no more than the conditions themselves.
 */
export function stagingSelect(dataset: Dataset, source: Source, reading: Reading, checks: readonly RowCheck[]): string {
  const origins = originsOf(dataset, source, reading);
  const cells = dataset.columns.map((column, i) => cellOf(column, i, origins));
  const passed = (reading.passed ?? []).map(identifier);
  const judged = [...cells.entries()].filter(([, cell]) => cell.failed !== undefined || cell.lost !== undefined);

  // Each step reads the one before it; a name of the contract hides the source's column of that name from the third on.
  const sources = select(
    ['file_index', ...passed, ...origins.map((origin) => origin.select), ...brokenColumns(reading)],
    reading.from,
  );
  const attempts = cells.flatMap(({ attempt }, i) =>
    attempt === undefined ? [] : [`${attempt} AS ${attemptName(i)}`],
  );
  const tried = attempts.length === 0 ? sources : select(['*', ...attempts], `(${sources})`);
  const typed = select(
    [
      ...cells.map(({ column, value }) => `${value} AS ${identifier(column.name)}`),
      ...judged.flatMap(([i, { carried }]) => (carried === undefined ? [] : [`${carried} AS _ingot_carried_${i}`])),
      ...judged.flatMap(([i, { lost }]) => (lost === undefined ? [] : [`${lost} AS _ingot_lost_${i}`])),
      `${fileNumber(reading)} AS ${identifier(staged.file)}`,
      `${sourceStruct(reading, origins)} AS _ingot_source`,
      ...passed,
      ...(reading.broken === undefined ? [] : ['_ingot_broken', '_ingot_broken_text']),
    ],
    `(${tried})`,
  );
  const flagged = select(
    ['*', ...judged.map(([i, cell]) => `${failure(cell, i)} AS _ingot_failed_${i}`)],
    `(${typed})`,
  );
  const conditions = [
    ...judged.map(([i]) => `_ingot_failed_${i}`),
    ...checks.map((check) => condition(check.predicate)),
  ];
  const judgement = conditions.length === 0 ? 'false' : conditions.join(' OR ');

  const reasons = [
    ...judged.map(([i, cell]) => typeReason(cell, i, reading)),
    ...checks.map((check) => reason(condition(check.predicate), check.rule, check.column, literal(check.message))),
  ];
  const bad = (then: string) => unlessBroken(reading, `CASE WHEN _ingot_bad THEN ${then} END`);
  const why = conditions.length === 0 ? 'NULL' : `list_filter([${reasons.join(', ')}], lambda r: r IS NOT NULL)`;
  return select(
    [
      ...dataset.columns.map((column) => identifier(column.name)),
      identifier(staged.file),
      `CAST(${bad(why).reasons} AS ${reasonsType}) AS ${identifier(staged.reasons)}`,
      `${bad('CAST(to_json(_ingot_source) AS VARCHAR)').raw} AS ${identifier(staged.raw)}`,
      ...passed,
    ],
    `(${select(['*', `${judgement} AS _ingot_bad`], `(${flagged})`)})`,
  );
}

const select = (columns: readonly string[], from: string): string => `SELECT ${columns.join(', ')}\nFROM ${from}`;

/** The row as it was given: building it copies nothing, and it is written out for failing rows alone. */
function sourceStruct({ columns }: Reading, origins: readonly Origin[]): string {
  const fields = columns.map(({ name }) => {
    const origin = origins.find((o) => sameName(o.name, name))!;
    return `${literal(name)}: ${identifier(origin.original)}`;
  });
  return fields.length === 0 ? 'NULL' : `{${fields.join(', ')}}`;
}

function failure({ column, failed, lost }: Cell, i: number): string {
  const conditions = lost === undefined ? [] : [`_ingot_lost_${i}`];
  if (failed !== undefined) conditions.push(`(${failed(identifier(column.name), `_ingot_carried_${i}`)})`);
  return conditions.join(' OR ');
}

/** `id cannot be read as int: x`. */
function typeReason({ column, origins }: Cell, i: number, { columns }: Reading): string {
  const read = columns.filter(({ name }) => origins.some((origin) => sameName(origin.name, name)));
  const given = read.map(({ name }) => `CAST(_ingot_source.${identifier(name)} AS VARCHAR)`);
  const start = literal(`${column.name} cannot be read as ${typeName(column.type)}: `);
  const message = `concat(${start}, concat_ws(', ', ${given.length === 0 ? "''" : given.join(', ')}))`;
  return reason(`_ingot_failed_${i}`, `${column.name}.type`, column.name, message);
}

/** What was read may be no row at all; then that is the only reason, and its text is what is kept. */
function unlessBroken({ broken }: Reading, otherwise: string): { reasons: string; raw: string } {
  if (broken === undefined) return { reasons: otherwise, raw: otherwise };
  return {
    reasons: `CASE WHEN _ingot_broken THEN [${struct('row.unreadable', undefined, broken.message)}] ELSE ${otherwise} END`,
    raw: `CASE WHEN _ingot_broken THEN _ingot_broken_text ELSE ${otherwise} END`,
  };
}

/** The empty table that takes what `stagingSelect` gives. */
export function stagingTable(name: string, dataset: Dataset): string {
  const columns = dataset.columns.map((column) => `${identifier(column.name)} ${duckdbType(column.type)}`);
  const more = [
    `${identifier(staged.file)} INTEGER`,
    `${identifier(staged.reasons)} ${reasonsType}`,
    `${identifier(staged.raw)} VARCHAR`,
  ];
  return `CREATE TEMP TABLE ${identifier(name)} (${[...columns, ...more].join(', ')})`;
}

function reason(failed: string, rule: string, column: string | undefined, message: string): string {
  return `CASE WHEN ${failed} THEN ${struct(rule, column, message)} END`;
}

const struct = (rule: string, column: string | undefined, message: string): string =>
  `{'rule': ${literal(rule)}, 'column': ${column === undefined ? 'CAST(NULL AS VARCHAR)' : literal(column)}, 'message': ${message}}`;

function brokenColumns({ broken }: Reading): string[] {
  return broken === undefined ? [] : [`${broken.when} AS _ingot_broken`, `${broken.raw} AS _ingot_broken_text`];
}

/** DuckDB counts the files of one statement; the batch has counted them all. */
function fileNumber({ files }: Reading): string {
  const inOrder = files.every((file, i) => file === files[0]! + i);
  const number = inOrder
    ? `file_index::INTEGER + ${files[0]!}`
    : `list_extract(${list(files)}, file_index::INTEGER + 1)`;
  return `CAST(${number} AS INTEGER)`;
}

const typeName = (type: Type): string => (typeof type === 'string' ? type : type.kind);
