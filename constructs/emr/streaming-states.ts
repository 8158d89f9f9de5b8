import { aws, type Text, text } from '../core/text';
import { oldestRun, type State, type States, transient } from '../pipeline/states';
import { diskOverrides } from './disk-key';

/** A job that is to be at work at all times, as the state machine that sees to it must know it. */
export interface KeptJob {
  /** Begins the names of its runs: `<own>/<hash>`. No other job of the application has the same. */
  readonly own: string;
  /** Whether it is stopped where nobody says what to do. */
  readonly paused: boolean;
  readonly applicationId: Text;
  readonly jobRoleArn: Text;
  /** Of the key of its workers' disks. */
  readonly diskKeyArn?: Text;
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

/** States of one that has ended; the last by somebody who cancelled it. */
const ended = ['FAILED', 'SUCCESS', 'CANCELLED'];

/** Of runs that ended, 50 a page: an execution has 25,000 events at most, and each run is some ten. */
const mostPages = 20;

/** Between two looks at runs that are being cancelled. */
const waitSeconds = 15;

/** Longer than EMR takes to end a run that is cancelled. */
const timeoutSeconds = 1800;

/**
 * The state machine that keeps a streaming job at work, started again and again:
 *
 *     only one execution -> runs that are live -> cancel those of other versions, wait for their end -> start one
 *     -> how did the last one end?
 *
 * A run's name ends in a hash of all that it is started with, so that a deploy that changes any of it takes its place. An
 * execution fails where the last run was of the version that it starts and had ended by itself: an alarm looks at that, and
 * nothing else is wrong then. Where the job is paused, or given `{"action": "stop"}`, it cancels the runs of the job, and waits for their end.
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

/** All that a run is started with, which its name is a hash of: `States.Hash` takes 10,000 characters. */
const jobOf = ({ jobRoleArn, diskKeyArn, main, handler, settings, event, parameters, answer }: KeptJob) => ({
  role: jobRoleArn,
  ...(diskKeyArn === undefined ? {} : { overrides: diskOverrides(diskKeyArn) }),
  minutes: 0,
  retry: { MaxFailedAttemptsPerHour: attemptsAnHour },
  main,
  handler,
  settings,
  event,
  parameters,
  answer,
});

function begin(job: KeptJob): States {
  return {
    Defaults: {
      Type: 'Pass',
      // Whoever starts it by hand may give no input; a schedule that starts it twice says the same time twice.
      Parameters: { defaults: { action: job.paused ? 'stop' : 'run', 'at.$': '$$.Execution.Id' } },
      Next: 'Input',
    },
    Input: {
      Type: 'Pass',
      Parameters: {
        'input.$': 'States.JsonMerge($.defaults, $$.Execution.Input, false)',
        job: jobOf(job),
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
  const visit: States = {
    WhoseJob: {
      Type: 'Choice',
      Choices: [
        { Not: isOf(own), Next: 'SeenJob' },
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
  };
  return {
    Look: { Type: 'Pass', Result: { kept: false, ending: false }, ResultPath: '$.found', Next: 'Jobs' },
    ...eachRun('Job', { applicationId, states: live, visit: 'WhoseJob', next: 'Looked' }),
    ...visit,
    Looked: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.found.ending', BooleanEquals: true, Next: 'WaitForEnd' },
        { Variable: '$.found.kept', BooleanEquals: true, Next: 'AtWork' },
        { Variable: '$.input.action', StringEquals: 'stop', Next: 'Stopped' },
      ],
      Default: 'StartJob',
    },
    WaitForEnd: { Type: 'Wait', Seconds: waitSeconds, Next: 'Look' },
    AtWork: { Type: 'Succeed' },
    Stopped: { Type: 'Succeed' },
  };
}

/** Starts a run, and says whether the last one was of the same version and had ended by itself. */
function end({ own, applicationId, diskKeyArn }: KeptJob): States {
  return {
    StartJob: {
      Type: 'Task',
      Resource: text`arn:${aws.partition}:states:::aws-sdk:emrserverless:startJobRun`,
      Parameters: {
        ApplicationId: applicationId,
        // Asked twice, EMR starts one.
        'ClientToken.$': `States.Hash(States.Format('{} {}', $.version.name, $.input.at), 'SHA-256')`,
        'Name.$': '$.version.name',
        Mode: 'STREAMING',
        'ExecutionTimeoutMinutes.$': '$.job.minutes',
        'RetryPolicy.$': '$.job.retry',
        'ExecutionRoleArn.$': '$.job.role',
        ...(diskKeyArn === undefined ? {} : { 'ConfigurationOverrides.$': '$.job.overrides' }),
        JobDriver: {
          SparkSubmit: {
            'EntryPoint.$': '$.job.main',
            'EntryPointArguments.$':
              'States.Array(States.JsonToString($.job.settings), $.job.handler, States.JsonToString($.job.event), $.job.answer)',
            'SparkSubmitParameters.$': '$.job.parameters',
          },
        },
      },
      ResultPath: null,
      Retry: [again],
      TimeoutSeconds: 60,
      Next: 'Last',
    },
    // It is at work whatever comes of this: there may be many runs that ended, in an order that nobody promises.
    Last: {
      Type: 'Pass',
      Result: { Name: '', State: '', CreatedAt: '1970-01-01T00:00:00Z' },
      ResultPath: '$.last',
      Next: 'EndedRuns',
    },
    ...eachRun('EndedRun', { applicationId, states: ended, visit: 'IsLast', next: 'Started', pages: mostPages }),
    IsLast: {
      Type: 'Choice',
      Choices: [
        {
          And: [isOf(own), { Variable: '$.one.run.CreatedAt', TimestampGreaterThanPath: '$.last.CreatedAt' }],
          Next: 'LastSoFar',
        },
      ],
      Default: 'SeenEndedRun',
    },
    LastSoFar: { Type: 'Pass', InputPath: '$.one.run', ResultPath: '$.last', Next: 'SeenEndedRun' },
    Started: {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: '$.last.Name', StringEqualsPath: '$.version.name' },
            { Not: { Variable: '$.last.State', StringEquals: 'CANCELLED' } },
          ],
          Next: 'StartedAgain',
        },
      ],
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

/** Whether the run that is looked at is of this job. */
const isOf = (own: string) => ({
  And: [
    { Variable: '$.one.run.Name', IsPresent: true },
    { Variable: '$.one.run.Name', StringMatches: `${own}/*` },
  ],
});

/**
 * Visits the application's streaming runs in some states, page after page: each is `$.one.run` in the state `visit`, from
 * where it goes on at `Seen<of>`.
 */
function eachRun(
  of: string,
  {
    applicationId,
    states,
    visit,
    next,
    pages,
  }: {
    applicationId: Text;
    states: readonly string[];
    visit: string;
    next: string;
    /** After which no more are looked at. */
    pages?: number;
  },
): States {
  const list = (token?: string): State => ({
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
    Next: `First${of}`,
  });
  const isMore = { Variable: '$.page.NextToken', IsPresent: true };
  return {
    [`${of}s`]: { Type: 'Pass', Result: { page: 0 }, ResultPath: '$.place', Next: `List${of}s` },
    [`List${of}s`]: list(),
    [`First${of}`]: {
      Type: 'Pass',
      Parameters: {
        i: 0,
        'count.$': 'States.ArrayLength($.page.JobRuns)',
        'page.$': 'States.MathAdd($.place.page, 1)',
      },
      ResultPath: '$.place',
      Next: `Next${of}`,
    },
    [`Next${of}`]: {
      Type: 'Choice',
      Choices: [{ Variable: '$.place.i', NumericLessThanPath: '$.place.count', Next: of }],
      Default: `More${of}s`,
    },
    [of]: {
      Type: 'Pass',
      Parameters: { 'run.$': 'States.ArrayGetItem($.page.JobRuns, $.place.i)' },
      ResultPath: '$.one',
      Next: visit,
    },
    [`Seen${of}`]: {
      Type: 'Pass',
      Parameters: { 'i.$': 'States.MathAdd($.place.i, 1)', 'count.$': '$.place.count', 'page.$': '$.place.page' },
      ResultPath: '$.place',
      Next: `Next${of}`,
    },
    [`More${of}s`]: {
      Type: 'Choice',
      Choices: [
        {
          ...(pages === undefined ? isMore : { And: [isMore, { Variable: '$.place.page', NumericLessThan: pages }] }),
          Next: `ListMore${of}s`,
        },
      ],
      Default: next,
    },
    [`ListMore${of}s`]: list('$.page.NextToken'),
  };
}

/** Looking and asking do no harm when done again. */
const again = { ...transient, ErrorEquals: ['States.TaskFailed', 'States.Timeout'] };
