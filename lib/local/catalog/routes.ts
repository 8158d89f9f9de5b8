import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Schema } from '../../tables/metadata';
import { newMetadata } from './create';
import { CatalogError } from './errors';
import { assertInside } from './location';
import { partitionSpec, read, schema, sortOrder, strings } from './request';
import { assertRequirements } from './requirements';
import type { Store, Table } from './store';
import { applyUpdates, assertNotReserved } from './updates';

/** A request to one endpoint, with its path's names already judged. */
export interface Call {
  readonly store: Store;
  readonly roots: readonly string[];
  /** Empty where the path holds none. */
  readonly namespace: string;
  readonly table: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

interface Endpoint {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** As the protocol's specification writes it; `{prefix}` is `prefix` below. */
  readonly path: string;
  /** The JSON to answer with; undefined: 204, without a body. */
  readonly answer: (call: Call) => Promise<unknown>;
}

/** Stands for the warehouse in every path, as the config endpoint tells the clients. */
export const prefix = 'local';

/** A single level, in the letters that Glue, Athena and every file system take: so no name leaves its folder. */
const nameShape = /^[a-z0-9_][a-z0-9_-]{0,254}$/;

export const isName = (name: string): boolean => nameShape.test(name);

function readName(what: string, name: string): string {
  if (isName(name)) return name;
  throw CatalogError.badRequest(
    `The name of a ${what} has 1 to 255 lower-case letters, digits, underscores or hyphens, on one level; given ${JSON.stringify(name)}`,
  );
}

const namespaceName = z.array(z.string()).length(1, 'a namespace has one level');

/** What the catalog offers, and what it tells clients that it offers. */
export const endpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/v1/{prefix}/namespaces',
    answer: async ({ store, query }) => {
      const parent = query.get('parent');
      if (parent !== null && parent !== '') await store.loadNamespace(readName('namespace', parent));
      const names = parent === null || parent === '' ? await store.namespaces() : [];
      const { page, rest } = paged(names, query);
      return { namespaces: page.map((name) => [name]), ...rest };
    },
  },
  {
    method: 'POST',
    path: '/v1/{prefix}/namespaces',
    answer: async ({ store, body }) => {
      const shape = z.object({ namespace: namespaceName, properties: strings.default({}) });
      const { namespace, properties } = read(shape, body, 'The namespace');
      await store.createNamespace(readName('namespace', namespace[0]!), properties);
      return { namespace, properties };
    },
  },
  {
    method: 'GET',
    path: '/v1/{prefix}/namespaces/{namespace}',
    answer: async ({ store, namespace }) => {
      return { namespace: [namespace], properties: (await store.loadNamespace(namespace)).properties };
    },
  },
  {
    method: 'HEAD',
    path: '/v1/{prefix}/namespaces/{namespace}',
    answer: async ({ store, namespace }) => {
      await store.loadNamespace(namespace);
    },
  },
  {
    method: 'DELETE',
    path: '/v1/{prefix}/namespaces/{namespace}',
    answer: ({ store, namespace }) => store.dropNamespace(namespace),
  },
  {
    method: 'POST',
    path: '/v1/{prefix}/namespaces/{namespace}/properties',
    answer: async ({ store, namespace, body }) => {
      const shape = z.object({ removals: z.array(z.string()).default([]), updates: strings.default({}) });
      const { removals, updates } = read(shape, body, 'The properties');
      const both = removals.find((name) => Object.hasOwn(updates, name));
      if (both !== undefined) throw CatalogError.badRequest(`The property ${both} is both to be set and to be removed`);
      let before: Readonly<Record<string, string>> = {};
      await store.changeNamespace(namespace, (properties) => {
        before = properties;
        const kept = Object.entries(properties).filter(([name]) => !removals.includes(name));
        return { ...Object.fromEntries(kept), ...updates };
      });
      const [removed, missing] = [
        removals.filter((n) => Object.hasOwn(before, n)),
        removals.filter((n) => !Object.hasOwn(before, n)),
      ];
      return { updated: Object.keys(updates), removed, missing };
    },
  },
  {
    method: 'GET',
    path: '/v1/{prefix}/namespaces/{namespace}/tables',
    answer: async ({ store, namespace, query }) => {
      await store.loadNamespace(namespace);
      const { page, rest } = paged(await store.tables(namespace), query);
      return { identifiers: page.map((name) => ({ namespace: [namespace], name })), ...rest };
    },
  },
  { method: 'POST', path: '/v1/{prefix}/namespaces/{namespace}/tables', answer: createTable },
  {
    method: 'POST',
    path: '/v1/{prefix}/namespaces/{namespace}/register',
    answer: async ({ store, namespace, body }) => {
      const shape = z.object({ name: z.string(), 'metadata-location': z.string(), overwrite: z.boolean().optional() });
      const given = read(shape, body, 'The table');
      if (given.overwrite === true) throw CatalogError.unsupported('A table that exists is not overwritten');
      return loaded(await store.registerTable(namespace, readName('table', given.name), given['metadata-location']));
    },
  },
  {
    method: 'GET',
    path: '/v1/{prefix}/namespaces/{namespace}/tables/{table}',
    answer: async ({ store, namespace, table, query }) =>
      loaded(await store.loadTable(namespace, table), query.get('snapshots') === 'refs'),
  },
  {
    method: 'HEAD',
    path: '/v1/{prefix}/namespaces/{namespace}/tables/{table}',
    answer: async ({ store, namespace, table }) => {
      await store.loadTable(namespace, table);
    },
  },
  {
    method: 'POST',
    path: '/v1/{prefix}/namespaces/{namespace}/tables/{table}',
    answer: ({ store, namespace, table, body }) => {
      const shape = z.object({ requirements: z.array(z.unknown()), updates: z.array(z.unknown()) });
      const { requirements, updates } = read(shape, body, 'The commit');
      return store.commitTable(namespace, table, (metadata) => {
        assertRequirements(requirements, metadata);
        return applyUpdates(metadata, updates, Date.now());
      });
    },
  },
  {
    method: 'DELETE',
    path: '/v1/{prefix}/namespaces/{namespace}/tables/{table}',
    answer: ({ store, namespace, table, query }) => {
      if (query.get('purgeRequested')?.toLowerCase() === 'true')
        throw CatalogError.unsupported('A table is dropped without its files: ask for no purge');
      return store.dropTable(namespace, table);
    },
  },
  {
    method: 'POST',
    path: '/v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics',
    answer: async () => undefined,
  },
];

