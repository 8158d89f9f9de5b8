import { createHash } from 'node:crypto';
import { columnsWith, sourceColumnsOf, sourceColumnsProperty } from '../cdc/evolved';
import type { NewColumn } from '../cdc/schema';
import { type IcebergField, icebergFields } from '../contract/types';
import { compareVersions } from '../contract/version';
import { evolveColumns } from './evolve';
import type { PartitionField, PartitionSpec, Schema, SortField, SortOrder, TableMetadata } from './metadata';
import type { TableSpec } from './spec';

/** Properties by which the _tables_ handler knows what it did last. */
export const recorded = {
  contract: 'ingot.contract',
  version: 'ingot.contract-version',
  /** JSON: id of the field that each id of the contract stands for. */
  columns: 'ingot.contract-columns',
  /** JSON: names of the properties that come from the spec. */
  properties: 'ingot.contract-properties',
  /** Hashes of the specs that were applied, the latest first. */
  applied: 'ingot.contract-applied',
} as const;

/** How many specs a table remembers, to know one that a rollback sends again. */
const remembered = 16;

/** A request that creates a table. */
export interface NewTableRequest {
  readonly name: string;
  readonly location: string;
  readonly schema: Omit<Schema, 'schema-id'> & { readonly 'schema-id': 0 };
  readonly 'partition-spec': PartitionSpec;
  readonly 'write-order': SortOrder;
  readonly 'stage-create': false;
  readonly properties: Readonly<Record<string, string>>;
}

/** A request that changes a table, in one commit. */
export interface CommitRequest {
  readonly requirements: readonly Readonly<Record<string, unknown>>[];
  readonly updates: readonly Readonly<Record<string, unknown>>[];
}

/** What turns a table into that of a spec. */
export type Plan =
  /** It is so already. */
  | { readonly kind: 'none' }
  /** The spec is older than the table: a deployment was rolled back, and the table stays as it is. */
  | { readonly kind: 'older'; readonly reason: string }
  /** Rows or readers would not survive: one sentence each. */
  | { readonly kind: 'breaking'; readonly breaking: readonly string[] }
  | { readonly kind: 'change'; readonly changes: readonly string[]; readonly commit: CommitRequest };

/** The request that creates the table of a spec. */
export function creation(spec: TableSpec): NewTableRequest {
  let last = 0;
  const fields = icebergFields(spec.columns, () => ++last);
  let lastPartition = 999;
  return {
    name: spec.table,
    location: spec.location,
    schema: { type: 'struct', 'schema-id': 0, fields, 'identifier-field-ids': idsOf(spec.identifier, fields) },
    'partition-spec': { 'spec-id': 0, fields: partitionFields(spec, fields, [], () => ++lastPartition) },
    'write-order': { 'order-id': spec.sortBy.length === 0 ? 0 : 1, fields: sortFields(spec, fields) },
    'stage-create': false,
    properties: propertiesOf(spec, fields, {}),
  };
}

/** What turns a table that exists into that of a spec. */
export function evolution(declared: TableSpec, table: TableMetadata): Plan {
  const spec = withSourceColumns(declared, table.properties);
  const recordedVersion = table.properties[recorded.version];
  if (recordedVersion !== undefined && compareVersions(spec.contract.version, recordedVersion) < 0) {
    const reason = `the contract's version ${spec.contract.version} is older than ${recordedVersion}, which the table has`;
    return { kind: 'older', reason };
  }
  const schema = table.schemas.find((s) => s['schema-id'] === table['current-schema-id'])!;
  const hasRows = table.snapshots.length > 0;
  let last = table['last-column-id'];
  const columns = evolveColumns(schema.fields, spec.columns, recordedIds(table), { nextId: () => ++last, hasRows });
  const identifier = idsOf(spec.identifier, columns.fields);
  const keyChanges = !sameSet(identifier, schema['identifier-field-ids'] ?? []);
  const breaking = [
    ...columns.breaking,
    ...(keyChanges && hasRows ? [keySentence(schema, identifier, columns.fields)] : []),
    ...(trimmed(table.location) === trimmed(spec.location) ? [] : [`its location would change from ${table.location}`]),
  ];
  if (breaking.length > 0) {
    // Somebody changed a contract and not its version, and now it is rolled back: that must not wedge the deployment.
    if (appliedTo(table).includes(hashOf(spec)))
      return { kind: 'older', reason: 'the table has had this very schema and has been changed since' };
    return { kind: 'breaking', breaking };
  }
  const parts = [
    ...(columns.changes.length === 0 && !keyChanges ? [] : [schemaPart(columns, identifier, keyChanges, last)]),
    ...partitionPart(spec, columns.fields, table),
    ...sortPart(spec, columns.fields, table),
    ...propertyPart(spec, columns.fields, table),
  ];
  if (parts.length === 0) return { kind: 'none' };
  const changes = parts.flatMap((part) => part.changes);
  const updates = parts.flatMap((part) => part.updates);
  return { kind: 'change', changes, commit: { requirements: requirementsOf(table, hasRows), updates } };
}

