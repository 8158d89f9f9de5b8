import type { Problem } from '../../lib/errors';
import { usualJob } from '../../lib/sizing/consumers';
import { numberProblems } from '../core/names';
import type { ConsumerDeclaration, FunctionConsumer, JobConsumer } from '../stream/props';
import type { SparkApplicationFacts } from './model';

/** A job that consumes, with every default applied, and the application that runs it. */
export type ConsumingJob = Required<JobConsumer> & { readonly spark: SparkApplicationFacts };

/** A job that consumes, as it was declared and as it usually is. */
export const consumingJob = (
  declared: JobConsumer | undefined,
  executors: number,
  spark: SparkApplicationFacts,
): ConsumingJob => ({ ...usualJob, executors, jars: [], scheduled: true, paused: false, ...declared, spark });

/** What is said of a consumer that is the function's alone. */
const ofFunction: readonly (keyof FunctionConsumer)[] = ['batchSize', 'batchSeconds', 'maxAgeHours', 'deadLetterDays'];

/** What is wrong with what is said of a job that consumes, whatever it consumes. */
export function consumingJobProblems(
  where: string,
  consumer: ConsumerDeclaration | undefined,
  job: ConsumingJob | undefined,
  reaches: string,
): Problem[] {
  const problem = (path: string, message: string): Problem => ({ where, path, message });
  if (job === undefined)
    return consumer?.spark === undefined
      ? []
      : [problem('consumer.spark', 'must not be said where no spark is given: a function consumes')];
  const number = (path: string, given: number, max?: number) =>
    numberProblems(where, `consumer.spark.${path}`, given, {
      min: 1,
      ...(max === undefined ? {} : { max }),
      whole: true,
    });
  const { maxWorkers, securityGroupId, release } = job.spark;
  return [
    ...number('batchSeconds', job.batchSeconds, 3600),
    ...number('batchRecords', job.batchRecords),
    ...number('executors', job.executors),
    ...(job.executors >= maxWorkers
      ? [
          problem(
            'consumer.spark.executors',
            `must be less than maxWorkers of the application, ${maxWorkers}, of which the driver is one; given ${job.executors}`,
          ),
        ]
      : []),
    ...ofFunction
      .filter((word) => consumer?.[word] !== undefined)
      .map((word) =>
        problem(`consumer.${word}`, "must not be said where spark is given: it is the function's; see consumer.spark"),
      ),
    ...job.jars
      .filter((jar) => !/^s3:\/\/[a-z0-9.-]+\/[^,\s]+$/.test(jar.replace(token, 'token')))
      .map((jar) => problem('consumer.spark.jars', `must be objects, s3://bucket/key; given ${JSON.stringify(jar)}`)),
    ...lengthProblems(where, 'consumer.spark.jars', job.jars.join(',')),
    ...(streams(release)
      ? []
      : [
          problem(
            'spark',
            `must be an application of a release that has streaming jobs and a connector to Kinesis, emr-7.1.0 or newer, or emr-spark-…; given ${JSON.stringify(release)}`,
          ),
        ]),
    ...(securityGroupId === undefined
      ? [
          problem(
            'spark',
            `must be an application with a network of yours (of a Platform: network in platform.yaml), since EMR's own does not lead to ${reaches}; given one with none`,
          ),
        ]
      : []),
  ];
}

/** What an engine hides in a text: a bucket's name, but not an object's whole address, of which nothing could be allowed. */
const token = /[$#]\{(?:Tf)?Token\[[\w:.-]*\]\}/g;

/** Characters of a text that a job is told: its version is a hash of all that it is told, 10,000 at most together. */
const mostCharacters = 3000;

/** What is too long to be told to a job. */
export const lengthProblems = (where: string, path: string, given: string): Problem[] =>
  given.length <= mostCharacters
    ? []
    : [{ where, path, message: `must have at most ${mostCharacters} characters together; given ${given.length}` }];

/** Whether a release of EMR keeps streaming jobs at work, and brings the connector to Kinesis. Nothing is known of a token. */
function streams(release: string): boolean {
  const [, major, minor] = /^emr-(\d+)\.(\d+)\./.exec(release) ?? [];
  return major === undefined || Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 1);
}
