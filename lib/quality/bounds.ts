/** A lowest and a highest value, both included; one that is absent does not bound. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

export function within(value: number, { min, max }: Bounds): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= max);
}

/** `from 1 to 10`, `at least 1`, `at most 10`, `any`. */
export function describeBounds({
  min,
  max,
}: {
  readonly min?: number | string;
  readonly max?: number | string;
}): string {
  if (min !== undefined && max !== undefined) return min === max ? `exactly ${min}` : `from ${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? 'any' : `at most ${max}`;
}
