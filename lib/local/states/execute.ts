import { setTimeout as delay } from 'node:timers/promises';
import type { Asl, MapState, ParallelState, State, States, TaskState, WaitState } from './asl';
import { holds } from './choice';
import { errorMatches, StatesError } from './errors';
import { filter, limited, place } from './filters';
import { retryAfter } from './retry';
import { evaluate, fill } from './template';
import { together, within } from './together';

/** One call of a service or handler that a Task state asks for. */
export interface Task {
  /** The state's `Resource`, for example `arn:aws:states:::lambda:invoke`. */
  readonly resource: string;
  /** What its `Parameters` gave. */
  readonly input: unknown;
  /** Name of the state. */
  readonly state: string;
  /** Aborted where the execution fails or times out while the task runs. */
  readonly signal: AbortSignal;
}

/** What an execution needs from outside; all but `task` have defaults, which tests replace. */
export interface Surroundings {
  /** Does a task. What it gives is taken as JSON; an error it throws is named by its `name`, as Lambda does. */
  readonly task: (task: Task) => Promise<unknown>;
  readonly on?: (event: StateEvent) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Waits for `Wait` states and between retries; the wait ends early, by an error, where `signal` is aborted. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1, for jitter. */
  readonly random?: () => number;
}

/** Something that happened while an execution ran. */
export type StateEvent = {
  /** Name of the state. */
  readonly state: string;
  readonly type: State['Type'];
  /** The Map iterations and Parallel branches that it runs in, outermost first: `Ingest tables[2]`. */
  readonly path: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
} & (
  | { readonly kind: 'entered'; readonly input: unknown }
  | { readonly kind: 'exited'; readonly milliseconds: number; readonly retries: number; readonly output: unknown }
  | {
      readonly kind: 'retried';
      readonly error: string;
      readonly cause: string;
      readonly retry: number;
      readonly afterSeconds: number;
    }
  | {
      readonly kind: 'caught';
      readonly error: string;
      readonly cause: string;
      readonly milliseconds: number;
      readonly next: string;
    }
  | { readonly kind: 'failed'; readonly error: string; readonly cause: string; readonly milliseconds: number }
);

export interface ExecutionStart {
  /** Name of the state machine. */
  readonly machine: string;
  /** Name of the execution: the run's id. */
  readonly name: string;
  readonly input: unknown;
}

/** How an execution ended. */
export type ExecutionEnd =
  | { readonly status: 'SUCCEEDED'; readonly output: unknown }
  | { readonly status: 'FAILED' | 'TIMED_OUT'; readonly error: string; readonly cause: string };

/** What `$$.Execution.Id` and `$$.StateMachine.Id` are on this machine. */
export function arns(
  machine: string,
  execution: string,
): { readonly execution: string; readonly stateMachine: string } {
  const arn = 'arn:aws:states:local:000000000000';
  return { execution: `${arn}:execution:${machine}:${execution}`, stateMachine: `${arn}:stateMachine:${machine}` };
}

/** AWS's own limit: iterations of an inline Map at once. */
const mapConcurrency = 40;