/** A table that is fed by changes keeps the columns that its source has added, whatever its contract says of them. */
function withSourceColumns(spec: TableSpec, before: TableMetadata['properties']): TableSpec {
  const said = spec.properties[sourceColumnsProperty] ?? before[sourceColumnsProperty];
  if (said === undefined) return spec;
  const properties = { ...spec.properties, [sourceColumnsProperty]: said };
  const add = ({ name, type }: NewColumn) => ({ name, type, required: false });
  return { ...spec, columns: columnsWith(spec.columns, sourceColumnsOf(properties), add), properties };
}

interface Part {
  readonly changes: readonly string[];
  readonly updates: readonly Readonly<Record<string, unknown>>[];
}

function schemaPart(
  columns: { readonly fields: readonly IcebergField[]; readonly changes: readonly string[] },
  identifier: readonly number[],
  keyChanges: boolean,
  last: number,
): Part {
  const schema = { type: 'struct', 'schema-id': 0, fields: columns.fields, 'identifier-field-ids': identifier };
  return {
    changes: [...columns.changes, ...(keyChanges ? ['another key'] : [])],
    updates: [
      { action: 'add-schema', schema, 'last-column-id': last },
      { action: 'set-current-schema', 'schema-id': -1 },
    ],
  };
}

function partitionPart(spec: TableSpec, fields: readonly IcebergField[], table: TableMetadata): Part[] {
  const specs = table['partition-specs'];
  const current = specs.find((s) => s['spec-id'] === table['default-spec-id'])!.fields.filter(isLive);
  let last = table['last-partition-id'];
  const known = [...current, ...specs.flatMap((s) => s.fields)];
  const wanted = partitionFields(spec, fields, known, () => ++last);
  const key = (field: PartitionField) => `${field['source-id']} ${field.transform}`;
  if (same(wanted.map(key), current.map(key))) return [];
  return [
    {
      changes: [
        `partitioned by ${spec.partitionBy.map(({ column, transform }) => `${transform}(${column})`).join(', ') || 'nothing'}, for new rows`,
      ],
      updates: [
        { action: 'add-spec', spec: { 'spec-id': 0, fields: wanted } },
        { action: 'set-default-spec', 'spec-id': -1 },
      ],
    },
  ];
}

function sortPart(spec: TableSpec, fields: readonly IcebergField[], table: TableMetadata): Part[] {
  const current = table['sort-orders'].find((order) => order['order-id'] === table['default-sort-order-id']);
  const wanted = sortFields(spec, fields);
  if (same(wanted.map(sortKey), (current?.fields ?? []).map(sortKey))) return [];
  const order = { 'order-id': wanted.length === 0 ? 0 : 1, fields: wanted };
  return [
    {
      changes: [
        `sorted by ${spec.sortBy.map(({ column, direction }) => `${column} ${direction}`).join(', ') || 'nothing'}, for new files`,
      ],
      updates: [
        { action: 'add-sort-order', 'sort-order': order },
        { action: 'set-default-sort-order', 'sort-order-id': -1 },
      ],
    },
  ];
}

function propertyPart(spec: TableSpec, fields: readonly IcebergField[], table: TableMetadata): Part[] {
  const wanted = propertiesOf(spec, fields, table.properties);
  const updates = Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => table.properties[name] !== value),
  );
  const ours = JSON.parse(table.properties[recorded.properties] ?? '[]') as string[];
  const removals = ours.filter((name) => !(name in wanted) && name in table.properties);
  const names = [...Object.keys(updates), ...removals];
  if (names.length === 0) return [];
  return [
    {
      changes: [`properties ${names.join(', ')}`],
      updates: [
        ...(Object.keys(updates).length === 0 ? [] : [{ action: 'set-properties', updates }]),
        ...(removals.length === 0 ? [] : [{ action: 'remove-properties', removals }]),
      ],
    },
  ];
}

