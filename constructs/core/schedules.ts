import type { Node, Statement } from './nodes';
import { operationsKeyId, useOperationsKey } from './operations-key';
import { inThisAccount } from './policy';
import { ref, type Text } from './text';

/** Something that is started again and again. */
export interface Scheduled {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** `rate(…)` or `cron(…)`. */
  readonly expression: string;
  /** @default UTC */
  readonly timeZone?: string;
  readonly targetArn: Text;
  /**
   * JSON that the target gets.
   * @default {}
   */
  readonly input?: unknown;
}

/** The role that starts what is scheduled. */
export interface Starter {
  readonly id: string;
  readonly description: string;
  /** What it must be allowed to start. */
  readonly statements: readonly Statement[];
  /** Where starts go that failed. */
  readonly deadLetterArn: Text;
}

/** Schedules and the role that starts their targets. Both use the operations key. */
export function scheduleNodes(starter: Starter, scheduled: readonly Scheduled[]): Node[] {
  const { id: roleId, description, statements, deadLetterArn } = starter;
  return [
    {
      kind: 'role',
      id: roleId,
      description,
      assumedBy: { service: 'scheduler.amazonaws.com' },
      assumeConditions: inThisAccount,
      statements: [
        ...statements,
        { sid: 'KeepDeadLetters', effect: 'Allow', actions: ['sqs:SendMessage'], resources: [deadLetterArn] },
        useOperationsKey,
      ],
    },
    ...scheduled.map(
      ({ timeZone = 'UTC', input = {}, ...rest }): Node => ({
        kind: 'schedule',
        ...rest,
        timeZone,
        input,
        roleArn: ref(roleId, 'arn'),
        keyArn: ref(operationsKeyId, 'arn'),
        deadLetterArn,
      }),
    ),
  ];
}
