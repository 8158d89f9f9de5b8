import { givenAllowed, type Problem } from '../../errors';
import { operators } from './choice';
import { reservedErrors } from './errors';
import { looksLikeCall, parseCall } from './intrinsics';
import { isReferencePath, parsePath } from './path';

/** Service integrations that the subset knows, by the end of a Task's `Resource`. */
export const resources = [
  'states:::lambda:invoke',
  'states:::sqs:sendMessage',
  'states:::sns:publish',
  'states:::events:putEvents',
  'states:::aws-sdk:sfn:listExecutions',
] as const;

type Json = Record<string, unknown>;
type Report = (path: string, message: string) => void;

const common = ['Type', 'Comment'];
const filters = ['InputPath', 'OutputPath'];
const going = ['Next', 'End'];
const recovering = ['Retry', 'Catch'];
const fields: Readonly<Record<string, readonly string[]>> = {
  Pass: [...common, ...filters, ...going, 'Result', 'Parameters', 'ResultPath'],
  Task: [
    ...common,
    ...filters,
    ...going,
    ...recovering,
    'Resource',
    'Parameters',
    'ResultSelector',
    'ResultPath',
    'TimeoutSeconds',
  ],
  Choice: [...common, ...filters, 'Choices', 'Default'],
  Wait: [...common, ...filters, ...going, 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'],
  Succeed: [...common, ...filters],
  Fail: [...common, 'Error', 'ErrorPath', 'Cause', 'CausePath'],
  Parallel: [...common, ...filters, ...going, ...recovering, 'Branches', 'Parameters', 'ResultSelector', 'ResultPath'],
  Map: [
    ...common,
    ...filters,
    ...going,
    ...recovering,
    'ItemsPath',
    'ItemSelector',
    'ItemProcessor',
    'MaxConcurrency',
    'ResultSelector',
    'ResultPath',
  ],
};

/**
 * Everything in a state machine that is outside the subset of `asl.ts`, or wrong in it: unknown fields and resources,
 * paths and intrinsics that can't be read, a `Next` to nowhere, states that nothing reaches, a machine without an end.
 * Pure: used at synth and before a run. `where` names the machine in each problem.
 */
export function validateStates(asl: unknown, where = 'state machine'): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (path, message) => problems.push({ where, path, message });
  if (!isObject(asl)) {
    report('', `a state machine must be an object, given ${show(asl)}`);
    return problems;
  }
  onlyFields(asl, '', ['Comment', 'StartAt', 'States', 'TimeoutSeconds'], report);
  checkSeconds(asl, 'TimeoutSeconds', '', report, 1);
  checkStates(asl, '', report, new Map());
  return problems;
}

function checkStates(holder: Json, at: string, report: Report, seen: Map<string, string>): void {
  const states = holder.States;
  if (!isObject(states) || Object.keys(states).length === 0) {
    report(join(at, 'States'), `must be an object with at least one state, given ${show(states)}`);
    return;
  }
  const names = Object.keys(states);
  if (typeof holder.StartAt !== 'string' || !names.includes(holder.StartAt))
    report(join(at, 'StartAt'), `must name a state; ${givenAllowed(holder.StartAt, names)}`);
  const follows = new Map<string, string[]>();
  for (const [name, state] of Object.entries(states)) {
    const path = `${join(at, 'States')}.${name}`;
    const twin = seen.get(name);
    if (twin !== undefined) report(path, `a state's name must be unique in the whole machine; ${twin} has it too`);
    seen.set(name, path);
    if ([...name].length > 80) report(path, 'the name of a state has at most 80 characters');
    if (isObject(state)) follows.set(name, checkState(state, path, names, report, seen));
    else report(path, `a state must be an object, given ${show(state)}`);
  }
  checkReach(holder.StartAt, states, follows, at, report);
}

/** Checks one state; gives the names of the states that can follow it. */
function checkState(
  state: Json,
  path: string,
  names: readonly string[],
  report: Report,
  seen: Map<string, string>,
): string[] {
  const known = typeof state.Type === 'string' ? fields[state.Type] : undefined;
  if (known === undefined) {
    report(join(path, 'Type'), givenAllowed(state.Type, Object.keys(fields)));
    return [];
  }
  onlyFields(state, path, known, report);
  const follows: string[] = [];
  const follow = (next: unknown, at: string) => {
    if (typeof next === 'string' && names.includes(next)) follows.push(next);
    else report(at, `must name a state beside it; ${givenAllowed(next, names)}`);
  };
  for (const field of [...filters, 'ResultPath', 'SecondsPath', 'TimestampPath', 'ErrorPath', 'CausePath', 'ItemsPath'])
    checkPathField(state, field, path, report);
  for (const field of ['Parameters', 'ResultSelector', 'ItemSelector'])
    if (state[field] !== undefined) checkTemplate(state[field], join(path, field), report);
  if (known.includes('Next')) {
    if ((state.Next === undefined) === (state.End === undefined)) report(path, 'needs exactly one of Next and End');
    if (state.End !== undefined && state.End !== true)
      report(join(path, 'End'), `given ${show(state.End)}; allowed: true`);
    if (state.Next !== undefined) follow(state.Next, join(path, 'Next'));
  }
  listOf(state, 'Retry', path, report).forEach(([retrier, at], i, all) => {
    checkRetrier(retrier, at, report);
    checkErrors(retrier, at, i === all.length - 1, report);
  });
  listOf(state, 'Catch', path, report).forEach(([catcher, at], i, all) => {
    onlyFields(catcher, at, ['Comment', 'ErrorEquals', 'Next', 'ResultPath'], report);
    checkErrors(catcher, at, i === all.length - 1, report);
    checkPathField(catcher, 'ResultPath', at, report);
    follow(catcher.Next, join(at, 'Next'));
  });
  checkSeconds(state, 'TimeoutSeconds', path, report, 1);
  if (state.Type === 'Task') checkResource(state.Resource, join(path, 'Resource'), report);
  if (state.Type === 'Wait') checkWait(state, path, report);
  if (state.Type === 'Fail')
    for (const field of ['Error', 'Cause']) checkEither(state, field, `${field}Path`, path, report);
  if (state.Type === 'Choice') {
    const choices = listOf(state, 'Choices', path, report);
    if (choices.length === 0) report(join(path, 'Choices'), 'must be a list of at least one choice');
    for (const [choice, at] of choices) {
      checkCondition(choice, at, report, ['Next']);
      follow(choice.Next, join(at, 'Next'));
    }
    if (state.Default !== undefined) follow(state.Default, join(path, 'Default'));
  }
  if (state.Type === 'Parallel') {
    const branches = listOf(state, 'Branches', path, report);
    if (branches.length === 0) report(join(path, 'Branches'), 'must be a list of at least one branch');
    for (const [branch, at] of branches) {
      onlyFields(branch, at, ['Comment', 'StartAt', 'States'], report);
      checkStates(branch, at, report, seen);
    }
  }
  if (state.Type === 'Map') checkMap(state, path, report, seen);
  return follows;
}

