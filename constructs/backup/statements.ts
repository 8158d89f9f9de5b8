import type { Statement } from '../core/nodes';
import { aws, type Text, text } from '../core/text';
import { glueResources } from '../lake/grants';
import type { LakeFacts } from '../lake/model';
import type { DatabaseFacts } from '../postgres/facts';
import { testPrefix } from './ids';

const rds = (resource: string): Text => text`arn:${aws.partition}:rds:${aws.region}:${aws.account}:${resource}`;
const named = 'AWS Backup names what it makes itself; the prefix is its own.';

/** What AWS Backup may do to back up the database. */
export function backUpDatabase(database: DatabaseFacts): Statement[] {
  const aurora = database.engine === 'aurora';
  return [
    {
      sid: 'BackUpDatabase',
      because: named,
      effect: 'Allow',
      actions: aurora
        ? [
            'rds:AddTagsToResource',
            'rds:CopyDBClusterSnapshot',
            'rds:CreateDBClusterSnapshot',
            'rds:DeleteDBClusterSnapshot',
            'rds:ListTagsForResource',
            'rds:ModifyDBCluster',
            'rds:ModifyDBClusterSnapshotAttribute',
          ]
        : [
            'rds:AddTagsToResource',
            'rds:CopyDBSnapshot',
            'rds:CreateDBSnapshot',
            'rds:DeleteDBSnapshot',
            'rds:ListTagsForResource',
            'rds:ModifyDBInstance',
            'rds:ModifyDBSnapshotAttribute',
          ],
      resources: [database.arn, rds(aurora ? 'cluster-snapshot:awsbackup:*' : 'snapshot:awsbackup:*')],
    },
    describeDatabases,
    {
      sid: 'ForgetAutomatedBackups',
      because: 'Automated backups have no name that is known before.',
      effect: 'Allow',
      actions: [aurora ? 'rds:DeleteDBClusterAutomatedBackup' : 'rds:DeleteDBInstanceAutomatedBackup'],
      resources: [rds(aurora ? 'cluster-auto-backup:*' : 'auto-backup:*')],
    },
    ...(database.keyArn === undefined ? [] : useKeys('UseDatabaseKey', [database.keyArn])),
  ];
}

const describeDatabases: Statement = {
  sid: 'DescribeDatabases',
  because: 'Lists are asked for all, and filtered by who asks.',
  effect: 'Allow',
  actions: [
    'rds:DescribeDBClusterAutomatedBackups',
    'rds:DescribeDBClusterSnapshots',
    'rds:DescribeDBClusters',
    'rds:DescribeDBInstanceAutomatedBackups',
    'rds:DescribeDBInstances',
    'rds:DescribeDBSnapshots',
    'rds:DescribeDBSubnetGroups',
  ],
  resources: [rds('*')],
};

const objectsCome = 'Objects of these buckets come with data; the buckets are named one by one.';

/** What AWS Backup may do to back up the lake's buckets. */
export function backUpLake(lake: LakeFacts): Statement[] {
  const buckets = lake.zones.map(({ bucketArn }) => bucketArn);
  return [
    {
      sid: 'BackUpBuckets',
      effect: 'Allow',
      actions: [
        's3:GetBucketAcl',
        's3:GetBucketLocation',
        's3:GetBucketNotification',
        's3:GetBucketTagging',
        's3:GetBucketVersioning',
        's3:GetInventoryConfiguration',
        's3:ListBucket',
        's3:ListBucketVersions',
        's3:PutBucketNotification',
        's3:PutInventoryConfiguration',
      ],
      resources: buckets,
    },
    {
      sid: 'ReadObjects',
      because: objectsCome,
      effect: 'Allow',
      actions: [
        's3:GetObject',
        's3:GetObjectAcl',
        's3:GetObjectTagging',
        's3:GetObjectVersion',
        's3:GetObjectVersionAcl',
        's3:GetObjectVersionTagging',
      ],
      resources: buckets.map((bucket) => text`${bucket}/*`),
    },
    {
      sid: 'FollowBuckets',
      because: 'AWS Backup names its rules itself; the prefix is its own.',
      effect: 'Allow',
      actions: [
        'events:DeleteRule',
        'events:DescribeRule',
        'events:DisableRule',
        'events:EnableRule',
        'events:ListTargetsByRule',
        'events:PutRule',
        'events:PutTargets',
        'events:RemoveTargets',
      ],
      resources: [text`arn:${aws.partition}:events:${aws.region}:${aws.account}:rule/AwsBackupManagedRule*`],
    },
    {
      sid: 'LookAround',
      because: 'These calls know no resource.',
      effect: 'Allow',
      actions: ['cloudwatch:GetMetricData', 'events:ListRules', 's3:ListAllMyBuckets'],
      resources: ['*'],
    },
    ...useKeys('UseLakeKeys', lakeKeys(lake)),
  ];
}

