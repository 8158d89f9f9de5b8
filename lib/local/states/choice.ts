import type { Condition } from './asl';
import { StatesError } from './errors';
import { parsePath, readPath } from './path';
import { evaluate, type Readable } from './template';

type Compare = (value: unknown, given: unknown) => boolean;

/** Two values of one type, compared; values of another type never match, as in AWS. */
const ordered = (type: 'string' | 'number', test: (order: number) => boolean): Compare => {
  return (value, given) => {
    if (typeof value !== type || typeof given !== type) return false;
    return test(value === given ? 0 : (value as string) < (given as string) ? -1 : 1);
  };
};

const instants = (test: (order: number) => boolean): Compare => {
  return (value, given) =>
    isTimestamp(value) && isTimestamp(given) && test(Math.sign(Date.parse(value) - Date.parse(given)));
};

const orders = {
  Equals: (order: number) => order === 0,
  LessThan: (order: number) => order < 0,
  GreaterThan: (order: number) => order > 0,
  LessThanEquals: (order: number) => order <= 0,
  GreaterThanEquals: (order: number) => order >= 0,
};

/** Operators that compare with a value; each but StringMatches also as `…Path`, which reads the value from a path. */
const comparisons: Readonly<Record<string, Compare>> = Object.fromEntries([
  ...Object.entries(orders).flatMap(([name, test]) => [
    [`String${name}`, ordered('string', test)],
    [`Numeric${name}`, ordered('number', test)],
    [`Timestamp${name}`, instants(test)],
  ]),
  ['BooleanEquals', ((value, given) => typeof value === 'boolean' && value === given) satisfies Compare],
]);

const matches: Compare = (value, given) => {
  if (typeof value !== 'string' || typeof given !== 'string') return false;
  const pattern = given.replace(/\\\*|\\\\|\*|[.+?^${}()|[\]\\]/g, (found) => {
    if (found === '*') return '.*';
    return found.length === 2 ? found : `\\${found}`;
  });
  return new RegExp(`^${pattern}$`, 's').test(value);
};

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  IsNull: (value) => value === null,
  IsNumeric: (value) => typeof value === 'number',
  IsString: (value) => typeof value === 'string',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: isTimestamp,
};

/** Every comparison operator that a choice may use. */
export const operators: readonly string[] = [
  ...Object.keys(comparisons),
  ...Object.keys(comparisons).map((name) => `${name}Path`),
  'StringMatches',
  ...Object.keys(types),
  'IsPresent',
];

/** Whether a choice's condition holds. Throws `States.Runtime` where its `Variable` is not there, as AWS does. */
export function holds(condition: Condition, from: Readable): boolean {
  if (condition.And) return condition.And.every((part) => holds(part, from));
  if (condition.Or) return condition.Or.some((part) => holds(part, from));
  if (condition.Not) return !holds(condition.Not, from);
  const operator = operators.find((name) => condition[name] !== undefined);
  const variable = condition.Variable;
  if (operator === undefined || variable === undefined)
    throw new StatesError('States.Runtime', 'a choice needs a Variable and one comparison operator');
  const given = condition[operator];
  if (operator === 'IsPresent') return isPresent(variable, from) === given;
  const value = evaluate(variable, from, 'States.Runtime');
  const isType = types[operator];
  if (isType !== undefined) return isType(value) === given;
  if (operator === 'StringMatches') return matches(value, given);
  if (operator.endsWith('Path'))
    return comparisons[operator.slice(0, -4)]!(value, evaluate(String(given), from, 'States.Runtime'));
  return comparisons[operator]!(value, given);
}

function isPresent(variable: string, from: Readable): boolean {
  const path = parsePath(variable);
  return path !== undefined && readPath(path, path.root === '$$' ? from.context : from.data).found;
}

/** A timestamp as AWS wants it: RFC 3339 with a capital T, and a zone. */
function isTimestamp(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}
