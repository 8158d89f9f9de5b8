import type { IcebergField, IcebergType } from '../../contract/types';
import type { Schema, TableMetadata } from '../../tables/metadata';
import { CatalogError } from './errors';

/** What a client asks for when it creates a table; ids are the client's own and are given anew. */
export interface NewTable {
  readonly location: string;
  readonly schema: Pick<Schema, 'fields' | 'identifier-field-ids'>;
  readonly spec?: {
    readonly fields: readonly { readonly 'source-id': number; readonly name: string; readonly transform: string }[];
  };
  readonly order?: { readonly fields: TableMetadata['sort-orders'][number]['fields'] };
  readonly properties: Readonly<Record<string, string>>;
}

/** Partition fields count from here, as Iceberg's own writers do. */
const firstPartitionId = 1000;

/** Metadata of a table without rows. Ids of columns count from 1, a level's fields before their own fields. */
export function newMetadata(table: NewTable, uuid: string, now: number): TableMetadata {
  const ids = new Map<number, number>();
  const fresh = (old: number) => {
    if (ids.has(old)) throw CatalogError.badRequest(`The schema has the field id ${old} twice`);
    ids.set(old, ids.size + 1);
    return ids.size;
  };
  const fields = freshFields(table.schema.fields, fresh);
  const id = (old: number) => {
    const found = ids.get(old);
    if (found === undefined) throw CatalogError.badRequest(`The schema has no field with id ${old}`);
    return found;
  };
  const spec = (table.spec?.fields ?? []).map((field, i) => ({
    'field-id': firstPartitionId + i,
    'source-id': id(field['source-id']),
    name: field.name,
    transform: field.transform,
  }));
  const order = (table.order?.fields ?? []).map((field) => ({ ...field, 'source-id': id(field['source-id']) }));
  const identifiers = table.schema['identifier-field-ids']?.map(id) ?? [];
  return {
    'format-version': 2,
    'table-uuid': uuid,
    location: table.location,
    'last-sequence-number': 0,
    'last-updated-ms': now,
    'last-column-id': ids.size,
    'current-schema-id': 0,
    schemas: [
      {
        type: 'struct',
        'schema-id': 0,
        fields,
        ...(identifiers.length === 0 ? {} : { 'identifier-field-ids': identifiers }),
      },
    ],
    'default-spec-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: spec }],
    'last-partition-id': firstPartitionId - 1 + spec.length,
    'default-sort-order-id': order.length === 0 ? 0 : 1,
    'sort-orders': [{ 'order-id': 0, fields: [] }, ...(order.length === 0 ? [] : [{ 'order-id': 1, fields: order }])],
    properties: table.properties,
    'current-snapshot-id': -1,
    refs: {},
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
    statistics: [],
    'partition-statistics': [],
  };
}

function freshFields(fields: readonly IcebergField[], fresh: (old: number) => number): IcebergField[] {
  const ids = fields.map((field) => fresh(field.id));
  return fields.map((field, i) => ({ ...field, id: ids[i]!, type: freshType(field.type, fresh) }));
}

function freshType(type: IcebergType, fresh: (old: number) => number): IcebergType {
  if (typeof type === 'string') return type;
  switch (type.type) {
    case 'struct':
      return { ...type, fields: freshFields(type.fields, fresh) };
    case 'list': {
      const id = fresh(type['element-id']);
      return { ...type, 'element-id': id, element: freshType(type.element, fresh) };
    }
    case 'map': {
      const [key, value] = [fresh(type['key-id']), fresh(type['value-id'])];
      return {
        ...type,
        'key-id': key,
        key: freshType(type.key, fresh),
        'value-id': value,
        value: freshType(type.value, fresh),
      };
    }
  }
}
