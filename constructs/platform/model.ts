import { namesSubjects } from '../../lib/erasure/subjects';
import { assertValid } from '../../lib/errors';
import { platformMigrations } from '../../lib/migrations/platform';
import type { ExistingNetwork, NewNetwork } from '../../lib/network/declaration';
import type { Manifest } from '../../lib/platform/manifest';
import type { ZoneDeclaration } from '../../lib/platform/zones';
import { sparkTables } from '../../lib/sizing/loads';
import { consumersOnSpark, followed, sparkWorkers, workersProblem } from '../../lib/sizing/workers';
import type { SparkApplicationDeclaration } from '../emr/props';
import { maxExecutors } from '../emr/settings';
import type { PlatformDeclaration } from './props';

/** A manifest's zones as a lake is told of them: what the manifest leaves out is decided to be never. */
export function zoneDeclarations(manifest: Manifest): ZoneDeclaration[] {
  return manifest.zones.map(({ name, holds, archiveAfterDays, retentionDays }) => ({
    name,
    holds,
    archiveAfterDays: archiveAfterDays ?? false,
    retentionDays: retentionDays ?? false,
  }));
}

/** Which network a platform has, and what is in it: a new one that is asked for, or one that exists already. */
export interface Placement {
  readonly asked?: NewNetwork & { readonly endpoints: readonly string[] };
  readonly existing?: ExistingNetwork;
  /** Whether functions are inside the network that is asked for. */
  readonly functionsInside: boolean;
}

/**
 * Decides what is in a platform's network. Functions stay outside of it where that is allowed: inside, each service that
 * they call costs by the hour.
 */
export function placementOf({ manifest, compliance, network }: PlatformDeclaration): Placement {
  const declared = manifest.network;
  const isRegulated = compliance === 'regulated' && network === undefined;
  if (declared === undefined) return { functionsInside: false };
  if ('vpcId' in declared) return { existing: declared, functionsInside: false };
  return { asked: { ...declared, endpoints: endpointsOf(manifest, isRegulated) }, functionsInside: isRegulated };
}

/** Services of AWS that functions inside the platform's own VPC call: it has an interface endpoint for each. */
function endpointsOf(manifest: Manifest, functionsInside: boolean): string[] {
  const { network, database, backup } = manifest;
  const changes = followed(manifest);
  return [
    ...new Set([
      ...(network !== undefined && 'cidr' in network ? network.endpoints : []),
      // Migrations log in with the master secret; all others with IAM, which makes its tokens without a call.
      ...(database === undefined ? [] : ['secretsmanager']),
      // They start the state machine for those that are long or destructive.
      ...(hasMigrations(manifest) ? ['states'] : []),
      ...((manifest.stores ?? []).some(({ embedder }) => embedder !== undefined) ? ['bedrock-runtime'] : []),
      // Comparing stores with documents queues what differs.
      ...(manifest.documents === undefined ? [] : ['sqs']),
      // What compares restored backups asks AWS Backup and RDS, and writes the catalog down.
      ...(backup === undefined || database === undefined ? [] : ['backup', 'glue', 'rds']),
      ...(backup?.dump === undefined || backup.dump === false ? [] : ['ecr.api', 'ecr.dkr', 'logs']),
      ...(functionsInside ? ['glue', 'sqs'] : []),
      // A request of an erasure starts its state machine.
      ...(functionsInside && namesSubjects(manifest) ? ['states'] : []),
      // Consumers of streams run beside the database where they write to it.
      ...((manifest.streams ?? []).some(({ windows }) => windows.some(({ into }) => into.kind === 'postgres'))
        ? ['glue']
        : []),
      // Jobs of Spark are inside where functions are.
      ...(functionsInside && sparkTables(manifest).size > 0 ? ['kms', 'logs', 'monitoring', 'sts'] : []),
      // Those that consume streams are inside in any case.
      ...(hasSparkConsumers(manifest) ? ['glue', 'kinesis-streams', 'kms', 'logs', 'monitoring', 'sts'] : []),
      // AWS DMS is in the network as well; functions compare tables with the database beside it.
      ...(changes.length === 0 ? [] : ['kinesis-streams', 'secretsmanager']),
      ...(changes.some(({ deployed }) => deployed?.reconcile !== false) ? ['glue'] : []),
      ...(changes.length > 0 && functionsInside ? ['dms', 'lambda'] : []),
    ]),
  ].sort();
}

/** The application of EMR Serverless that a platform needs; absent where nothing is Spark's. */
export function sparkOf(platform: PlatformDeclaration): SparkApplicationDeclaration | undefined {
  const { manifest, architecture, icebergCatalog, compliance, removal, logRetentionDays } = platform;
  const { most, ofConsumers, tablesAtOnce, ofTable } = sparkWorkers(manifest);
  if (ofConsumers === 0 && tablesAtOnce === 0) return undefined;
  const message = workersProblem(manifest);
  if (message !== undefined) assertValid([{ where: 'platform.yaml', path: 'engine.spark.maxWorkers', message }]);
  const shared = { architecture, icebergCatalog, compliance, removal, logRetentionDays };
  const { paused: _, diskKeyArn: __, ...said } = manifest.engine?.spark ?? {};
  if (ofConsumers === 0) return { name: manifest.name, ...shared, ...said };
  const settings = tablesAtOnce === 0 ? undefined : { [maxExecutors]: String(ofTable - 1) };
  return { name: manifest.name, ...shared, ...said, maxWorkers: most, settings };
}

/** Whether any job of Spark consumes a stream: then its workers are in the platform's network, from which Kinesis is reached. */
export const hasSparkConsumers = (manifest: Manifest): boolean => consumersOnSpark(manifest).length > 0;

/** Whether there is anything to apply to the database. */
export function hasMigrations(manifest: Manifest): boolean {
  const { files, uses } = platformMigrations(manifest);
  return manifest.database !== undefined && files.length + uses.length > 0;
}
