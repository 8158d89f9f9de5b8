import type { Problem } from '../../lib/errors';
import { keyArnOf, keyArnProblem } from '../../lib/sizing/disk-key';
import { isToken } from '../../lib/token';
import type { Statement } from '../core/nodes';
import { aws, type Text, text } from '../core/text';

/**
 * What whoever starts a job overrides, where disks of workers have a key: neither CloudFormation nor Terraform has a word for
 * it at the application.
 */
export const diskOverrides = (diskKeyArn: Text) => ({
  DiskEncryptionConfiguration: { EncryptionKeyArn: diskKeyArn },
});

/** Lets a job use the key of its workers' disks. */
export const useDiskKey = (diskKeyArn: Text | undefined): Statement[] =>
  diskKeyArn === undefined
    ? []
    : [
        {
          sid: 'UseDiskKey',
          effect: 'Allow',
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: [diskKeyArn],
        },
      ];

/** Lets who starts jobs give them the key of their workers' disks: through EMR Serverless, and in no other way. */
export const giveDiskKey = (diskKeyArn: Text | undefined): Statement[] =>
  diskKeyArn === undefined
    ? []
    : [
        {
          sid: 'GiveDiskKey',
          effect: 'Allow',
          actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
          resources: [diskKeyArn],
          conditions: {
            StringEquals: { 'kms:ViaService': text`emr-serverless.${aws.region}.${aws.urlSuffix}` },
          },
        },
      ];

/** Of a token nothing is known but what is written around it: an alias says so. */
export function diskKeyProblems(where: string, diskKeyArn: string | undefined): Problem[] {
  if (diskKeyArn === undefined) return [];
  const isKey = isToken(diskKeyArn) ? !diskKeyArn.includes(':alias/') : keyArnOf.test(diskKeyArn);
  return isKey ? [] : [{ where, path: 'diskKey', message: keyArnProblem(diskKeyArn) }];
}
