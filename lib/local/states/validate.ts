import { givenAllowed, type Problem } from '../../errors';
import {
  checkCondition,
  checkEither,
  checkErrors,
  checkPathField,
  checkRetrier,
  checkSeconds,
  checkTemplate,
  checkWait,
  isObject,
  type Json,
  join,
  listOf,
  onlyFields,
  type Report,
  show,
} from './validate-fields';

/** Service integrations that the subset knows, by the end of a Task's `Resource`. */
const resources = [
  'states:::lambda:invoke',
  'states:::sqs:sendMessage',
  'states:::sns:publish',
  'states:::events:putEvents',
  'states:::aws-sdk:sfn:listExecutions',
  'states:::aws-sdk:s3:getObject',
  'states:::aws-sdk:emrserverless:listJobRuns',
  'states:::aws-sdk:emrserverless:cancelJobRun',
  'states:::aws-sdk:emrserverless:startJobRun',
  'states:::elasticmapreduce:addStep.sync',
  'states:::emr-serverless:startJobRun.sync',
] as const;

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
