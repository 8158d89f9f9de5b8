import { callSeconds, retries } from '../../lib/pipeline/run';
import { errorsThatPass } from '../core/machine';
import { aws, type Text, text } from '../core/text';

/** Of Amazon States Language. */
export type State = Readonly<Record<string, unknown>>;
export type States = Record<string, State>;

/** What an item of a map ends as: one word, so that `States.ArrayContains` can ask for it. */
export const OK = 'ok';
export const FAILED = 'failed';

/** After a map: on where every item went well, else the end. */
export function outcome(name: string, next: string): States {
  return anyFailed(`${name}Outcome`, '$.outcomes', `${name}Failed`, next);
}

/** On where no outcome at a path is a failure. */
export function anyFailed(name: string, outcomes: string, failed: string, next: string): States {
  return {
    [name]: {
      Type: 'Pass',
      Parameters: { 'failed.$': `States.ArrayContains(${outcomes}, '${FAILED}')` },
      ResultPath: '$.outcome',
      Next: `${name}Choice`,
    },
    [`${name}Choice`]: {
      Type: 'Choice',
      Choices: [{ Variable: '$.outcome.failed', BooleanEquals: true, Next: failed }],
      Default: next,
    },
  };
}

/** Ends a run, and tells people why. */
export function failure(name: string, cause: string): States {
  return {
    [`${name}Failed`]: {
      Type: 'Pass',
      Result: { error: `${name}Failed`, cause },
      ResultPath: '$.failure',
      Next: 'Notify',
    },
  };
}

/** What may pass when tried again: the service's own faults, and errors that a handler names so. No other. */
export const transient = {
  ErrorEquals: errorsThatPass(),
  IntervalSeconds: retries.firstSeconds,
  BackoffRate: retries.factor,
  MaxAttempts: retries.attempts,
  MaxDelaySeconds: retries.mostSeconds,
  JitterStrategy: 'FULL',
};

/** Calls a handler. */
export function invoke(functionArn: Text, payload: object): State {
  return {
    Type: 'Task',
    Resource: text`arn:${aws.partition}:states:::lambda:invoke`,
    Parameters: { FunctionName: functionArn, Payload: payload },
    ResultSelector: { 'result.$': '$.Payload' },
    Retry: [transient],
    TimeoutSeconds: callSeconds,
  };
}

/**
 * On to `next` in the oldest execution that is at work, and to `another` in all others. The list is eventually consistent,
 * and may not show this execution yet: where two go on, what they do must be such that it does no harm.
 */
export function oldestRun(next: string, another: string): States {
  return {
    ListRuns: {
      Type: 'Task',
      Resource: text`arn:${aws.partition}:states:::aws-sdk:sfn:listExecutions`,
      Parameters: { 'StateMachineArn.$': '$$.StateMachine.Id', StatusFilter: 'RUNNING', MaxResults: 1000 },
      ResultSelector: { 'runs.$': '$.Executions', 'count.$': 'States.ArrayLength($.Executions)' },
      ResultPath: '$.running',
      Retry: [transient],
      Next: 'AnyRun',
    },
    AnyRun: {
      Type: 'Choice',
      Choices: [{ Variable: '$.running.count', NumericEquals: 0, Next: next }],
      Default: 'OldestRun',
    },
    OldestRun: {
      Type: 'Pass',
      // Newest first is the order that the service documents.
      Parameters: { 'run.$': 'States.ArrayGetItem($.running.runs, States.MathAdd($.running.count, -1))' },
      ResultPath: '$.oldest',
      Next: 'IsOldest',
    },
    IsOldest: {
      Type: 'Choice',
      Choices: [{ Variable: '$.oldest.run.ExecutionArn', StringEqualsPath: '$$.Execution.Id', Next: next }],
      Default: another,
    },
  };
}
