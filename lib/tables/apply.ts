import { setTimeout as sleep } from 'node:timers/promises';
import { TransientError } from '../errors';
import type { Log } from '../runtime/services';
import { CatalogRefusal, ConflictError, type RestCatalog } from './client';
import { creation, evolution } from './plan';
import type { TableSpec } from './spec';

/** Sets what is done to a table while nobody looks. Called with the same settings again, it changes nothing. */
export interface Maintenance {
  set(spec: TableSpec): Promise<void>;
}

export interface ApplyOptions {
  readonly log: Log;
  /** By default nothing maintains the table. */
  readonly maintenance?: Maintenance;
  /** How often it is tried where others change the table at the same time, or the catalog fails. By default 10. */
  readonly attempts?: number;
}

/** What became of a table. */
export interface Applied {
  /** `older`: the spec is older than what the table has, and nothing was changed. */
  readonly status: 'created' | 'changed' | 'unchanged' | 'older';
  /** In words. */
  readonly changes: readonly string[];
}

/** The change would lose rows or break those who read them; nothing was done. */
export class BreakingChangeError extends Error {
  override readonly name = 'BreakingChangeError';

  constructor(
    spec: TableSpec,
    readonly breaking: readonly string[],
  ) {
    super(
      `Table ${spec.database}.${spec.table} cannot be changed into what contract ${spec.contract.id} ` +
        `${spec.contract.version} says: ${breaking.join('; ')}. Allowed: add optional columns, widen types, make ` +
        `columns optional, rename by id, reorder. Else declare a table of another name and fill it from this one`,
    );
  }
}

/** Longest wait before another attempt, in milliseconds; the first is at most a 32nd of it. */
const longestBackOff = 6_400;

/**
 * Makes the table of a spec, or changes the one that is there in one commit. Rows are never touched. Applied again, or
 * by several at once, the result is the same.
 *
 * @throws BreakingChangeError where rows or readers would not survive it
 * @throws TransientError where others kept changing the table, or the catalog kept failing
 */
export async function applyTable(spec: TableSpec, catalog: RestCatalog, options: ApplyOptions): Promise<Applied> {
  const { log, maintenance, attempts = 10 } = options;
  const table = `${spec.database}.${spec.table}`;
  for (let attempt = 1; ; attempt++) {
    try {
      const applied = await applyOnce(spec, catalog, log);
      if (applied.status !== 'older') await maintenance?.set(spec);
      log.info(`Table ${table} ${applied.status}`, { version: spec.contract.version, changes: applied.changes });
      return applied;
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof TransientError)) throw error;
      if (attempt >= attempts) throw new TransientError(`Table ${table} after ${attempts} attempts: ${error.message}`);
      log.info(`Table ${table} is tried again`, { attempt, reason: error.message });
      await sleep(Math.random() * Math.min(longestBackOff, (longestBackOff / 32) * 2 ** (attempt - 1)));
    }
  }
}

async function applyOnce(spec: TableSpec, catalog: RestCatalog, log: Log): Promise<Applied> {
  const current = await catalog.loadTable(spec.database, spec.table);
  if (current === undefined) {
    await makeNamespace(spec.database, catalog);
    await catalog.createTable(spec.database, creation(spec));
    return { status: 'created', changes: [] };
  }
  const plan = evolution(spec, current);
  switch (plan.kind) {
    case 'none':
      return { status: 'unchanged', changes: [] };
    case 'older':
      log.warn(`Table ${spec.database}.${spec.table} stays as it is: ${plan.reason}`);
      return { status: 'older', changes: [] };
    case 'breaking':
      throw new BreakingChangeError(spec, plan.breaking);
    case 'change':
      await catalog.commitTable(spec.database, spec.table, plan.commit);
      return { status: 'changed', changes: plan.changes };
  }
}

/** In AWS the template makes the databases; where it does not, and the catalog lets nobody, its own words say so. */
async function makeNamespace(namespace: string, catalog: RestCatalog): Promise<void> {
  if (await catalog.hasNamespace(namespace)) return;
  try {
    await catalog.createNamespace(namespace);
  } catch (error) {
    // Somebody else has made it; or is about to, or the answer was of another request: then this is tried again.
    if (error instanceof ConflictError && (await catalog.hasNamespace(namespace))) return;
    if (error instanceof ConflictError) throw error;
    if (!(error instanceof CatalogRefusal)) throw error;
    throw new CatalogRefusal(error.status, `Database ${namespace} is not there and cannot be made: ${error.message}`);
  }
}

/**
 * What removing a spec does to its table: nothing, unless the deletion guard is open. Then the table leaves the catalog,
 * and its files stay for whoever empties the bucket.
 */
export async function removeTable(
  spec: Pick<TableSpec, 'database' | 'table'>,
  catalog: () => Promise<RestCatalog>,
  options: { readonly allowDrop: boolean; readonly log: Log },
): Promise<'kept' | 'dropped'> {
  const table = `${spec.database}.${spec.table}`;
  if (!options.allowDrop) {
    options.log.warn(`Table ${table} is no longer declared and stays: the deletion guard is shut`);
    return 'kept';
  }
  await (await catalog()).dropTable(spec.database, spec.table);
  options.log.warn(`Table ${table} dropped from the catalog`);
  return 'dropped';
}
