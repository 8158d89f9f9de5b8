import type { Bounds } from '../contract/dataset';

/** Whether a number is one that the bounds call right. Not-a-number is not. */
export function within(value: number, { min, max, exclusiveMin, exclusiveMax, except }: Bounds): boolean {
  if (Number.isNaN(value)) return false;
  if (min !== undefined && (exclusiveMin ? value <= min : value < min)) return false;
  if (max !== undefined && (exclusiveMax ? value >= max : value > max)) return false;
  if (except === undefined) return true;
  return except.exclusive ? value <= except.min || value >= except.max : value < except.min || value > except.max;
}

/** `from 1 to 10`, `at least 1`, `above 0 and at most 10`, `any`. */
export function describeBounds(bounds: Omit<Bounds, 'min' | 'max'> & { min?: number | string; max?: number | string }) {
  const { min, max, exclusiveMin, exclusiveMax, except } = bounds;
  const parts: string[] = [];
  if (min !== undefined && min === max) parts.push(`exactly ${min}`);
  else if (min !== undefined && max !== undefined && !exclusiveMin && !exclusiveMax)
    parts.push(`from ${min} to ${max}`);
  else {
    if (min !== undefined) parts.push(exclusiveMin ? `above ${min}` : `at least ${min}`);
    if (max !== undefined) parts.push(exclusiveMax ? `below ${max}` : `at most ${max}`);
  }
  if (except !== undefined) parts.push(`not ${except.min === except.max ? except.min : describeGap(except)}`);
  return parts.length === 0 ? 'any' : parts.join(' and ');
}

const describeGap = ({ min, max, exclusive }: NonNullable<Bounds['except']>) =>
  exclusive ? `between ${min} and ${max}` : `from ${min} to ${max}`;
