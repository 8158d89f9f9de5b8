/** What made a state fail: an error name, which `Retry` and `Catch` match, and its cause. */
export class StatesError extends Error {
  override readonly name = 'StatesError';

  constructor(
    /** For example `States.Timeout`, or the name of the error that a handler threw. */
    readonly error: string,
    /** Why, as text; for a handler's error JSON of `errorType` and `errorMessage`, as Lambda gives it. */
    readonly reason: string,
  ) {
    super(reason === '' ? error : `${error}: ${reason}`);
  }
}

/** Every error name that begins with `States.` and that the subset can raise or match. */
export const reservedErrors = [
  'States.ALL',
  'States.TaskFailed',
  'States.Timeout',
  'States.Runtime',
  'States.DataLimitExceeded',
  'States.NoChoiceMatched',
  'States.IntrinsicFailure',
  'States.ParameterPathFailure',
  'States.ResultPathMatchFailure',
  'States.BranchFailed',
  'States.Permissions',
  'States.HeartbeatTimeout',
] as const;

/** These end an execution whatever its `Retry` and `Catch` say. */
const terminal = new Set(['States.Runtime', 'States.DataLimitExceeded']);

/** Whether a retrier's or catcher's `ErrorEquals` speaks of this error. */
export function errorMatches(error: string, errorEquals: readonly string[]): boolean {
  if (terminal.has(error)) return false;
  return errorEquals.some(
    (name) => name === error || name === 'States.ALL' || (name === 'States.TaskFailed' && error !== 'States.Timeout'),
  );
}
