import { BackupClient } from '@aws-sdk/client-backup';
import { RDSClient } from '@aws-sdk/client-rds';
import { restoreJobs } from '../../lib/handlers/validate-restore/restore-jobs';

const rds = 'arn:aws:rds:eu-west-1:111122223333';
const instance = `${rds}:db:awsbackup-restore-test-1`;
const cluster = `${rds}:cluster:awsbackup-restore-test-1`;
const named = (name: string) => Object.assign(new Error(name), { name });

type Answer = object | Error | readonly (object | Error)[];

/** Jobs over clients that answer each command by its name; of a list, one after the other, the last for ever. */
function jobs(answers: Readonly<Record<string, Answer>>) {
  const sent: string[] = [];
  const counts: Record<string, number> = {};
  const send = async (command: { constructor: { name: string }; input: object }) => {
    const name = command.constructor.name.replace('Command', '');
    sent.push(`${name} ${JSON.stringify(command.input)}`);
    const answer = answers[name];
    if (answer === undefined) throw new Error(`nobody expected ${name}`);
    const count = counts[name] ?? 0;
    counts[name] = count + 1;
    const one = Array.isArray(answer) ? answer[Math.min(count, answer.length - 1)] : answer;
    if (one instanceof Error) throw one;
    return one;
  };
  const client = <T extends object>(made: T): T => Object.assign(made, { send });
  const [backup, databases] = [new BackupClient({ region: 'eu-west-1' }), new RDSClient({ region: 'eu-west-1' })];
  const made = restoreJobs(client(backup), client(databases), 'shop');
  return { jobs: made, sent };
}

test('a restore job says what was restored, into what, and between which moments its backup was taken', async () => {
  const job = {
    BackupVaultArn: 'arn:aws:backup:eu-west-1:111122223333:backup-vault:shop-backups',
    RecoveryPointArn: `${rds}:snapshot:awsbackup:1`,
    ResourceType: 'RDS',
    CreatedResourceArn: instance,
    CompletionDate: new Date('2026-11-22T04:30:00Z'),
  };
  const point = {
    ResourceArn: `${rds}:db:shop`,
    CreationDate: new Date('2026-11-21T03:00:00Z'),
    CompletionDate: new Date('2026-11-21T03:20:00Z'),
  };
  const asked = jobs({ DescribeRestoreJob: job, DescribeRecoveryPoint: point });
  expect(await asked.jobs.describe('job-1')).toEqual({
    kind: 'database',
    sourceArn: `${rds}:db:shop`,
    createdArn: instance,
    restoredAt: '2026-11-22T04:30:00.000Z',
    backup: { from: '2026-11-21T03:00:00.000Z', to: '2026-11-21T03:20:00.000Z' },
  });
  expect(asked.sent[1]).toContain('"BackupVaultName":"shop-backups"');
  const bucket = { ...job, ResourceType: 'S3', CreatedResourceArn: undefined };
  const failed = jobs({ DescribeRestoreJob: bucket, DescribeRecoveryPoint: { ...point, CompletionDate: undefined } });
  expect(await failed.jobs.describe('job-2')).toMatchObject({
    kind: 'bucket',
    createdArn: '',
    backup: { from: '2026-11-21T03:00:00.000Z', to: '2026-11-21T03:00:00.000Z' },
  });
  expect(asked.jobs.rootOf('arn:aws:s3:::awsbackup-restore-test-1')).toBe('s3://awsbackup-restore-test-1');
});

test('an instance has an address once RDS says it; before, it is asked again later', async () => {
  const there = { DBInstances: [{ Endpoint: { Address: 'restored.example', Port: 5432 } }] };
  expect(await jobs({ DescribeDBInstances: there }).jobs.addressOf(instance)).toEqual({
    host: 'restored.example',
    port: 5432,
  });
  const early = jobs({ DescribeDBInstances: { DBInstances: [{ DBInstanceStatus: 'creating' }] } });
  await expect(early.jobs.addressOf(instance)).rejects.toMatchObject({ name: 'TransientError' });
});

