/**
 * A dataset: one table, as its data contract declares it, resolved. Everything that stands below a contract (Glue
 * tables, Iceberg schema, ingest, quality, alarms) reads this and never the contract's YAML.
 *
 * A dataset is plain frozen JSON: it is written into the manifest that handlers read.
 */
export interface Dataset {
  /** Table name inside its zone, for example `flights`. Lower case, as Glue wants it. */
  readonly name: string;
  /** Name of the zone that holds it, for example `silver`. */
  readonly zone: string;
  /** The contract that declares it. */
  readonly contract: ContractRef;
  readonly description?: string;
  readonly columns: readonly Column[];
  /** Names of the primary-key columns, in order. Empty where the contract has no key. */
  readonly key: readonly string[];
  /** Hidden partitions (Iceberg), in order. Not for bronze, which is partitioned by source and date. */
  readonly partitionBy: readonly Partition[];
  readonly sortBy: readonly SortKey[];
  /** Every quality rule, those that follow from `required`, `unique`, `logicalTypeOptions` and keys included. */
  readonly rules: readonly Rule[];
  /** Where its rows arrive as files; absent for a dataset that a SQL model fills. */
  readonly source?: Source;
  /**
   * The table of a PostgreSQL database that it is a copy of, by the contract's first server of type postgres. Its changes
   * fill it where `cdc` of platform.yaml names that server.
   */
  readonly postgres?: PostgresTable;
  /** How a new version of a row is kept. `current`: it replaces the old one (SCD 1). `scd2`: both are kept, with validity. */
  readonly history: 'current' | 'scd2';
  /** How a SQL model fills it; absent for a dataset with a `source`. */
  readonly materialization?: Materialization;
  /** Days that rows are kept, where the contract says so; else the zone's apply. */
  readonly retentionDays?: number;
  /**
   * The date or time that says how old a row is: what the contract's retention names, else its freshness, else, where the
   * contract says how long, the first date that it partitions by. Without one rows are kept for ever, but for ended
   * versions of history.
   */
  readonly retentionColumn?: string;
  /** Declared volume, GB a day. Decides the engine. */
  readonly dailyVolumeGb?: number;
  /** The run fails where more than this share of the rows of a run, in percent, goes to quarantine. */
  readonly maxQuarantinePercent: number;
  readonly sla: Sla;
  /** The contract's team, first the owner: e-mail addresses or user names. */
  readonly owners: readonly string[];
  readonly tags: readonly string[];
  /** Roles that the contract says have access. No grant follows: rights are given to principals of the account. */
  readonly roles: readonly AccessRole[];
}

export interface ContractRef {
  readonly id: string;
  /** Semantic version, for example `1.2.0`. */
  readonly version: string;
  /** The file it was read from, relative to the platform's folder; absent where it was built in code. */
  readonly file?: string;
}

export interface Column {
  readonly name: string;
  /** The property's `id` in the contract: the same id with another name is a renamed column. */
  readonly id?: string;
  readonly type: Type;
  readonly required: boolean;
  readonly description?: string;
  /** ODCS classification, for example `public`, `restricted`, `confidential`. */
  readonly classification?: string;
  readonly tags: readonly string[];
  /** SQL expression (DuckDB) over the source's columns that gives this column; absent: the source column of this name. */
  readonly transform?: string;
  /** Names of the source's columns that it is made from. By default its own name. */
  readonly sourceColumns: readonly string[];
  /** Type of the source column where it is not a string (CSV, JSON with a transform) or this column's own type. */
  readonly sourceType?: Type;
  /** Whom its values name, for example `customer`: by them a person's rows are found that are to be erased. */
  readonly subject?: string;
}

/** A type in Apache Iceberg's words (spec v2); other systems' words follow from it in `types.ts`. */
export type Type = PrimitiveType | StructType | ListType | MapType;
export type PrimitiveType =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'string'
  | 'uuid'
  | 'binary'
  | `decimal(${number}, ${number})`;
export interface StructType {
  readonly kind: 'struct';
  readonly fields: readonly StructField[];
}
export interface StructField {
  readonly name: string;
  readonly type: Type;
  readonly required: boolean;
  readonly description?: string;
}
export interface ListType {
  readonly kind: 'list';
  readonly element: Type;
}
export interface MapType {
  readonly kind: 'map';
  readonly key: Type;
  readonly value: Type;
}

export interface Partition {
  readonly column: string;
  /** Iceberg's transform: `identity`, `year`, `month`, `day`, `hour`, `bucket[16]`, `truncate[4]`. */
  readonly transform: string;
}

export interface SortKey {
  readonly column: string;
  readonly direction: 'asc' | 'desc';
}

/** Files of one shape under one prefix of the bronze zone: `<zone>/<prefix>/source=<source>/date=<YYYY-MM-DD>/<file>`. */
export interface Source {
  /** Name of the zone that the files arrive in. By default the first zone. */
  readonly zone: string;
  /** Prefix in the zone, without slashes at its ends; also the name of the bronze table. */
  readonly prefix: string;
  readonly format: 'csv' | 'json' | 'parquet';
  /** CSV only. By default `,`. */
  readonly delimiter?: string;
  /** CSV only: whether the first line holds the column names. By default true. */
  readonly header?: boolean;
  /**
   * Names of all sources that ever write here, where they are known. Athena then reads all of them at once, and does
   * not see one that is left out; by default a query must name the sources that it reads (`source = '…'`).
   */
  readonly sources?: readonly string[];
  /** Values that mean null, by default the empty string in CSV and nothing elsewhere. */
  readonly nullValues?: readonly string[];
}

