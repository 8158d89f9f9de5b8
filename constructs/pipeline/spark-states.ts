import { jobMinutes, jobRetries, jobSeconds } from '../../lib/pipeline/run';
import { aws, type Text, text } from '../core/text';

/** Where Spark runs, for the tables whose engine it is. On this machine local names stand in these places. */
export type SparkTarget = JobFiles & (Serverless | { readonly clusterId: Text });

/** An application of EMR Serverless, and what its jobs act as. */
interface Serverless {
  readonly applicationId: Text;
  readonly jobRoleArn: Text;
}

interface JobFiles {
  /** `s3://…` of what a job begins with, of its package, and of the zip with the platform's contracts and models. */
  readonly main: Text;
  readonly package: Text;
  readonly platform: Text;
  /** Bucket in which jobs leave their answers, under `spark/`. */
  readonly bucketName: Text;
  /** What `spark/ingot_spark/job.py` is told of where it runs. */
  readonly settings: { readonly environment: Readonly<Record<string, Text>>; readonly scratch: Text };
  /** `zone.table` of each table that Spark fills and judges. */
  readonly tables: ReadonlySet<string>;
}

type State = Readonly<Record<string, unknown>>;

/** One call of a handler, as a job. */
export interface JobCall {
  /** Begins the names of its states. */
  readonly name: string;
  readonly platform: string;
  readonly handler: 'ingest' | 'quality' | 'transform';
  readonly payload: object;
  /** Paths of what tells this call from the others of its step: `$.table`, `$.batch`. */
  readonly keys: readonly string[];
  /** Where its result goes, as `result`; its answer is read there in any case. */
  readonly resultPath: string;
  readonly next: string;
  /** State that is next where the job fails, or the handler has refused. */
  readonly failed: string;
}

/**
 * States in which a job of EMR Serverless, or a step of an EMR cluster, does what otherwise a function does. Its answer is
 * an object in S3: what a handler refuses is told there in the handler's own words, and goes the way of a function's
 * error. A job that failed itself, or could not be started, is tried twice more: writes are idempotent. Where a run is
 * stopped, Step Functions cancels the job.
 */
export function jobStates(call: JobCall, spark: SparkTarget): Record<string, State> {
  const { name, handler, resultPath, next, failed } = call;
  const caught = { Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: failed }] };
  const id = [handler, ...call.keys.map(() => '{}')].join('-');
  return {
    [name]: {
      Type: 'Pass',
      Parameters: {
        settings: spark.settings,
        event: call.payload,
        'key.$': `States.Format('spark/answers/{}/${id}.json', ${['$$.Execution.Name', ...call.keys].join(', ')})`,
      },
      ResultPath: '$.job',
      Next: `${name}Job`,
    },
    [`${name}Job`]: {
      Type: 'Task',
      ...('clusterId' in spark ? onCluster(call, spark) : onServerless(call, spark)),
      ResultPath: null,
      TimeoutSeconds: jobSeconds,
      Retry: [
        {
          ErrorEquals: ['States.TaskFailed'],
          IntervalSeconds: jobRetries.firstSeconds,
          BackoffRate: 2,
          MaxAttempts: jobRetries.attempts,
        },
      ],
      ...caught,
      Next: `${name}Answer`,
    },
    [`${name}Answer`]: {
      Type: 'Task',
      Resource: text`arn:${aws.partition}:states:::aws-sdk:s3:getObject`,
      Parameters: { Bucket: spark.bucketName, 'Key.$': '$.job.key' },
      ResultSelector: { 'result.$': 'States.StringToJson($.Body)' },
      ResultPath: resultPath,
      Retry: [{ ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 5 }],
      TimeoutSeconds: 60,
      ...caught,
      Next: `${name}Answered`,
    },
    [`${name}Answered`]: {
      Type: 'Choice',
      Choices: [{ Variable: `${resultPath}.result.error`, IsPresent: true, Next: `${name}Refused` }],
      Default: next,
    },
    [`${name}Refused`]: {
      Type: 'Pass',
      InputPath: `${resultPath}.result.error`,
      ResultPath: '$.error',
      Next: failed,
    },
  };
}

function onServerless(call: JobCall, spark: JobFiles & Serverless): State {
  return {
    Resource: text`arn:${aws.partition}:states:::emr-serverless:startJobRun.sync`,
    Parameters: {
      Name: `${call.platform}-${call.handler}`,
      ApplicationId: spark.applicationId,
      ExecutionRoleArn: spark.jobRoleArn,
      ExecutionTimeoutMinutes: jobMinutes,
      JobDriver: {
        SparkSubmit: {
          EntryPoint: spark.main,
          'EntryPointArguments.$': text`States.Array(States.JsonToString($.job.settings), '${call.handler}', States.JsonToString($.job.event), ${answer(spark)})`,
          SparkSubmitParameters: text`--archives ${archives(spark)}`,
        },
      },
    },
  };
}

/** A step of a cluster: the driver is in YARN, too, since only there it finds what is unpacked. */
function onCluster(call: JobCall, spark: JobFiles & { readonly clusterId: Text }): State {
  // YARN reads `{{` and `}}` of arguments as its own, and events end in the latter.
  const base64 = (path: string) => `States.Format('base64:{}', States.Base64Encode(States.JsonToString(${path})))`;
  return {
    Resource: text`arn:${aws.partition}:states:::elasticmapreduce:addStep.sync`,
    Parameters: {
      ClusterId: spark.clusterId,
      Step: {
        Name: `${call.platform}-${call.handler}`,
        // The cluster is for others, too.
        ActionOnFailure: 'CONTINUE',
        HadoopJarStep: {
          Jar: 'command-runner.jar',
          'Args.$': text`States.Array('spark-submit', '--deploy-mode', 'cluster', '--archives', '${archives(spark)}', '${spark.main}', ${base64('$.job.settings')}, '${call.handler}', ${base64('$.job.event')}, ${answer(spark)})`,
        },
      },
    },
  };
}

const answer = ({ bucketName }: JobFiles): Text => text`States.Format('s3://${bucketName}/{}', $.job.key)`;

const archives = (files: JobFiles): Text => text`${files.package}#ingot,${files.platform}#platform`;
