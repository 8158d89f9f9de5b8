import type { Group, Manifest } from '../../lib/platform/manifest';
import type { HandlerSetting } from '../core/handler';
import { machineStatements } from '../core/machine';
import { pascal } from '../core/names';
import type { Node, Statement } from '../core/nodes';
import { aws, ref, text } from '../core/text';
import { deadLettersId, machineId, noticesId } from './ids';
import type { SparkTarget } from './spark-states';
import { stateMachine } from './state-machine';

/** Where a pipeline's jobs run, and what its state machines may therefore do. */
export interface Jobs {
  readonly target: SparkTarget;
  readonly statements: readonly Statement[];
}

/** The state machine of a group, with its role and log group. */
export function runs(
  manifest: Manifest,
  group: Group,
  setting: HandlerSetting,
  useKey: Statement,
  jobs: Jobs | undefined,
): Node[] {
  const id = machineId(group);
  const prefix = pascal(group.name);
  const fn = (handler: string) => ref(`${handler}Function`, 'arn');
  const called = ['Ingest', 'Quality', 'Transform', 'Publish'].map(fn);
  return [
    {
      kind: 'logGroup',
      id: `${prefix}RunsLogGroup`,
      // The one prefix whose log groups need no resource policy of their own (10 an account).
      name: `/aws/vendedlogs/states/${manifest.name}-${group.name}`,
      retentionDays: setting.logRetentionDays,
      keyArn: setting.keyArn,
      removal: setting.removal,
    },
    {
      kind: 'role',
      id: `${prefix}RunsRole`,
      description: `${manifest.name}: runs of ${group.name}`,
      assumedBy: { service: 'states.amazonaws.com' },
      assumeConditions: { StringEquals: { 'aws:SourceAccount': aws.account } },
      statements: [
        { sid: 'CallHandlers', effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: called },
        {
          sid: 'KeepDeadLetters',
          effect: 'Allow',
          actions: ['sqs:SendMessage'],
          resources: [ref(deadLettersId, 'arn')],
        },
        { sid: 'TellPeople', effect: 'Allow', actions: ['sns:Publish'], resources: [ref(noticesId, 'arn')] },
        {
          sid: 'ListOwnRuns',
          effect: 'Allow',
          actions: ['states:ListExecutions'],
          // By its name: the machine itself needs its role first.
          resources: [
            text`arn:${aws.partition}:states:${aws.region}:${aws.account}:stateMachine:${manifest.name}-${group.name}`,
          ],
        },
        useKey,
        ...(jobs?.statements ?? []),
        ...machineStatements,
      ],
    },
    {
      kind: 'stateMachine',
      id,
      name: `${manifest.name}-${group.name}`,
      roleArn: ref(`${prefix}RunsRole`, 'arn'),
      definition: stateMachine(group, manifest, {
        ingest: fn('Ingest'),
        quality: fn('Quality'),
        transform: fn('Transform'),
        publish: fn('Publish'),
        deadLetters: ref(deadLettersId, 'url'),
        notices: ref(noticesId, 'arn'),
        spark: jobs?.target,
      }),
      logGroupArn: ref(`${prefix}RunsLogGroup`, 'arn'),
    },
  ];
}
