import type { BackupManifest } from '../../lib/backup/declaration';
import { pascal } from '../core/names';
import type { BackupReportPlanNode, BucketNode, KeyNode, Node, Removal, Statement } from '../core/nodes';
import { operationsKeyId, servicesUseOperationsKey } from '../core/operations-key';
import { accountAdministersKey, bucketOverTls, serviceUsesKey } from '../core/policy';
import { aws, ref, type Text, text } from '../core/text';
import type { LakeFacts } from '../lake/model';
import { replicationRole, replicationRoleId } from '../lake/replicas';
import { noticesId } from '../pipeline/ids';
import { deadLetterQueue, notices as topic } from '../pipeline/notices';
import { bucketId } from './ids';
import type { BackupPolicyDeclaration } from './props';

/** The role of AWS Backup that delivers reports. It comes with the first report plan: a policy that named it as principal would be refused before. */
const reporter: Text = text`arn:${aws.partition}:iam::${aws.account}:role/aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports`;

const byReporter: NonNullable<Statement['conditions']> = { ArnEquals: { 'aws:PrincipalArn': reporter } };

/** The key of the bucket, the topic, the queue, logs and environments. Recovery points have one of their own. */
export function operationsKey(name: string, removal: Removal): KeyNode {
  return {
    kind: 'key',
    id: operationsKeyId,
    alias: `alias/${name}-backup-operations`,
    description: `${name}: results of backups, logs, queue, topic and environment of the function`,
    policy: [
      accountAdministersKey,
      ...servicesUseOperationsKey,
      serviceUsesKey('BackupReachesTopic', 'backup.amazonaws.com'),
      {
        sid: 'ReportsAreEncrypted',
        effect: 'Allow',
        principal: 'anyone',
        actions: ['kms:Encrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: byReporter,
      },
    ],
    removal,
  };
}

/** A topic that tells people of what failed, and a queue that keeps calls of the function that failed. */
export function notices(name: string, emails: readonly string[], keyArn: Text): Node[] {
  const own = `${name}-backup`;
  return [
    ...topic(own, emails, keyArn, {
      BackupPublishes: 'backup.amazonaws.com',
      AlarmsPublish: 'cloudwatch.amazonaws.com',
      EventsPublish: 'events.amazonaws.com',
    }),
    deadLetterQueue(own, keyArn),
    {
      kind: 'eventRule',
      id: 'FailedJobsRule',
      name: `${own}-jobs-failed`,
      description: 'Tells people of backups and copies that failed',
      pattern: {
        source: ['aws.backup'],
        'detail-type': ['Backup Job State Change', 'Copy Job State Change'],
        detail: { state: ['ABORTED', 'EXPIRED', 'FAILED', 'PARTIAL'] },
      },
      targetArn: ref(noticesId, 'arn'),
    },
  ];
}

/** Where fingerprints, the catalog's word, results of tests, reports and dumps are: not in the lake, whose loss they are for. */
export function bucketNodes(
  lake: LakeFacts,
  declared: BackupPolicyDeclaration,
  backup: BackupManifest,
  removal: Removal,
): Node[] {
  const { replica } = declared;
  const name = text`${lake.name}-backups-${aws.account}-${aws.region}`;
  // As long as any backup that they tell of.
  const keepDays = Math.max(400, ...backup.tiers.map(({ keepDays }) => keepDays));
  const expire = (prefix: string, expireAfterDays: number) => ({
    id: prefix,
    prefix: `${prefix}/`,
    expireAfterDays,
    expireNoncurrentAfterDays: 30,
    abortUploadsAfterDays: 7,
  });
  const bucket: BucketNode = {
    kind: 'bucket',
    id: bucketId,
    name,
    keyArn: ref(operationsKeyId, 'arn'),
    versioned: true,
    lifecycle: [
      ...['catalog', 'fingerprints', 'reports', 'validations'].map((prefix) => expire(prefix, keepDays)),
      expire('comparing', 7),
      ...(backup.dump === false ? [] : [expire('dumps', backup.dump.keepDays)]),
    ],
    ...(lake.accessLogs === undefined ? {} : { accessLogs: { bucketName: lake.accessLogs, prefix: 'backups/' } }),
    ...(replica === undefined ? {} : { replication: { roleArn: ref(replicationRoleId, 'arn'), ...replica } }),
    policy: [
      bucketOverTls,
      {
        sid: 'ReportsArrive',
        effect: 'Allow',
        principal: 'anyone',
        actions: ['s3:PutObject'],
        resources: [text`arn:${aws.partition}:s3:::${name}/reports/*`],
        conditions: { ...byReporter, StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } },
      },
    ],
    eventBridge: false,
    removal,
  };
  if (replica === undefined) return [bucket];
  const role = replicationRole(lake.name, {
    sources: [text`arn:${aws.partition}:s3:::${name}`],
    targets: [replica.bucketArn],
    sourceKeys: [ref(operationsKeyId, 'arn')],
    targetKeys: [replica.keyArn],
    regulated: declared.compliance === 'regulated',
  });
  return [role, bucket];
}

/** What was backed up, copied and restored, each day: for whoever must show it. */
export function reportPlans(name: string, { copies }: BackupManifest): Node[] {
  const plan = (what: string, template: BackupReportPlanNode['template']): BackupReportPlanNode => ({
    kind: 'backupReportPlan',
    id: `${pascal(what)}Report`,
    name: `${name}-${what}`.replaceAll('-', '_'),
    description: `${name}: jobs of AWS Backup (${what})`,
    template,
    bucketName: ref(bucketId, 'name'),
    prefix: 'reports',
    formats: ['CSV', 'JSON'],
  });
  return [
    plan('backup-jobs', 'BACKUP_JOB_REPORT'),
    plan('restore-jobs', 'RESTORE_JOB_REPORT'),
    ...(copies.length === 0 ? [] : [plan('copy-jobs', 'COPY_JOB_REPORT')]),
  ];
}
