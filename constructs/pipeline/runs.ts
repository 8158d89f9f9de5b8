import type { Group, Manifest } from '../../lib/platform/manifest';
import type { HandlerSetting } from '../core/handler';
import { machineNodes } from '../core/machine';
import { pascal } from '../core/names';
import type { Node, Statement } from '../core/nodes';
import { useOperationsKey } from '../core/operations-key';
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
export function runs(manifest: Manifest, group: Group, setting: HandlerSetting, jobs: Jobs | undefined): Node[] {
  const prefix = pascal(group.name);
  const fn = (handler: string) => ref(`${handler}Function`, 'arn');
  const called = ['Ingest', 'Quality', 'Transform', 'Publish'].map(fn);
  return machineNodes(
    {
      id: machineId(group),
      roleId: `${prefix}RunsRole`,
      logGroupId: `${prefix}RunsLogGroup`,
      name: `${manifest.name}-${group.name}`,
      description: `${manifest.name}: runs of ${group.name}`,
      definition: stateMachine(group, manifest, {
        ingest: fn('Ingest'),
        quality: fn('Quality'),
        transform: fn('Transform'),
        publish: fn('Publish'),
        deadLetters: ref(deadLettersId, 'url'),
        notices: ref(noticesId, 'arn'),
        spark: jobs?.target,
      }),
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
        useOperationsKey,
        ...(jobs?.statements ?? []),
      ],
    },
    setting,
  );
}