describe('a restored cluster, which has no instance', () => {
  const bare = { Endpoint: 'cluster.example', Port: 5432, Engine: 'aurora-postgresql', DBClusterMembers: [] };
  const status = (DBInstanceStatus: string) => ({ DBInstances: [{ DBInstanceStatus }] });

  test('gets one, is asked for until it is there, and loses it again', async () => {
    const { jobs: made, sent } = jobs({
      DescribeDBClusters: { DBClusters: [bare] },
      // The cluster does not know yet of the instance that the first call has made.
      CreateDBInstance: [{}, named('DBInstanceAlreadyExistsFault')],
      DescribeDBInstances: [{ DBInstances: [] }, status('creating'), status('available')],
      DeleteDBInstance: {},
    });
    for (const said of ['not there', 'creating'])
      await expect(made.addressOf(cluster)).rejects.toMatchObject({
        name: 'TransientError',
        message: `The instance awsbackup-restore-test-1-compare is not available: it is ${said}`,
      });
    expect(await made.addressOf(cluster)).toEqual({ host: 'cluster.example', port: 5432 });
    await made.release(cluster);
    await made.release(instance);
    expect([...new Set(sent)].filter((call) => /^(Create|Delete)/.test(call))).toEqual([
      'CreateDBInstance {"DBInstanceIdentifier":"awsbackup-restore-test-1-compare","DBClusterIdentifier":"awsbackup-restore-test-1","DBInstanceClass":"db.serverless","Engine":"aurora-postgresql"}',
      'DeleteDBInstance {"DBInstanceIdentifier":"awsbackup-restore-test-1-compare","SkipFinalSnapshot":true}',
    ]);
  });

  test('keeps the instance that it has; where there is no cluster, or it may not be asked for, that is an error', async () => {
    const { jobs: made, sent } = jobs({
      DescribeDBClusters: { DBClusters: [{ ...bare, DBClusterMembers: [{}] }] },
      DescribeDBInstances: status('available'),
    });
    await made.addressOf(cluster);
    expect(sent.some((call) => call.startsWith('Create'))).toBe(false);
    await expect(jobs({ DescribeDBClusters: { DBClusters: [] } }).jobs.addressOf(cluster)).rejects.toThrow(
      'There is no cluster awsbackup-restore-test-1',
    );
    const denied = { DescribeDBClusters: { DBClusters: [bare] }, CreateDBInstance: named('AccessDenied') };
    await expect(jobs(denied).jobs.addressOf(cluster)).rejects.toThrow('AccessDenied');
  });

  test('may have lost it already, and any other error is one', async () => {
    await jobs({ DeleteDBInstance: named('DBInstanceNotFoundFault') }).jobs.release(cluster);
    await jobs({ DeleteDBInstance: named('InvalidDBInstanceStateFault') }).jobs.release(cluster);
    await expect(jobs({ DeleteDBInstance: named('AccessDenied') }).jobs.release(cluster)).rejects.toThrow();
  });
});

test('AWS Backup is told how a restore was judged', async () => {
  const { jobs: made, sent } = jobs({ PutRestoreValidationResult: {} });
  await made.answer('job-1', true, 'the same');
  await made.answer('job-2', false, 'a row is lost');
  expect(sent).toEqual([
    'PutRestoreValidationResult {"RestoreJobId":"job-1","ValidationStatus":"SUCCESSFUL","ValidationStatusMessage":"the same"}',
    'PutRestoreValidationResult {"RestoreJobId":"job-2","ValidationStatus":"FAILED","ValidationStatusMessage":"a row is lost"}',
  ]);
});

test.each([
  { word: '', key: 'DBSnapshots', arn: `${rds}:db:shop`, of: '"DBInstanceIdentifier":"shop"' },
  { word: 'Cluster', key: 'DBClusterSnapshots', arn: `${rds}:cluster:shop`, of: '"DBClusterIdentifier":"shop"' },
])('of snapshots of $arn, those before migrations and before the proven backup go, and no other', async (row) => {
  const snapshot = (name: string, at?: string) => ({
    [`DB${row.word}SnapshotIdentifier`]: name,
    ...(at === undefined ? {} : { SnapshotCreateTime: new Date(at) }),
  });
  const { jobs: made, sent } = jobs({
    // A page holds a hundred of them.
    [`DescribeDB${row.word}Snapshots`]: [
      {
        [row.key]: [
          snapshot('shop-before-0003-drop-20261121-120001', '2026-11-21T12:00:05Z'),
          snapshot('somebody-s-own', '2020-01-01T00:00:00Z'),
        ],
        Marker: 'page-2',
      },
      { [row.key]: [snapshot('shop-before-0004-drop-20261121-130001')], Marker: 'page-3' },
      { [row.key]: [snapshot('shop-before-0002-drop-20261120-120001', '2026-11-20T12:00:05Z')], Marker: '' },
    ],
    [`DeleteDB${row.word}Snapshot`]: {},
  });
  expect(await made.forgetChanges(row.arn, '2026-11-21T03:00:00.000Z')).toBe(1);
  expect(sent[0]).toContain(row.of);
  expect(sent[0]).toContain('"SnapshotType":"manual"');
  expect(sent.map((call) => /"Marker":"([^"]*)"/.exec(call)?.[1])).toEqual([undefined, 'page-2', 'page-3', undefined]);
  expect(sent.slice(3)).toEqual([
    `DeleteDB${row.word}Snapshot {"DB${row.word}SnapshotIdentifier":"shop-before-0002-drop-20261120-120001"}`,
  ]);
});
