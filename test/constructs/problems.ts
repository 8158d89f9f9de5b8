import { InvalidInputError } from '../../lib/errors';

/** What is wrong with what something is made of, a line each, as `path: message`; nothing where it can be made. */
export function problemsOf(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof InvalidInputError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}
