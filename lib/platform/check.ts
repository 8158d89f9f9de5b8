import { backupProblems } from '../backup/declaration';
import { cdcProblems, fedTables, resolveCdc } from '../cdc/declaration';
import { followsOwn } from '../cdc/deployed';
import type { Dataset } from '../contract/dataset';
import type { Document } from '../contract/document';
import type { DataContract } from '../contract/odcs';
import type { ReadContract } from '../contract/read';
import { bindReferences } from '../contract/references';
import { resolveContract } from '../contract/resolve';
import { parse } from '../contract/strict';
import { documentsProblems, resolveDocuments } from '../documents/declaration';
import { personalWithoutSubject } from '../erasure/subjects';
import { givenAllowed, type Problem } from '../errors';
import { deepFreeze } from '../freeze';
import { isDate } from '../local/land';
import { resolveUses } from '../migrations/declaration';
import type { ReadMigrations } from '../migrations/read';
import { resolveNetwork } from '../network/declaration';
import { databaseProblems, resolveDatabase } from '../postgres/resolve';
import { openDuckdb } from '../runtime/duckdb';
import { engineProblems, resolveEngine } from '../sizing/declaration';
import { tablesOnSpark } from '../sizing/loads';
import { readyProblem } from '../sizing/worker-size';
import { sparkWorkers, workersProblem } from '../sizing/workers';
import { promiseProblems } from '../spark/check';
import { resolveStreams, streamedTables } from '../stream/declaration';
import { declaredStreamProblems } from '../stream/problems';
import { resolveStores, storeProblems } from '../vector/declaration';
import { bindProblems, type DeclaredTable } from './bind';
import { type Deployment, deploymentOf } from './deployment';
import { groupsOf } from './groups';
import { findIngested, notIngested, tableId } from './lookup';
import type { Manifest, Model, Zone } from './manifest';
import { type ModelFile, readModels } from './models';
import { type LocalDeclaration, type PlatformDeclaration, platformFile } from './schema';
import { databaseName, defaultZones, resolveZones, type ZoneDeclaration, zoneProblems } from './zones';

/** Everything that a platform is made of, as it was found: nothing of it is checked yet. */
export interface PlatformInput {
  /** `platform.yaml`, or what `definePlatform` was given; without the contracts and models that were given in code. */
  readonly document: Document;
  readonly contracts: readonly ReadContract[];
  readonly models: readonly ModelFile[];
  /** Files of migrations of the database. */
  readonly migrations?: ReadMigrations;
}

/** What was found of a platform. */
export interface PlatformCheck {
  /** Absent where there is a problem. */
  readonly platform?: {
    readonly manifest: Manifest;
    readonly deployment: Deployment;
    readonly local: LocalDeclaration;
  };
  readonly problems: readonly Problem[];
  /** What the platform says and Ingot does not act on. */
  readonly notices: readonly Problem[];
}

/**
 * Checks a platform whole: every problem of its declaration, its contracts and its models.
 *
 * @param engine `spark`: SQL of all tables is judged as if Spark ran it
 */
