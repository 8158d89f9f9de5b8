import { CommanderError } from 'commander';
import { CannotError, describeProblem, InvalidInputError, type Problem, TransientError } from '../errors';
import { MigrationError } from '../migrations/migration';
import { BreakingChangeError } from '../tables/apply';
import { type Output, printable } from './io';

/** How a command ended, for who called it. */
export const exitCode = {
  ok: 0,
  /** It was done and failed: a run whose gate stopped it, a breaking change, a service that did not answer. */
  failed: 1,
  /** It was not begun: unknown options, a contract or SQL that is not valid. */
  invalid: 2,
} as const;

/** An argument or option that is not valid. */
export function invalidArgument(name: string, message: string): InvalidInputError {
  return new InvalidInputError([{ where: name, path: '', message }]);
}

/** Says what went wrong and gives the exit code. */
export function reportFailure(
  error: unknown,
  err: Output,
  options: { readonly verbose: boolean; readonly json: boolean },
): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.invalid;
  const { red } = err.colors;
  if (error instanceof InvalidInputError) {
    if (options.json) err.write(`${JSON.stringify({ problems: error.problems })}\n`);
    else err.write(error.problems.map((problem) => `${red('✗')} ${printable(describeProblem(problem))}\n`).join(''));
    if (!options.json) err.write(summary(error.problems));
    return exitCode.invalid;
  }
  if (error instanceof AggregateError && !options.json && error.errors.length > 0) {
    for (const one of error.errors) reportFailure(one, err, options);
    return exitCode.failed;
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  if (options.json) err.write(`${JSON.stringify({ error: name, message })}\n`);
  else if (isPlain(error)) err.write(`${red('✗')} ${printable(message)}\n${anew(error)}`);
  else {
    err.write(`${red('✗')} ${name === 'Error' ? '' : `${name}: `}${printable(firstLine(message))}\n`);
    if (!options.verbose) err.write(`${err.colors.dim('  --verbose shows where it came from')}\n`);
  }
  if (options.verbose && !isPlain(error)) err.write(`${stack ?? message}\n`);
  return exitCode.failed;
}

/** Errors whose message says it all: what is wrong and what to do. */
const isPlain = (error: unknown): boolean =>
  [CannotError, BreakingChangeError, MigrationError, TransientError].some((kind) => error instanceof kind);

/** What only holds on this machine, where no reader depends on the tables. */
const anew = (error: unknown): string =>
  error instanceof BreakingChangeError
    ? '  Or make all tables of this machine anew, from the files in bronze: remove .ingot/catalog beside platform.yaml\n'
    : '';

const firstLine = (text: string): string => text.split('\n', 1)[0]!;

function summary(problems: readonly Problem[]): string {
  return problems.length === 1 ? '' : `${problems.length} problems\n`;
}
