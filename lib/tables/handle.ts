import { type Answering, answerCustomResource, type CustomResourceEvent, failedId } from '../runtime/custom-resource';
import { type Applied, applyTable, type Maintenance, removeTable } from './apply';
import type { RestCatalog } from './client';
import { parseSpec } from './parse';
import { quarantineName, withQuarantine } from './quarantine';
import type { TableSpec } from './spec';

/** What CloudFormation sends for a table. */
export type TableResourceEvent = CustomResourceEvent<{ readonly spec?: unknown }>;

/** What Terraform's `aws_lambda_invocation` sends with `lifecycle_scope = "CRUD"`; without `tf`, who calls by hand. */
export interface InvocationEvent {
  readonly spec?: unknown;
  readonly tf?: {
    readonly action: 'create' | 'update' | 'delete';
    /** What the invocation before it was sent. */
    readonly prev_input?: { readonly spec?: unknown } | null;
  };
}

export type TablesEvent = TableResourceEvent | InvocationEvent;

export interface TablesResult {
  /** `database.table`. */
  readonly table: string;
  readonly status: Applied['status'] | 'kept' | 'dropped';
  readonly changes: readonly string[];
}

/** What the _tables_ handler needs from outside. */
export interface TablesServices extends Answering {
  readonly catalog: () => Promise<RestCatalog>;
  readonly maintenance?: Maintenance;
  /** Whether the deletion guard is open, so that a table leaves the catalog with its resource. */
  readonly allowDrop: boolean;
}

/**
 * Makes, changes or lets go of one table, with its quarantine. A custom resource gets its answer in any case, as a stack that waits for it
 * hangs for an hour; every other caller gets the result, or the error is thrown.
 */
export async function handleTables(event: TablesEvent, services: TablesServices): Promise<TablesResult | undefined> {
  if ('ResponseURL' in event) {
    await answerCustomResource(event, services, async () => {
      const { table, status } = await carryOut(event, services);
      return { id: table, data: { Status: status } };
    });
    return undefined;
  }
  const { action, prev_input: previous } = event.tf ?? { action: 'create' };
  const spec = parseSpec(event.spec, 'the invocation');
  if (action === 'delete') return remove(spec, services);
  const before = action === 'update' ? nameOf(previous?.spec) : undefined;
  const result = await apply(spec, before, services);
  if (before !== undefined && tableOf(before) !== tableOf(spec)) await remove(before, services);
  return result;
}

/** The id of a resource is its table's name: where that changes, CloudFormation deletes the old one by itself. */
async function carryOut(event: TableResourceEvent, services: TablesServices): Promise<TablesResult> {
  const { PhysicalResourceId: id = '', ResourceProperties: given, OldResourceProperties: old } = event;
  if (event.RequestType !== 'Delete')
    return apply(parseSpec(given.spec, event.LogicalResourceId), nameOf(old?.spec), services);
  const [database, table, ...more] = id.split('.');
  if (id.startsWith(failedId) || table === undefined || more.length > 0)
    return { table: id, status: 'kept', changes: [] };
  const quarantine = nameOf(given.spec)?.quarantine;
  return { ...(await remove({ database: database!, table, quarantine }, services)), table: id };
}

/** @param before what it was the last time, perhaps under another name */
async function apply(spec: TableSpec, before: Name | undefined, services: TablesServices): Promise<TablesResult> {
  const { log, maintenance } = services;
  const catalog = await services.catalog();
  const results: Applied[] = [];
  for (const each of withQuarantine(spec)) results.push(await applyTable(each, catalog, { log, maintenance }));
  // What was filled from files and is filled by a model now refuses nothing any more.
  if (before?.quarantine !== undefined && spec.quarantine === undefined && tableOf(before) === tableOf(spec))
    await letGo(quarantineName(before), services);
  const { status } = results.find((result) => result.status !== 'unchanged') ?? results[0]!;
  return { table: tableOf(spec), status, changes: results.flatMap(({ changes }) => changes) };
}

type Name = Pick<TableSpec, 'database' | 'table' | 'quarantine'>;

async function remove(name: Name, services: TablesServices): Promise<TablesResult> {
  const status = await letGo(name, services);
  if (name.quarantine !== undefined) await letGo(quarantineName(name), services);
  return { table: tableOf(name), status, changes: [] };
}

const letGo = (name: Name, { catalog, allowDrop, log }: TablesServices) =>
  removeTable(name, catalog, { allowDrop, log });

const tableOf = ({ database, table }: Name): string => `${database}.${table}`;

/** The table of an earlier input, which an older version of this handler may have taken in another shape. */
function nameOf(spec: unknown): Name | undefined {
  try {
    return spec === undefined ? undefined : parseSpec(spec, 'the invocation before');
  } catch {
    return undefined;
  }
}
