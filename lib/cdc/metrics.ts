/** Metrics of changes, in namespace `Ingot` with the dimension `Platform`: by `Table`, or by `Source`. */
export const cdcMetrics = {
  /** By table: changes that were applied or parked. */
  changes: 'ChangesReceived',
  /** By table: changes that are not what the contract says. */
  refused: 'ChangesRefused',
  /** By table: rows that wait for a change which has not come. */
  waiting: 'ChangesWaiting',
  /** By table: 1 where changes met a paused table, else 0. */
  paused: 'TablePaused',
  /** By source: records that could not be read. */
  unreadable: 'ChangesUnreadable',
  /** By source: seconds from the arrival of a batch's newest record to the end of its work, 0 each minute without a batch; of jobs of Spark alone. */
  behind: 'ChangesBehind',
  /** By table: keys that differ between the source and the lake. */
  drift: 'ChangeDrift',
  /** By source: 1 where its replication does not run, else 0. */
  stopped: 'ReplicationStopped',
  /** By source: tables that its replication has given up on. */
  tablesFailed: 'ReplicationTablesFailed',
} as const;
