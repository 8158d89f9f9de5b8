import { distance } from 'fastest-levenshtein';

/** One thing that is wrong with what a user gave: where, what was given, what is allowed. */
export interface Problem {
  /** The file it stands in, or the path of the construct (`Stack/Platform/Lake`). */
  readonly where: string;
  /** The path inside it, for example `schema[0].properties[2].logicalType`. Empty for the whole. */
  readonly path: string;
  /** Line in the file, from 1, where it is known. */
  readonly line?: number;
  /** One sentence that says what is wrong, what was given and what is allowed. */
  readonly message: string;
}

/**
 * What a user gave is not valid. Carries every problem that was found, not the first alone.
 *
 * Thrown when props, a contract, `platform.yaml` or a command's arguments do not pass validation; nothing was created.
 */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';

  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(describeProblem).join('\n'));
  }
}

/**
 * Something outside failed in a way that may pass: throttling, a catalog that answers 5xx, conflicts that did not end.
 * The state machine runs a step again for this error and for no other of a handler's.
 */
export class TransientError extends Error {
  override readonly name = 'TransientError';
}

/** A problem as one line: `contracts/flights.odcs.yaml:12 schema[0].name: must be …`. */
export function describeProblem(problem: Problem): string {
  const line = problem.line === undefined ? '' : `:${problem.line}`;
  const path = problem.path === '' ? '' : ` ${problem.path}`;
  return `${problem.where}${line}${path}: ${problem.message}`;
}

/** Throws every problem at once; does nothing where there is none. */
export function assertValid(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new InvalidInputError(problems);
}

/** The allowed word that `given` most likely meant, or undefined where none is near (at most a third of it differs). */
export function nearest(given: string, allowed: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const word of allowed) {
    const d = distance(given.toLowerCase(), word.toLowerCase());
    if (d < least) [best, least] = [word, d];
  }
  return best;
}

/** `given "sliver"; allowed: bronze, silver, gold; did you mean silver?` — the tail of a problem's sentence. */
export function givenAllowed(given: unknown, allowed: readonly string[]): string {
  const hint = typeof given === 'string' ? nearest(given, allowed) : undefined;
  const meant = hint === undefined ? '' : `; did you mean ${hint}?`;
  const words = allowed.length === 0 ? 'there is none' : `allowed: ${[...new Set(allowed)].join(', ')}`;
  return `given ${JSON.stringify(given) ?? String(given)}; ${words}${meant}`;
}

/** What was asked for can't be done as things are: one sentence that says what to do. */
export class CannotError extends Error {
  override readonly name = 'CannotError';
}
