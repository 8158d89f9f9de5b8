import type { DatabaseManifest } from '../../lib/postgres/resolve';
import type { DbParameter } from '../core/nodes';

/** What PostgreSQL reads only when it starts. RDS refuses to apply these at once. */
const readAtStart = new Set([
  'autovacuum_freeze_max_age',
  'autovacuum_max_workers',
  'autovacuum_multixact_freeze_max_age',
  'huge_pages',
  'max_connections',
  'max_locks_per_transaction',
  'max_logical_replication_workers',
  'max_pred_locks_per_transaction',
  'max_prepared_transactions',
  'max_replication_slots',
  'max_wal_senders',
  'max_worker_processes',
  'pg_stat_statements.max',
  'rds.logical_replication',
  'shared_buffers',
  'shared_preload_libraries',
  'track_activity_query_size',
  'track_commit_timestamp',
  'wal_buffers',
]);

/** The settings of a database, in the order of their names. */
export function databaseParameters(database: DatabaseManifest): DbParameter[] {
  const settings = {
    'rds.force_ssl': 1,
    shared_preload_libraries: 'pg_stat_statements',
    log_min_duration_statement: database.slowQueryMs === false ? -1 : database.slowQueryMs,
    log_lock_waits: true,
    ...(database.logicalReplication ? { 'rds.logical_replication': 1 } : {}),
    ...database.parameters,
  };
  return Object.entries(settings)
    .map(([name, value]) => ({
      name,
      value: typeof value === 'boolean' ? String(Number(value)) : String(value),
      needsRestart: readAtStart.has(name),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