/** A table of a PostgreSQL database. */
export interface PostgresTable {
  /** Name of the server in the contract. */
  readonly server: string;
  readonly schema: string;
  readonly table: string;
}

/** How a SQL model's rows get into its table. */
export type Materialization =
  /** The whole table anew. */
  | { readonly kind: 'full' }
  /** Partitions that the new rows touch, anew. */
  | { readonly kind: 'partition' }
  /** Rows whose watermark column is at or above the highest one in the table, merged by key. */
  | { readonly kind: 'watermark'; readonly column: string }
  /** Merged by key: changed rows replaced, new ones added (SCD 1). */
  | { readonly kind: 'scd1' }
  /**
   * Merged by key with `valid_from`, `valid_to`, `is_current` (SCD 2). `column` holds the time from which on a row's
   * version holds; by default that is the start of the run that finds it.
   */
  | { readonly kind: 'scd2'; readonly column?: string };

export interface Sla {
  /** The newest rows are at most this old, in hours. */
  readonly freshnessHours?: number;
  /** The column whose highest value says how new the rows are; by default the time of the last commit. */
  readonly freshnessColumn?: string;
}

export interface AccessRole {
  readonly role: string;
  readonly access: 'read' | 'write';
}

export type Dimension = 'completeness' | 'uniqueness' | 'validity' | 'consistency' | 'timeliness' | 'accuracy';
export type Severity = 'error' | 'warning';

/** What all rules share. */
interface RuleBase {
  /** Unique in its dataset and stable, for example `delay.range`. */
  readonly name: string;
  readonly description?: string;
  readonly dimension: Dimension;
  readonly severity: Severity;
  /** SQL condition (DuckDB) on the rows that the rule speaks of; by default all. */
  readonly where?: string;
  /**
   * What the contract tolerates. Absent: nothing; then a row that fails a row rule of severity `error` goes to
   * quarantine. With a tolerance, or as a `warning`, failing rows stay, are counted, and more than the tolerance fails
   * the rule.
   */
  readonly tolerance?: Tolerance;
}

/** At most `max` failing rows, in rows or in percent of the rows checked. */
export interface Tolerance {
  readonly max: number;
  /** True: fewer than `max`, as ODCS's `mustBeLessThan` says of a percentage. By default false. */
  readonly exclusive?: boolean;
  readonly unit: 'rows' | 'percent';
}

/** A quality rule. Row rules judge each row; table rules judge the table as a whole. One file each in `lib/quality/rules`. */
export type Rule =
  | (RuleBase & { readonly type: 'notNull'; readonly column: string; readonly missingValues?: readonly string[] })
  | (RuleBase & { readonly type: 'unique'; readonly columns: readonly string[] })
  | (RuleBase & {
      readonly type: 'acceptedValues';
      readonly column: string;
      readonly values: readonly (string | number | boolean)[];
    })
  | (RuleBase & {
      readonly type: 'range';
      readonly column: string;
      readonly min?: number | string;
      readonly max?: number | string;
      readonly exclusiveMin?: boolean;
      readonly exclusiveMax?: boolean;
    })
  | (RuleBase & { readonly type: 'pattern'; readonly column: string; readonly pattern: string })
  | (RuleBase & { readonly type: 'length'; readonly column: string; readonly min?: number; readonly max?: number })
  | (RuleBase & { readonly type: 'rowCount'; readonly min?: number; readonly max?: number })
  /** A SQL query that gives one number or boolean (true is 1), and the numbers that are right. */
  | (RuleBase & Bounds & { readonly type: 'sql'; readonly query: string })
  /** A condition that each row must meet. */
  | (RuleBase & { readonly type: 'expression'; readonly expression: string })
  /** Values could be read as the column's type when files were last loaded. Rows of which one could not are in quarantine. */
  | (RuleBase & { readonly type: 'type'; readonly column: string })
  /** The values of these columns are those of a row of another table. */
  | (RuleBase & {
      readonly type: 'referential';
      readonly columns: readonly string[];
      readonly references: { readonly table: string; readonly columns: readonly string[] };
    })
  /** Hours since the highest value of the column, or, where none is named, since the table's rows were last written. */
  | (RuleBase & Bounds & { readonly type: 'freshness'; readonly column?: string })
  /** How many more rows there are, in percent or in rows, than in the median of up to ten earlier runs. */
  | (RuleBase & Bounds & { readonly type: 'rowCountChange'; readonly unit: 'rows' | 'percent' });

/** The numbers that are right: from `min` to `max`, both included unless said otherwise, but for those of `except`. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly exclusiveMin?: boolean;
  readonly exclusiveMax?: boolean;
  /** Numbers that are wrong: `min` to `max`, both included unless `exclusive`. */
  readonly except?: { readonly min: number; readonly max: number; readonly exclusive?: boolean };
}

export type RuleType = Rule['type'];
