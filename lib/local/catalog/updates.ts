import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { fieldIds } from '../../tables/fields';
import type { Long } from '../../tables/json';
import type { PartitionSpec, Schema, Snapshot, SortOrder, TableMetadata } from '../../tables/metadata';
import { CatalogError } from './errors';
import { idOrLast, long, partitionSpec, read, ref, schema, snapshot, sortOrder, statistics, strings } from './request';

/** Metadata while the updates of one commit are applied to it, each replacing what it changes. */
type Draft = { -readonly [K in keyof TableMetadata]: TableMetadata[K] };

/** What later updates of the same commit may speak of. */
interface Commit {
  readonly table: Draft;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly added: Set<Long>;
  lastSchema?: number;
  lastSpec?: number;
  lastOrder?: number;
}

type Update = (update: unknown, commit: Commit) => void;

function update<S extends z.ZodRawShape>(
  shape: S,
  apply: (given: z.infer<z.ZodObject<S>>, table: Draft, commit: Commit) => void,
): Update {
  return (given, commit) => apply(read(z.object(shape), given, 'An update'), commit.table, commit);
}

const id = z.number().int();
const invalid = CatalogError.badRequest;

/** Every update of Iceberg v2's REST protocol that changes a table, by its action. */
const updates: Readonly<Record<string, Update>> = {
  'assign-uuid': update({ uuid: z.string() }, ({ uuid }, table) => {
    if (uuid.toLowerCase() !== table['table-uuid']) throw invalid("A table's UUID is given once and cannot be changed");
  }),

  'upgrade-format-version': update({ 'format-version': id }, (given) => {
    if (given['format-version'] !== 2)
      throw invalid(`Tables are of format version 2; given ${given['format-version']}`);
  }),

  'set-location': update({ location: z.string() }, ({ location }, table) => {
    if (location !== table.location) throw CatalogError.unsupported("A table's location cannot be changed");
  }),

  'add-schema': update({ schema }, (given, table, commit) => {
    const { fields, 'identifier-field-ids': identifiers = [] } = given.schema as unknown as Schema;
    const ids = fieldIds(fields);
    if (new Set(ids).size !== ids.length) throw invalid('The schema has a field id twice');
    const unknown = identifiers.find((identifier) => !ids.includes(identifier));
    if (unknown !== undefined) throw invalid(`The schema has no field ${unknown}, which is to be an identifier`);
    const same = table.schemas.find(
      (s) => isDeepStrictEqual(s.fields, fields) && isDeepStrictEqual(s['identifier-field-ids'] ?? [], identifiers),
    );
    commit.lastSchema = same?.['schema-id'] ?? next(table.schemas, 'schema-id');
    if (same !== undefined) return;
    const added: Schema = { type: 'struct', 'schema-id': commit.lastSchema, fields };
    const withKey = identifiers.length === 0 ? added : { ...added, 'identifier-field-ids': identifiers };
    table.schemas = [...table.schemas, withKey];
    table['last-column-id'] = Math.max(table['last-column-id'], ...ids);
  }),

  'set-current-schema': update({ 'schema-id': idOrLast }, (given, table, commit) => {
    table['current-schema-id'] = chosen('schema', given['schema-id'], commit.lastSchema, table.schemas, 'schema-id');
  }),

  'add-spec': update({ spec: partitionSpec }, ({ spec }, table, commit) => {
    assertColumns(spec.fields, table);
    let lastId = table['last-partition-id'];
    const known = table['partition-specs'].flatMap((s) => s.fields);
    const fields = spec.fields.map((field) => {
      const like = known.find((k) => k['source-id'] === field['source-id'] && k.transform === field.transform);
      const fieldId = field['field-id'] ?? like?.['field-id'] ?? lastId + 1;
      lastId = Math.max(lastId, fieldId);
      return { 'field-id': fieldId, 'source-id': field['source-id'], name: field.name, transform: field.transform };
    });
    const same = table['partition-specs'].find((s) => isDeepStrictEqual(s.fields, fields));
    commit.lastSpec = same?.['spec-id'] ?? next(table['partition-specs'], 'spec-id');
    if (same !== undefined) return;
    const added: PartitionSpec = { 'spec-id': commit.lastSpec, fields };
    table['partition-specs'] = [...table['partition-specs'], added];
    table['last-partition-id'] = lastId;
  }),

  'set-default-spec': update({ 'spec-id': idOrLast }, (given, table, commit) => {
    const specs = table['partition-specs'];
    table['default-spec-id'] = chosen('partition spec', given['spec-id'], commit.lastSpec, specs, 'spec-id');
  }),

  'remove-partition-specs': update({ 'spec-ids': z.array(id) }, (given, table) => {
    if (given['spec-ids'].includes(table['default-spec-id'])) throw invalid('The default partition spec is in use');
    table['partition-specs'] = table['partition-specs'].filter((s) => !given['spec-ids'].includes(s['spec-id']));
  }),

  'remove-schemas': update({ 'schema-ids': z.array(id) }, (given, table) => {
    if (given['schema-ids'].includes(table['current-schema-id'])) throw invalid('The current schema is in use');
    table.schemas = table.schemas.filter((s) => !given['schema-ids'].includes(s['schema-id']));
  }),

  'add-sort-order': update({ 'sort-order': sortOrder }, (given, table, commit) => {
    const { fields } = given['sort-order'];
    assertColumns(fields, table);
    const same = table['sort-orders'].find((order) => isDeepStrictEqual(order.fields, fields));
    commit.lastOrder =
      same?.['order-id'] ?? (fields.length === 0 ? 0 : Math.max(1, next(table['sort-orders'], 'order-id')));
    if (same !== undefined) return;
    const added: SortOrder = { 'order-id': commit.lastOrder, fields };
    table['sort-orders'] = [...table['sort-orders'], added];
  }),

  'set-default-sort-order': update({ 'sort-order-id': idOrLast }, (given, table, commit) => {
    const orders = table['sort-orders'];
    const chosenId = chosen('sort order', given['sort-order-id'], commit.lastOrder, orders, 'order-id');
    table['default-sort-order-id'] = chosenId;
  }),

  'add-snapshot': update({ snapshot }, (given, table, commit) => {
    const added = given.snapshot as unknown as Snapshot;
    if (table.snapshots.some((s) => s['snapshot-id'] === added['snapshot-id']))
      throw invalid(`The table already has the snapshot ${added['snapshot-id']}`);
    if (added['sequence-number'] <= table['last-sequence-number'] && added['parent-snapshot-id'] !== undefined)
      throw CatalogError.conflict(
        `The snapshot's sequence number ${added['sequence-number']} is not above the table's ${table['last-sequence-number']}`,
      );
    table.snapshots = [...table.snapshots, added];
    if (added['sequence-number'] > table['last-sequence-number'])
      table['last-sequence-number'] = added['sequence-number'];
    table['last-updated-ms'] = added['timestamp-ms'];
    commit.added.add(added['snapshot-id']);
  }),

  'set-snapshot-ref': update({ 'ref-name': z.string(), ...ref.shape }, (given, table, commit) => {
    const name = given['ref-name'];
    const target = table.snapshots.find((s) => s['snapshot-id'] === given['snapshot-id']);
    if (target === undefined) throw invalid(`The table has no snapshot ${given['snapshot-id']} for ${name}`);
    if (name === 'main' && given.type !== 'branch') throw invalid('main is a branch');
    const kept = Object.entries(read(ref, given, 'A reference')).filter(([, value]) => value != null);
    table.refs = { ...table.refs, [name]: Object.fromEntries(kept) as unknown as TableMetadata['refs'][string] };
    if (name !== 'main' || table['current-snapshot-id'] === target['snapshot-id']) return;
    table['current-snapshot-id'] = target['snapshot-id'];
    const isNew = commit.added.has(target['snapshot-id']);
    const at = isNew ? target['timestamp-ms'] : commit.now;
    table['last-updated-ms'] = at;
    table['snapshot-log'] = [...table['snapshot-log'], { 'snapshot-id': target['snapshot-id'], 'timestamp-ms': at }];
  }),

  'remove-snapshot-ref': update({ 'ref-name': z.string() }, (given, table) => {
    const { [given['ref-name']]: _, ...refs } = table.refs;
    table.refs = refs;
    if (given['ref-name'] === 'main') table['current-snapshot-id'] = -1;
  }),

  'remove-snapshots': update({ 'snapshot-ids': z.array(long) }, (given, table) => {
    const gone = new Set(given['snapshot-ids']);
    const stays = <T extends { readonly 'snapshot-id': Long }>(held: T) => !gone.has(held['snapshot-id']);
    if (!Object.hasOwn(table.refs, 'main') || stays(table.refs.main!)) {
      table.snapshots = table.snapshots.filter(stays);
      table.statistics = table.statistics.filter(stays);
      table['partition-statistics'] = table['partition-statistics'].filter(stays);
      table.refs = Object.fromEntries(Object.entries(table.refs).filter(([, held]) => stays(held)));
      // The log answers "what was current at": before the newest entry that is gone, it no longer can.
      const lastGone = table['snapshot-log'].findLastIndex((entry) => !stays(entry));
      table['snapshot-log'] = table['snapshot-log'].slice(lastGone + 1);
      return;
    }
    throw invalid(`The snapshot ${table.refs.main!['snapshot-id']} is the table's current one`);
  }),

  'set-properties': update({ updates: strings }, (given, table) => {
    assertNotReserved(Object.keys(given.updates));
    table.properties = { ...table.properties, ...given.updates };
  }),

  'remove-properties': update({ removals: z.array(z.string()) }, ({ removals }, table) => {
    table.properties = Object.fromEntries(Object.entries(table.properties).filter(([key]) => !removals.includes(key)));
  }),

  'set-statistics': update({ statistics }, (given, table) => {
    table.statistics = [...without(table.statistics, given.statistics['snapshot-id']), given.statistics];
  }),
  'remove-statistics': update({ 'snapshot-id': long }, (given, table) => {
    table.statistics = without(table.statistics, given['snapshot-id']);
  }),
  'set-partition-statistics': update({ 'partition-statistics': statistics }, (given, table) => {
    const added = given['partition-statistics'];
    table['partition-statistics'] = [...without(table['partition-statistics'], added['snapshot-id']), added];
  }),
  'remove-partition-statistics': update({ 'snapshot-id': long }, (given, table) => {
    table['partition-statistics'] = without(table['partition-statistics'], given['snapshot-id']);
  }),
};

