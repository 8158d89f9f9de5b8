import { column } from './column';
import type { ColumnSpec } from './spec';

/** A table that the platform keeps of itself. */
export interface OpsTable {
  readonly table: string;
  readonly comment: string;
  readonly columns: readonly ColumnSpec[];
}

/** The ledger of files, the answers to quality rules, the runs. */
export const opsTables: readonly OpsTable[] = [
  {
    table: 'files',
    comment: 'Every source file that was ever planned, and in which batch',
    columns: [
      column('table', 'string', 'The table that it is for, zone.table'),
      column('batch', 'long', 'Counts up from 1 for each table'),
      column('uri', 'string', 'Where it lies'),
      column('etag', 'string', 'Identity of its content'),
      column('size', 'long', 'Bytes'),
      column('modified', 'timestamptz', 'When it was written'),
      column('planned_at', 'timestamptz', 'When its batch was planned'),
      column('run', 'string', 'The run that planned it'),
    ],
  },
  {
    table: 'quality_results',
    comment: 'The answer to every rule, by run and table',
    columns: [
      column('run', 'string', 'The run that asked'),
      column('table', 'string', 'The table, zone.table'),
      column('rule', 'string', 'Name of the rule'),
      column('type', 'string', 'Type of the rule, for example range'),
      column('dimension', 'string', 'Dimension of quality, for example completeness'),
      column('severity', 'string', 'error or warning'),
      column('status', 'string', 'passed, failed, or error where the rule could not be answered'),
      column('checked', 'long', 'Rows that the rule looked at'),
      column('failed', 'long', 'Rows that fail; of a rule that counts no rows, 1 where it does not hold'),
      column('observed', 'double', 'The figure that the rule is about', false),
      column('tolerance', 'string', 'What the contract allows, in words'),
      column('message', 'string', 'What was found, in one sentence'),
      column('measured_at', 'timestamptz', 'When it was asked'),
    ],
  },
  {
    table: 'runs',
    comment: 'What each run left behind, by table',
    columns: [
      column('run', 'string', 'The run'),
      column('group', 'string', 'The dataset group that ran'),
      column('table', 'string', 'The table, zone.table'),
      column('rows', 'long', 'Rows of the table after the run'),
      column('quarantined', 'long', 'Rows that the run sent to quarantine'),
      column('snapshot', 'string', 'The snapshot of the table that the run published', false),
      column('duration_ms', 'long', 'How long the run took, in milliseconds'),
      column('started_at', 'timestamptz', 'When the run started'),
      column('finished_at', 'timestamptz', 'When the run ended'),
    ],
  },
];