/** What AWS Backup may do with vaults. */
export function useVaults(vaultArns: readonly Text[], copyArns: readonly Text[], vaultKeyArn: Text): Statement[] {
  return [
    {
      sid: 'FillVaults',
      effect: 'Allow',
      actions: ['backup:CopyIntoBackupVault', 'backup:DescribeBackupVault'],
      resources: [...vaultArns, ...copyArns],
    },
    {
      sid: 'FindTagged',
      because: 'Tags are asked for all resources at once.',
      effect: 'Allow',
      actions: ['tag:GetResources'],
      resources: ['*'],
    },
    ...useKeys('UseVaultKey', [vaultKeyArn]),
  ];
}

/** What AWS Backup may do to restore the database for a test, and to remove it. */
export function restoreDatabase(database: DatabaseFacts): Statement[] {
  const aurora = database.engine === 'aurora';
  const made = [rds(`db:${testPrefix}*`), ...(aurora ? [rds(`cluster:${testPrefix}*`)] : [])];
  return [
    {
      sid: 'RestoreDatabase',
      because: named,
      effect: 'Allow',
      actions: [
        'rds:AddTagsToResource',
        ...(aurora
          ? ['rds:DeleteDBCluster', 'rds:ModifyDBCluster', 'rds:RestoreDBClusterFromSnapshot']
          : ['rds:ModifyDBInstance', 'rds:RestoreDBInstanceFromDBSnapshot']),
        'rds:DeleteDBInstance',
        'rds:ListTagsForResource',
      ],
      resources: [
        ...made,
        ...(aurora
          ? ['cluster-snapshot:awsbackup:*', 'cluster-pg:*', 'subgrp:*']
          : ['snapshot:awsbackup:*', 'pg:*', 'og:*', 'subgrp:*']
        ).map(rds),
      ],
    },
    describeDatabases,
    ...(database.keyArn === undefined ? [] : useKeys('UseDatabaseKey', [database.keyArn])),
  ];
}

/** What AWS Backup may do to restore buckets of the lake for a test, and to remove them. */
export function restoreLake(lake: LakeFacts): Statement[] {
  const made = text`arn:${aws.partition}:s3:::${testPrefix}-*`;
  return [
    {
      sid: 'RestoreBuckets',
      because: named,
      effect: 'Allow',
      actions: [
        's3:CreateBucket',
        's3:DeleteBucket',
        's3:GetBucketLocation',
        's3:GetBucketOwnershipControls',
        's3:GetBucketVersioning',
        's3:ListBucket',
        's3:ListBucketVersions',
        's3:PutBucketOwnershipControls',
        's3:PutBucketVersioning',
        's3:PutLifecycleConfiguration',
      ],
      resources: [made],
    },
    {
      sid: 'RestoreObjects',
      because: named,
      effect: 'Allow',
      actions: [
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:GetObject',
        's3:GetObjectAcl',
        's3:GetObjectTagging',
        's3:GetObjectVersion',
        's3:GetObjectVersionAcl',
        's3:ListMultipartUploadParts',
        's3:PutObject',
        's3:PutObjectAcl',
        's3:PutObjectTagging',
        's3:PutObjectVersionAcl',
      ],
      resources: [text`${made}/*`],
    },
    ...useKeys('UseLakeKeys', lakeKeys(lake)),
  ];
}

/** What the validating function may do with AWS Backup: look at jobs, and answer tests. */
export const answerTests: Statement = {
  sid: 'AnswerTests',
  because: 'Restore jobs have no resource that a statement could name, and recovery points are those of any service.',
  effect: 'Allow',
  actions: ['backup:DescribeRecoveryPoint', 'backup:DescribeRestoreJob', 'backup:PutRestoreValidationResult'],
  resources: ['*'],
};

