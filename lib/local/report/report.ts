import type { Dimension, Severity } from '../../contract/dataset';
import type { RuleResult } from '../../quality/result';
import type { FeedReport } from './feeds';
import type { SearchReport } from './search';

/** What a run on this machine did and what the platform holds after it. Plain JSON: the summary, the HTML page and `--json` show it. */
export interface RunReport {
  readonly platform: string;
  /** The runs' ids, one for each group. */
  readonly runs: readonly GroupRun[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** `nothing-new`: no file and no model had changed since the last run. */
  readonly status: 'succeeded' | 'failed' | 'nothing-new';
  readonly tables: readonly TableReport[];
  /** The last answer to each rule, whichever run gave it. */
  readonly rules: readonly RuleReport[];
  readonly quarantine: readonly QuarantineReport[];
  /** Pairs of tables: what the second is made from. */
  readonly lineage: readonly (readonly [from: string, to: string])[];
  /** Vector stores, their documents, and what searches find; absent where the platform has no store. */
  readonly search?: SearchReport;
  /** Databases whose changes fill tables; absent where the platform follows none. */
  readonly feeds?: readonly FeedReport[];
  /** What came before the first state, and after the last. */
  readonly stages: readonly Timing[];
  /** States that did work, in the order they began. */
  readonly states: readonly StateTiming[];
  /** Name and version of what did the work. */
  readonly versions: Readonly<Record<string, string>>;
}

/** One execution of a group's state machine. */
export interface GroupRun {
  readonly group: string;
  readonly run: string;
  readonly status: 'succeeded' | 'failed' | 'nothing-new';
  readonly milliseconds: number;
  /** Why it failed: one entry for each rule, table or model. */
  readonly failures: readonly Failure[];
}

export interface Failure {
  /** The table, model or state. */
  readonly what: string;
  readonly why: string;
  /** What to do about it. */
  readonly todo: string;
}

export interface TableReport {
  /** `zone.table`. */
  readonly table: string;
  readonly description?: string;
  /** Files as they arrived; a table that files, or changes of a database, are loaded into; one that a SQL model fills. */
  readonly kind: 'files' | 'ingested' | 'modelled';
  /** Rows, or for `files` the number of files. */
  readonly count: number;
  /** Bytes, only for `files`. */
  readonly bytes?: number;
  /** What this run did to it; absent where it did nothing. */
  readonly change?: string;
  /** Newest first, at most ten. */
  readonly snapshots: readonly SnapshotReport[];
  /** How files differed from the contract. */
  readonly drift: readonly string[];
}

export interface SnapshotReport {
  /** 64 bits: text. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  /** `append`, `overwrite`, `delete` or `replace`. */
  readonly operation: string;
}

export interface RuleReport {
  readonly table: string;
  readonly rule: string;
  /** For example `range`. */
  readonly type: RuleResult['type'];
  readonly description?: string;
  readonly dimension: Dimension;
  readonly severity: Severity;
  readonly passed: boolean;
  /** Rows that the rule looked at, and those that did not meet it. */
  readonly checked: number;
  readonly failed: number;
  /** The figure that the rule is about: failing rows or their percentage, hours, a query's number; null: no answer. */
  readonly observed: number | null;
  /** What the contract allows, in words. */
  readonly tolerance: string;
  /** 0 to 100. */
  readonly score: number;
  readonly message?: string;
}

export interface QuarantineReport {
  readonly table: string;
  /** Rows in quarantine, of all runs. */
  readonly rows: number;
  /** Rows that this run put there. */
  readonly fromThisRun: number;
  readonly reasons: readonly {
    readonly rule: string;
    readonly column?: string;
    readonly message: string;
    readonly rows: number;
  }[];
  readonly samples: readonly QuarantineSample[];
}

export interface QuarantineSample {
  readonly file: string;
  readonly row: number;
  readonly reasons: readonly string[];
  /** The source row as JSON, as it came: hostile text included. Absent where a file could not be read at all. */
  readonly raw?: string;
}

export interface Timing {
  readonly name: string;
  readonly milliseconds: number;
}

export interface StateTiming extends Timing {
  /** Milliseconds after the start of the run. */
  readonly from: number;
  /** What it worked on, for example `silver.flights`. */
  readonly of?: string;
  readonly retries: number;
  readonly failed: boolean;
}
