import type { Type } from '../contract/dataset';

/** Why Spark cannot hold values of a type, as `must not be …`; undefined where it can. */
export function sparkLacks(type: Type): string | undefined {
  if (holds(type, 'time')) return 'a time of day: Spark has no such type; keep it as a string, or as a timestamp';
  if (type !== 'uuid' && holds(type, 'uuid'))
    return 'a uuid inside a list, struct or map: Spark has no such type, and does not judge texts there; keep it as a string';
  return undefined;
}

/** Whether a type is a scalar one, or has it inside. */
function holds(type: Type, scalar: 'time' | 'uuid'): boolean {
  if (typeof type === 'string') return type === scalar;
  switch (type.kind) {
    case 'struct':
      return type.fields.some((field) => holds(field.type, scalar));
    case 'list':
      return holds(type.element, scalar);
    case 'map':
      return holds(type.key, scalar) || holds(type.value, scalar);
  }
}