interface Scope {
  readonly world: Required<Surroundings>;
  readonly context: Readonly<Record<string, unknown>>;
  readonly path: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Executes a state machine in this process, with the meaning that AWS documents for the subset of `asl.ts`. Never
 * throws for what a state machine can fail of; validate it first, `execute` trusts its shape.
 */
export async function execute(asl: Asl, start: ExecutionStart, surroundings: Surroundings): Promise<ExecutionEnd> {
  const world: Required<Surroundings> = {
    on: () => {},
    now: Date.now,
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
    random: Math.random,
    ...surroundings,
  };
  const ids = arns(start.machine, start.name);
  const context = {
    Execution: {
      Id: ids.execution,
      Input: start.input,
      Name: start.name,
      RedriveCount: 0,
      RoleArn: 'arn:aws:iam::000000000000:role/local',
      StartTime: new Date(world.now()).toISOString(),
    },
    StateMachine: { Id: ids.stateMachine, Name: start.machine },
  };
  try {
    const output = await within(asl.TimeoutSeconds, new AbortController().signal, (signal) =>
      runStates(asl, start.input, { world, context, path: [], signal }),
    );
    return { status: 'SUCCEEDED', output };
  } catch (thrown) {
    const { error, reason } = asStatesError(thrown);
    return { status: error === 'States.Timeout' ? 'TIMED_OUT' : 'FAILED', error, cause: reason };
  }
}

async function runStates(states: States, input: unknown, scope: Scope): Promise<unknown> {
  let name: string | undefined = states.StartAt;
  let data = input;
  while (name !== undefined) {
    scope.signal.throwIfAborted();
    const state: State = states.States[name]!;
    const step: Step = await runState(name, state, data, scope);
    [data, name] = [step.output, step.next];
  }
  return data;
}

interface Step {
  readonly output: unknown;
  readonly next?: string;
}

/** One state with its retries; what can't be retried goes to its catcher, else up. */
async function runState(name: string, state: State, input: unknown, outer: Scope): Promise<Step> {
  const { world } = outer;
  const entered = world.now();
  const event = { state: name, type: state.Type, path: outer.path };
  world.on({ ...event, kind: 'entered', at: entered, input });
  const retriers = 'Retry' in state ? (state.Retry ?? []) : [];
  const used = retriers.map(() => 0);
  for (let retries = 0; ; retries++) {
    const State = { Name: name, EnteredTime: new Date(entered).toISOString(), RetryCount: retries };
    try {
      const step = await perform(name, state, input, { ...outer, context: { ...outer.context, State } });
      const at = world.now();
      world.on({ ...event, kind: 'exited', at, milliseconds: at - entered, retries, output: step.output });
      return step;
    } catch (thrown) {
      // What others' failure has stopped is neither retried nor caught here.
      if (outer.signal.aborted) throw outer.signal.reason;
      const { error, reason } = asStatesError(thrown);
      const afterSeconds = retryAfter(error, retriers, used, world.random);
      const at = world.now();
      if (afterSeconds !== undefined) {
        world.on({ ...event, kind: 'retried', at, error, cause: reason, retry: retries + 1, afterSeconds });
        await world.sleep(afterSeconds * 1000, outer.signal);
        continue;
      }
      const milliseconds = at - entered;
      const catchers = 'Catch' in state ? (state.Catch ?? []) : [];
      const catcher = catchers.find((one) => errorMatches(error, one.ErrorEquals));
      if (catcher === undefined) {
        world.on({ ...event, kind: 'failed', at, milliseconds, error, cause: reason });
        throw new StatesError(error, reason);
      }
      world.on({ ...event, kind: 'caught', at, milliseconds, error, cause: reason, next: catcher.Next });
      const output = place(catcher.ResultPath, input, { Error: error, Cause: reason });
      return { output, next: catcher.Next };
    }
  }
}

/** One attempt at a state: its filters around what its type does. */
async function perform(name: string, state: State, raw: unknown, scope: Scope): Promise<Step> {
  const read = (data: unknown) => ({ data, context: scope.context });
  if (state.Type === 'Fail') {
    const text = (fixed: string | undefined, path: string | undefined) =>
      path === undefined ? (fixed ?? '') : String(evaluate(path, read(raw), 'States.Runtime'));
    throw new StatesError(text(state.Error, state.ErrorPath), text(state.Cause, state.CausePath));
  }
  const input = filter(state.InputPath, raw, scope.context);
  const end = (result: unknown, next?: string): Step => {
    const output = limited(filter(state.OutputPath, result, scope.context), `the output of state ${name}`);
    return { output, ...(next === undefined ? {} : { next }) };
  };
  switch (state.Type) {
    case 'Succeed':
      return end(input);
    case 'Choice': {
      const chosen = state.Choices.find((choice) => holds(choice, read(input)))?.Next ?? state.Default;
      if (chosen === undefined)
        throw new StatesError('States.NoChoiceMatched', `no choice of ${name} matches its input`);
      return end(input, chosen);
    }
    case 'Wait':
      await scope.world.sleep(waitMilliseconds(state, input, scope), scope.signal);
      return end(input, state.Next);
    case 'Pass': {
      const effective = state.Parameters === undefined ? input : fill(state.Parameters, read(input));
      const result = state.Result === undefined ? effective : state.Result;
      return end(place(state.ResultPath, raw, result), state.Next);
    }
    default: {
      const result = await work(name, state, input, scope);
      const selected = state.ResultSelector === undefined ? result : fill(state.ResultSelector, read(result));
      return end(place(state.ResultPath, raw, selected), state.Next);
    }
  }
}

function work(
  name: string,
  state: TaskState | ParallelState | MapState,
  input: unknown,
  scope: Scope,
): Promise<unknown> {
  if (state.Type === 'Map') return runMap(name, state, input, scope);
  const template = state.Parameters;
  const effective = template === undefined ? input : fill(template, { data: input, context: scope.context });
  if (state.Type === 'Task') return runTask(name, state, effective, scope);
  const branches = state.Branches.map((branch, i) => (signal: AbortSignal) => {
    return runStates(branch, effective, { ...scope, signal, path: [...scope.path, `${name}[${i}]`] });
  });
  return together(branches, branches.length, scope.signal);
}

async function runTask(name: string, state: TaskState, input: unknown, scope: Scope): Promise<unknown> {
  limited(input, `the input of task ${name}`);
  const result = await within(state.TimeoutSeconds, scope.signal, (signal) =>
    scope.world.task({ resource: state.Resource as string, input, state: name, signal }),
  );
  // As Lambda and the services answer: what is not JSON is lost, or an error.
  return limited(result === undefined ? null : JSON.parse(JSON.stringify(result)), `the result of task ${name}`);
}

function runMap(name: string, state: MapState, input: unknown, scope: Scope): Promise<unknown> {
  const items = evaluate(state.ItemsPath ?? '$', { data: input, context: scope.context }, 'States.Runtime');
  if (!Array.isArray(items)) throw new StatesError('States.Runtime', `${state.ItemsPath ?? '$'} of ${name} is no list`);
  const iterations = items.map((Value: unknown, Index) => (signal: AbortSignal) => {
    const context = { ...scope.context, Map: { Item: { Index, Value } } };
    const item = state.ItemSelector === undefined ? Value : fill(state.ItemSelector, { data: input, context });
    return runStates(state.ItemProcessor, item, {
      ...scope,
      context,
      signal,
      path: [...scope.path, `${name}[${Index}]`],
    });
  });
  const limit = state.MaxConcurrency ?? 0;
  return together(iterations, limit === 0 ? mapConcurrency : Math.min(limit, mapConcurrency), scope.signal);
}

function waitMilliseconds(state: WaitState, input: unknown, scope: Scope): number {
  const read = (path: string) => evaluate(path, { data: input, context: scope.context }, 'States.Runtime');
  const seconds = state.SecondsPath === undefined ? state.Seconds : read(state.SecondsPath);
  if (seconds !== undefined) {
    if (typeof seconds !== 'number' || seconds < 0)
      throw new StatesError(
        'States.Runtime',
        `seconds to wait must be a number from 0, given ${JSON.stringify(seconds)}`,
      );
    return seconds * 1000;
  }
  const until = state.TimestampPath === undefined ? state.Timestamp : read(state.TimestampPath);
  const instant = Date.parse(String(until));
  if (Number.isNaN(instant)) throw new StatesError('States.Runtime', `not a timestamp: ${JSON.stringify(until)}`);
  return Math.max(0, instant - scope.world.now());
}

/** A handler's error as Lambda reports it: its name, and a cause in JSON. */
function asStatesError(thrown: unknown): StatesError {
  if (thrown instanceof StatesError) return thrown;
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new StatesError(name, JSON.stringify({ errorType: name, errorMessage: message }));
}
