import { jobMinutes, jobRetries, jobSeconds } from '../../lib/pipeline/run';
import { type SparkSize, sizeSettings, sizeValues } from '../../lib/sizing/spark-size';
import { aws, type Text, text } from '../core/text';
import { diskOverrides } from '../emr/disk-key';
import type { State } from './states';

/** Where Spark runs, for the tables whose engine it is. On this machine local names stand in these places. */
export type SparkTarget = JobFiles & (Serverless | { readonly clusterId: Text });

/** An application of EMR Serverless, and what its jobs act as. */
interface Serverless {
  readonly applicationId: Text;
  readonly jobRoleArn: Text;
  /** Of the key of its workers' disks. */
  readonly diskKeyArn?: Text;
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
  /** `zone.table` of each table that Spark fills and judges, and how it cuts up the table's rows. */
  readonly tables: ReadonlyMap<string, SparkSize>;
  /** Names of settings of Spark that the owner of the place has given: no job says another value. */
  readonly given: readonly string[];
}

/** What is told with a job that did not answer: it failed each time that it was started, or it was over its time. */
const jobRemedy = (spark: SparkTarget): string =>
  `No answer came from the job: it failed each time, or took more than ${jobSeconds / 60} minutes. The table is as it was, or ` +
  ('clusterId' in spark
    ? 'complete; a job that was cancelled may be at work for up to a minute more. ' +
      'Where the time passed as steps waited for their turn, let more run at once (stepsAtOnce of the EmrCluster). ' +
      "The step's log says why it failed: where Spark had too little memory, give the cluster's nodes more " +
      '(instanceTypes of the EmrCluster). Then run again.'
    : "complete. The job's log says why: where Spark had too little memory, give its workers more (engine.spark.worker in " +
      'platform.yaml), then run again.');

/** One call of a handler, as a job. */
interface JobCall {
  /** Begins the names of its states. */
  readonly name: string;
  readonly platform: string;
  readonly handler: 'ingest' | 'quality' | 'transform';
  readonly payload: object;
  /** Path of the table or model. */
  readonly item: string;
  /** Tables or models that are Spark's in this step, with the sizes of their tables: one at least. */
  readonly sizes: ReadonlyMap<string, SparkSize>;
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
 * stopped or a job is over its time, Step Functions cancels the job. Of a step that ends what submitted the job, which ends
 * itself when it hears of that.
 */
export function jobStates(call: JobCall, spark: SparkTarget): Record<string, State> {
  const { name, handler, resultPath, next, failed } = call;
  const caught = { Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: failed }] };
  const id = [handler, ...call.keys.map(() => '{}')].join('-');
  const { size, states: sizes, startAt } = sizeStates(call);
  return {
    [name]: {
      Type: 'Pass',
      Parameters: {
        settings: spark.settings,
        event: call.payload,
        ...size,
        'key.$': `States.Format('spark/answers/{}/${id}.json', ${['$$.Execution.Name', ...call.keys].join(', ')})`,
      },
      ResultPath: '$.job',
      Next: startAt,
    },
    ...sizes,
    [`${name}Job`]: {
      Type: 'Task',
      ...('clusterId' in spark ? onCluster(call, spark) : onServerless(call, spark)),
      ResultPath: null,
      TimeoutSeconds: jobSeconds,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: `${name}JobFailed` }],
      Retry: [
        {
          ErrorEquals: ['States.TaskFailed'],
          IntervalSeconds: jobRetries.firstSeconds,
          BackoffRate: 2,
          MaxAttempts: jobRetries.attempts,
        },
      ],
      Next: `${name}Answer`,
    },
    // EMR's own words tell what ended, and not what to do.
    [`${name}JobFailed`]: { Type: 'Pass', Result: jobRemedy(spark), ResultPath: '$.error.Remedy', Next: failed },
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
      ...(spark.diskKeyArn === undefined ? {} : { ConfigurationOverrides: diskOverrides(spark.diskKeyArn) }),
      JobDriver: {
        SparkSubmit: {
          EntryPoint: spark.main,
          'EntryPointArguments.$': text`States.Array(States.JsonToString($.job.settings), '${call.handler}', States.JsonToString($.job.event), ${answer(spark)})`,
          'SparkSubmitParameters.$': submitted(spark),
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
          'Args.$': text`States.Array('spark-submit', '--deploy-mode', 'cluster', '--archives', '${archives(spark)}', ${sizeArguments(spark)}'${spark.main}', ${base64('$.job.settings')}, '${call.handler}', ${base64('$.job.event')}, ${answer(spark)})`,
        },
      },
    },
  };
}

/**
 * How a job cuts up rows, as `$.job.size`: where all tables of the step agree it stands there from the start, else a choice by
 * the table puts it there.
 */
function sizeStates({ name, item, sizes }: JobCall): {
  readonly size: object;
  readonly states: Record<string, State>;
  readonly startAt: string;
} {
  const job = `${name}Job`;
  const classes = new Map([...sizes.values()].map((size) => [sizeState(name, size), size]));
  const [[usual, size], ...others] = [...classes] as [[string, SparkSize], ...[string, SparkSize][]];
  if (others.length === 0) return { size: { size: sizeValues(size) }, states: {}, startAt: job };
  const choice = `${name}Size`;
  const choices = [...sizes].filter(([, one]) => sizeState(name, one) !== usual);
  return {
    size: {},
    states: {
      [choice]: {
        Type: 'Choice',
        Choices: choices.map(([one, size]) => ({ Variable: item, StringEquals: one, Next: sizeState(name, size) })),
        Default: usual,
      },
      ...Object.fromEntries(
        [...classes].map(([state, size]) => [
          state,
          { Type: 'Pass', Result: sizeValues(size), ResultPath: '$.job.size', Next: job },
        ]),
      ),
    },
    startAt: choice,
  };
}

const sizeState = (name: string, { partitions, partitionMb }: SparkSize): string =>
  `${name}Parts${partitions}Of${partitionMb}`;

/** Settings that a job says itself, those that the owner of the place has not given, and where their values stand. */
const sized = ({ given }: JobFiles): { readonly setting: string; readonly value: string }[] =>
  Object.entries(sizeSettings)
    .filter(([, setting]) => !given.includes(setting))
    .map(([key, setting]) => ({ setting, value: `$.job.size.${key}` }));

const sizeArguments = (spark: JobFiles): string =>
  sized(spark)
    .map(({ setting, value }) => `'--conf', States.Format('${setting}={}', ${value}), `)
    .join('');

function submitted(spark: JobFiles): Text {
  const settings = sized(spark);
  const said = settings.map(({ setting }) => ` --conf ${setting}={}`).join('');
  const values = settings.map(({ value }) => `, ${value}`).join('');
  return text`States.Format('--archives ${archives(spark)}${said}'${values})`;
}

const answer = ({ bucketName }: JobFiles): Text => text`States.Format('s3://${bucketName}/{}', $.job.key)`;

const archives = (files: JobFiles): Text => text`${files.package}#ingot,${files.platform}#platform`;