/** Everything that a plan took for granted: where any of it has changed, the plan is made again. */
function requirementsOf(table: TableMetadata, hasRows: boolean): CommitRequest['requirements'] {
  return [
    { type: 'assert-table-uuid', uuid: table['table-uuid'] },
    { type: 'assert-current-schema-id', 'current-schema-id': table['current-schema-id'] },
    { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': table['last-column-id'] },
    { type: 'assert-default-spec-id', 'default-spec-id': table['default-spec-id'] },
    { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': table['last-partition-id'] },
    { type: 'assert-default-sort-order-id', 'default-sort-order-id': table['default-sort-order-id'] },
    // What is allowed of a table without rows is so only as long as nobody has written any.
    ...(hasRows ? [] : [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null }]),
  ];
}

function propertiesOf(
  spec: TableSpec,
  fields: readonly IcebergField[],
  before: Readonly<Record<string, string>>,
): Record<string, string> {
  const ids = spec.columns.flatMap((column, i) =>
    column.id === undefined ? [] : [[column.id, fields[i]!.id] as const],
  );
  const said = {
    ...spec.properties,
    ...(spec.comment === undefined ? {} : { comment: spec.comment }),
    'history.expire.max-snapshot-age-ms': String(spec.maintenance.snapshotRetentionDays * 24 * 3_600_000),
  };
  const hash = hashOf(spec);
  const applied = (before[recorded.applied] ?? '').split(' ').filter((held) => held !== '' && held !== hash);
  return {
    ...said,
    [recorded.contract]: spec.contract.id,
    [recorded.version]: spec.contract.version,
    [recorded.columns]: JSON.stringify(Object.fromEntries(ids)),
    [recorded.properties]: JSON.stringify(Object.keys(said).sort()),
    [recorded.applied]: [hash, ...applied].slice(0, remembered).join(' '),
  };
}

const appliedTo = (table: TableMetadata): string[] => (table.properties[recorded.applied] ?? '').split(' ');

const hashOf = (spec: TableSpec): string =>
  createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 12);

const recordedIds = (table: TableMetadata): Record<string, number> =>
  JSON.parse(table.properties[recorded.columns] ?? '{}') as Record<string, number>;

function partitionFields(
  spec: TableSpec,
  fields: readonly IcebergField[],
  known: readonly PartitionField[],
  nextId: () => number,
): PartitionField[] {
  return spec.partitionBy.map(({ column, transform }) => {
    const source = idOf(column, fields, spec);
    const like = known.find((field) => field['source-id'] === source && field.transform === transform);
    if (like !== undefined) return like;
    const taken = new Set([...fields, ...known].map(({ name }) => name));
    const plain = transform === 'identity' ? column : `${column}_${transform.replace(/\[.*/, '')}`;
    const name = transform !== 'identity' && taken.has(plain) ? `${plain}_${source}` : plain;
    return { 'field-id': nextId(), 'source-id': source, name, transform };
  });
}

/** A partition of a column that has left stays in the spec as `void`, in tables that others have changed. */
const isLive = (field: PartitionField): boolean => field.transform !== 'void';

function sortFields(spec: TableSpec, fields: readonly IcebergField[]): SortField[] {
  return spec.sortBy.map(({ column, direction }) => ({
    'source-id': idOf(column, fields, spec),
    transform: 'identity',
    direction,
    'null-order': direction === 'asc' ? 'nulls-first' : 'nulls-last',
  }));
}

const sortKey = (field: SortField): string =>
  [field['source-id'], field.transform, field.direction, field['null-order']].join(' ');

function idOf(column: string, fields: readonly IcebergField[], spec: TableSpec): number {
  const field = fields.find(({ name }) => name === column);
  if (field === undefined) throw new Error(`Table ${spec.database}.${spec.table} has no column ${column}`);
  return field.id;
}

const idsOf = (names: readonly string[], fields: readonly IcebergField[]): number[] =>
  fields.filter(({ name }) => names.includes(name)).map(({ id }) => id);

function keySentence(schema: Schema, identifier: readonly number[], fields: readonly IcebergField[]): string {
  const names = (ids: readonly number[], from: readonly IcebergField[]) =>
    from
      .filter(({ id }) => ids.includes(id))
      .map(({ name }) => name)
      .join(', ') || 'none';
  const before = names(schema['identifier-field-ids'] ?? [], schema.fields);
  return `its key would change from ${before} to ${names(identifier, fields)}, by which its rows were merged`;
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');
const sameSet = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((id) => b.includes(id));
const trimmed = (location: string): string => location.replace(/\/+$/, '');