/** What the validating function may do with snapshots that were taken before destructive migrations, once they are not needed. */
export function forgetChanges(database: DatabaseFacts): Statement[] {
  const aurora = database.engine === 'aurora';
  return [
    {
      sid: 'FindSnapshots',
      because: 'Snapshots are asked for by their database, whatever they are called.',
      effect: 'Allow',
      actions: [aurora ? 'rds:DescribeDBClusterSnapshots' : 'rds:DescribeDBSnapshots'],
      resources: [database.arn, rds(aurora ? 'cluster-snapshot:*' : 'snapshot:*')],
    },
    {
      sid: 'ForgetChanges',
      because: 'Each snapshot before a migration has a name of its own, which begins with that of the platform.',
      effect: 'Allow',
      actions: [aurora ? 'rds:DeleteDBClusterSnapshot' : 'rds:DeleteDBSnapshot'],
      resources: [rds(`${aurora ? 'cluster-snapshot' : 'snapshot'}:${database.name}-before-*`)],
    },
  ];
}

/** What the validating function may do to read a restored database. */
export function readRestored(database: DatabaseFacts, role: string): Statement[] {
  const aurora = database.engine === 'aurora';
  return [
    {
      sid: 'FindRestored',
      because: named,
      effect: 'Allow',
      actions: ['rds:DescribeDBClusters', 'rds:DescribeDBInstances'],
      resources: [rds(`db:${testPrefix}*`), rds(`cluster:${testPrefix}*`)],
    },
    ...(aurora
      ? [
          {
            // AWS Backup restores a cluster without an instance: nobody could connect to it.
            sid: 'MakeInstance',
            because: named,
            effect: 'Allow' as const,
            actions: ['rds:CreateDBInstance', 'rds:DeleteDBInstance'],
            resources: [rds(`db:${testPrefix}*`), rds(`cluster:${testPrefix}*`), rds('subgrp:*'), rds('pg:*')],
          },
        ]
      : []),
    {
      sid: 'ConnectToRestored',
      because: `A restored database has a resource id that nobody knows before; the role ${role} reads and cannot write.`,
      effect: 'Allow',
      actions: ['rds-db:connect'],
      resources: [text`arn:${aws.partition}:rds-db:${aws.region}:${aws.account}:dbuser:*/${role}`],
    },
  ];
}

/** What the validating function may do to read restored buckets. */
export function readRestoredBuckets(lake: LakeFacts): Statement[] {
  const made = text`arn:${aws.partition}:s3:::${testPrefix}-*`;
  const keys = lakeKeys(lake);
  return [
    {
      sid: 'ReadRestoredBuckets',
      because: named,
      effect: 'Allow',
      actions: ['s3:GetObject', 's3:ListBucket'],
      resources: [made, text`${made}/*`],
    },
    ...(keys.length === 0
      ? []
      : [{ sid: 'DecryptRestored', effect: 'Allow' as const, actions: ['kms:Decrypt'], resources: keys }]),
  ];
}

/** What the function may do to write down the catalog. */
export function readCatalog(lake: LakeFacts): Statement[] {
  return [
    {
      sid: 'ReadCatalog',
      because: 'Tables of these databases come with contracts; the databases are named one by one.',
      effect: 'Allow',
      actions: ['glue:GetCatalog', 'glue:GetDatabase', 'glue:GetTable', 'glue:GetTables'],
      resources: glueResources([...icebergZones(lake).map(({ database }) => database), lake.ops.database]),
    },
    {
      sid: 'ReadTableMetadata',
      because: 'Each change of a table is a metadata file with a name of its own; data files are out of reach.',
      effect: 'Allow',
      actions: ['s3:GetObject'],
      resources: icebergZones(lake).map(({ bucketArn }) => text`${bucketArn}/*/metadata/*`),
    },
  ];
}

const icebergZones = (lake: LakeFacts) => lake.zones.filter(({ holds }) => holds === 'iceberg');

export const lakeKeys = (lake: LakeFacts): Text[] =>
  lake.zones.flatMap(({ keyArn }) => (keyArn === undefined ? [] : [keyArn]));

/** Snapshots and copies are encrypted through grants, which AWS's own services alone may be given. */
function useKeys(sid: string, keys: readonly Text[]): Statement[] {
  if (keys.length === 0) return [];
  return [
    {
      sid,
      effect: 'Allow',
      actions: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      resources: keys,
    },
    {
      sid: `${sid}ByGrant`,
      effect: 'Allow',
      actions: ['kms:CreateGrant'],
      resources: keys,
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
  ];
}
