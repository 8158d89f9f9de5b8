import type { Problem } from '../errors';

/** Reads variables that a handler cannot do without. Those that are missing are empty, and are among the problems. */
export function requiredOf(env: NodeJS.ProcessEnv): {
  readonly required: (name: string) => string;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const required = (name: string): string => {
    const value = env[name] ?? '';
    if (value === '') problems.push({ where: 'environment', path: name, message: 'must be set' });
    return value;
  };
  return { required, problems };
}
