import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BackupClient,
  DeleteRecoveryPointCommand,
  DescribeRecoveryPointCommand,
  DescribeRestoreJobCommand,
  ListRecoveryPointsByBackupVaultCommand,
  PutRestoreValidationResultCommand,
} from '@aws-sdk/client-backup';
import {
  CreateDBInstanceCommand,
  type DBCluster,
  DeleteDBInstanceCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import type { RestoreJob, RestoreJobs } from '../../backup/duties';
import { TransientError } from '../../errors';

/** How long an instance of a restored cluster may take to come up: what is left of the function's time is for comparing. */
const startingMinutes = 10;

/** AWS Backup and RDS. `changesVault`: where recovery points are that were taken before changes. */
export function restoreJobs(
  backup: BackupClient,
  rds: RDSClient,
  changesVault: string | undefined,
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

    async forgetChanges(ByResourceArn, before) {
      if (changesVault === undefined) return 0;
      let forgotten = 0;
      const vault = { BackupVaultName: changesVault };
      const find = new ListRecoveryPointsByBackupVaultCommand({
        ...vault,
        ByResourceArn,
        ByCreatedBefore: new Date(before),
      });
      const { RecoveryPoints = [] } = await backup.send(find);
      for (const { RecoveryPointArn, Status } of RecoveryPoints) {
        if (Status !== 'COMPLETED') continue;
        await backup.send(new DeleteRecoveryPointCommand({ ...vault, RecoveryPointArn }));
        forgotten += 1;
      }
      return forgotten;
    },
  };
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
