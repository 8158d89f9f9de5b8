import type { Group, Manifest } from '../../lib/platform/manifest';
import { pascal } from '../core/names';
import type { Node, Statement } from '../core/nodes';
import { aws, ref, type Text } from '../core/text';
import { deadLettersId, machineId } from './ids';

/** How often freshness is measured. Alarms on it look at an hour, so that one lost measurement is no alarm. */
const probeSchedule = 'rate(15 minutes)';

/** Starts runs where asked to, measures freshness, and deletes what has been kept for long enough. */
export function schedules(manifest: Manifest, useKey: Statement, keyArn: Text, startsRuns: boolean): Node[] {
  const roleArn = ref('SchedulesRole', 'arn');
  return [
    {
      kind: 'role',
      id: 'SchedulesRole',
      description: `${manifest.name}: starts runs, freshness probes and retention on schedule`,
      assumedBy: { service: 'scheduler.amazonaws.com' },
      assumeConditions: { StringEquals: { 'aws:SourceAccount': aws.account } },
      statements: [
        ...(startsRuns
          ? [
              {
                sid: 'StartRuns',
                effect: 'Allow' as const,
                actions: ['states:StartExecution'],
                resources: manifest.groups.map((group) => ref(machineId(group), 'arn')),
              },
            ]
          : []),
        {
          sid: 'ProbeAndRetain',
          effect: 'Allow',
          actions: ['lambda:InvokeFunction'],
          resources: [ref('PublishFunction', 'arn'), ref('RetainFunction', 'arn')],
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
    ...manifest.groups.flatMap((group): Node[] => [
      ...(startsRuns ? [runSchedule(manifest, group, roleArn, keyArn)] : []),
      {
        kind: 'schedule',
        id: `${pascal(group.name)}ProbeSchedule`,
        name: `${manifest.name}-${group.name}-probe`,
        description: `Measures how fresh the tables of ${group.name} are`,
        expression: probeSchedule,
        timeZone: 'UTC',
        targetArn: ref('PublishFunction', 'arn'),
        roleArn,
        keyArn,
        input: { action: 'probe', group: group.name },
        deadLetterArn: ref(deadLettersId, 'arn'),
      },
      {
        kind: 'schedule',
        id: `${pascal(group.name)}RetainSchedule`,
        name: `${manifest.name}-${group.name}-retain`,
        description: `Deletes rows of ${group.name} that have been kept for long enough`,
        expression: 'rate(1 day)',
        timeZone: 'UTC',
        targetArn: ref('RetainFunction', 'arn'),
        roleArn,
        keyArn,
        input: { group: group.name },
        deadLetterArn: ref(deadLettersId, 'arn'),
      },
    ]),
  ];
}

const runSchedule = (manifest: Manifest, group: Group, roleArn: Text, keyArn: Text): Node => ({
  kind: 'schedule',
  id: `${pascal(group.name)}Schedule`,
  name: `${manifest.name}-${group.name}`,
  description: `Runs ${group.name}`,
  expression: group.schedule,
  timeZone: group.timeZone,
  targetArn: ref(machineId(group), 'arn'),
  roleArn,
  keyArn,
  input: {},
  deadLetterArn: ref(deadLettersId, 'arn'),
});
