/** Constructs that Terraform makes, for an app of cdktf (or of its successor cdktn). */
export { AirflowEnvironment, type AirflowEnvironmentProps } from './airflow/terraform';
export { BackupPolicy, type BackupPolicyProps } from './backup/terraform';
export { Catalog, type CatalogProps } from './catalog/terraform';
export { ChangeDataCapture, type ChangeDataCaptureProps } from './cdc/terraform';
export type { Compliance, FunctionNetwork } from './core/compliance';
export type { IcebergCatalog } from './core/iceberg-catalog';
export type { Grantee } from './core/terraform/grant';
export { DocumentIngestion, type DocumentIngestionProps } from './documents/terraform';
export { EmrCluster, type EmrClusterProps } from './emr/cluster/terraform';
export { SparkApplication, type SparkApplicationProps } from './emr/terraform';
export { Erasure, type ErasureProps } from './erasure/terraform';
export type { Replica } from './lake/props';
export { Lake, type LakeProps, type LakeZone, type ZoneProps } from './lake/terraform';
export { DatabaseMigrations, type DatabaseMigrationsProps } from './migrations/terraform';
export { Network, type NetworkProps, type NetworkSource } from './network/terraform';
export { Pipeline, type PipelineProps } from './pipeline/terraform';
export { Platform, type PlatformProps } from './platform/terraform';
export {
  type ExistingDatabaseProps,
  type IPostgresDatabase,
  PostgresDatabase,
  type PostgresDatabaseProps,
} from './postgres/terraform';
export { EventStream, type EventStreamProps } from './stream/terraform';
export { VectorStore, type VectorStoreProps } from './vector/terraform';
