import type { IcebergField } from '../contract/types';
import type { Long } from './json';

/**
 * The parts of Apache Iceberg's table metadata (spec v2, appendix C) that Ingot reads and writes. Names are those of
 * the JSON files, which every engine reads.
 */
export interface TableMetadata {
  readonly 'format-version': 2;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': Long;
  readonly 'last-updated-ms': Long;
  readonly 'last-column-id': number;
  readonly schemas: readonly Schema[];
  readonly 'current-schema-id': number;
  readonly 'partition-specs': readonly PartitionSpec[];
  readonly 'default-spec-id': number;
  readonly 'last-partition-id': number;
  readonly 'sort-orders': readonly SortOrder[];
  readonly 'default-sort-order-id': number;
  readonly properties: Readonly<Record<string, string>>;
  /** Absent, or -1 as some writers say it, where nothing was ever written. */
  readonly 'current-snapshot-id'?: Long;
  readonly snapshots: readonly Snapshot[];
  readonly refs: Readonly<Record<string, SnapshotRef>>;
  readonly 'snapshot-log': readonly { readonly 'snapshot-id': Long; readonly 'timestamp-ms': Long }[];
  readonly 'metadata-log': readonly { readonly 'metadata-file': string; readonly 'timestamp-ms': Long }[];
  readonly statistics: readonly OfSnapshot[];
  readonly 'partition-statistics': readonly OfSnapshot[];
}

export interface Schema {
  readonly type: 'struct';
  readonly 'schema-id': number;
  readonly fields: readonly IcebergField[];
  readonly 'identifier-field-ids'?: readonly number[];
}

export interface PartitionSpec {
  readonly 'spec-id': number;
  readonly fields: readonly PartitionField[];
}

export interface PartitionField {
  readonly 'field-id': number;
  readonly 'source-id': number;
  readonly name: string;
  readonly transform: string;
}

export interface SortOrder {
  /** 0 is the order of a table without one. */
  readonly 'order-id': number;
  readonly fields: readonly SortField[];
}

export interface SortField {
  readonly 'source-id': number;
  readonly transform: string;
  readonly direction: 'asc' | 'desc';
  readonly 'null-order': 'nulls-first' | 'nulls-last';
}

export interface Snapshot {
  readonly 'snapshot-id': Long;
  readonly 'parent-snapshot-id'?: Long;
  readonly 'sequence-number': Long;
  readonly 'timestamp-ms': Long;
  readonly 'manifest-list': string;
  readonly 'schema-id'?: number;
  readonly summary: Readonly<Record<string, string>>;
}

/** A branch or a tag. Rows are read at the branch `main`. */
export interface SnapshotRef {
  readonly 'snapshot-id': Long;
  readonly type: 'branch' | 'tag';
  readonly 'min-snapshots-to-keep'?: number;
  readonly 'max-snapshot-age-ms'?: Long;
  readonly 'max-ref-age-ms'?: Long;
}

/** A statistics file of a snapshot. */
export interface OfSnapshot {
  readonly 'snapshot-id': Long;
  readonly 'statistics-path'?: string;
}
