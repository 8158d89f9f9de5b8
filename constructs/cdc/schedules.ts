import type { Node } from '../core/nodes';
import { scheduleNodes } from '../core/schedules';
import { ref } from '../core/text';
import { deadLettersId } from '../pipeline/ids';
import type { Setting } from './setting';

/** Watches the replication, compares tables, and forgets deletes that were remembered for long enough. */
export function schedules({ own, source, deployed }: Setting): Node[] {
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
  return scheduleNodes(
    {
      id: 'ScheduleRole',
      description: `${own}: watches the replication and compares tables`,
      statements: [
        {
          sid: 'CallFunctions',
          effect: 'Allow',
          actions: ['lambda:InvokeFunction'],
          resources: [...new Set(calls.map(([, , , , fn]) => fn))].map((fn) => ref(`${fn}Function`, 'arn')),
        },
      ],
      deadLetterArn: ref(deadLettersId, 'arn'),
    },
    calls.map(([id, name, description, expression, fn, input]) => ({
      id: `${id}Schedule`,
      name: `${own}-${name}`,
      description,
      expression,
      targetArn: ref(`${fn}Function`, 'arn'),
      input,
    })),
  );
}