/** Endpoints of the protocol that Glue does not offer, so that what works here works there. */
export const refused: readonly { readonly path: string; readonly reason: string }[] = [
  { path: '/v1/{prefix}/tables/rename', reason: 'A table cannot be renamed' },
  { path: '/v1/{prefix}/transactions/commit', reason: 'A commit is of one table' },
];

async function createTable({ store, roots, namespace, body }: Call): Promise<unknown> {
  const shape = z.object({
    name: z.string(),
    location: z.string().nullish(),
    schema,
    'partition-spec': partitionSpec.nullish(),
    'write-order': sortOrder.nullish(),
    'stage-create': z.boolean().nullish(),
    properties: strings.nullish(),
  });
  const given = read(shape, body, 'The table');
  const name = readName('table', given.name);
  if (given['stage-create'] === true) throw CatalogError.unsupported('A table is created at once, not in stages');
  if (given.location == null) throw CatalogError.badRequest(`The table ${namespace}.${name} must be given a location`);
  const location = given.location.replace(/\/+$/, '');
  assertInside(location, roots, 'A table');
  const { 'format-version': version, ...properties } = given.properties ?? {};
  if (version !== undefined && version !== '2')
    throw CatalogError.badRequest(`Tables are of format version 2; given ${version}`);
  assertNotReserved(Object.keys(properties));
  const metadata = newMetadata(
    {
      location,
      schema: given.schema as unknown as Schema,
      spec: given['partition-spec'] ?? undefined,
      order: given['write-order'] ?? undefined,
      properties,
    },
    randomUUID(),
    Date.now(),
  );
  return loaded(await store.createTable(namespace, name, metadata));
}

/** `onlyRefs`: of the snapshots only those that a branch or a tag names. */
function loaded(table: Table, onlyRefs = false): unknown {
  if (!onlyRefs) return { ...table, config: {} };
  const named = new Set(Object.values(table.metadata.refs).map((ref) => ref['snapshot-id']));
  const snapshots = table.metadata.snapshots.filter((snapshot) => named.has(snapshot['snapshot-id']));
  return { ...table, metadata: { ...table.metadata, snapshots }, config: {} };
}

/** A page of sorted names; a page's token is the last name of the one before it. */
function paged(names: readonly string[], query: URLSearchParams) {
  const after = query.get('pageToken') ?? '';
  const left = names.filter((name) => name > after);
  const size = Number(query.get('pageSize') ?? left.length);
  if (!Number.isInteger(size) || size < 0)
    throw CatalogError.badRequest(`pageSize is a whole number; given ${query.get('pageSize')}`);
  const page = size === 0 ? left : left.slice(0, size);
  return { page, rest: page.length < left.length ? { 'next-page-token': page.at(-1) } : {} };
}
