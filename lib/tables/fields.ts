import type { IcebergField, IcebergType } from '../contract/types';

/** Every id that a schema's fields use, those of nested fields, list elements, map keys and values included. */
export function fieldIds(fields: readonly IcebergField[]): number[] {
  return fields.flatMap((field) => [field.id, ...typeIds(field.type)]);
}

function typeIds(type: IcebergType): number[] {
  if (typeof type === 'string') return [];
  switch (type.type) {
    case 'struct':
      return fieldIds(type.fields);
    case 'list':
      return [type['element-id'], ...typeIds(type.element)];
    case 'map':
      return [type['key-id'], type['value-id'], ...typeIds(type.key), ...typeIds(type.value)];
  }
}
