import { namesSubjects } from '../../lib/erasure/subjects';
import { platformMigrations } from '../../lib/migrations/platform';
import type { ExistingNetwork } from '../../lib/network/declaration';
import { sparkSources, sparkStreams } from '../../lib/sizing/consumers';
import { followed } from '../../lib/sizing/workers';
import type { BackupPolicyDeclaration } from '../backup/props';
import type { CatalogDeclaration } from '../catalog/props';
import type { ChangeDataCaptureDeclaration } from '../cdc/props';
import type { DocumentsDeclaration } from '../documents/model';
import type { SparkApplicationDeclaration } from '../emr/props';
import type { ErasureDeclaration } from '../erasure/props';
import type { LakeDeclaration } from '../lake/props';
import type { MigrationsDeclaration } from '../migrations/props';
import type { NetworkDeclaration } from '../network/props';
import type { PipelineDeclaration } from '../pipeline/props';
import type { PostgresDeclaration } from '../postgres/props';
import type { EventStreamDeclaration } from '../stream/props';
import type { SearchDeclaration } from '../vector/props';
import { hasMigrations, hasSparkConsumers, placementOf, sparkOf, zoneDeclarations } from './model';
import type { PlatformDeclaration } from './props';

/**
 * Which parts a platform has, and what each is told: the same in both engines, which add only what the parts refer to. A
 * part is absent where the manifest asks for none.
 */
export interface PlatformParts {
  /** The network that is asked for. */
  readonly network?: NetworkDeclaration;
  /** The one that exists already. */
  readonly existingNetwork?: ExistingNetwork;
  readonly lake: LakeDeclaration;
  readonly catalog: CatalogDeclaration;
  readonly spark?: SparkApplicationDeclaration;
  /** Of the key of its workers' disks, which exists already. */
  readonly diskKeyArn?: string;
  readonly pipeline: PipelineDeclaration;
  readonly database?: PostgresDeclaration;
  readonly migrations?: MigrationsDeclaration;
  readonly search?: SearchDeclaration;
  readonly documents?: DocumentsDeclaration;
  readonly streams: readonly EventStreamDeclaration[];
  /** Names of streams, and of sources of changes, that jobs of Spark consume. */
  readonly onSpark: { readonly streams: ReadonlySet<string>; readonly changes: ReadonlySet<string> };
  readonly changes: readonly ChangeDataCaptureDeclaration[];
  readonly erasure?: ErasureDeclaration;
  readonly backups?: BackupPolicyDeclaration;
  /** What is inside of the network that is asked for. */
  readonly inside: Inside;
}

export interface Inside {
  readonly functions: boolean;
  /** Workers of Spark; inside of an existing network, too. */
  readonly spark: boolean;
  /** The function that compares what was restored: beside a database it is in the database's network. */
  readonly backups: boolean;
}

/** Decides a platform's parts. */
export function platformParts(platform: PlatformDeclaration): PlatformParts {
  const { manifest, compliance, removal, logRetentionDays, network } = platform;
  const { name, database, backup, stores, documents, streams = [] } = manifest;
  const { asked, existing, functionsInside } = placementOf(platform);
  const shared = { name, compliance, removal, logRetentionDays };
  const { deadLetterReplica, architecture, runtime, sparkPackage, icebergCatalog } = platform;
  const consumer = { manifest, compliance, removal, logRetentionDays, architecture, runtime, icebergCatalog, network };
  const onSpark = { streams: sparkStreams(manifest), changes: sparkSources(manifest) };
  const ofJob = {
    ...(platform.scheduled === false ? { scheduled: false } : {}),
    ...(manifest.engine?.spark?.paused === true ? { paused: true } : {}),
  };
  const byJob = Object.keys(ofJob).length === 0 ? {} : { consumer: { spark: ofJob } };
  const searches = database !== undefined && stores !== undefined;
  return {
    network: asked === undefined ? undefined : { ...shared, ...asked },
    existingNetwork: existing,
    lake: { ...platform, name, zones: zoneDeclarations(manifest) },
    catalog: platform,
    spark: sparkOf(platform),
    diskKeyArn: manifest.engine?.spark?.diskKeyArn,
    pipeline: platform,
    database: database === undefined ? undefined : { ...shared, ...database },
    migrations: hasMigrations(manifest) ? { ...platform, migrations: platformMigrations(manifest) } : undefined,
    search: searches ? platform : undefined,
    documents: searches && documents !== undefined ? platform : undefined,
    onSpark,
    streams: streams.map(({ name: stream }) => ({
      ...consumer,
      ...(onSpark.streams.has(stream) ? byJob : {}),
      sparkPackage,
      deadLetterReplica,
      stream,
    })),
    changes: followed(manifest).map(({ name: source }) => ({
      ...consumer,
      ...(onSpark.changes.has(source) ? byJob : {}),
      sparkPackage,
      deadLetterReplica,
      source,
    })),
    erasure: namesSubjects(manifest)
      ? {
          ...consumer,
          memoryMb: platform.memoryMb,
          schedule: platform.scheduled === false ? false : undefined,
          queryResultDays: platform.queryResultDays,
          replicated: manifest.zones.flatMap(({ name: zone }) =>
            platform.replicas?.[zone] === undefined ? [] : [zone],
          ),
        }
      : undefined,
    backups:
      backup === undefined
        ? undefined
        : {
            ...platform,
            ...backup,
            network: database === undefined ? network : undefined,
            replica: platform.backupReplica,
          },
    inside: {
      functions: functionsInside,
      spark: compliance === 'regulated' || hasSparkConsumers(manifest),
      backups: database === undefined,
    },
  };
}
