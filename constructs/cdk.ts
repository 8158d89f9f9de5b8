/** Constructs that CloudFormation makes, for an app of aws-cdk-lib. */
export { AirflowEnvironment, type AirflowEnvironmentProps } from './airflow/cdk';
export { BackupPolicy, type BackupPolicyProps } from './backup/cdk';
export { Catalog, type CatalogProps } from './catalog/cdk';
export { ChangeDataCapture, type ChangeDataCaptureProps } from './cdc/cdk';
export type { Compliance, FunctionNetwork } from './core/compliance';
export type { IcebergCatalog } from './core/iceberg-catalog';
export { DocumentIngestion, type DocumentIngestionProps } from './documents/cdk';
export { SparkApplication, type SparkApplicationProps } from './emr/cdk';
export { EmrCluster, type EmrClusterProps } from './emr/cluster/cdk';
export { Erasure, type ErasureProps } from './erasure/cdk';
export { Lake, type LakeProps, type LakeZone, type ZoneProps } from './lake/cdk';
export type { Replica } from './lake/props';
export { DatabaseMigrations, type DatabaseMigrationsProps } from './migrations/cdk';
export { Network, type NetworkProps, type NetworkSource } from './network/cdk';
export { Pipeline, type PipelineProps } from './pipeline/cdk';
export { Platform, type PlatformProps } from './platform/cdk';
export {
  type ExistingDatabaseProps,
  type IPostgresDatabase,
  PostgresDatabase,
  type PostgresDatabaseProps,
} from './postgres/cdk';
export { EventStream, type EventStreamProps } from './stream/cdk';
export { VectorStore, type VectorStoreProps } from './vector/cdk';
