/** What the state machine sends each handler, and what it gets back. Small: data stays in the lake. */

/** Finds what is new for a group and writes it down as numbered batches, so that a run that dies is repeated exactly. */
export interface PlanEvent {
  readonly action: 'plan';
  readonly group: string;
  readonly run: string;
  /** Backfill: bronze files of these dates (`YYYY-MM-DD`, both included) again, whatever was ingested before. */
  readonly range?: DateRange | null;
}

/** Dates `YYYY-MM-DD`, both included. */
export interface DateRange {
  readonly from: string;
  readonly to: string;
}

export interface PlanResult {
  /** True where there is no batch, no model is stale and everything is published: the run ends here. */
  readonly empty: boolean;
  /** By table: tables are loaded side by side, the batches of one table in their order. */
  readonly tables: readonly TableBatches[];
  /** Models whose inputs, SQL or contract have changed since they last ran. */
  readonly staleModels: readonly string[];
  /** Tables that have changed since they were last published: an earlier run died, or a gate stopped it. */
  readonly unpublished: readonly string[];
}

export interface TableBatches {
  /** `zone.table`. */
  readonly table: string;
  readonly batches: readonly Batch[];
}

export interface Batch {
  /** Counts up from 1 for each table. */
  readonly batch: number;
  readonly files: number;
  readonly bytes: number;
}

/** Loads one planned batch: types, validates, de-duplicates, merges; bad rows to quarantine. */
export interface LoadEvent {
  readonly action: 'load';
  readonly table: string;
  readonly batch: number;
  readonly run: string;
}

export interface LoadResult {
  readonly table: string;
  readonly batch: number;
  /** `repeated`: this batch was loaded before, and nothing was written. */
  readonly status: 'loaded' | 'repeated';
  readonly rows: {
    readonly read: number;
    readonly merged: number;
    readonly quarantined: number;
    readonly duplicates: number;
  };
  /** How the files differed from the contract: `unknown column "gate" in 2 files`. */
  readonly drift: readonly string[];
}

export type IngestEvent = PlanEvent | LoadEvent;

/** Answers every rule of a table's contract by one scan. */
export interface QualityEvent {
  /** The group whose run asks, for its metrics. */
  readonly group: string;
  readonly table: string;
  readonly run: string;
}

export interface QualityResult {
  readonly table: string;
  /** False where a rule of severity error failed. */
  readonly passed: boolean;
  readonly rules: number;
  /** Names of the rules that failed, of either severity. */
  readonly failed: readonly string[];
  /** 0 to 100. */
  readonly score: number;
}

/** Runs one SQL model into its table. */
export interface TransformEvent {
  readonly model: string;
  readonly run: string;
  /** Backfill of a `partition` model: only these dates. */
  readonly range?: DateRange | null;
}

export interface TransformResult {
  readonly model: string;
  /** `fresh`: inputs, SQL and contract are those of the last run, and nothing was written. */
  readonly status: 'written' | 'fresh';
  readonly rows: { readonly inserted: number; readonly updated: number; readonly deleted: number };
}

/** Emits freshness, row-count and duration metrics and one OpenLineage event for each table written. */
export interface PublishEvent {
  readonly group: string;
  readonly run: string;
  /** ISO 8601: when the run started. */
  readonly startedAt: string;
}

export interface PublishResult {
  readonly group: string;
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly ageHours?: number }[];
  /** URIs of the OpenLineage events written. */
  readonly lineage: readonly string[];
}

/** Measures, between runs, how fresh a group's tables are, so that a pipeline that has stopped is noticed. */
export interface ProbeEvent {
  readonly action: 'probe';
  readonly group: string;
}

export interface ProbeResult {
  readonly group: string;
  /** Absent `ageHours`: the table is empty. */
  readonly tables: readonly { readonly table: string; readonly ageHours?: number }[];
}

/** Deletes rows of a group's tables that have been kept for as long as promised. */
export interface RetainEvent {
  readonly group: string;
}

export interface RetainResult {
  readonly group: string;
  /** Tables that lost rows, as `database.table`. */
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
}

/** Lets a key of a stream go on that has stopped. */
export interface ReleaseEvent {
  readonly stream: string;
  readonly key: string;
  /** Records that are still bad go to quarantine, and those behind them go on. By default the release ends at the first. */
  readonly skip?: boolean;
}

/** Reads a stream's events again, from the files of bronze that arrived on these days. */
export interface ReplayEvent extends DateRange {
  readonly stream: string;
}
