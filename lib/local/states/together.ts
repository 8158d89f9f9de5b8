import { StatesError } from './errors';

/**
 * Runs all, at most `limit` at once, and gives their results in order. The first failure stops the others; it is thrown
 * when they have stopped, so that nothing goes on working for an execution that has failed.
 */
export async function together(
  jobs: readonly ((signal: AbortSignal) => Promise<unknown>)[],
  limit: number,
  outer: AbortSignal,
): Promise<unknown[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const results: unknown[] = new Array(jobs.length);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const worker = async () => {
    while (next < jobs.length && failure === undefined) {
      const i = next++;
      try {
        results[i] = await jobs[i]!(signal);
      } catch (error) {
        failure ??= { error };
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, jobs.length) }, worker));
  if (failure !== undefined) throw failure.error;
  return results;
}

/** Ends by `States.Timeout` where `job` takes longer; it is told by its signal. */
export async function within<T>(
  seconds: number | undefined,
  outer: AbortSignal,
  job: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (seconds === undefined) return job(outer);
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new StatesError('States.Timeout', `it took longer than ${seconds} s`)),
    seconds * 1000,
  );
  try {
    const expired = new Promise<never>((_, reject) => {
      late.signal.addEventListener('abort', () => reject(late.signal.reason), { once: true });
    });
    return await Promise.race([job(AbortSignal.any([outer, late.signal])), expired]);
  } finally {
    clearTimeout(timer);
  }
}
