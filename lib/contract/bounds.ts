import type { Bounds } from './dataset';
import type { QualityOperators } from './odcs';

/**
 * The numbers that a rule's operators allow; several operators must all hold. Undefined where one compares with something
 * that is neither a number nor a boolean (true is 1). ODCS: `mustBeBetween` excludes both ends.
 */
export function boundsOf(rule: QualityOperators): Bounds | undefined {
  const equal = numberOf(rule.mustBe);
  const unequal = numberOf(rule.mustNotBe);
  if (equal === null || unequal === null) return undefined;
  const { mustBeBetween: inside, mustNotBeBetween: outside } = rule;
  const lower = tightest(
    [
      [equal, false],
      [rule.mustBeGreaterThan, true],
      [rule.mustBeGreaterOrEqualTo, false],
      [inside?.[0], true],
    ],
    Math.max,
  );
  const upper = tightest(
    [
      [equal, false],
      [rule.mustBeLessThan, true],
      [rule.mustBeLessOrEqualTo, false],
      [inside?.[1], true],
    ],
    Math.min,
  );
  return {
    ...(lower && { min: lower.value, ...(lower.exclusive ? { exclusiveMin: true } : {}) }),
    ...(upper && { max: upper.value, ...(upper.exclusive ? { exclusiveMax: true } : {}) }),
    ...(outside && { except: { min: outside[0]!, max: outside[1]!, exclusive: true } }),
    ...(unequal !== undefined && { except: { min: unequal, max: unequal } }),
  };
}

/** Undefined where nothing was given, null where it is no number. */
function numberOf(value: unknown): number | undefined | null {
  if (value === undefined) return undefined;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function tightest(ends: readonly (readonly [number | undefined, boolean])[], pick: (...values: number[]) => number) {
  const given = ends.flatMap(([value, exclusive]) => (value === undefined ? [] : [{ value, exclusive }]));
  if (given.length === 0) return undefined;
  const value = pick(...given.map((end) => end.value));
  return { value, exclusive: given.some((end) => end.value === value && end.exclusive) };
}

/** The same bounds for a number that is whole and not negative: a count. Both ends are included. */
export function ofCount({ min, max, exclusiveMin, exclusiveMax, except }: Bounds): Bounds {
  const least = min === undefined ? 0 : exclusiveMin ? Math.floor(min) + 1 : Math.ceil(min);
  const most = max === undefined ? undefined : exclusiveMax ? Math.ceil(max) - 1 : Math.floor(max);
  return {
    ...(least > 0 ? { min: least } : {}),
    ...(most === undefined ? {} : { max: most }),
    ...(except === undefined ? {} : { except }),
  };
}
