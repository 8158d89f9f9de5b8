import { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { assertValid } from '../../lib/errors';
import { BackupPolicy } from '../backup/cdk';
import { Catalog } from '../catalog/cdk';
import { ChangeDataCapture } from '../cdc/cdk';
import { DocumentIngestion } from '../documents/cdk';
import { SparkApplication } from '../emr/cdk';
import { Erasure } from '../erasure/cdk';
import { Lake } from '../lake/cdk';
import { DatabaseMigrations } from '../migrations/cdk';
import { Network, type NetworkSource } from '../network/cdk';
import { Pipeline } from '../pipeline/cdk';
import { PostgresDatabase } from '../postgres/cdk';
import { EventStream } from '../stream/cdk';
import { VectorStore } from '../vector/cdk';
import { type IdleCost, idleCost } from './cost';
import { platformParts } from './parts';
import { platformProblems } from './problems';
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
  /** The manifest's. */
  readonly name: string;
  /** Absent where the manifest asks for no VPC. */
  readonly network?: Network;
  readonly lake: Lake;
  readonly catalog: Catalog;
  readonly pipeline: Pipeline;
  /** Runs jobs for the tables and streams whose engine is Spark; absent where there is none. */
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
  /** Erases persons; absent where no contract says whom a column names. */
  readonly erasure?: Erasure;
  /** Absent where the manifest asks for none. */
  readonly backups?: BackupPolicy;

  constructor(scope: Construct, id: string, props: PlatformProps) {
    super(scope, id);
    assertValid(platformProblems(this, Stack.of(this), props));
    this.name = props.manifest.name;
    const parts = platformParts(props);
    const { inside } = parts;
    if (parts.network !== undefined) this.network = new Network(this, 'Network', parts.network);
    const place = props.databaseNetwork ?? this.network ?? parts.existingNetwork;
    const functions = inside.functions && this.network !== undefined ? { network: functionNetwork(this.network) } : {};
    const lake = new Lake(this, 'Lake', parts.lake);
    this.lake = lake;
    this.catalog = new Catalog(this, 'Catalog', {
      ...parts.catalog,
      ...functions,
      lake,
      tableStacks: props.tableStacks,
    });
    const operationsKey = this.catalog.key;
    if (parts.spark !== undefined) {
      const network = inside.spark ? place : undefined;
      const diskKey = parts.diskKeyArn === undefined ? undefined : Key.fromKeyArn(this, 'DiskKey', parts.diskKeyArn);
      this.spark = new SparkApplication(this, 'Spark', { ...parts.spark, network, operationsKey, diskKey });
    }
    const { spark } = this;
    const pipeline = {
      ...parts.pipeline,
      ...functions,
      lake,
      spark,
      key: operationsKey,
      tableStacks: props.tableStacks,
    };
    this.pipeline = new Pipeline(this, 'Pipeline', pipeline);
    const told = { operationsKey, topic: this.pipeline.notices };
    if (parts.database !== undefined)
      this.database = new PostgresDatabase(this, 'Database', { ...parts.database, ...told, network: place });
    const { database } = this;
    if (database !== undefined && parts.migrations !== undefined)
      this.migrations = new DatabaseMigrations(this, 'Migrations', { ...parts.migrations, ...told, database });
    if (database !== undefined && parts.search !== undefined)
      this.search = new VectorStore(this, 'Search', { ...parts.search, database, operationsKey });
    const data = { ...functions, ...told, lake };
    if (database !== undefined && parts.documents !== undefined)
      this.documents = new DocumentIngestion(this, 'Documents', { ...parts.documents, ...data, database });
    this.streams = Object.fromEntries(
      parts.streams.map((part) => [
        part.stream,
        new EventStream(this, `Stream-${part.stream}`, {
          ...part,
          ...data,
          database,
          spark: parts.onSpark.streams.has(part.stream) ? spark : undefined,
        }),
      ]),
    );
    const source = { migrations: this.migrations, sourceNetwork: place };
    this.changes = Object.fromEntries(
      parts.changes.map((part) => [
        part.source,
        new ChangeDataCapture(this, `Changes-${part.source}`, {
          ...part,
          ...data,
          ...source,
          database,
          spark: parts.onSpark.changes.has(part.source) ? spark : undefined,
        }),
      ]),
    );
    if (parts.erasure !== undefined) this.erasure = new Erasure(this, 'Erasure', { ...parts.erasure, ...data });
    if (parts.backups !== undefined) {
      const network = inside.backups ? functions : {};
      this.backups = new BackupPolicy(this, 'Backups', { ...parts.backups, ...network, lake, database });
    }
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
      this.erasure,
      this.backups,
    ];
    return idleCost(parts.flatMap((part) => part?.model.nodes ?? []));
  }
}

const functionNetwork = ({ facts }: Network) => ({
  subnetIds: facts.subnetIds,
  securityGroupIds: [facts.functionsSecurityGroupId],
});
