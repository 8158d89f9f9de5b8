import { aws, type Text, text } from '../core/text';
import { oldestRun, type State, type States, transient } from '../pipeline/states';

/** A job that is to be at work at all times, as the state machine that sees to it must know it. */
export interface KeptJob {
  /** Begins the names of its runs: `<own>/<hash>`. No other job of the application has the same. */
  readonly own: string;
  readonly applicationId: Text;
  readonly jobRoleArn: Text;
  /** `s3://…` of what it begins with. */
  readonly main: Text;
  /** `consume`, for example. */
  readonly handler: string;
  /** What `spark/ingot_spark/job.py` is told of where it runs. */
  readonly settings: object;
  readonly event: object;
  /** Of `spark-submit`. */
  readonly parameters: Text;
  /** `s3://…` of the object that it would answer in, if it ended. */
  readonly answer: Text;
}

/** Attempts that EMR makes within an hour, before it takes a job for failed. */
const attemptsAnHour = 5;

/** States of a run that has not ended. */
const live = ['SUBMITTED', 'QUEUED', 'PENDING', 'SCHEDULED', 'RUNNING', 'CANCELLING'];

/** States of one that has ended, and that nobody has cancelled. */
const ended = ['FAILED', 'SUCCESS'];

/** Between two looks at runs that are being cancelled. */
const waitSeconds = 15;

/** Longer than EMR takes to end a run that is cancelled. */
const timeoutSeconds = 1800;

/**
 * The state machine that keeps a streaming job at work, started again and again:
 *
 *     only one execution -> runs that are live -> cancel those of other versions, wait for their end -> start one
 *
 * A run's name ends in a hash of all that it is started with, so that a deploy that changes any of it takes its place. An
 * execution fails where it starts a version again that had ended by itself: an alarm looks at that, and nothing else is
 * wrong then. Given `{"action": "stop"}`, it cancels the runs of the job, and waits for their end.
 */
export function keepJob(job: KeptJob): {
  readonly Comment: string;
  readonly StartAt: string;
  readonly TimeoutSeconds: number;
  readonly States: Readonly<States>;
} {
  return {
    Comment: `${job.own}: keeps its job at work`,
    StartAt: 'Defaults',
    TimeoutSeconds: timeoutSeconds,
    States: { ...begin(job), ...look(job), ...end(job) },
  };
}

function begin(job: KeptJob): States {
  return {
    Defaults: {
      Type: 'Pass',
      // Whoever starts it by hand may give no input; a schedule that starts it twice says the same time twice.
      Parameters: { defaults: { action: 'run', 'at.$': '$$.Execution.Id' } },
      Next: 'Input',
    },
    Input: {
      Type: 'Pass',
      Parameters: {
        'input.$': 'States.JsonMerge($.defaults, $$.Execution.Input, false)',
        job: { main: job.main, settings: job.settings, event: job.event, parameters: job.parameters },
      },
      Next: 'Version',
    },
    Version: {
      Type: 'Pass',
      Parameters: {
        'name.$': `States.Format('${job.own}/{}', States.Hash(States.JsonToString($.job), 'SHA-256'))`,
      },
      ResultPath: '$.version',
      Next: 'ListRuns',
    },
    ...oldestRun('Look', 'AnotherRuns'),
    // Who stops it waits for its turn; the schedule comes again by itself.
    AnotherRuns: {
      Type: 'Choice',
      Choices: [{ Variable: '$.input.action', StringEquals: 'stop', Next: 'WaitForTurn' }],
      Default: 'LeftToAnother',
    },
    WaitForTurn: { Type: 'Wait', Seconds: waitSeconds, Next: 'ListRuns' },
    LeftToAnother: { Type: 'Succeed' },
  };
}