export async function checkInput(input: PlatformInput, engine?: 'spark'): Promise<PlatformCheck> {
  const { document } = input;
  const { value, problems: wordProblems } = parse(platformFile, document);
  const declaration: PlatformDeclaration = value ?? fallback(document.value);
  const problems: Problem[] = [...wordProblems];

  const declared = (declaration.zones ?? defaultZones).map(
    (zone): ZoneDeclaration => (typeof zone === 'string' ? { name: zone } : zone),
  );
  for (const { path, message } of zoneProblems(declared)) {
    const steps = [...path.matchAll(/\[(\d+)\]|\.?([A-Za-z]+)/g)].map(([, index, word]) =>
      index ? Number(index) : word!,
    );
    const problem = document.problem(['zones', ...steps], message);
    if (!problems.some(({ path: told }) => told === problem.path)) problems.push(problem);
  }
  const zones = resolveZones(declaration.name, declared);

  const database = value?.database && {
    ...value.database,
    logicalReplication: value.database.logicalReplication ?? followsOwn(value.cdc),
  };
  for (const { path, message } of database === undefined ? [] : databaseProblems(declaration.name, database)) {
    // A setting's own name has dots.
    const [first = '', ...rest] = path.split('.');
    problems.push(
      document.problem(['database', first, ...(first === 'parameters' ? [rest.join('.')] : rest)], message),
    );
  }

  problems.push(...backupProblemsOf(value, document));

  const notices: Problem[] = [];
  if (followsOwn(declaration.cdc) && declaration.database === undefined)
    notices.push(
      document.problem(
        ['cdc'],
        'is followed by ingot cdc alone: a deployment follows the database of the platform, or the one that source names, and there is neither',
      ),
    );
  const found: DeclaredTable[] = [];
  for (const { contract, document: where, problems: wrong } of input.contracts) {
    problems.push(...wrong);
    if (contract === undefined) continue;
    const resolved = resolveContract(contract, where, zones);
    problems.push(...resolved.problems);
    notices.push(...resolved.notices);
    found.push(...resolved.datasets.map((one) => ({ resolved: one, document: where })));
  }
  const tables = bindReferences(found, (path, message, table) => problems.push(table.document.problem(path, message)));
  for (const { resolved, document: where } of tables)
    for (const { path, to } of resolved.foreignKeys)
      notices.push(where.problem([...path, 'to'], `is kept but not checked: ${noTable(to.table, tables)}`));
  for (const { resolved, document: where } of tables) {
    const personal = personalWithoutSubject(resolved.dataset);
    if (personal.length > 0)
      notices.push(
        where.problem(
          [...resolved.path, 'properties'],
          `hold personal data (${personal.join(', ')}) and nothing says whose: without the custom property subject at the column that does, nobody can be erased from ${tableId(resolved.dataset)}`,
        ),
      );
  }
  problems.push(...contractConflicts(input.contracts), ...tableConflicts(tables));
  const datasets = inZoneOrder(
    tables.map(({ resolved }) => resolved.dataset),
    zones,
  );

  const duckdb = await openDuckdb();
  try {
    const { models, problems: modelProblems } = await readModels(input.models, datasets, duckdb);
    // A contract that could not be read would be missed everywhere: that is its own problem, once.
    const isWhole = input.contracts.every(({ contract }) => contract !== undefined);
    // So is a zone that the platform does not have, to which models do not send their reads.
    const misplaced = datasets.filter(({ zone }) => !zones.some(({ name }) => name === zone)).map(({ name }) => name);
    const follows = (message: string) =>
      isWhole
        ? misplaced.some((name) => message.includes('unknown table') && message.includes(`.${name}";`))
        : /unknown table|must have a contract/.test(message);
    problems.push(...modelProblems.filter(({ message }) => !follows(message)));
    const filled = new Set(input.models.map(({ name }) => name));
    const fed = new Set([...fedTables(declaration.cdc, datasets), ...streamedTables(declaration.streams)]);
    const unfilled = tables.filter(
      ({ resolved: { dataset } }) =>
        dataset.source === undefined &&
        !filled.has(dataset.name) &&
        !fed.has(tableId(dataset)) &&
        // A declaration that cannot be read says nothing of what its streams fill: that is its own problem, once.
        value !== undefined,
    );
    for (const { resolved, document: where } of unfilled) {
      const nearly = notices.filter((notice) => notice.where === where.where && notice.path.startsWith('servers'));
      const elsewhere = nearly.length > 0 ? undefined : homelessFiles(where, resolved.dataset, zones);
      if (elsewhere !== undefined) {
        problems.push(elsewhere);
        continue;
      }
      problems.push(
        where.problem(
          [...resolved.path, 'name'],
          `must be filled by files, from a server of type s3 at s3://<zone>/<prefix>/, or by a model models/${resolved.dataset.name}.sql${hint(resolved.dataset)}`,
        ),
        // A server that nearly was it.
        ...nearly,
      );
    }
    for (const [i, { as, date }] of (declaration.local?.land ?? []).entries()) {
      // Words that are no day at all are the declaration's own problem.
      if (date !== undefined && /^\d{4}-\d\d-\d\d$/.test(date) && !isDate(date))
        problems.push(
          document.problem(
            ['local', 'land', i, 'date'],
            `must be a day of the calendar, YYYY-MM-DD; given ${JSON.stringify(date)}`,
          ),
        );
      if (isWhole && unfilled.length === 0 && findIngested(as, datasets) === undefined)
        problems.push(document.problem(['local', 'land', i, 'as'], notIngested(as, datasets)));
    }
    const { groups, problems: groupProblems } = groupsOf(declaration, datasets, models, document);
    if (modelProblems.length === 0) problems.push(...groupProblems);
    problems.push(...(await bindProblems(...soundParts(tables, models, problems), duckdb)));
    problems.push(...changeProblems(declaration, tables, filled, document));
    problems.push(...searchProblems(declaration, zones, datasets, document));
    const { uses, problems: useProblems } = resolveUses(declaration.database?.uses ?? [], datasets);
    problems.push(...(input.migrations?.problems ?? []), ...homelessMigrations(input, declaration, document));
    if (isWhole)
      problems.push(
        ...useProblems.map(({ path, message }) => document.problem(['database', 'uses', ...path], message)),
      );
    if (isWhole && declaration.engine !== undefined)
      problems.push(
        ...engineProblems(declaration.engine, datasets).map(({ path, message }) =>
          document.problem(['engine', ...path], message),
        ),
      );
    if (problems.length > 0) return { problems: sorted(problems), notices };
    const stores = resolveStores(declaration.stores);
    const manifest: Manifest = {
      name: declaration.name,
      zones,
      datasets,
      models,
      groups,
      ops: opsOf(declaration.name, zones),
      ...(declaration.engine === undefined ? {} : { engine: resolveEngine(declaration.engine) }),
      ...(declaration.network === undefined ? {} : { network: resolveNetwork(declaration.network) }),
      ...(declaration.database === undefined
        ? {}
        : {
            database: resolveDatabase(declaration.name, database ?? declaration.database),
            migrations: { files: input.migrations?.migrations ?? [], uses },
          }),
      ...(declaration.backup === undefined ? {} : { backup: declaration.backup }),
      ...(declaration.cdc === undefined
        ? {}
        : { cdc: resolveCdc(declaration.cdc, datasets, declaration.database !== undefined) }),
      ...(declaration.streams === undefined ? {} : { streams: resolveStreams(declaration.streams, datasets) }),
      ...(declaration.stores === undefined ? {} : { stores }),
      ...(declaration.documents === undefined
        ? {}
        : { documents: resolveDocuments(declaration.documents, stores, zones) }),
    };
    // What follows from all of it together is checked where each part has no problem of its own.
    const workers = workersProblem(manifest);
    if (workers !== undefined) problems.push(document.problem(['engine', 'spark', 'maxWorkers'], workers));
    const { drivers = 0, executors = 0 } = manifest.engine?.spark?.ready ?? {};
    const ready = readyProblem(drivers + executors, sparkWorkers(manifest).most);
    if (ready !== undefined) problems.push(document.problem(['engine', 'spark', 'ready'], ready));
    const wrong = await declaredStreamProblems(declaration, document, { datasets, models, zones, duckdb });
    problems.push(...wrong);
    if (wrong.length === 0) {
      const query = (sql: string) => duckdb.query(sql);
      problems.push(...(await promiseProblems(manifest, tablesOnSpark(manifest, engine), tables, document, query)));
    }
    if (problems.length > 0) return { problems: sorted(problems), notices };
    return {
      platform: deepFreeze({ manifest, deployment: deploymentOf(declaration), local: declaration.local ?? {} }),
      problems,
      notices,
    };
  } finally {
    duckdb.close();
  }
}

