import type { Problem } from '../../lib/errors';
import { atFirst } from '../core/alarm';
import { pascal } from '../core/names';
import type { AlarmNode, Node, QueueNode, Statement } from '../core/nodes';
import { inThisAccount, tlsOnlyTo } from '../core/policy';
import { ref, type Text } from '../core/text';
import { deadLettersId, noticesId } from './ids';

/**
 * A topic that tells people, and its e-mail subscriptions.
 *
 * @param publishers services that tell it something, by the id of the statement that lets them
 */
export function notices(
  name: string,
  emails: readonly string[],
  keyArn: Text,
  publishers: Readonly<Record<string, string>> = { AlarmsPublish: 'cloudwatch.amazonaws.com' },
): Node[] {
  return [
    {
      kind: 'topic',
      id: noticesId,
      name: `${name}-notices`,
      keyArn,
      policy: [
        ...Object.entries(publishers).map(
          ([sid, service]): Statement => ({
            sid,
            effect: 'Allow',
            principal: { service },
            actions: ['sns:Publish'],
            resources: [],
            conditions: inThisAccount,
          }),
        ),
        tlsOnlyTo('sns:Publish'),
      ],
    },
    ...emails.map(
      (email): Node => ({
        kind: 'subscription',
        id: `Notices${pascal(email)}`,
        topicArn: ref(noticesId, 'arn'),
        protocol: 'email',
        endpoint: email,
      }),
    ),
  ];
}

/** What is wrong with the addresses of those subscriptions. */
export const emailProblems = (where: string, emails: readonly string[] = []): Problem[] =>
  emails
    .filter((email) => !/^[^@\s]+@[^@\s]+$/.test(email))
    .map((email) => ({ where, path: 'emails', message: `must be e-mail addresses; given ${JSON.stringify(email)}` }));

/** Nodes but those whose like is given; who is given the topic subscribes to it without Ingot. */
export const withoutGiven = (nodes: readonly Node[], given: ReadonlySet<string>): Node[] =>
  nodes.filter(({ id, kind }) => !given.has(id) && !(kind === 'subscription' && given.has(noticesId)));

/** Where what could not be done is kept, with its error, for two weeks. */
export function deadLetterQueue(name: string, keyArn: Text): QueueNode {
  return {
    kind: 'queue',
    id: deadLettersId,
    name: `${name}-dead-letters`,
    keyArn,
    visibilitySeconds: 900,
    retentionSeconds: 14 * 86_400,
    policy: [tlsOnlyTo('sqs:*')],
  };
}

/**
 * Calls that nobody waits for and that failed, with an alarm.
 *
 * @param of what they are calls of, in words: `a schedule and a function`
 */
export function failedCalls(name: string, keyArn: Text, of: string): [queue: Node, alarm: Node] {
  const exception = {
    rule: 'AwsSolutions-SQS3',
    reason: `It is itself where dead letters go, of ${of}; cdk-nag follows queues alone.`,
  };
  return [{ ...deadLetterQueue(name, keyArn), exceptions: [exception] }, deadLetterAlarm(name)];
}

/** Rings where something is in that queue. */
export function deadLetterAlarm(name: string): AlarmNode {
  return {
    kind: 'alarm',
    id: 'DeadLettersAlarm',
    name: `${name}-dead-letters`,
    description: `Something could not be done and is kept in the queue ${name}-dead-letters.`,
    metrics: [
      {
        id: 'value',
        returns: true,
        namespace: 'AWS/SQS',
        name: 'ApproximateNumberOfMessagesVisible',
        dimensions: { QueueName: ref(deadLettersId, 'name') },
        statistic: 'Maximum',
        periodSeconds: 300,
      },
    ],
    // A queue that nobody has used for six hours sends no metrics.
    ...atFirst,
    actions: [ref(noticesId, 'arn')],
  };
}
