import type { Problem } from '../../lib/errors';
import { isToken } from '../../lib/token';

/**
 * Names of platforms begin the names of buckets, whose 63 characters also hold a purpose (at most 13), the account (12)
 * and the region (at most 14).
 */
export function nameProblems(where: string, path: string, name: string): Problem[] {
  if (/^[a-z][a-z0-9-]{0,18}[a-z0-9]$/.test(name) && !name.includes('--')) return [];
  const message = isToken(name)
    ? 'must be known at synth, since other names are made from it; given a token'
    : `must be 2 to 20 lower-case letters, digits and single hyphens, a letter first; given ${JSON.stringify(name)}`;
  return [{ where, path, message }];
}

/**
 * A number that must be whole, or at least so much. Where it goes into the template as it is, it may be a token
 * (`tokens`); where something is made of it, it must be known.
 */
export function numberProblems(
  where: string,
  path: string,
  given: number,
  allowed: { readonly min: number; readonly max?: number; readonly whole: boolean; readonly tokens?: boolean },
): Problem[] {
  const { min, max, whole, tokens } = allowed;
  if (isToken(given)) return tokens ? [] : [{ where, path, message: 'must be known at synth; given a token' }];
  if (given >= min && given <= (max ?? Number.MAX_VALUE) && (!whole || Number.isInteger(given))) return [];
  const range = max === undefined ? `from ${min}` : `from ${min} to ${max}`;
  return [{ where, path, message: `must be a ${whole ? 'whole ' : ''}number ${range}; given ${given}` }];
}

/** `fct_route_months` as part of a construct id: `FctRouteMonths`. A digit has no capital: `q_1` is `Q_1`, and `q1` is `Q1`. */
export function pascal(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word, i) => (i > 0 && /^\d/.test(word) ? `_${word}` : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}
