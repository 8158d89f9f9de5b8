import { readFileSync } from 'node:fs';
import { EMRClient } from '@aws-sdk/client-emr';
import { type ApplyJobEvent, applyJob } from '../../cdc/spark/follow';
import { TransientError } from '../../errors';
import type { Manifest } from '../../platform/manifest';
import { emrSteps } from '../../runtime/emr-steps';
import { readEnvironment } from '../../runtime/environment';
import type { Log, Objects } from '../../runtime/services';
import { clusterVariable, type Steps, stepOver } from '../../runtime/step';
import { answerOf, callOf, type JobRequest } from '../../spark/job';
import { sparkOnVariable } from '../../spark/memory';
import { type JobServices, jobServices } from '../../spark/services';
import { sparkSession } from '../../spark/session';
import { type ConsumeJobEvent, consumeJob } from '../../stream/spark/follow';
import { changeServices } from '../changes';
import { streamServices } from '../streams';

/**
 * The handlers that move data, as a job of Spark: `node index.js HANDLER EVENT ANSWER` calls one and writes what it
 * answers to the object ANSWER. Spark is whoever has started it: requests go to standard output, answers come from
 * standard input. The environment is that of the functions, with `INGOT_SPARK_ON` and `INGOT_EMR_CLUSTER` where it is a
 * step of a cluster, with which it ends. It ends with 0 where there is an answer, also where the handler has refused.
 * `consume` and `apply` are jobs that end with an error where a batch cannot be applied, and with an answer only where
 * they were asked for no more than what is there.
 */
async function main([handler, event, answer]: readonly string[]): Promise<void> {
  const environment = readEnvironment(process.env);
  const manifest = JSON.parse(readFileSync(environment.manifestFile, 'utf8')) as Manifest;
  const on = process.env[sparkOnVariable] === 'cluster' ? 'cluster' : 'serverless';
  const session = sparkSession({ answers: process.stdin, requests: process.stdout, on }, async () => {});
  const { services, flush } = jobServices(environment, manifest, session);
  const cluster = process.env[clusterVariable];
  if (cluster !== undefined) void endWithStep(emrSteps(new EMRClient(), cluster), answer!, services.log);
  const given: unknown = JSON.parse(event!);
  const allowed = stillAllowed(services.objects, answer!);
  const look = async () => {
    await flush();
    await allowed();
  };
  const answered =
    handler === 'consume'
      ? await consumeJob(given as ConsumeJobEvent, session, await streamServices(services), look)
      : handler === 'apply'
        ? await applyJob(given as ApplyJobEvent, session, changeServices(services), look)
        : await answerOf(() => callOf({ handler, event: given } as JobRequest, services), services.log);
  await finish({ services, flush }, answer!, answered);
  await session.close();
}

/** Leaves the answer, and then sends the last metrics: it must not wait for those, nor be lost with them. */
export async function finish({ services, flush }: JobServices, answer: string, answered: object): Promise<void> {
  await services.objects.write(answer, JSON.stringify(answered), 'application/json');
  await flush();
}

/** Looks, one after another, at which credentials may be out of reach: what gives them may have a short fault. */
const looksWithoutCredentials = 5;

/**
 * A look that fails where the job may no longer do what it is there for: where S3 has refused it, or looks one after
 * another could not ask, for want of credentials say. Its role goes with its stack, and what would have cancelled the job;
 * but a stream that brings nothing, of Kafka say, asks nothing of AWS, and metrics that are refused end no job.
 *
 * @param answer the object that it may look for, which is not there
 */
export function stillAllowed(objects: Pick<Objects, 'head'>, answer: string): () => Promise<void> {
  let unasked = 0;
  return async () => {
    try {
      await objects.head(answer);
      unasked = 0;
    } catch (error) {
      // AWS itself answered that it is broken, or is out of reach, which says nothing of the job.
      if (error instanceof TransientError) return;
      unasked += 1;
      if (isRefusal(error) || unasked >= looksWithoutCredentials) throw error;
    }
  };
}

/** Whether S3 has answered, and not that it is broken: a HEAD of it that is refused has no words, but its status. */
function isRefusal(error: unknown): boolean {
  const { httpStatusCode: status = 0 } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {};
  return status >= 400 && status < 500;
}

/** Ends the job once its step is over, in the middle of a statement too: with the driver goes its application in YARN. */
export async function endWithStep(
  steps: Steps,
  answer: string,
  log: Pick<Log, 'warn' | 'error'>,
  wait?: (milliseconds: number) => Promise<unknown>,
): Promise<void> {
  const state = await stepOver(steps, answer, log, wait);
  log.error('The step is over; so is its job', { state });
  // The driver has started this process. It would go on to the statement's end before it knew.
  if (process.ppid > 1) process.kill(process.ppid, 'SIGTERM');
  process.exit(1);
}

if (require.main === module)
  main(process.argv.slice(2)).then(
    () => process.exit(0),
    (error: Error) => {
      process.stderr.write(`${error.stack ?? error.message}\n`);
      process.exit(1);
    },
  );
