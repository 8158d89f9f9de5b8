import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BackupClient,
  DescribeRecoveryPointCommand,
  DescribeRestoreJobCommand,
  PutRestoreValidationResultCommand,
} from '@aws-sdk/client-backup';
import {
  CreateDBInstanceCommand,
  type DBCluster,
  DeleteDBClusterSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import type { RestoreJob, RestoreJobs } from '../../backup/duties';
import { TransientError } from '../../errors';

/** How long an instance of a restored cluster may take to come up: what is left of the function's time is for comparing. */
const startingMinutes = 10;

/** AWS Backup and RDS. `platform` begins the names of snapshots that were taken before destructive migrations. */
export function restoreJobs(
  backup: BackupClient,
  rds: RDSClient,
  platform: string,
  wait: (ms: number) => Promise<unknown> = sleep,
): RestoreJobs {
  return {
    async describe(RestoreJobId): Promise<RestoreJob> {
      const job = await backup.send(new DescribeRestoreJobCommand({ RestoreJobId }));
      const point = await backup.send(
        new DescribeRecoveryPointCommand({
          BackupVaultName: vaultOf(job.BackupVaultArn),
          RecoveryPointArn: job.RecoveryPointArn,
        }),
      );
      const from = (point.CreationDate ?? job.RecoveryPointCreationDate)!;
      return {
        kind: job.ResourceType === 'S3' ? 'bucket' : 'database',
        sourceArn: point.ResourceArn ?? job.SourceResourceArn ?? '',
        createdArn: job.CreatedResourceArn ?? '',
        backup: { from: from.toISOString(), to: (point.CompletionDate ?? from).toISOString() },
      };
    },

    async addressOf(arn) {
      const cluster = clusterOf(arn);
      if (cluster !== undefined) return addressOfCluster(rds, cluster, wait);
      const { DBInstances = [] } = await rds.send(
        new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceOf(arn) }),
      );
      const endpoint = DBInstances[0]?.Endpoint;
      if (endpoint?.Address === undefined) throw new TransientError(`${arn} has no address yet`);
      return { host: endpoint.Address, port: endpoint.Port! };
    },

    rootOf: (arn) => `s3://${arn.slice(arn.lastIndexOf(':') + 1)}`,

    async answer(RestoreJobId, passed, ValidationStatusMessage) {
      const ValidationStatus = passed ? 'SUCCESSFUL' : 'FAILED';
      await backup.send(
        new PutRestoreValidationResultCommand({ RestoreJobId, ValidationStatus, ValidationStatusMessage }),
      );
    },

    async release(arn) {
      const cluster = clusterOf(arn);
      if (cluster === undefined) return;
      const command = new DeleteDBInstanceCommand({ DBInstanceIdentifier: readerOf(cluster), SkipFinalSnapshot: true });
      await rds.send(command).catch((error: Error) => {
        if (error.name !== 'DBInstanceNotFoundFault' && error.name !== 'InvalidDBInstanceStateFault') throw error;
      });
    },

    async forgetChanges(sourceArn, before) {
      const snapshots = await snapshotsOf(rds, sourceArn);
      const old = snapshots.filter(
        ({ name, at }) => name.startsWith(`${platform}-before-`) && at !== undefined && at.toISOString() < before,
      );
      for (const { name } of old) await removeSnapshot(rds, sourceArn, name);
      return old.length;
    },
  };
}

interface Snapshot {
  readonly name: string;
  readonly at: Date | undefined;
}

/** Snapshots of a database that somebody has taken, whoever it was. */
async function snapshotsOf(rds: RDSClient, arn: string): Promise<Snapshot[]> {
  const SnapshotType = 'manual';
  const cluster = clusterOf(arn);
  if (cluster !== undefined) {
    const ask = new DescribeDBClusterSnapshotsCommand({ DBClusterIdentifier: cluster, SnapshotType });
    const { DBClusterSnapshots = [] } = await rds.send(ask);
    return DBClusterSnapshots.map((one) => ({ name: one.DBClusterSnapshotIdentifier!, at: one.SnapshotCreateTime }));
  }
  const ask = new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: instanceOf(arn), SnapshotType });
  const { DBSnapshots = [] } = await rds.send(ask);
  return DBSnapshots.map((one) => ({ name: one.DBSnapshotIdentifier!, at: one.SnapshotCreateTime }));
}

async function removeSnapshot(rds: RDSClient, arn: string, name: string): Promise<void> {
  if (clusterOf(arn) !== undefined)
    await rds.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: name }));
  else await rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: name }));
}

/** AWS Backup restores a cluster without an instance; one is made to reach it. */
async function addressOfCluster(
  rds: RDSClient,
  identifier: string,
  wait: (ms: number) => Promise<unknown>,
): Promise<{ host: string; port: number }> {
  const cluster = await describeCluster(rds, identifier);
  if ((cluster.DBClusterMembers ?? []).length === 0)
    await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: readerOf(identifier),
        DBClusterIdentifier: identifier,
        DBInstanceClass: 'db.serverless',
        Engine: cluster.Engine!,
      }),
    );
  for (let minutes = 0; minutes < startingMinutes; minutes += 0.5) {
    const { DBInstances = [] } = await rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: readerOf(identifier) }),
    );
    if (DBInstances[0]?.DBInstanceStatus === 'available') return { host: cluster.Endpoint!, port: cluster.Port! };
    await wait(30_000);
  }
  throw new TransientError(`The instance ${readerOf(identifier)} has not come up in ${startingMinutes} minutes`);
}

async function describeCluster(rds: RDSClient, DBClusterIdentifier: string): Promise<DBCluster> {
  const { DBClusters = [] } = await rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier }));
  const [cluster] = DBClusters;
  if (cluster === undefined) throw new Error(`There is no cluster ${DBClusterIdentifier}`);
  return cluster;
}

const readerOf = (cluster: string): string => `${cluster.slice(0, 55)}-compare`;
const instanceOf = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);
const clusterOf = (arn: string): string | undefined => (/:cluster:/.test(arn) ? instanceOf(arn) : undefined);
const vaultOf = (arn: string | undefined): string | undefined => arn?.slice(arn.lastIndexOf(':') + 1);
