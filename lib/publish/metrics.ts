/** CloudWatch namespace of every metric that a platform emits. */
export const metricNamespace = 'Ingot';

/**
 * Every metric that a platform emits, each with the dimension `Platform` and more: `Table` (`zone.table`), or `Group`.
 * Alarms are made from the same names. Those marked with * are emitted by the probe as well, every fifteen minutes, so
 * that a platform that has stopped is noticed by its silence.
 */
export const metricNames = {
  /** * By table, hours: age of the newest rows. */
  freshness: 'Freshness',
  /** By table: rows after the run. */
  rowCount: 'RowCount',
  /** * By table: rows after the last run as a share of the median of the runs before it; 1 where there was none. */
  rowCountRatio: 'RowCountRatio',
  /** By table: rows that the run sent to quarantine. */
  quarantinedRows: 'QuarantinedRows',
  /** By table, 0 to 100: how good its rows are, over all of its rules (`lib/quality/score.ts`). */
  qualityScore: 'QualityScore',
  /** By table and `Dimension` (`completeness`, `validity`, …), 0 to 100: the same over the rules of one dimension. */
  dimensionScore: 'DimensionScore',
  /** By group: rules of severity error that failed, for each table that a run looked at. */
  failedRules: 'FailedRules',
  /** By group, GB: the largest input of a table in a run that DuckDB loads. */
  largestInput: 'LargestInput',
  /** By group, seconds: how long the run took. */
  duration: 'Duration',
  /** * By group: duration of the last run as a share of the median of the runs before it; 1 where there was none. */
  durationRatio: 'DurationRatio',
  /** By `Resource` (`database`, or a zone): 1 where a restored backup was not what it should be, else 0. */
  restoreTestFailed: 'RestoreTestFailed',
  /** By `Resource`, hours, with each fingerprint of the database: since a backup was last restored and found whole. */
  restoreTestAge: 'RestoreTestAge',
} as const;
