import type { Partition, SortKey, Type } from '../contract/dataset';

/**
 * An Iceberg table as it shall be: what the _tables_ handler makes, and changes an existing table into. Plain JSON, and
 * whole: it stands in the template, so that a snapshot of the template shows each table's schema.
 */
export interface TableSpec {
  /** Glue database and Iceberg namespace. */
  readonly database: string;
  readonly table: string;
  /** Where its files lie, without a slash at its end. It may be an engine's token, which nobody here looks into. */
  readonly location: string;
  /** What declares it, and in which version: an older version never changes what a newer one has made. */
  readonly contract: { readonly id: string; readonly version: string };
  readonly comment?: string;
  readonly columns: readonly ColumnSpec[];
  /** Columns that tell one row from another (Iceberg's identifier fields): all required, of exact types. */
  readonly identifier: readonly string[];
  readonly partitionBy: readonly Partition[];
  readonly sortBy: readonly SortKey[];
  /** Table properties beside those that follow from the rest. */
  readonly properties: Readonly<Record<string, string>>;
  readonly maintenance: MaintenanceSpec;
  /**
   * Where a table stands beside this one for the rows that it refuses: the version of that table's columns. All else of
   * it follows from this one.
   */
  readonly quarantine?: number;
}

export interface ColumnSpec {
  readonly name: string;
  /** The property's `id` in the contract: the same id with another name is a renamed column. */
  readonly id?: string;
  readonly type: Type;
  readonly required: boolean;
  readonly description?: string;
}

/** What is done to a table while nobody looks. */
export interface MaintenanceSpec {
  /** Small files are merged into larger ones. */
  readonly compaction: boolean;
  /** Days after which a snapshot that is not current goes, and with it the files that only it names. */
  readonly snapshotRetentionDays: number;
  /** Files that no snapshot names are removed, some days after they were written. */
  readonly orphanRemoval: boolean;
}
