import { givenAllowed } from '../../errors';
import { operators } from './choice';
import { reservedErrors } from './errors';
import { looksLikeCall, parseCall } from './intrinsics';
import { isReferencePath, parsePath } from './path';

/** A JSON object of which nothing is known yet. */
export type Json = Record<string, unknown>;
/** Takes a problem: the path inside the machine, and the sentence. */
export type Report = (path: string, message: string) => void;

export function checkWait(state: Json, path: string, report: Report): void {
  const ways = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'].filter((field) => state[field] !== undefined);
  if (ways.length !== 1) report(path, 'Wait needs exactly one of Seconds, SecondsPath, Timestamp and TimestampPath');
  checkSeconds(state, 'Seconds', path, report, 0);
  if (state.Timestamp !== undefined && Number.isNaN(Date.parse(String(state.Timestamp))))
    report(join(path, 'Timestamp'), `must be an RFC 3339 timestamp, given ${show(state.Timestamp)}`);
}

export function checkRetrier(retrier: Json, at: string, report: Report): void {
  const allowed = ['ErrorEquals', 'IntervalSeconds', 'MaxAttempts', 'BackoffRate', 'MaxDelaySeconds', 'JitterStrategy'];
  onlyFields(retrier, at, ['Comment', ...allowed], report);
  checkSeconds(retrier, 'IntervalSeconds', at, report, 1);
  checkSeconds(retrier, 'MaxAttempts', at, report, 0);
  checkSeconds(retrier, 'MaxDelaySeconds', at, report, 1);
  const { BackoffRate: rate, JitterStrategy: jitter } = retrier;
  if (rate !== undefined && (typeof rate !== 'number' || rate < 1))
    report(join(at, 'BackoffRate'), `must be a number from 1, given ${show(rate)}`);
  if (jitter !== undefined && jitter !== 'FULL' && jitter !== 'NONE')
    report(join(at, 'JitterStrategy'), givenAllowed(jitter, ['FULL', 'NONE']));
}

export function checkErrors(holder: Json, at: string, last: boolean, report: Report): void {
  const errors = holder.ErrorEquals;
  const path = join(at, 'ErrorEquals');
  if (!Array.isArray(errors) || errors.length === 0 || errors.some((error) => typeof error !== 'string')) {
    report(path, `must be a list of at least one error name, given ${show(errors)}`);
    return;
  }
  for (const error of errors as string[])
    if (error.startsWith('States.') && !(reservedErrors as readonly string[]).includes(error))
      report(path, `names that begin with States. are reserved; ${givenAllowed(error, reservedErrors)}`);
  if (errors.includes('States.ALL') && (errors.length > 1 || !last))
    report(path, 'States.ALL must stand alone, and in the last entry of the list');
}

export function checkCondition(condition: Json, at: string, report: Report, more: readonly string[] = []): void {
  const logic = ['And', 'Or', 'Not'].filter((field) => condition[field] !== undefined);
  const used = operators.filter((operator) => condition[operator] !== undefined);
  onlyFields(condition, at, ['Comment', 'And', 'Or', 'Not', 'Variable', ...operators, ...more], report);
  if (logic.length + used.length !== 1) {
    report(at, `needs exactly one of And, Or, Not or a comparison, given ${[...logic, ...used].join(', ') || 'none'}`);
    return;
  }
  for (const field of ['And', 'Or'])
    for (const [part, path] of listOf(condition, field, at, report)) checkCondition(part, path, report);
  if (isObject(condition.Not)) checkCondition(condition.Not, join(at, 'Not'), report);
  const [operator] = used;
  if (operator === undefined) return;
  checkPathValue(condition.Variable, join(at, 'Variable'), report, isReferenceOrContext);
  const value = condition[operator];
  const path = join(at, operator);
  if (operator.endsWith('Path')) checkPathValue(value, path, report, isReferenceOrContext);
  else if (/^(Is|Boolean)/.test(operator) && typeof value !== 'boolean')
    report(path, `must be true or false, given ${show(value)}`);
  else if (operator.startsWith('Numeric') && typeof value !== 'number')
    report(path, `must be a number, given ${show(value)}`);
  else if (/^(String|Timestamp)/.test(operator) && typeof value !== 'string')
    report(path, `must be a string, given ${show(value)}`);
}

const isReferenceOrContext = (text: string): boolean => {
  const path = parsePath(text);
  return path !== undefined && !path.steps.includes('each');
};

/** Fields that hold a path; in `ErrorPath` and `CausePath` an intrinsic may stand too, `ResultPath` names one place. */
export function checkPathField(holder: Json, field: string, at: string, report: Report): void {
  const value = holder[field];
  if (value === undefined || (value === null && /^(InputPath|OutputPath|ResultPath)$/.test(field))) return;
  const path = join(at, field);
  if (field === 'ResultPath')
    checkPathValue(value, path, report, (text) => {
      const parsed = parsePath(text);
      return parsed !== undefined && isReferencePath(parsed);
    });
  else if (/^(ErrorPath|CausePath)$/.test(field)) checkExpression(value, path, report);
  else checkPathValue(value, path, report, (text) => parsePath(text) !== undefined);
}

function checkPathValue(value: unknown, at: string, report: Report, fits: (text: string) => boolean): void {
  if (typeof value !== 'string' || !fits(value))
    report(at, `must be a path like $.a.b, $['a b'] or $.list[0], given ${show(value)}`);
}

function checkExpression(value: unknown, at: string, report: Report): void {
  if (typeof value === 'string' && looksLikeCall(value)) {
    const call = parseCall(value);
    if (typeof call === 'string') report(at, `${call}, given ${show(value)}`);
  } else checkPathValue(value, at, report, (text) => parsePath(text) !== undefined);
}

export function checkTemplate(template: unknown, at: string, report: Report): void {
  if (typeof template !== 'object' || template === null) return;
  for (const [key, value] of Object.entries(template)) {
    const path = Array.isArray(template) ? `${at}[${key}]` : join(at, key);
    if (!Array.isArray(template) && key.endsWith('.$')) checkExpression(value, path, report);
    else checkTemplate(value, path, report);
  }
}

export function checkEither(state: Json, one: string, other: string, path: string, report: Report): void {
  if (state[one] !== undefined && state[other] !== undefined)
    report(path, `takes one of ${one} and ${other}, not both`);
  if (state[one] !== undefined && typeof state[one] !== 'string')
    report(join(path, one), `must be a string, given ${show(state[one])}`);
}

export function checkSeconds(holder: Json, field: string, at: string, report: Report, least: number): void {
  const value = holder[field];
  if (value !== undefined && (!Number.isInteger(value) || (value as number) < least))
    report(join(at, field), `must be a whole number from ${least}, given ${show(value)}`);
}

export function listOf(holder: Json, field: string, at: string, report: Report): (readonly [Json, string])[] {
  const list = holder[field];
  if (list === undefined) return [];
  if (!Array.isArray(list)) {
    report(join(at, field), `must be a list, given ${show(list)}`);
    return [];
  }
  return list.flatMap((item, i) => {
    const path = `${join(at, field)}[${i}]`;
    if (isObject(item)) return [[item, path] as const];
    report(path, `must be an object, given ${show(item)}`);
    return [];
  });
}

export function onlyFields(holder: Json, at: string, allowed: readonly string[], report: Report): void {
  for (const field of Object.keys(holder))
    if (!allowed.includes(field))
      report(join(at, field), `outside the subset of this package; ${givenAllowed(field, allowed)}`);
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const join = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`);
export const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
