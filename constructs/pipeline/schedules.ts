import type { Manifest } from '../../lib/platform/manifest';
import { pascal } from '../core/names';
import type { Node } from '../core/nodes';
import { type Scheduled, scheduleNodes } from '../core/schedules';
import { ref } from '../core/text';
import { deadLettersId, machineId } from './ids';

/** How often freshness is measured. Alarms on it look at an hour, so that one lost measurement is no alarm. */
const probeSchedule = 'rate(15 minutes)';

/** Starts runs where asked to, measures freshness, and deletes what has been kept for long enough. */
export function schedules({ name, groups }: Manifest, startsRuns: boolean): Node[] {
  const [publish, retain] = [ref('PublishFunction', 'arn'), ref('RetainFunction', 'arn')];
  return scheduleNodes(
    {
      id: 'SchedulesRole',
      description: `${name}: starts runs, freshness probes and retention on schedule`,
      statements: [
        ...(startsRuns
          ? [
              {
                sid: 'StartRuns',
                effect: 'Allow' as const,
                actions: ['states:StartExecution'],
                resources: groups.map((group) => ref(machineId(group), 'arn')),
              },
            ]
          : []),
        {
          sid: 'ProbeAndRetain',
          effect: 'Allow',
          actions: ['lambda:InvokeFunction'],
          resources: [publish, retain],
        },
      ],
      deadLetterArn: ref(deadLettersId, 'arn'),
    },
    groups.flatMap((group): Scheduled[] => [
      ...(startsRuns
        ? [
            {
              id: `${pascal(group.name)}Schedule`,
              name: `${name}-${group.name}`,
              description: `Runs ${group.name}`,
              expression: group.schedule,
              timeZone: group.timeZone,
              targetArn: ref(machineId(group), 'arn'),
            },
          ]
        : []),
      {
        id: `${pascal(group.name)}ProbeSchedule`,
        name: `${name}-${group.name}-probe`,
        description: `Measures how fresh the tables of ${group.name} are`,
        expression: probeSchedule,
        targetArn: publish,
        input: { action: 'probe', group: group.name },
      },
      {
        id: `${pascal(group.name)}RetainSchedule`,
        name: `${name}-${group.name}-retain`,
        description: `Deletes rows of ${group.name} that have been kept for long enough`,
        expression: 'rate(1 day)',
        targetArn: retain,
        input: { group: group.name },
      },
    ]),
  );
}