const without = <T extends { readonly 'snapshot-id': Long }>(held: readonly T[], snapshotId: Long): T[] =>
  held.filter((one) => one['snapshot-id'] !== snapshotId);

/** One above the highest number that a list's things have under a key. */
const next = <K extends string>(held: readonly { readonly [P in K]: number }[], key: K): number =>
  Math.max(-1, ...held.map((one) => one[key])) + 1;

function chosen<K extends string>(
  what: string,
  given: number,
  last: number | undefined,
  held: readonly { readonly [P in K]: number }[],
  key: K,
): number {
  const wanted = given === -1 ? last : given;
  if (wanted === undefined) throw invalid(`No ${what} was added before this update, which speaks of the last one`);
  if (!held.some((one) => one[key] === wanted)) throw invalid(`The table has no ${what} ${wanted}`);
  return wanted;
}

/** Partitions and sort orders speak of columns of the current schema; a column that was dropped may stay as `void`. */
function assertColumns(fields: readonly { 'source-id': number; transform: string }[], table: Draft): void {
  const current = table.schemas.find((s) => s['schema-id'] === table['current-schema-id']);
  const ids = fieldIds(current?.fields ?? []);
  const missing = fields.find((field) => field.transform !== 'void' && !ids.includes(field['source-id']));
  if (missing !== undefined) throw invalid(`The current schema has no field ${missing['source-id']}`);
}