function checkMap(state: Json, path: string, report: Report, seen: Map<string, string>): void {
  const processor = state.ItemProcessor;
  const at = join(path, 'ItemProcessor');
  checkSeconds(state, 'MaxConcurrency', path, report, 0);
  if (!isObject(processor)) {
    report(at, `must be an object with StartAt and States, given ${show(processor)}`);
    return;
  }
  onlyFields(processor, at, ['Comment', 'StartAt', 'States', 'ProcessorConfig'], report);
  const config = processor.ProcessorConfig;
  if (config !== undefined && (!isObject(config) || config.Mode !== 'INLINE' || Object.keys(config).length > 1))
    report(join(at, 'ProcessorConfig'), `only inline Map is in the subset: {"Mode": "INLINE"}; given ${show(config)}`);
  checkStates(processor, at, report, seen);
}

function checkResource(resource: unknown, at: string, report: Report): void {
  // At synth a resource may still hold refs (the partition); then its last part says what it is.
  const parts = isObject(resource) && Array.isArray(resource.join) ? resource.join : [resource];
  const tail = parts.at(-1);
  if (typeof tail !== 'string' || !resources.some((known) => tail.endsWith(`:${known}`) || tail === known))
    report(at, `must be an ARN that ends in a service integration of the subset; ${givenAllowed(tail, resources)}`);
}

function checkWait(state: Json, path: string, report: Report): void {
  const ways = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'].filter((field) => state[field] !== undefined);
  if (ways.length !== 1) report(path, 'Wait needs exactly one of Seconds, SecondsPath, Timestamp and TimestampPath');
  checkSeconds(state, 'Seconds', path, report, 0);
  if (state.Timestamp !== undefined && Number.isNaN(Date.parse(String(state.Timestamp))))
    report(join(path, 'Timestamp'), `must be an RFC 3339 timestamp, given ${show(state.Timestamp)}`);
}

function checkRetrier(retrier: Json, at: string, report: Report): void {
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

function checkErrors(holder: Json, at: string, last: boolean, report: Report): void {
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

function checkCondition(condition: Json, at: string, report: Report, more: readonly string[] = []): void {
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
function checkPathField(holder: Json, field: string, at: string, report: Report): void {
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

function checkTemplate(template: unknown, at: string, report: Report): void {
  if (typeof template !== 'object' || template === null) return;
  for (const [key, value] of Object.entries(template)) {
    const path = Array.isArray(template) ? `${at}[${key}]` : join(at, key);
    if (!Array.isArray(template) && key.endsWith('.$')) checkExpression(value, path, report);
    else checkTemplate(value, path, report);
  }
}

function checkReach(
  start: unknown,
  states: Json,
  follows: ReadonlyMap<string, string[]>,
  at: string,
  report: Report,
): void {
  if (typeof start !== 'string' || !follows.has(start)) return;
  const reached = new Set([start]);
  for (const name of reached) for (const next of follows.get(name) ?? []) reached.add(next);
  for (const name of Object.keys(states))
    if (!reached.has(name)) report(`${join(at, 'States')}.${name}`, 'no state leads here: it can never run');
  const ends = (state: unknown) =>
    isObject(state) && (state.End === true || state.Type === 'Succeed' || state.Type === 'Fail');
  if (![...reached].some((name) => ends(states[name])))
    report(join(at, 'States'), 'no state that can be reached ends it: one needs End, or be Succeed or Fail');
}

function checkEither(state: Json, one: string, other: string, path: string, report: Report): void {
  if (state[one] !== undefined && state[other] !== undefined)
    report(path, `takes one of ${one} and ${other}, not both`);
  if (state[one] !== undefined && typeof state[one] !== 'string')
    report(join(path, one), `must be a string, given ${show(state[one])}`);
}

function checkSeconds(holder: Json, field: string, at: string, report: Report, least: number): void {
  const value = holder[field];
  if (value !== undefined && (!Number.isInteger(value) || (value as number) < least))
    report(join(at, field), `must be a whole number from ${least}, given ${show(value)}`);
}

function listOf(holder: Json, field: string, at: string, report: Report): (readonly [Json, string])[] {
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

function onlyFields(holder: Json, at: string, allowed: readonly string[], report: Report): void {
  for (const field of Object.keys(holder))
    if (!allowed.includes(field))
      report(join(at, field), `outside the subset of this package; ${givenAllowed(field, allowed)}`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const join = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`);
const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
