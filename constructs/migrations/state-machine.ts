import { errorsThatPass } from '../core/machine';
import { aws, type Text, text } from '../core/text';

interface Snapshots {
  /** Of the instance, or of the cluster. */
  readonly engine: 'instance' | 'aurora';
  readonly identifier: Text;
}

/** How long all of it may take: an index on a very large table takes a day. */
const twoDays = 2 * 86_400;

/**
 * The state machine (Amazon States Language, JSONPath) that applies what a deploy does not wait for:
 *
 *     migrate -> done
 *             -> still at work: wait, ask again
 *             -> destructive: snapshot, wait until it is there, migrate
 *
 * Nothing is tried again but what may pass: a migration that failed stays failed until a new release mends it.
 */
export function migrateMachine(name: string, functionArn: Text, { engine, identifier }: Snapshots): object {
  const aurora = engine === 'aurora';
  const of = aurora ? 'DbClusterIdentifier' : 'DbInstanceIdentifier';
  const id = aurora ? 'DbClusterSnapshotIdentifier' : 'DbSnapshotIdentifier';
  const list = aurora ? 'DbClusterSnapshots' : 'DbSnapshots';
  const rds = (action: string) => text`arn:${aws.partition}:states:::aws-sdk:rds:${action}`;
  return {
    Comment: `${name}: migrations that are long or destructive`,
    StartAt: 'Begin',
    TimeoutSeconds: twoDays,
    States: {
      Begin: { Type: 'Pass', Result: { next: '' }, Next: 'Migrate' },
      Migrate: {
        Type: 'Task',
        Resource: text`arn:${aws.partition}:states:::lambda:invoke`,
        Parameters: { FunctionName: functionArn, Payload: { action: 'apply', 'snapshotOf.$': '$.next' } },
        ResultSelector: {
          'status.$': '$.Payload.status',
          'next.$': '$.Payload.next',
          'snapshot.$': '$.Payload.snapshot',
          'applied.$': '$.Payload.applied',
        },
        Retry: [transient],
        Next: 'WhatNow',
      },
      WhatNow: {
        Type: 'Choice',
        Choices: [
          // A deploy that came meanwhile has started no other machine: what it brought is seen by asking once more.
          {
            And: [
              { Variable: '$.status', StringEquals: 'done' },
              { Variable: '$.applied[0]', IsPresent: true },
            ],
            Next: 'Begin',
          },
          { Variable: '$.status', StringEquals: 'done', Next: 'Done' },
          { Variable: '$.status', StringEquals: 'destructive', Next: 'TakeSnapshot' },
        ],
        Default: 'StillAtWork',
      },
      StillAtWork: { Type: 'Wait', Seconds: 60, Next: 'Begin' },
      TakeSnapshot: {
        Type: 'Task',
        Resource: rds(aurora ? 'createDBClusterSnapshot' : 'createDBSnapshot'),
        Parameters: { [of]: identifier, [`${id}.$`]: '$.snapshot' },
        ResultPath: null,
        Retry: [{ ...busy(aurora), IntervalSeconds: 60, BackoffRate: 1, MaxAttempts: 60 }, transient],
        // RDS had taken it, and its answer was lost. The name has the second in which it was asked for.
        Catch: [
          {
            ErrorEquals: [`Rds.Db${aurora ? 'Cluster' : ''}SnapshotAlreadyExistsException`],
            ResultPath: null,
            Next: 'AwaitSnapshot',
          },
        ],
        Next: 'AwaitSnapshot',
      },
      AwaitSnapshot: { Type: 'Wait', Seconds: 30, Next: 'DescribeSnapshot' },
      DescribeSnapshot: {
        Type: 'Task',
        Resource: rds(aurora ? 'describeDBClusterSnapshots' : 'describeDBSnapshots'),
        Parameters: { [`${id}.$`]: '$.snapshot' },
        ResultSelector: { 'status.$': `$.${list}[0].Status` },
        ResultPath: '$.taken',
        Retry: [transient],
        Next: 'IsSnapshotThere',
      },
      IsSnapshotThere: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.taken.status', StringEquals: 'available', Next: 'Migrate' },
          { Variable: '$.taken.status', StringEquals: 'creating', Next: 'AwaitSnapshot' },
        ],
        Default: 'NoSnapshot',
      },
      NoSnapshot: {
        Type: 'Fail',
        Error: 'NoSnapshot',
        Cause: 'The snapshot before a destructive migration could not be taken; the migration was not applied.',
      },
      Done: { Type: 'Succeed' },
    },
  };
}

/** RDS takes no snapshot while it takes another, changes the instance or upgrades it. */
const busy = (aurora: boolean) => ({
  ErrorEquals: [aurora ? 'Rds.InvalidDbClusterStateException' : 'Rds.InvalidDbInstanceStateException'],
});

const transient = {
  ErrorEquals: errorsThatPass(
    // What RDS throttles or cannot do right now has no name of its own.
    'Rds.RdsException',
    'Rds.SdkClientException',
  ),
  IntervalSeconds: 10,
  BackoffRate: 2,
  MaxAttempts: 6,
  MaxDelaySeconds: 120,
  JitterStrategy: 'FULL',
};
