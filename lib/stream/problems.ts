import type { Column, Dataset, Type } from '../contract/dataset';
import type { Document } from '../contract/document';
import { givenAllowed, type Problem } from '../errors';
import { tableId } from '../platform/lookup';
import type { Model, Zone } from '../platform/manifest';
import type { PlatformDeclaration } from '../platform/schema';
import type { Duckdb } from '../runtime/duckdb';
import { windowsIntoPostgres } from '../sizing/consumers';
import { type EngineWords, resolveEngine, saidEngine } from '../sizing/declaration';
import { condition } from '../sql/condition';
import { qualified } from '../sql/quote';
import { resolveStreams, type StreamDeclaration } from './declaration';
import { type Stream, type Window, windowColumns } from './stream';

/** Something wrong with what `streams:` says; the path is inside it. */
export interface StreamProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What a platform has around its streams. */
export interface StreamSurroundings {
  readonly datasets: readonly Dataset[];
  readonly models: readonly Model[];
  readonly zones: readonly Zone[];
  /** Holds an empty table for each dataset, as `zone.table`. */
  readonly duckdb: Pick<Duckdb, 'query'>;
}

/** What is wrong with `streams` and `local.streams` of a platform, and with the engine of its streams. */
export async function declaredStreamProblems(
  { streams = {}, local, engine }: Pick<PlatformDeclaration, 'streams' | 'local' | 'engine'>,
  document: Document,
  around: StreamSurroundings,
): Promise<Problem[]> {
  const problems = (await streamProblems(streams, around)).map(({ path, message }) =>
    document.problem(['streams', ...path], message),
  );
  for (const [i, { into }] of (local?.streams ?? []).entries())
    if (streams[into] === undefined)
      problems.push(
        document.problem(
          ['local', 'streams', i, 'into'],
          `must be a stream; ${givenAllowed(into, Object.keys(streams))}`,
        ),
      );
  for (const stream of resolveStreams(streams, around.datasets)) {
    const problem = engine === undefined ? undefined : engineProblem(stream, engine);
    if (problem !== undefined) problems.push(document.problem(['engine', ...problem.path], problem.message));
  }
  return problems;
}

/** A job of Spark reaches no database: what is said of a stream's table is said of what consumes it, too. */
function engineProblem(stream: Stream, words: EngineWords): StreamProblem | undefined {
  const { name, table } = stream;
  const [engine, windows] = [resolveEngine(words), windowsIntoPostgres(stream)];
  if (windows.length === 0 || saidEngine(engine, table) !== 'spark') return undefined;
  const ofTable =
    typeof words === 'string' ? [] : engine.tables?.[table] === undefined ? ['default'] : ['tables', table];
  return {
    path: ofTable,
    message: `must not be spark for ${table}: results of its stream ${name} go to PostgreSQL (${windows.join(', ')}), which jobs of Spark do not reach; say engine.tables.${table}: duckdb, or write them to tables`,
  };
}

/** Every way in which streams do not fit the platform's contracts. */
async function streamProblems(
  declared: Readonly<Record<string, StreamDeclaration>>,
  around: StreamSurroundings,
): Promise<StreamProblem[]> {
  const problems: StreamProblem[] = [];
  const fed = new Map<string, string>();
  const claim = (table: string, by: string, path: StreamProblem['path']) => {
    const other = fed.get(table);
    if (other !== undefined)
      problems.push({ path, message: `must be a table of its own; ${other} fills ${table} too` });
    fed.set(table, by);
  };
  for (const stream of resolveStreams(declared, around.datasets)) {
    claim(stream.table, stream.name, [stream.name, 'table']);
    const dataset = around.datasets.find((one) => tableId(one) === stream.table);
    if (dataset === undefined) {
      const known = around.datasets.filter(({ source }) => source !== undefined).map(tableId);
      const message = `must be a table that a contract declares; ${givenAllowed(stream.table, known)}`;
      problems.push({ path: [stream.name, 'table'], message });
      continue;
    }
    problems.push(...tableProblems(stream, dataset, around).map(within(stream.name)));
    for (const window of stream.windows) {
      const path = ['windows', window.name];
      const found = [...windowProblems(window, dataset), ...sinkProblems(window, dataset, around)];
      if (window.into.kind === 'iceberg')
        claim(window.into.table, `${stream.name}.${window.name}`, [stream.name, ...path, 'into']);
      const wrong =
        window.filter === undefined ? undefined : await filterProblem(window.filter, dataset, around.duckdb);
      if (wrong !== undefined) found.push({ path: ['filter'], message: wrong });
      problems.push(...found.map(within(stream.name, ...path)));
    }
  }
  return problems;
}