function backupProblemsOf(value: PlatformDeclaration | undefined, document: Document): Problem[] {
  if (value?.backup === undefined) return [];
  const steps = (path: string) =>
    [...path.matchAll(/\[(\d+)\]|([A-Za-z]+)/g)].map(([, index, word]) => (index ? Number(index) : word!));
  const problems = backupProblems('', value.backup).map(({ path, message }) =>
    document.problem(['backup', ...steps(path)], message),
  );
  const dumps = value.backup.dump !== undefined && value.backup.dump !== false;
  return dumps && value.database === undefined
    ? [...problems, document.problem(['backup', 'dump'], 'must be left out where the platform has no database')]
    : problems;
}

const hint = ({ postgres }: Dataset): string =>
  postgres === undefined
    ? ''
    : `, or by the changes of server ${postgres.server}, which cdc of platform.yaml must name`;

/** A server of type s3 that would fill the table if its location began with a zone, and not with a bucket, as others' do. */
function homelessFiles({ value, problem }: Document, { name }: Dataset, zones: readonly Zone[]): Problem | undefined {
  const { servers = [] } = value as Pick<DataContract, 'servers'>;
  const i = servers.findIndex(({ type }) => type === 's3');
  const location = servers[i]?.location;
  if (location === undefined) return undefined;
  const files = zones.filter(({ holds }) => holds === 'files').map((zone) => zone.name);
  return problem(
    ['servers', i, 'location'],
    `must be s3://<zone>/<prefix>/, as neither files nor a model models/${name}.sql fill ${name}; given ${JSON.stringify(location)}; allowed zones: ${files.join(', ')}`,
  );
}

