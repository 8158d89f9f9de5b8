import {
  CreateTableOptimizerCommand,
  EntityNotFoundException,
  GetTableOptimizerCommand,
  type GlueClient,
  type TableOptimizerConfiguration,
  type TableOptimizerType,
  UpdateTableOptimizerCommand,
} from '@aws-sdk/client-glue';
import type { Maintenance } from '../../tables/apply';
import type { TableSpec } from '../../tables/spec';

/** Days after which a file that no snapshot names is removed: longer than any commit is on its way. */
const orphanDays = 7;

/** AWS Glue's table optimizers, which act in the role `roleArn` on tables of the account `catalogId`. */
export function glueOptimizers(glue: Pick<GlueClient, 'send'>, catalogId: string, roleArn: string): Maintenance {
  return {
    async set(spec) {
      for (const [type, configuration] of Object.entries(configurations(spec, roleArn)) as [
        TableOptimizerType,
        TableOptimizerConfiguration,
      ][]) {
        const name = { CatalogId: catalogId, DatabaseName: spec.database, TableName: spec.table, Type: type };
        const current = await glue.send(new GetTableOptimizerCommand(name)).catch((error: unknown) => {
          if (error instanceof EntityNotFoundException) return undefined;
          throw error;
        });
        const settings = { ...name, TableOptimizerConfiguration: configuration };
        if (current === undefined) {
          if (configuration.enabled) await glue.send(new CreateTableOptimizerCommand(settings));
        } else if (!holds(current.TableOptimizer?.configuration, configuration)) {
          await glue.send(new UpdateTableOptimizerCommand(settings));
        }
      }
    },
  };
}

function configurations(spec: TableSpec, roleArn: string): Record<TableOptimizerType, TableOptimizerConfiguration> {
  const { compaction, snapshotRetentionDays, orphanRemoval } = spec.maintenance;
  return {
    compaction: {
      roleArn,
      enabled: compaction,
      compactionConfiguration: { icebergConfiguration: { strategy: spec.sortBy.length === 0 ? 'binpack' : 'sort' } },
    },
    retention: {
      roleArn,
      enabled: true,
      retentionConfiguration: {
        icebergConfiguration: {
          snapshotRetentionPeriodInDays: snapshotRetentionDays,
          numberOfSnapshotsToRetain: 1,
          cleanExpiredFiles: true,
        },
      },
    },
    orphan_file_deletion: {
      roleArn,
      enabled: orphanRemoval,
      orphanFileDeletionConfiguration: { icebergConfiguration: { orphanFileRetentionPeriodInDays: orphanDays } },
    },
  };
}

/** Whether everything that is wanted is so already; what Glue adds by itself is its own matter. */
function holds(current: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return current === wanted;
  if (typeof current !== 'object' || current === null) return false;
  return Object.entries(wanted).every(([key, value]) => holds((current as Record<string, unknown>)[key], value));
}
