import type { Dataset, Materialization } from '../contract/dataset';
import type { DateRange } from '../pipeline/events';
import { tableId } from '../platform/lookup';
import { type Change, insertAll, mergeByKey, replaceSlice, type Slice, type Target } from '../sql/change';
import { partitionValue } from '../sql/partition';
import { identifier, literal } from '../sql/quote';
import { keepHistory } from '../sql/scd2';

/** How a model's rows get into its table. */
export interface Materialize {
  /** Condition on the model's rows that are taken; absent: all. May read the table. */
  readonly where?: string;
  /** Whether the model's rows must be one for each key, and no key null. */
  readonly byKey: boolean;
  readonly change: Change;
  /** Whether the table then holds all that the model gives, so that there is nothing to do until an input changes. */
  readonly whole: boolean;
}

export interface Circumstances {
  /** ISO 8601: from when on the versions of an `scd2` table hold that say no time of their own. */
  readonly startedAt: string;
  /** The table has no row yet. */
  readonly empty: boolean;
  /** The SQL or the contract has changed since the table was written: rows below the watermark are no longer right. */
  readonly changed: boolean;
  /** Dates of a backfill. Narrows a `partition` model that has a date to partition by, and no other. */
  readonly range?: DateRange;
}

/**
 * Decides how a model's rows get into its table, from what the contract says.
 *
 * @param name the table's quoted SQL name
 * @throws Error where the contract lacks what the materialization needs: a key, or partitions
 */
export function materialize(dataset: Dataset, name: string, circumstances: Circumstances): Materialize {
  const { startedAt, empty, changed, range } = circumstances;
  const kind: Materialization = dataset.materialization ?? { kind: dataset.history === 'scd2' ? 'scd2' : 'full' };
  const target: Target = { name, columns: dataset.columns.map((column) => column.name), key: dataset.key };
  const replace = (slice: Slice) => (empty ? insertAll(target) : replaceSlice(target, slice));
  const merge = () => (empty ? insertAll(target) : mergeByKey(target));
  switch (kind.kind) {
    case 'full':
      return { byKey: false, whole: true, change: replace({}) };
    case 'partition': {
      const dates = range === undefined ? undefined : withinDates(dataset, range);
      if (dates !== undefined) return { where: dates, byKey: false, whole: false, change: replace({ where: dates }) };
      demand(dataset, kind.kind, 'a partitioned column', dataset.partitionBy.length > 0);
      const touched = dataset.partitionBy.map((by) => partitionValue(by, dataset));
      return { byKey: false, whole: true, change: replace({ touched }) };
    }
    case 'watermark': {
      demand(dataset, kind.kind, 'a primary key', dataset.key.length > 0);
      const column = identifier(kind.column);
      const highest = `(SELECT max(${column}) FROM ${name})`;
      const where = `${highest} IS NULL OR ${column} >= ${highest} OR ${column} IS NULL`;
      return { ...(changed ? {} : { where }), byKey: true, whole: true, change: merge() };
    }
    case 'scd1':
      demand(dataset, kind.kind, 'a primary key', dataset.key.length > 0);
      return { byKey: true, whole: true, change: merge() };
    case 'scd2': {
      demand(dataset, kind.kind, 'a primary key', dataset.key.length > 0);
      const start = `CAST(${literal(startedAt)} AS TIMESTAMPTZ)`;
      const stated = kind.column === undefined ? 'NULL' : `CAST(n.${identifier(kind.column)} AS TIMESTAMPTZ)`;
      const since = `coalesce(${stated}, ${start})`;
      return { byKey: true, whole: true, change: keepHistory(target, since) };
    }
  }
}

/** Rows of these dates; undefined where the table is not partitioned by a date or time. */
function withinDates(dataset: Dataset, { from, to }: DateRange): string | undefined {
  const dated = dataset.partitionBy.find(({ column }) => {
    const type = dataset.columns.find((c) => c.name === column)?.type;
    return type === 'date' || type === 'timestamp' || type === 'timestamptz';
  });
  if (dated === undefined) return undefined;
  return `CAST(${identifier(dated.column)} AS DATE) BETWEEN DATE ${literal(from)} AND DATE ${literal(to)}`;
}

function demand(dataset: Dataset, kind: string, what: string, met: boolean): void {
  if (!met) throw new Error(`Table ${tableId(dataset)} is materialized as ${kind} and needs ${what} in its contract`);
}