/** Files that nothing would apply. */
function homelessMigrations({ migrations }: PlatformInput, { database }: PlatformDeclaration, document: Document) {
  if (database !== undefined || (migrations?.migrations ?? []).length === 0) return [];
  const message = 'must be declared, as the platform has migrations; `database: {}` declares one with every default';
  return [document.problem(['database'], message)];
}

function changeProblems(
  { cdc = {}, database, local }: PlatformDeclaration,
  tables: readonly DeclaredTable[],
  modelled: ReadonlySet<string>,
  document: Document,
): Problem[] {
  const datasets = tables.map(({ resolved }) => resolved.dataset);
  const fed = fedTables(cdc, datasets);
  const at = (dataset: Dataset | undefined) => tables.find(({ resolved }) => resolved.dataset === dataset);
  return [
    ...cdcProblems(cdc, datasets, database).map(({ path, dataset, message }) => {
      const table = at(dataset);
      return table === undefined
        ? document.problem(['cdc', ...path], message)
        : table.document.problem(table.resolved.path, message);
    }),
    ...(local?.changes ?? []).flatMap(({ of }, i) =>
      Object.hasOwn(cdc, of)
        ? []
        : document.problem(
            ['local', 'changes', i, 'of'],
            `must be a source in cdc; ${givenAllowed(of, Object.keys(cdc))}`,
          ),
    ),
    ...tables
      .filter(({ resolved: { dataset } }) => fed.has(tableId(dataset)) && modelled.has(dataset.name))
      .map(({ resolved, document: where }) =>
        where.problem(
          [...resolved.path, 'name'],
          `must be filled by changes or by a model; ${resolved.dataset.name} is filled by both`,
        ),
      ),
  ];
}

function searchProblems(
  declaration: PlatformDeclaration,
  zones: readonly Zone[],
  datasets: readonly Dataset[],
  document: Document,
): Problem[] {
  const { stores = {}, documents = {}, local = {} } = declaration;
  const wrong = storeProblems(stores).map(({ path, message }) => document.problem(['stores', ...path], message));
  if (wrong.length > 0) return wrong;
  const homeless =
    declaration.database === undefined && Object.keys(stores).length > 0
      ? [
          document.problem(
            ['database'],
            'must be declared, as the platform has vector stores; `database: {}` declares one with every default',
          ),
        ]
      : [];
  const taken = datasets.flatMap(({ source }) => (source === undefined ? [] : [source]));
  const unknown = (path: readonly (string | number)[], what: string, given: string, allowed: object) =>
    Object.hasOwn(allowed, given)
      ? []
      : [document.problem(path, `must be ${what} of the platform; ${givenAllowed(given, Object.keys(allowed))}`)];
  return [
    ...homeless,
    ...documentsProblems(documents, resolveStores(stores), zones, taken).map(({ path, message }) =>
      document.problem(['documents', ...path], message),
    ),
    ...Object.keys(local.documents ?? {}).flatMap((name) =>
      unknown(['local', 'documents', name], 'documents', name, documents),
    ),
    ...(local.searches ?? []).flatMap(({ store }, i) =>
      store === undefined && Object.keys(stores).length === 1
        ? []
        : unknown(['local', 'searches', i, 'store'], 'a store', store ?? '', stores),
    ),
  ];
}

