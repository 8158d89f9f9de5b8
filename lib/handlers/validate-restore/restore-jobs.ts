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

/** AWS Backup and RDS. `platform` begins the names of snapshots that were taken before destructive migrations. */
export function restoreJobs(backup: BackupClient, rds: RDSClient, platform: string): RestoreJobs {
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
        restoredAt: (job.CompletionDate ?? job.CreationDate ?? from).toISOString(),
        backup: { from: from.toISOString(), to: (point.CompletionDate ?? from).toISOString() },
      };
    },

    async addressOf(arn) {
      const cluster = clusterOf(arn);
      if (cluster !== undefined) return addressOfCluster(rds, cluster);
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
  const found: Snapshot[] = [];
  let Marker: string | undefined;
  do {
    if (cluster !== undefined) {
      const ask = new DescribeDBClusterSnapshotsCommand({ DBClusterIdentifier: cluster, SnapshotType, Marker });
      const page = await rds.send(ask);
      for (const one of page.DBClusterSnapshots ?? [])
        found.push({ name: one.DBClusterSnapshotIdentifier!, at: one.SnapshotCreateTime });
      Marker = page.Marker;
    } else {
      const ask = new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: instanceOf(arn), SnapshotType, Marker });
      const page = await rds.send(ask);
      for (const one of page.DBSnapshots ?? [])
        found.push({ name: one.DBSnapshotIdentifier!, at: one.SnapshotCreateTime });
      Marker = page.Marker;
    }
  } while (Marker !== undefined && Marker !== '');
  return found;
}

async function removeSnapshot(rds: RDSClient, arn: string, name: string): Promise<void> {
  if (clusterOf(arn) !== undefined)
    await rds.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: name }));
  else await rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: name }));
}

/** AWS Backup restores a cluster without an instance; one is made to reach it. */
async function addressOfCluster(rds: RDSClient, identifier: string): Promise<{ host: string; port: number }> {
  const cluster = await describeCluster(rds, identifier);
  if ((cluster.DBClusterMembers ?? []).length === 0) {
    const instance = new CreateDBInstanceCommand({
      DBInstanceIdentifier: readerOf(identifier),
      DBClusterIdentifier: identifier,
      DBInstanceClass: 'db.serverless',
      Engine: cluster.Engine!,
    });
    await rds.send(instance).catch((error: Error) => {
      // The call before has made it, and the cluster does not know yet.
      if (error.name !== 'DBInstanceAlreadyExistsFault') throw error;
    });
  }
  const { DBInstances = [] } = await rds.send(
    new DescribeDBInstancesCommand({ DBInstanceIdentifier: readerOf(identifier) }),
  );
  const status = DBInstances[0]?.DBInstanceStatus;
  if (status === 'available') return { host: cluster.Endpoint!, port: cluster.Port! };
  throw new TransientError(`The instance ${readerOf(identifier)} is not available: it is ${status ?? 'not there'}`);
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
