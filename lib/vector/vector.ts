import { metrics, type Store } from './store';

/**
 * Why a vector cannot be kept or asked for, or undefined where it can: another dimension than the store's, a number that is
 * none, or nothing but zeros where the metric looks at directions.
 */
export function vectorProblem(
  vector: ArrayLike<number>,
  { dimension, metric, element }: Pick<Store, 'dimension' | 'metric' | 'element'>,
): string | undefined {
  if (vector.length !== dimension)
    return `a vector of this store has ${dimension} dimensions; given one of ${vector.length}`;
  let isZero = true;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i]!;
    if (!Number.isFinite(value)) return `a vector holds finite numbers; given ${value} at position ${i}`;
    if (element === 'halfvec' && Math.abs(value) > 65504)
      return `a number of a halfvec is at most 65504; given ${value} at position ${i}`;
    if (value !== 0) isZero = false;
  }
  return isZero && metric === 'cosine'
    ? 'a vector of zeros has no direction, which cosine distance compares'
    : undefined;
}

/** A vector as pgvector reads it. */
export const vectorText = (vector: ArrayLike<number>): string => `[${Array.from(vector).join(',')}]`;

/** SQL of the distance between a table's vectors and a parameter of `element` and `dimension`. */
export function distanceSql(
  parameter: string,
  { metric, element, dimension }: Pick<Store, 'metric' | 'element' | 'dimension'>,
): string {
  return `(embedding ${metrics[metric].operator} ${parameter}::${element}(${dimension}))`;
}
