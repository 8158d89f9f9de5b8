import type { KeyNode, Removal, Statement } from './nodes';
import { accountAdministersKey, serviceUsesKey } from './policy';
import { aws, ref, text } from './text';

/** Id of the node of a construct's operations key: give its attributes `arn` and `id` to use an existing key. */
export const operationsKeyId = 'OperationsKey';

/**
 * The key of what a platform runs on rather than what it holds: logs, queues, topics, environments of functions. Data
 * has keys of its own, one a zone, so that who reads logs reads no data.
 *
 * @param name the platform's
 * @param purpose what shares it, for example `pipeline`; part of its alias
 */
export function operationsKey(name: string, purpose: string, removal: Removal): KeyNode {
  return {
    kind: 'key',
    id: operationsKeyId,
    alias: `alias/${name}-${purpose}`,
    description: `${name}: logs, queues, topics and environments of functions (${purpose})`,
    policy: [accountAdministersKey, ...servicesUseOperationsKey],
    removal,
  };
}

/** What a role must be allowed that sends or keeps what the key encrypts. */
export const useOperationsKey: Statement = {
  sid: 'UseOperationsKey',
  effect: 'Allow',
  actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
  resources: [ref(operationsKeyId, 'arn')],
};

/** What the policy of a key must hold, beside its administration, to be an operations key: for keys brought along. */
export const servicesUseOperationsKey = [
  // Logs names no source account: it says which log group it encrypts for.
  serviceUsesKey('LogsEncrypt', text`logs.${aws.region}.${aws.urlSuffix}`, {
    ArnLike: {
      'kms:EncryptionContext:aws:logs:arn': text`arn:${aws.partition}:logs:${aws.region}:${aws.account}:log-group:*`,
    },
  }),
  serviceUsesKey('EventsReachQueues', 'events.amazonaws.com'),
  serviceUsesKey('AlarmsReachTopics', 'cloudwatch.amazonaws.com'),
];
