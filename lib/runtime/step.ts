import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './services';

/** Environment variable in which a job is told of which EMR cluster it is a step. */
export const clusterVariable = 'INGOT_EMR_CLUSTER';

/** Milliseconds between two questions how a step is. */
const betweenLooks = 30_000;

/** The steps of an EMR cluster. */
export interface Steps {
  /** Id of the step that was added last of those with an argument. */
  newestWith(argument: string): Promise<string | undefined>;
  /** As EMR says it: `RUNNING`, `CANCELLED`… */
  stateOf(id: string): Promise<string>;
}

/**
 * Waits until the step is over whose job this is: YARN would go on with the job, for to cancel a step ends only what has
 * submitted it. What cannot be asked, or is no step, is never over: a job is not ended because EMR does not answer.
 *
 * @param argument one of the step's, that no step of another job has
 * @returns the state in which the step is
 */
export async function stepOver(
  steps: Steps,
  argument: string,
  log: Pick<Log, 'warn'>,
  wait: (milliseconds: number) => Promise<unknown> = (milliseconds) => sleep(milliseconds, undefined, { ref: false }),
): Promise<string> {
  let id: string | undefined;
  for (;;) {
    try {
      // Once it is known it stays: a step that is added later for the same work has a job of its own.
      id ??= await steps.newestWith(argument);
      const state = id === undefined ? 'RUNNING' : await steps.stateOf(id);
      if (state !== 'PENDING' && state !== 'RUNNING') return state;
    } catch (error) {
      log.warn('The cluster does not say how the step is; the job goes on', { error });
    }
    await wait(betweenLooks);
  }
}
