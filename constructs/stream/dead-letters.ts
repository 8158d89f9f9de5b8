import type { Node, Removal, Statement } from '../core/nodes';
import { bucketOverTls } from '../core/policy';
import { aws, ref, type Text, text } from '../core/text';
import type { LakeFacts } from '../lake/model';
import type { Replica } from '../lake/props';
import { replicationRole, replicationRoleId } from '../lake/replicas';
import { deadLettersId } from './ids';

export interface DeadLetters {
  /** Begins its name, and the account and the region end it. */
  readonly name: string;
  /** Whose they are. */
  readonly own: string;
  readonly days: number;
  readonly keyArn: Text;
  readonly lake: LakeFacts;
  readonly removal: Removal;
  /** Where they are copied to; absent: nowhere. */
  readonly replica?: Replica;
  readonly regulated: boolean;
}

/** What Lambda gives up on, records included. It writes where it likes, so that the bucket is for nothing else. */
export function deadLetterBucket(dead: DeadLetters): Node[] {
  const { own, days, keyArn, lake, removal, replica, regulated } = dead;
  const name = text`${dead.name}-${aws.account}-${aws.region}`;
  return [
    ...(replica === undefined
      ? []
      : [
          replicationRole(own, {
            sources: [text`arn:${aws.partition}:s3:::${name}`],
            targets: [replica.bucketArn],
            sourceKeys: [keyArn],
            targetKeys: [replica.keyArn],
            regulated,
          }),
        ]),
    {
      kind: 'bucket',
      id: deadLettersId,
      name,
      keyArn,
      versioned: true,
      lifecycle: [{ id: 'expire', expireAfterDays: days, expireNoncurrentAfterDays: 30, abortUploadsAfterDays: 7 }],
      ...(lake.accessLogs === undefined
        ? {}
        : { accessLogs: { bucketName: lake.accessLogs, prefix: `${own}-dead-letters/` } }),
      policy: [bucketOverTls],
      eventBridge: false,
      ...(replica === undefined ? {} : { replication: { roleArn: ref(replicationRoleId, 'arn'), ...replica } }),
      removal,
    },
  ];
}

/** What the function must be allowed whose records are given up on. */
export const keepDeadLetters = (keyArn: Text): Statement[] => [
  {
    sid: 'KeepDeadRecords',
    because: 'Lambda names what it gives up on itself, in a bucket that holds nothing else.',
    effect: 'Allow',
    actions: ['s3:ListBucket', 's3:PutObject'],
    resources: [ref(deadLettersId, 'arn'), text`${ref(deadLettersId, 'arn')}/*`],
  },
  { sid: 'EncryptDeadRecords', effect: 'Allow', actions: ['kms:GenerateDataKey'], resources: [keyArn] },
];
