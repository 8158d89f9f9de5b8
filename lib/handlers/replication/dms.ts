import {
  DatabaseMigrationServiceClient,
  DescribeReplicationConfigsCommand,
  DescribeReplicationsCommand,
  StartReplicationCommand,
  StopReplicationCommand,
} from '@aws-sdk/client-database-migration-service';
import { type Dms, Refused } from '../../cdc/replication/control';

/** AWS DMS, as control of a serverless replication needs it. */
export function awsDms(
  client: Pick<DatabaseMigrationServiceClient, 'send'> = new DatabaseMigrationServiceClient(),
): Dms {
  return {
    async describe(name) {
      const Filters = [{ Name: 'replication-config-id', Values: [name] }];
      const { ReplicationConfigs = [] } = await orNone(
        client.send(new DescribeReplicationConfigsCommand({ Filters })),
        {},
      );
      const arn = ReplicationConfigs[0]?.ReplicationConfigArn;
      if (arn === undefined) return undefined;
      const { Replications = [] } = await orNone(
        client.send(new DescribeReplicationsCommand({ Filters: [{ Name: 'replication-config-arn', Values: [arn] }] })),
        {},
      );
      const [found] = Replications;
      const { FullLoadStartDate, TablesErrored } = found?.ReplicationStats ?? {};
      return {
        arn,
        // A configuration that nothing was started of has no replication.
        status: found?.Status ?? 'created',
        hasRun: FullLoadStartDate !== undefined || (found?.RecoveryCheckpoint ?? '') !== '',
        messages: [...(found?.FailureMessages ?? []), ...(found?.StopReason === undefined ? [] : [found.StopReason])],
        tablesFailed: TablesErrored ?? 0,
      };
    },
    async start(arn, type) {
      await refusing(
        client.send(new StartReplicationCommand({ ReplicationConfigArn: arn, StartReplicationType: type })),
      );
    },
    async stop(arn) {
      await refusing(client.send(new StopReplicationCommand({ ReplicationConfigArn: arn })));
    },
  };
}

/** AWS DMS finds nothing by an error. */
const orNone = <T>(asked: Promise<T>, none: Partial<T>): Promise<Partial<T>> =>
  asked.catch((error: unknown) => {
    if ((error as Error).name === 'ResourceNotFoundFault') return none;
    throw error;
  });

const refusing = <T>(asked: Promise<T>): Promise<T> =>
  asked.catch((error: unknown) => {
    if ((error as Error).name === 'InvalidResourceStateFault') throw new Refused((error as Error).message);
    throw error;
  });
