import type { Bounds, Tolerance } from './dataset';
import type { Path } from './document';
import type { Notes } from './notes';

/** Whether failing rows are counted in percent; else in rows. */
export function isPercent(unit: string | undefined, path: Path, notes: Notes): boolean {
  if (unit !== undefined && !['rows', 'percent'].includes(unit))
    notes.notice(path, `is kept, but counts as rows; given ${JSON.stringify(unit)}; allowed: rows, percent`);
  return unit === 'percent';
}

/** How many failing rows a rule lets pass; undefined where it lets none. */
export function toleranceOf({ max, exclusiveMax }: Bounds & { max: number }, percent: boolean): Tolerance | undefined {
  if (!percent) return max === 0 ? undefined : { max, unit: 'rows' };
  if (max === 0 && !exclusiveMax) return undefined;
  return { max, unit: 'percent', ...(exclusiveMax ? { exclusive: true } : {}) };
}
