import type { Dataset } from '../contract/dataset';
import { nameProblem } from '../contract/names';
import { givenAllowed, nearest, type Problem } from '../errors';
import type { Duckdb } from '../runtime/duckdb';
import { tableId } from './lookup';
import type { Model } from './manifest';
import { cycles, inOrder } from './order';
import { parseQuery, type TableReference } from './sql';

/** A SQL model as it was found. */
export interface ModelFile {
  /** The file's name without `.sql`. */
  readonly name: string;
  /** Relative to the platform's folder. */
  readonly file: string;
  readonly sql: string;
}

/** Models without a table of their own: dbt's names for staging and for steps between. */
const isView = (name: string): boolean => /^(stg|int)_/.test(name);

/** Table functions that read nothing from outside. */
const pureFunctions = new Set(['range', 'generate_series', 'unnest', 'json_each', 'json_tree']);

/**
 * Reads every model: what it reads, uses and writes, in an order in which they can be run. Models that have a problem,
 * or use one that has, are left out.
 */
export async function readModels(
  files: readonly ModelFile[],
  datasets: readonly Dataset[],
  duckdb: Duckdb,
): Promise<{ readonly models: readonly Model[]; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const found = new Map<string, ModelReferences>();
  const broken = new Set<string>();
  for (const file of files) {
    const result = await readModel(file, files, datasets, duckdb);
    problems.push(...result.problems);
    if (found.has(file.name))
      problems.push(problemOf(file, `must have a name of its own; ${found.get(file.name)!.file.file} has it too`));
    if (result.problems.length > 0) broken.add(file.name);
    found.set(file.name, result);
  }
  const all = [...found.values()];
  const needs = new Map(all.map(({ file, reads, uses }) => [file.name, [...uses, ...writersOf(reads, all)]]));
  for (const cycle of cycles(needs)) {
    for (const name of cycle) broken.add(name);
    const { file } = found.get(cycle[0]!)!;
    const message =
      cycle.length === 1
        ? 'must not read what it fills itself'
        : `must not be part of a cycle; models read each other: ${[...cycle, cycle[0]].join(' -> ')}`;
    problems.push(problemOf(file, message));
  }
  const sound = new Map([...needs].filter(([name]) => !isBroken(name, found, broken)));
  const order = inOrder(new Map([...sound].map(([name, needed]) => [name, needed.filter((one) => sound.has(one))])));
  const models = order.map((name) => {
    const { file, writes } = found.get(name)!;
    const views = viewsOf(name, found);
    const uses = order.filter((other) => views.has(other));
    const reads = [name, ...uses].flatMap((one) => [...found.get(one)!.reads]);
    return { ...file, reads: [...new Set(reads)].sort(), uses, ...(writes === undefined ? {} : { writes }) };
  });
  return { models, problems };
}

const problemOf = ({ file }: ModelFile, message: string, line?: number): Problem => ({
  where: file,
  path: '',
  ...(line === undefined ? {} : { line }),
  message,
});

const isBroken = (name: string, models: ReadonlyMap<string, ModelReferences>, broken: ReadonlySet<string>): boolean =>
  broken.has(name) || [...viewsOf(name, models)].some((view) => broken.has(view));

interface ModelReferences {
  readonly file: ModelFile;
  readonly reads: ReadonlySet<string>;
  readonly uses: ReadonlySet<string>;
  readonly writes?: string;
}

async function readModel(
  file: ModelFile,
  files: readonly ModelFile[],
  datasets: readonly Dataset[],
  duckdb: Duckdb,
): Promise<ModelReferences & { readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const report = (message: string, line?: number) => problems.push(problemOf(file, message, line));
  const reads = new Set<string>();
  const uses = new Set<string>();
  const named = nameProblem(file.name);
  if (named !== undefined) report(`its name ${named}`);
  const writes = named !== undefined || isView(file.name) ? undefined : filledBy(file, datasets, report);
  const parsed = await parseQuery(file.sql, duckdb);
  if (parsed.kind === 'problem') report(parsed.message, parsed.line);
  else {
    const known = { tables: datasets.map(tableId), views: files.map(({ name }) => name).filter(isView) };
    for (const reference of parsed.tables) {
      const found = resolveReference(reference, known);
      if ('table' in found) reads.add(found.table);
      else if ('view' in found) uses.add(found.view);
      else report(found.problem, reference.line);
    }
    for (const call of parsed.functions)
      if (!pureFunctions.has(call.parts[0]!))
        report(`must read tables that have a contract; given the function ${call.parts[0]}`, call.line);
  }
  return { file, reads, uses, ...(writes === undefined ? {} : { writes }), problems };
}

/** The table that a model fills: the one of its name, without files of its own. */
function filledBy(
  file: ModelFile,
  datasets: readonly Dataset[],
  report: (message: string) => void,
): string | undefined {
  const [dataset, ...others] = datasets.filter(({ name }) => name === file.name);
  if (dataset === undefined) {
    const free = datasets.filter((d) => d.source === undefined).map((d) => d.name);
    const meant = nearest(file.name, free);
    report(
      `must have a contract with a table named ${file.name}, or a name that begins with stg_ or int_${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    );
    return undefined;
  }
  if (others.length > 0)
    report(`must fill one table; ${[dataset, ...others].map(tableId).join(' and ')} have its name`);
  if (dataset.source !== undefined)
    report(`must not fill ${tableId(dataset)}: files fill it, from ${dataset.source.zone}/${dataset.source.prefix}`);
  return tableId(dataset);
}

type Resolved = { readonly table: string } | { readonly view: string } | { readonly problem: string };

function resolveReference(
  { parts }: TableReference,
  known: { readonly tables: readonly string[]; readonly views: readonly string[] },
): Resolved {
  const given = parts.join('.');
  const name = given.toLowerCase();
  if (parts.length === 1) {
    const view = known.views.find((one) => one === name);
    if (view !== undefined) return { view };
    const table = known.tables.find((id) => id.endsWith(`.${name}`));
    if (table !== undefined)
      return { problem: `must name tables with their zone; given ${given}; did you mean ${table}?` };
    return { problem: `reads an unknown table; ${givenAllowed(given, [...known.tables, ...known.views])}` };
  }
  const table = parts.length === 2 ? known.tables.find((id) => id === name) : undefined;
  return table !== undefined ? { table } : { problem: `reads an unknown table; ${givenAllowed(given, known.tables)}` };
}

/** Names of the models that fill these tables. */
const writersOf = (tables: ReadonlySet<string>, models: readonly ModelReferences[]): string[] =>
  models.filter(({ writes }) => writes !== undefined && tables.has(writes)).map(({ file }) => file.name);

/** The views that a model reads, through one another. */
function viewsOf(name: string, models: ReadonlyMap<string, ModelReferences>, seen = new Set<string>()): Set<string> {
  for (const view of models.get(name)!.uses) {
    if (seen.has(view)) continue;
    seen.add(view);
    viewsOf(view, models, seen);
  }
  return seen;
}
