import type { Type } from '../contract/dataset';
import { someType } from '../contract/types';

/** Why Spark cannot hold values of a type, as `must not be …`; undefined where it can. */
export function sparkLacks(type: Type): string | undefined {
  if (holds(type, 'time')) return 'a time of day: Spark has no such type; keep it as a string, or as a timestamp';
  if (type !== 'uuid' && holds(type, 'uuid'))
    return 'a uuid inside a list, struct or map: Spark has no such type, and does not judge texts there; keep it as a string';
  return undefined;
}

const holds = (type: Type, scalar: 'time' | 'uuid'): boolean => someType(type, (one) => one === scalar);