/** Looks at each run that is live, page after page, until none is left that is being cancelled. */
function look({ own, applicationId }: KeptJob): States {
  const list = listing(applicationId, live, 'FirstJob');
  return {
    Look: { Type: 'Pass', Result: { kept: false, ending: false }, ResultPath: '$.found', Next: 'ListJobs' },
    ListJobs: list(),
    FirstJob: {
      Type: 'Pass',
      Parameters: { i: 0, 'count.$': 'States.ArrayLength($.page.JobRuns)' },
      ResultPath: '$.place',
      Next: 'NextJob',
    },
    NextJob: {
      Type: 'Choice',
      Choices: [{ Variable: '$.place.i', NumericLessThanPath: '$.place.count', Next: 'Job' }],
      Default: 'MoreJobs',
    },
    Job: {
      Type: 'Pass',
      Parameters: { 'run.$': 'States.ArrayGetItem($.page.JobRuns, $.place.i)' },
      ResultPath: '$.one',
      Next: 'WhoseJob',
    },
    WhoseJob: {
      Type: 'Choice',
      Choices: [
        {
          Not: {
            And: [
              { Variable: '$.one.run.Name', IsPresent: true },
              { Variable: '$.one.run.Name', StringMatches: `${own}/*` },
            ],
          },
          Next: 'SeenJob',
        },
        { Variable: '$.one.run.State', StringEquals: 'CANCELLING', Next: 'EndingJob' },
        {
          And: [
            { Variable: '$.input.action', StringEquals: 'run' },
            { Variable: '$.one.run.Name', StringEqualsPath: '$.version.name' },
            { Variable: '$.found.kept', BooleanEquals: false },
          ],
          Next: 'KeptJob',
        },
      ],
      Default: 'CancelJob',
    },
    KeptJob: { Type: 'Pass', Result: true, ResultPath: '$.found.kept', Next: 'SeenJob' },
    CancelJob: {
      Type: 'Task',
      Resource: text`arn:${aws.partition}:states:::aws-sdk:emrserverless:cancelJobRun`,
      Parameters: { ApplicationId: applicationId, 'JobRunId.$': '$.one.run.Id' },
      ResultPath: null,
      Retry: [again],
      // One that has ended meanwhile cannot be cancelled: the next look tells.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'EndingJob' }],
      Next: 'EndingJob',
    },
    EndingJob: { Type: 'Pass', Result: true, ResultPath: '$.found.ending', Next: 'SeenJob' },
    SeenJob: {
      Type: 'Pass',
      Parameters: { 'i.$': 'States.MathAdd($.place.i, 1)', 'count.$': '$.place.count' },
      ResultPath: '$.place',
      Next: 'NextJob',
    },
    MoreJobs: {
      Type: 'Choice',
      Choices: [{ Variable: '$.page.NextToken', IsPresent: true, Next: 'ListMoreJobs' }],
      Default: 'Looked',
    },
    ListMoreJobs: list('$.page.NextToken'),
    Looked: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.found.ending', BooleanEquals: true, Next: 'WaitForEnd' },
        { Variable: '$.found.kept', BooleanEquals: true, Next: 'AtWork' },
        { Variable: '$.input.action', StringEquals: 'stop', Next: 'Stopped' },
      ],
      Default: 'ListEnded',
    },
    WaitForEnd: { Type: 'Wait', Seconds: waitSeconds, Next: 'Look' },
    AtWork: { Type: 'Succeed' },
    Stopped: { Type: 'Succeed' },
  };
}

/** Starts a run, and says whether the same version had ended by itself before. */
function end({ applicationId, jobRoleArn, main, handler, answer }: KeptJob): States {
  const list = listing(applicationId, ended, 'EndedBefore');
  return {
    ListEnded: list(),
    EndedBefore: {
      Type: 'Pass',
      Parameters: { 'before.$': 'States.ArrayContains($.page.JobRuns[*].Name, $.version.name)' },
      ResultPath: '$.ended',
      Next: 'MoreEnded',
    },
    MoreEnded: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.ended.before', BooleanEquals: true, Next: 'StartJob' },
        { Variable: '$.page.NextToken', IsPresent: true, Next: 'ListMoreEnded' },
      ],
      Default: 'StartJob',
    },
    ListMoreEnded: list('$.page.NextToken'),
    StartJob: {
      Type: 'Task',
      Resource: text`arn:${aws.partition}:states:::aws-sdk:emrserverless:startJobRun`,
      Parameters: {
        ApplicationId: applicationId,
        // Asked twice, EMR starts one.
        'ClientToken.$': `States.Hash(States.Format('{} {}', $.version.name, $.input.at), 'SHA-256')`,
        'Name.$': '$.version.name',
        Mode: 'STREAMING',
        ExecutionTimeoutMinutes: 0,
        RetryPolicy: { MaxFailedAttemptsPerHour: attemptsAnHour },
        ExecutionRoleArn: jobRoleArn,
        JobDriver: {
          SparkSubmit: {
            EntryPoint: main,
            'EntryPointArguments.$': text`States.Array(States.JsonToString($.job.settings), '${handler}', States.JsonToString($.job.event), '${answer}')`,
            'SparkSubmitParameters.$': '$.job.parameters',
          },
        },
      },
      ResultPath: null,
      Retry: [again],
      TimeoutSeconds: 60,
      Next: 'Started',
    },
    Started: {
      Type: 'Choice',
      Choices: [{ Variable: '$.ended.before', BooleanEquals: true, Next: 'StartedAgain' }],
      Default: 'StartedAnew',
    },
    StartedAnew: { Type: 'Succeed' },
    StartedAgain: {
      Type: 'Fail',
      Error: 'JobEnded',
      Cause: 'The job had ended by itself and was started again. Its log, and the state of its last run, say why.',
    },
  };
}

/** Pages of the application's streaming jobs, the next one by its token. */
const listing =
  (applicationId: Text, states: readonly string[], next: string) =>
  (token?: string): State => ({
    Type: 'Task',
    Resource: text`arn:${aws.partition}:states:::aws-sdk:emrserverless:listJobRuns`,
    Parameters: {
      ApplicationId: applicationId,
      Mode: 'STREAMING',
      States: states,
      MaxResults: 50,
      ...(token === undefined ? {} : { 'NextToken.$': token }),
    },
    ResultPath: '$.page',
    Retry: [again],
    TimeoutSeconds: 60,
    Next: next,
  });

/** Looking and asking do no harm when done again. */
const again = { ...transient, ErrorEquals: ['States.TaskFailed', 'States.Timeout'] };
