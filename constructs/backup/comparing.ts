import { comparingHours } from '../../lib/backup/comparing';
import type { HandlerSetting } from '../core/handler';
import { errorsThatPass, machineNodes } from '../core/machine';
import type { Node } from '../core/nodes';
import { useOperationsKey } from '../core/operations-key';
import { inThisAccount } from '../core/policy';
import { aws, ref, type Text, text } from '../core/text';
import { machineId, validateId } from './ids';

/** What has compared whatever a restore test has restored: a rule that hears of it, and a state machine that sees it through. */
export function comparing(name: string, planArns: readonly Text[], setting: HandlerSetting): Node[] {
  const own = `${name}-compare-restored`;
  const functionArn = ref(`${validateId}Function`, 'arn');
  return [
    ...machineNodes(
      {
        id: machineId,
        roleId: 'CompareRole',
        logGroupId: 'CompareLogGroup',
        name: own,
        description: `${own}: has compared what restore tests have restored`,
        definition: compareMachine(name, functionArn),
        statements: [
          { sid: 'CallFunction', effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: [functionArn] },
          useOperationsKey,
        ],
      },
      setting,
    ),
    {
      kind: 'role',
      id: 'RestoredRole',
      description: `${own}: is started when something has been restored`,
      assumedBy: { service: 'events.amazonaws.com' },
      assumeConditions: inThisAccount,
      statements: [
        {
          sid: 'StartComparison',
          effect: 'Allow',
          actions: ['states:StartExecution'],
          resources: [ref(machineId, 'arn')],
        },
      ],
    },
    {
      kind: 'eventRule',
      id: 'RestoredRule',
      name: `${name}-backup-restored`,
      description: 'Has compared what a restore test has restored',
      pattern: {
        source: ['aws.backup'],
        'detail-type': ['Restore Job State Change'],
        detail: { status: ['COMPLETED', 'FAILED', 'ABORTED'], restoreTestingPlanArn: planArns },
      },
      targetArn: ref(machineId, 'arn'),
      roleArn: ref('RestoredRole', 'arn'),
    },
  ];
}

/**
 * The state machine (Amazon States Language, JSONPath) that calls the function with its event until it has come to an end:
 * an instance may take its time to come up, and a large database more than one call. Where the function fails, it is
 * told so, and answers AWS Backup that nothing was proven.
 */
export function compareMachine(name: string, functionArn: Text): object {
  const call = {
    Type: 'Task',
    Resource: text`arn:${aws.partition}:states:::lambda:invoke`,
    Parameters: { FunctionName: functionArn, 'Payload.$': '$' },
    Retry: [later],
  };
  return {
    Comment: `${name}: compares what restore tests have restored`,
    StartAt: 'Compare',
    // The function itself gives up an hour before.
    TimeoutSeconds: comparingHours * 3_600,
    States: {
      Compare: {
        ...call,
        ResultSelector: { 'finished.$': '$.Payload.finished' },
        ResultPath: '$.outcome',
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'GiveUp' }],
        Next: 'IsFinished',
      },
      IsFinished: {
        Type: 'Choice',
        Choices: [{ Variable: '$.outcome.finished', BooleanEquals: true, Next: 'Done' }],
        Default: 'GoOnLater',
      },
      GoOnLater: { Type: 'Wait', Seconds: 60, Next: 'Compare' },
      GiveUp: { ...call, ResultPath: null, Next: 'Done' },
      Done: { Type: 'Succeed' },
    },
  };
}

const later = {
  ErrorEquals: errorsThatPass('Lambda.Unknown', 'Sandbox.Timedout'),
  IntervalSeconds: 30,
  BackoffRate: 2,
  MaxAttempts: 5,
  MaxDelaySeconds: 300,
  JitterStrategy: 'FULL',
};