const within =
  (...prefix: readonly string[]) =>
  ({ path, message }: StreamProblem): StreamProblem => ({ path: [...prefix, ...path], message });

function tableProblems(
  { table, eventTime }: Stream,
  dataset: Dataset,
  { models }: StreamSurroundings,
): StreamProblem[] {
  const problems: StreamProblem[] = [];
  const add = (field: string, message: string) => problems.push({ path: [field], message });
  if (dataset.source === undefined)
    add(
      'table',
      `must have a server of type s3 in its contract, where its events are kept in bronze; ${table} has none`,
    );
  if (models.some(({ writes }) => writes === table)) add('table', `must not be filled by a model; ${table} is`);
  if (dataset.history === 'scd2')
    add(
      'table',
      `must keep current rows, for how many versions a row has would depend on how its events were batched; ${table} keeps history (scd2)`,
    );
  const column = dataset.columns.find(({ name }) => name === eventTime);
  const times = dataset.columns.filter(isTime).map(({ name }) => name);
  if (column === undefined || !isTime(column))
    add('eventTime', `must be a column of type timestamp; ${givenAllowed(eventTime, times)}`);
  else if (!column.required) add('eventTime', `must be required by the contract; ${table}.${eventTime} is not`);
  return problems;
}

const isTime = ({ type }: Column): boolean => type === 'timestamp' || type === 'timestamptz';
const isNumber = (type: Type): boolean =>
  typeof type === 'string' && (['int', 'long', 'float', 'double'].includes(type) || type.startsWith('decimal'));

/** A window that is hit by an event more often than this would write more than it reads. */
const mostPanes = 1440;

function windowProblems(window: Window, dataset: Dataset): StreamProblem[] {
  const problems: StreamProblem[] = [];
  const add = (path: StreamProblem['path'], message: string) => problems.push({ path, message });
  const names = dataset.columns.map(({ name }) => name);
  const { sizeSeconds, everySeconds } = window;
  if (sizeSeconds % everySeconds !== 0)
    add(['every'], `must divide the size; given ${everySeconds} s, and a size of ${sizeSeconds} s`);
  else if (sizeSeconds / everySeconds > mostPanes)
    add(['every'], `must be at least the ${mostPanes}th part of the size; given ${everySeconds} s of ${sizeSeconds} s`);
  for (const [i, group] of window.groupBy.entries()) {
    const column = dataset.columns.find(({ name }) => name === group);
    if (column === undefined)
      add(['groupBy', i], `must be a column of ${tableId(dataset)}; ${givenAllowed(group, names)}`);
    else if (!column.required) add(['groupBy', i], `must be required by the contract; ${group} is not`);
    else if (typeof column.type !== 'string')
      add(['groupBy', i], `must have a plain type; ${group} is a ${column.type.kind}`);
  }
  for (const { name, function: kind, column: of } of window.measures) {
    if ([...windowColumns, ...window.groupBy].includes(name))
      add(['measures', name], 'must have a name of its own; the result has a column of this name already');
    if (of === undefined) continue;
    const column = dataset.columns.find((one) => one.name === of);
    const fits = kind === 'sum' || kind === 'avg' ? isNumber : (type: Type) => typeof type === 'string';
    const allowed = dataset.columns.filter(({ type }) => fits(type)).map((one) => one.name);
    if (column === undefined || !fits(column.type))
      add(['measures', name], `must be of a column that has a ${kind}; ${givenAllowed(of, allowed)}`);
  }
  return problems;
}

