import type { Dataset } from '../contract/dataset';
import { literal } from '../sql/quote';

/** How the changes of a source's table are kept. */
export type Mode =
  /** The rows that the source has (SCD 1). */
  | 'mirror'
  /** Every version of every row, with the time in which it held (SCD 2). */
  | 'history'
  /** Every change, as it was. */
  | 'log';

/**
 * Columns that a table has beside its contract's, so that it can tell which of two changes is the later one. They are
 * written in the same commit as the row, so no crash can part them.
 */
export const meta = {
  lsn: 'change_lsn',
  sequence: 'change_sequence',
  /**
   * JSON, null for most rows: columns whose value is not of the row's own change, which did not send it. Each with the
   * position of the change that did (mirror), or with an empty text (history and log, and where no such change has come).
   */
  older: 'change_older',
  /** Log alone. */
  operation: 'change_operation',
  /** Log, and the table of kept changes: when it was committed at the source. */
  at: 'changed_at',
} as const;

/** Columns that the table of kept changes has besides. */
export const kept = {
  kind: 'change_kind',
  record: 'change_record',
  at: 'kept_at',
} as const;

/** Names that no column of a contract may have whose table is fed by changes. */
export const reservedNames: readonly string[] = [...Object.values(meta), ...Object.values(kept)];

/** Ends the name of the table that keeps what another table does not show of its changes. */
export const keptSuffix = '_changes';

/**
 * What a row of the table of kept changes is:
 *
 * - `delete`, `truncate`: remembered, so that a change that comes late does not bring a row back;
 * - `update`: a row that is not whole, as a change that it builds on has not come yet;
 * - `reload`: the table was read anew, and where in the log the rows of that stand;
 * - `snapshot`: a snapshot that was taken whole, by its slot in `change_record`;
 * - `schema`: the source's columns as they were last seen, in `change_record`;
 * - `pause`: why the table is paused, in `change_record`;
 * - `parked`: a record that came while the table was paused, in `change_record`.
 */
export type Kind = 'delete' | 'truncate' | 'update' | 'reload' | 'snapshot' | 'schema' | 'pause' | 'parked';

/** A table that is fed by changes, as SQL names it. */
export interface ChangedTable {
  readonly dataset: Pick<Dataset, 'columns' | 'key'>;
  readonly mode: Mode;
  /** Quoted SQL name of the table. */
  readonly name: string;
  /** Quoted SQL name of the table of kept changes. */
  readonly kept: string;
}

/** One number that orders positions: the LSN, and below it the place among changes of the same LSN. */
export const positionOf = (of: string): string => `(${of}.${meta.lsn}::HUGEINT * 4294967296 + ${of}.${meta.sequence})`;

/* The cast, which DuckDB leaves out, tells Spark that this is no division of decimals, whose result has a fraction. */
export const lsnOf = (position: string): string => `(${position}::HUGEINT // 4294967296)::BIGINT`;
export const sequenceOf = (position: string): string => `(${position} % 4294967296)::BIGINT`;

/**
 * Position of the change that gave a column's value; null where none is known.
 *
 * @param older SQL value of the row's `change_older`
 * @param position SQL value of the row's position
 */
export function positionOfColumn(column: string, older: string, position: string): string {
  const said = `json_extract_string(${older}, ${literal(`$."${column}"`)})`;
  return `CASE WHEN ${older} IS NULL OR ${said} IS NULL THEN ${position} WHEN ${said} <> '' THEN ${said}::HUGEINT END`;
}

/** SQL text for `change_older` of the columns for which `position` gives a text; null where it does so for none. */
export function olderOf(columns: readonly string[], position: (column: string) => string): string {
  if (columns.length === 0) return 'CAST(NULL AS VARCHAR)';
  const parts = columns.map((column) => `${literal(`"${column}":"`)} || (${position(column)}) || '"'`);
  return `nullif('{' || concat_ws(',', ${parts.join(', ')}) || '}', '{}')`;
}

/** Columns of a dataset that are not of its key. */
export const restOf = ({ columns, key }: Pick<Dataset, 'columns' | 'key'>): string[] =>
  columns.map(({ name }) => name).filter((name) => !key.includes(name));
