import type { BackupDeclaration } from '../backup/declaration';
import type { CdcSource } from '../cdc/declaration';
import type { Dataset } from '../contract/dataset';
import type { DocumentIngestion } from '../documents/declaration';
import type { Migrations } from '../migrations/migration';
import type { NetworkManifest } from '../network/declaration';
import type { DatabaseManifest } from '../postgres/resolve';
import type { EngineDeclaration } from '../sizing/declaration';
import type { Stream } from '../stream/stream';
import type { Store } from '../vector/store';

/**
 * A whole platform, resolved: what `platform.yaml`, its contracts and its SQL models say, with every default applied.
 * It is the one thing that constructs, handlers and the run on this machine are made from. Plain frozen JSON.
 */
export interface Manifest {
  /** Name of the platform, for example `aviation`. Lower-case letters, digits and hyphens; begins every resource's name. */
  readonly name: string;
  readonly zones: readonly Zone[];
  /** Every table that has a contract, in the order of zones, then by name. */
  readonly datasets: readonly Dataset[];
  /** Every SQL model, in an order in which they can be run. */
  readonly models: readonly Model[];
  /** What runs together, each with a state machine of its own. */
  readonly groups: readonly Group[];
  /** Where the platform keeps its own tables: the file ledger, quality results, runs. */
  readonly ops: Ops;
  /** Which engine runs tables' SQL, where the platform says it; where it does not, their volume decides. */
  readonly engine?: EngineDeclaration;
  /** The VPC that the database and its functions are in; absent where there is none, or it is given to the construct. */
  readonly network?: NetworkManifest;
  /** Its PostgreSQL database; absent where there is none. */
  readonly database?: DatabaseManifest;
  /** What is applied to the database; absent where there is none. */
  readonly migrations?: Migrations;
  /** Backups, as declared: what is left out depends on the compliance that is asked for. Absent where there are none. */
  readonly backup?: BackupDeclaration;
  /** PostgreSQL databases whose changes fill tables; absent where there are none. */
  readonly cdc?: readonly CdcSource[];
  /** Vector stores, by name; absent where there is none. */
  readonly stores?: readonly Store[];
  /** Documents that are put into them, by name; absent where there are none. */
  readonly documents?: readonly DocumentIngestion[];
  /** Streams of events, by name; absent where there is none. */
  readonly streams?: readonly Stream[];
}

export interface Ops {
  /** Glue database and Iceberg namespace, `<platform>_ops`. */
  readonly database: string;
  /** The zone whose bucket holds it, under `_ops/`: the first that holds Iceberg tables. */
  readonly zone: string;
}

export interface Zone {
  /** For example `bronze`. */
  readonly name: string;
  /** What it holds: files as they arrived, or Iceberg tables. */
  readonly holds: 'files' | 'iceberg';
  /** Glue database and Iceberg namespace, for example `aviation_silver`. */
  readonly database: string;
  /** Days after which files move to the archive tier; only for `files`. Undefined: never. */
  readonly archiveAfterDays?: number;
  /** Days that data is kept; undefined: for ever. */
  readonly retentionDays?: number;
}

/** A SQL model: one SELECT in DuckDB's dialect, in a file of its own, `models/<name>.sql`. */
export interface Model {
  /** Its file's name without `.sql`, for example `fct_flights`. */
  readonly name: string;
  /** The file, relative to the platform's folder. */
  readonly file: string;
  readonly sql: string;
  /** Tables it reads, itself or through the models it uses, as `zone.table`, found by parsing them. Sorted. */
  readonly reads: readonly string[];
  /** Models without a table (`stg_`, `int_`) that it reads, also through one another, in an order to create them in. */
  readonly uses: readonly string[];
  /** The table it fills, as `zone.table`; absent for `stg_` and `int_` models, which are views. */
  readonly writes?: string;
}

/** A dataset group: its files are ingested, its models run, and its results published, in one run. */
export interface Group {
  readonly name: string;
  /** Tables that files are ingested into, as `zone.table`. */
  readonly ingests: readonly string[];
  /**
   * Tables that streams, or changes of databases, fill, as `zone.table`: runs judge and publish them, and delete what is too
   * old. Absent where there is none.
   */
  readonly streamed?: readonly string[];
  /** Models that fill tables, level by level: all of a level can run at once. */
  readonly levels: readonly (readonly string[])[];
  /** EventBridge Scheduler expression. */
  readonly schedule: string;
  /** IANA time zone of the schedule, by default `UTC`. */
  readonly timeZone: string;
}
