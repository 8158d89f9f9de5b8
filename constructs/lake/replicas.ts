import { givenAllowed, type Problem } from '../../lib/errors';
import { resolveZones } from '../../lib/platform/zones';
import type { BucketNode, RoleNode } from '../core/nodes';
import { inThisAccount } from '../core/policy';
import { aws, ref, type Text, text } from '../core/text';
import { bucketId, keyId } from './ids';
import type { LakeDeclaration, Replica } from './props';

/** Id of the role that copies buckets to their replicas. */
export const replicationRoleId = 'ReplicationRole';

/** What the buckets are for that a lake makes. */
function purposes(lake: LakeDeclaration, given: ReadonlySet<string>): string[] {
  const zones = resolveZones(lake.name, lake.zones).map(({ name }) => name);
  return [
    ...((lake.accessLogs ?? true) ? ['access_logs'] : []),
    ...zones.filter((zone) => !given.has(bucketId(zone))),
    'query_results',
  ];
}

export function replicaProblems(where: string, lake: LakeDeclaration, given: ReadonlySet<string>): Problem[] {
  const replicated = Object.keys(lake.replicas ?? {});
  const known = purposes(lake, given);
  const missing = lake.compliance === 'regulated' ? known.filter((purpose) => !replicated.includes(purpose)) : [];
  return [
    ...replicated
      .filter((name) => !known.includes(name))
      .map((name) => ({
        where,
        path: `replicas.${name}`,
        message: `must be for a bucket that the lake makes; ${givenAllowed(name, known)}`,
      })),
    ...(missing.length === 0
      ? []
      : [
          {
            where,
            path: 'replicas',
            message: `must give a replica for every bucket, since compliance is "regulated"; missing: ${missing.join(', ')}`,
          },
        ]),
    ...(lake.compliance === 'regulated' && lake.accessLogs === false
      ? [{ where, path: 'accessLogs', message: 'must be true, since compliance is "regulated"; given false' }]
      : []),
  ];
}

/**
 * What copies a lake's buckets to their replicas.
 *
 * @param bucketName the name of a bucket by its purpose; not its attribute, since the bucket is made after the role
 */
export function replicas(
  lake: LakeDeclaration,
  bucketName: (purpose: string) => Text,
): { role: RoleNode[]; of: (purpose: string) => BucketNode['replication'] } {
  const copies = Object.entries(lake.replicas ?? {});
  const keys = copies.flatMap(([purpose]) => (purpose === 'access_logs' ? [] : [ref(keyId(purpose), 'arn')]));
  const sources = copies.map(([purpose]) => text`arn:${aws.partition}:s3:::${bucketName(purpose)}`);
  const targets = [...new Set(copies.map(([, { bucketArn }]) => bucketArn))];
  const role = replicationRole(lake.name, {
    sources,
    targets,
    sourceKeys: keys,
    targetKeys: [...new Set(copies.map(([, { keyArn }]) => keyArn))],
    regulated: lake.compliance === 'regulated',
  });
  return {
    role: copies.length === 0 ? [] : [role],
    of: (purpose) => {
      const replica: Replica | undefined = lake.replicas?.[purpose];
      return replica && { roleArn: ref(replicationRoleId, 'arn'), ...replica };
    },
  };
}

/** Copies buckets to their replicas. Buckets are named by their ARN, not by an attribute: they are made after the role. */
export function replicationRole(
  name: string,
  copied: {
    readonly sources: readonly Text[];
    readonly targets: readonly Text[];
    readonly sourceKeys: readonly Text[];
    readonly targetKeys: readonly Text[];
    readonly regulated: boolean;
  },
): RoleNode {
  const { sources, targets, sourceKeys, targetKeys, regulated } = copied;
  const objects = 'Whatever lies in these buckets is copied, whatever its name; the buckets are named one by one.';
  return {
    kind: 'role',
    id: replicationRoleId,
    description: `${name}: copies buckets to their replicas`,
    assumedBy: { service: 's3.amazonaws.com' },
    assumeConditions: inThisAccount,
    statements: [
      {
        sid: 'ListSources',
        effect: 'Allow',
        actions: ['s3:GetReplicationConfiguration', 's3:ListBucket'],
        resources: sources,
      },
      {
        sid: 'ReadSources',
        because: objects,
        effect: 'Allow',
        actions: ['s3:GetObjectVersionAcl', 's3:GetObjectVersionForReplication', 's3:GetObjectVersionTagging'],
        resources: sources.map((source) => text`${source}/*`),
      },
      {
        sid: 'WriteReplicas',
        because: objects,
        effect: 'Allow',
        actions: ['s3:ReplicateDelete', 's3:ReplicateObject', 's3:ReplicateTags'],
        resources: targets.map((target) => text`${target}/*`),
      },
      ...(sourceKeys.length === 0
        ? []
        : [{ sid: 'DecryptSources', effect: 'Allow' as const, actions: ['kms:Decrypt'], resources: sourceKeys }]),
      {
        sid: 'EncryptReplicas',
        effect: 'Allow',
        actions: ['kms:Encrypt', 'kms:GenerateDataKey'],
        resources: targetKeys,
      },
    ],
    ...(regulated ? { permissions: 'managed' } : {}),
  };
}