/** The result has a contract, which promises what the window gives. */
function sinkProblems(
  window: Window,
  dataset: Dataset,
  { datasets, models, zones }: StreamSurroundings,
): StreamProblem[] {
  const { into, groupBy, measures } = window;
  if (into.kind === 'postgres') return [];
  const at = (message: string): StreamProblem => ({ path: ['into'], message });
  const iceberg = zones.filter(({ holds }) => holds === 'iceberg').map(({ name }) => name);
  const free = datasets.filter(
    (one) =>
      one.source === undefined && iceberg.includes(one.zone) && !models.some(({ writes }) => writes === tableId(one)),
  );
  const result = free.find((one) => tableId(one) === into.table);
  if (result === undefined)
    return [
      at(`must be a table that has a contract, and no files or model; ${givenAllowed(into.table, free.map(tableId))}`),
    ];
  const problems: StreamProblem[] = [];
  const key = ['window_start', ...groupBy];
  if (result.key.length !== key.length || key.some((name) => !result.key.includes(name)))
    problems.push(
      at(`must have the primary key ${key.join(', ')}; ${into.table} has ${result.key.join(', ') || 'none'}`),
    );
  if (result.history === 'scd2') problems.push(at(`must keep current rows; ${into.table} keeps history (scd2)`));
  const given = [...windowColumns, ...groupBy, ...measures.map(({ name }) => name)];
  const promised = result.columns.map(({ name }) => name);
  const missing = given.filter((name) => !promised.includes(name));
  const unknown = promised.filter((name) => !given.includes(name));
  if (missing.length > 0)
    problems.push(at(`must have every column of the result; ${into.table} lacks ${missing.join(', ')}`));
  if (unknown.length > 0)
    problems.push(at(`must have no other columns than the result; ${into.table} has ${unknown.join(', ')}`));
  for (const column of result.columns) {
    const wrong = typeProblem(column, window, dataset);
    if (wrong !== undefined)
      problems.push(at(`${into.table}.${column.name} must be ${wrong}; it is ${show(column.type)}`));
  }
  return problems;
}

const show = (type: Type): string => (typeof type === 'string' ? type : type.kind);

function typeProblem({ name, type }: Column, window: Window, dataset: Dataset): string | undefined {
  if ((windowColumns as readonly string[]).includes(name))
    return type === 'timestamptz' || type === 'timestamp' ? undefined : 'a timestamp';
  const typeOf = (column: string) => dataset.columns.find((one) => one.name === column)?.type;
  const group = window.groupBy.includes(name) ? typeOf(name) : undefined;
  if (group !== undefined) return show(group) === show(type) ? undefined : show(group);
  const measure = window.measures.find((one) => one.name === name);
  if (measure === undefined) return undefined;
  if (measure.function === 'count' || measure.function === 'late') return isNumber(type) ? undefined : 'a number';
  if (measure.function === 'sum' || measure.function === 'avg') return isNumber(type) ? undefined : 'a number';
  const of = typeOf(measure.column!);
  return of === undefined || show(of) === show(type) ? undefined : show(of);
}

async function filterProblem(
  filter: string,
  dataset: Dataset,
  duckdb: Pick<Duckdb, 'query'>,
): Promise<string | undefined> {
  try {
    await duckdb.query(
      `SELECT count(*) FROM ${qualified(dataset.zone, dataset.name)} WHERE ${condition(filter)} IS TRUE`,
    );
    return undefined;
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    return `must be a condition that fits ${tableId(dataset)}: ${first!.replace(/^[A-Za-z ]+ Error: /, '')}`;
  }
}
