import { Construct } from 'constructs';
import { platformMigrations } from '../../lib/migrations/platform';
import { BackupPolicy } from '../backup/cdk';
import { Catalog } from '../catalog/cdk';
import { ChangeDataCapture } from '../cdc/cdk';
import { DocumentIngestion } from '../documents/cdk';
import { SparkApplication } from '../emr/cdk';
import { Lake } from '../lake/cdk';
import { DatabaseMigrations } from '../migrations/cdk';
import { Network, type NetworkSource } from '../network/cdk';
import { Pipeline } from '../pipeline/cdk';
import { PostgresDatabase } from '../postgres/cdk';
import { EventStream } from '../stream/cdk';
import { VectorStore } from '../vector/cdk';
import { type IdleCost, idleCost } from './cost';
import { followed, hasMigrations, placementOf, sparkOf, zoneDeclarations } from './model';
import type { PlatformDeclaration } from './props';

export interface PlatformProps extends PlatformDeclaration {
  /**
   * Nested stacks over which tables are spread, and as many for their alarms, 1 to 200: a stack of CloudFormation holds
   * 500 resources, and a dataset needs about 6. Choose it once, since another number moves them into other stacks.
   * @default none: all are in one stack, which is enough for some 60 datasets
   */
  readonly tableStacks?: number;
  /**
   * Where the database is, for example `{ vpc }` with a VPC of the app's own.
   * @default what the manifest says of its network
   */
  readonly databaseNetwork?: NetworkSource;
}

/** A whole data platform: its lake, the catalog of its tables, the pipeline that fills them, its database. */
export class Platform extends Construct {
  /** Absent where the manifest asks for no VPC. */
  readonly network?: Network;
  readonly lake: Lake;
  readonly catalog: Catalog;
  readonly pipeline: Pipeline;
  /** Runs jobs for the tables whose engine is Spark; absent where there is none. */
  readonly spark?: SparkApplication;
  /** Absent where the manifest has none. */
  readonly database?: PostgresDatabase;
  /** Absent where the manifest has none. */
  readonly migrations?: DatabaseMigrations;
  /** Searches the manifest's vector stores; absent where it has none. */
  readonly search?: VectorStore;
  /** Absent where the manifest has no documents. */
  readonly documents?: DocumentIngestion;
  /** By the manifest's names. */
  readonly streams: Readonly<Record<string, EventStream>>;
  /** Of PostgreSQL databases, by the manifest's names: of those that can be followed from here. */
  readonly changes: Readonly<Record<string, ChangeDataCapture>>;
  /** Absent where the manifest asks for none. */
  readonly backups?: BackupPolicy;

  constructor(scope: Construct, id: string, props: PlatformProps) {
    super(scope, id);
    const { manifest, compliance, removal, logRetentionDays } = props;
    const { name } = manifest;
    const shared = { name, compliance, removal, logRetentionDays };
    const { asked, existing, functionsInside } = placementOf(props);
    if (asked !== undefined) this.network = new Network(this, 'Network', { ...shared, ...asked });
    const functions = functionsInside && this.network !== undefined ? { network: functionNetwork(this.network) } : {};
    this.lake = new Lake(this, 'Lake', { ...props, name: manifest.name, zones: zoneDeclarations(manifest) });
    this.catalog = new Catalog(this, 'Catalog', { ...props, ...functions, lake: this.lake });
    const spark = sparkOf(props);
    if (spark !== undefined)
      this.spark = new SparkApplication(this, 'Spark', {
        ...spark,
        // As functions, workers are outside of the network where that is allowed.
        network: compliance === 'regulated' ? (props.databaseNetwork ?? this.network ?? existing) : undefined,
        operationsKey: this.catalog.key,
      });
    this.pipeline = new Pipeline(this, 'Pipeline', {
      ...props,
      ...functions,
      lake: this.lake,
      spark: this.spark,
      key: this.catalog.key,
    });
    if (manifest.database !== undefined)
      this.database = new PostgresDatabase(this, 'Database', {
        ...shared,
        ...manifest.database,
        network: props.databaseNetwork ?? this.network ?? existing,
        operationsKey: this.catalog.key,
        topic: this.pipeline.notices,
      });
    if (this.database !== undefined && hasMigrations(manifest))
      this.migrations = new DatabaseMigrations(this, 'Migrations', {
        ...props,
        migrations: platformMigrations(manifest),
        database: this.database,
        operationsKey: this.catalog.key,
        topic: this.pipeline.notices,
      });
    if (this.database !== undefined && manifest.stores !== undefined) {
      const database = this.database;
      this.search = new VectorStore(this, 'Search', { ...props, database, operationsKey: this.catalog.key });
      if (manifest.documents !== undefined)
        this.documents = new DocumentIngestion(this, 'Documents', {
          ...props,
          ...functions,
          lake: this.lake,
          database,
          operationsKey: this.catalog.key,
          topic: this.pipeline.notices,
        });
    }
    this.streams = Object.fromEntries(
      (manifest.streams ?? []).map(({ name: stream }) => [
        stream,
        new EventStream(this, `Stream-${stream}`, {
          manifest,
          stream,
          removal,
          logRetentionDays,
          compliance,
          deadLetterReplica: props.deadLetterReplica,
          architecture: props.architecture,
          runtime: props.runtime,
          icebergCatalog: props.icebergCatalog,
          network: functions.network ?? props.network,
          lake: this.lake,
          database: this.database,
          operationsKey: this.catalog.key,
          topic: this.pipeline.notices,
        }),
      ]),
    );
    this.changes = Object.fromEntries(
      followed(manifest).map(({ name: source }) => [
        source,
        new ChangeDataCapture(this, `Changes-${source}`, {
          manifest,
          source,
          removal,
          logRetentionDays,
          compliance,
          deadLetterReplica: props.deadLetterReplica,
          architecture: props.architecture,
          runtime: props.runtime,
          icebergCatalog: props.icebergCatalog,
          network: functions.network ?? props.network,
          lake: this.lake,
          database: this.database,
          migrations: this.migrations,
          sourceNetwork: props.databaseNetwork ?? this.network ?? existing,
          operationsKey: this.catalog.key,
          topic: this.pipeline.notices,
        }),
      ]),
    );
    if (manifest.backup !== undefined)
      this.backups = new BackupPolicy(this, 'Backups', {
        ...props,
        ...manifest.backup,
        // Beside a database the function is in its network.
        network: this.database === undefined ? (functions.network ?? props.network) : undefined,
        lake: this.lake,
        database: this.database,
        replica: props.backupReplica,
      });
  }

  /** What the platform costs a month when no data arrives. */
  get idleCost(): IdleCost {
    const parts = [
      this.network,
      this.lake,
      this.catalog,
      this.pipeline,
      this.spark,
      this.database,
      this.migrations,
      this.search,
      this.documents,
      ...Object.values(this.streams),
      ...Object.values(this.changes),
      this.backups,
    ];
    return idleCost(parts.flatMap((part) => part?.model.nodes ?? []));
  }
}

const functionNetwork = ({ facts }: Network) => ({
  subnetIds: facts.subnetIds,
  securityGroupIds: [facts.functionsSecurityGroupId],
});