function noTable(name: string, tables: readonly DeclaredTable[]): string {
  const named = tables
    .filter(({ resolved }) => resolved.names.includes(name))
    .map(({ resolved }) => tableId(resolved.dataset));
  if (named.length > 1) return `the platform has several tables of that name: ${named.join(', ')}`;
  return `the platform has no such table; ${givenAllowed(
    name,
    tables.map(({ resolved }) => resolved.dataset.name),
  )}`;
}

/**
 * Tables of documents without a problem, and the models that read and fill only those: a column whose type cannot be told
 * would make false problems of all that read it.
 */
function soundParts(
  tables: readonly DeclaredTable[],
  models: readonly Model[],
  problems: readonly Problem[],
): [readonly DeclaredTable[], readonly Model[]] {
  const unsound = new Set(problems.map(({ where }) => where));
  const sound = tables.filter(({ document }) => !unsound.has(document.where));
  const ids = new Set(sound.map(({ resolved }) => tableId(resolved.dataset)));
  const known = (id: string | undefined) => id === undefined || ids.has(id);
  return [sound, models.filter((model) => model.reads.every(known) && known(model.writes))];
}

const opsOf = (name: string, zones: readonly Zone[]) => ({
  database: databaseName(name, 'ops'),
  zone: zones.find((zone) => zone.holds === 'iceberg')!.name,
});

/** What can be said of a declaration that has problems, so that its contracts and models are checked all the same. */
function fallback(value: unknown): PlatformDeclaration {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const zones = Array.isArray(given.zones)
    ? given.zones.flatMap((zone) => {
        if (typeof zone === 'string') return zone;
        const isZone = typeof zone === 'object' && zone !== null && typeof zone.name === 'string';
        return isZone ? (zone as ZoneDeclaration) : [];
      })
    : undefined;
  return { name: typeof given.name === 'string' ? given.name : 'platform', ...(zones === undefined ? {} : { zones }) };
}

function contractConflicts(contracts: readonly ReadContract[]): Problem[] {
  const seen = new Map<string, string>();
  return contracts.flatMap(({ contract, document }) => {
    if (contract === undefined) return [];
    const other = seen.get(contract.id);
    seen.set(contract.id, document.where);
    return other === undefined
      ? []
      : document.problem(['id'], `must be unique; ${other} has the id ${contract.id} too`);
  });
}

function tableConflicts(tables: readonly DeclaredTable[]): Problem[] {
  const problems: Problem[] = [];
  const names = new Map<string, string>();
  const prefixes = new Map<string, string>();
  for (const { resolved, document } of tables) {
    const { dataset, path } = resolved;
    const id = tableId(dataset);
    const other = names.get(id);
    if (other !== undefined)
      problems.push(document.problem([...path, 'name'], `must be unique; ${other} declares ${id} too`));
    names.set(id, document.where);
    if (dataset.source === undefined) continue;
    const place = `${dataset.source.zone}/${dataset.source.prefix}`;
    const reader = prefixes.get(place);
    if (reader !== undefined)
      problems.push(
        document.problem(['servers'], `must name files of its own; ${reader} is filled from s3://${place}/ too`),
      );
    prefixes.set(place, id);
  }
  return problems;
}

function inZoneOrder(datasets: readonly Dataset[], zones: readonly Zone[]): Dataset[] {
  const place = new Map(zones.map((zone, i) => [zone.name, i]));
  return datasets.toSorted(
    (a, b) => (place.get(a.zone) ?? 0) - (place.get(b.zone) ?? 0) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}

/** By file and line, so that a user goes through them once. */
export const sorted = (problems: readonly Problem[]): Problem[] =>
  problems.toSorted((a, b) => (a.where === b.where ? (a.line ?? 0) - (b.line ?? 0) : a.where < b.where ? -1 : 1));
