import type { Node, Statement } from '../core/nodes';
import { aws, ref, type Text } from '../core/text';
import { deadLettersId } from '../pipeline/ids';
import type { Setting } from './setting';

/** Watches the replication, compares tables, and forgets deletes that were remembered for long enough. */
export function schedules({ own, source, deployed }: Setting, useKey: Statement, keyArn: Text): Node[] {
  const calls: readonly (readonly [string, string, string, string, string, object])[] = [
    ['Watch', 'watch', 'Looks whether the replication runs', 'rate(5 minutes)', 'Control', { action: 'watch' }],
    [
      'Forget',
      'forget',
      'Forgets deletes that were remembered for long enough',
      'rate(1 day)',
      'Apply',
      { action: 'forget' },
    ],
    ...(deployed.reconcile === false
      ? []
      : [['Compare', 'compare', `Compares tables with ${source.name}`, deployed.reconcile, 'Compare', {}] as const]),
  ];
  return [
    {
      kind: 'role',
      id: 'ScheduleRole',
      description: `${own}: watches the replication and compares tables`,
      assumedBy: { service: 'scheduler.amazonaws.com' },
      assumeConditions: { StringEquals: { 'aws:SourceAccount': aws.account } },
      statements: [
        {
          sid: 'CallFunctions',
          effect: 'Allow',
          actions: ['lambda:InvokeFunction'],
          resources: [...new Set(calls.map(([, , , , fn]) => fn))].map((fn) => ref(`${fn}Function`, 'arn')),
        },
        {
          sid: 'KeepDeadLetters',
          effect: 'Allow',
          actions: ['sqs:SendMessage'],
          resources: [ref(deadLettersId, 'arn')],
        },
        useKey,
      ],
    },
    ...calls.map(
      ([id, name, description, expression, fn, input]): Node => ({
        kind: 'schedule',
        id: `${id}Schedule`,
        name: `${own}-${name}`,
        description,
        expression,
        timeZone: 'UTC',
        targetArn: ref(`${fn}Function`, 'arn'),
        roleArn: ref('ScheduleRole', 'arn'),
        keyArn,
        input,
        deadLetterArn: ref(deadLettersId, 'arn'),
      }),
    ),
  ];
}
