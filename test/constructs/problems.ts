import { describeProblem, InvalidInputError, type Problem } from '../../lib/errors';

/** What is wrong with what something is made of, a line each, as `path: message`; nothing where it can be made. */
export const problemsOf = (make: () => unknown): string[] =>
  thrownBy(make).map(({ path, message }) => `${path}: ${message}`);

/** The same, with whose path it is: as one who has declared it reads it. */
export const describedProblemsOf = (make: () => unknown): string[] => thrownBy(make).map(describeProblem);

function thrownBy(make: () => unknown): readonly Problem[] {
  try {
    make();
  } catch (error) {
    if (error instanceof InvalidInputError) return error.problems;
    throw error;
  }
  return [];
}