const reserved = ['format-version', 'uuid', 'snapshot-count', 'current-snapshot-summary', 'current-snapshot-id'].concat(
  ['current-snapshot-timestamp-ms', 'current-schema', 'default-partition-spec', 'default-sort-order'],
);

/** These names stand for parts of the metadata itself. `format-version` 2 may be said, as it is so. */
export function assertNotReserved(names: readonly string[]): void {
  const found = names.find((name) => reserved.includes(name));
  if (found !== undefined) throw invalid(`The property ${found} cannot be set: the table's metadata says it itself`);
}

/**
 * The table after one commit. What was there is not changed.
 *
 * @throws CatalogError 400 where an update is unknown or not valid, 406 where it is one that Glue does not offer
 */
export function applyUpdates(table: TableMetadata, given: readonly unknown[], now: number): TableMetadata {
  const draft: Draft = { ...table, 'last-updated-ms': now };
  const commit: Commit = { table: draft, now, added: new Set() };
  for (const one of given) {
    const { action } = read(z.looseObject({ action: z.string() }), one, 'An update');
    const known = Object.hasOwn(updates, action) ? updates[action] : undefined;
    if (known === undefined)
      throw invalid(`No update ${JSON.stringify(action)}; allowed: ${Object.keys(updates).join(', ')}`);
    known(one, commit);
  }
  // Of several snapshots that came with one commit, nobody ever saw any but the last as the current one.
  const unseen = (id: Long) => commit.added.has(id) && id !== draft['current-snapshot-id'];
  draft['snapshot-log'] = draft['snapshot-log'].filter((entry) => !unseen(entry['snapshot-id']));
  return draft;
}
