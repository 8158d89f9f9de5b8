import type { Problem } from '../../lib/errors';
import { numberProblems } from '../core/names';
import type { ConsumerDeclaration, FunctionConsumer, JobConsumer } from '../stream/props';
import type { SparkApplicationFacts } from './model';

/** A job that consumes, with every default applied, and the application that runs it. */
export type ConsumingJob = Required<JobConsumer> & { readonly spark: SparkApplicationFacts };

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
  const { maxWorkers, securityGroupId } = job.spark;
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
      .filter((jar) => !/^s3:\/\/[a-z0-9.-]+\/[^,\s]+$/.test(jar))
      .map((jar) => problem('consumer.spark.jars', `must be objects, s3://bucket/key; given ${JSON.stringify(jar)}`)),
    ...(securityGroupId === undefined
      ? [
          problem(
            'spark',
            `must be an application with a network of yours (of a Platform: network in platform.yaml), since EMR's own does not lead to ${reaches}`,
          ),
        ]
      : []),
  ];
}
