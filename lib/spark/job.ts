import { setTimeout as sleep } from 'node:timers/promises';
import { TransientError } from '../errors';
import { load } from '../ingest/load';
import type { IngestEvent, QualityEvent, TransformEvent } from '../pipeline/events';
import { quality } from '../quality/quality';
import type { Log, Services } from '../runtime/services';
import { transform } from '../transform/transform';
import { SparkEndedError, SparkError, SparkMemoryError } from './session';

/** What a job is asked to do: what a function of Lambda of the same name would be. */
export type JobRequest =
  | { readonly handler: 'ingest'; readonly event: IngestEvent }
  | { readonly handler: 'quality'; readonly event: QualityEvent }
  | { readonly handler: 'transform'; readonly event: TransformEvent };

/** What the next state of a state machine reads: the handler's result, or its error as Step Functions words one. */
export type JobAnswer = object | { readonly error: { readonly Error: string; readonly Cause: string } };

/** How often a handler is called again, as the state machine calls a function again. */
const attempts = 5;

/**
 * Calls a handler that moves data. What it refuses is an answer too, so that it is told in its own words and is not
 * tried again; what may pass is tried again here, where Spark is warm.
 *
 * @throws SparkEndedError where Spark is gone: then the job has failed, and another may succeed
 */
export async function answerOf(
  call: () => Promise<object>,
  log: Pick<Log, 'warn'>,
  wait: (milliseconds: number) => Promise<unknown> = sleep,
): Promise<JobAnswer> {
  try {
    return await patiently(call, log, wait);
  } catch (error) {
    if (error instanceof SparkEndedError) throw error;
    return { error: inStates(error) };
  }
}

/** Calls what may fail in a way that may pass, again where it does, five times at most. Rethrows the last error. */
export async function patiently<T>(
  call: () => Promise<T>,
  log: Pick<Log, 'warn'>,
  wait: (milliseconds: number) => Promise<unknown> = sleep,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TransientError) || attempt >= attempts) throw error;
      log.warn('What may pass is tried again', { attempt, error });
      await wait(Math.random() * Math.min(60_000, 2_000 * 2 ** (attempt - 1)));
    }
  }
}

/**
 * Whether an error says nothing of what was asked for: a full disk, a token that has expired, a broadcast that takes too
 * long. What is not known to be the data's fault (`INTERNAL`) is the engine's.
 */
export const isOfEngine = (error: Error): boolean =>
  error instanceof SparkMemoryError ||
  error instanceof SparkEndedError ||
  (error instanceof SparkError && error.kind === 'INTERNAL');

/** Calls the handler that a job is asked for. */
export function callOf(request: JobRequest, services: Services): Promise<object> {
  switch (request.handler) {
    case 'ingest':
      if (request.event.action === 'plan') throw new Error('Files are planned by the function, not by a job of Spark');
      return load(request.event, services);
    case 'quality':
      return quality(request.event, services);
    case 'transform':
      return transform(request.event, services);
  }
}

/** An error as Lambda and Step Functions tell one. */
function inStates(thrown: unknown): { readonly Error: string; readonly Cause: string } {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { Error: name, Cause: JSON.stringify({ errorType: name, errorMessage: message }) };
}
