import type { Text } from '../text';
import type { NodeBase, Removal, Statement } from './common';

/** Vault of AWS Backup. Attributes: `arn`, `name`. */
export interface BackupVaultNode extends NodeBase {
  readonly kind: 'backupVault';
  readonly name: string;
  readonly keyArn: Text;
  /** Statements with the resource left empty speak of everything in the vault. */
  readonly policy: readonly Statement[];
  /** How long recovery points must and may be kept. With `coolingOffDays` nobody can take the lock away after them. */
  readonly lock?: { readonly minDays: number; readonly maxDays: number; readonly coolingOffDays?: number };
  readonly notifications?: { readonly topicArn: Text; readonly events: readonly string[] };
  readonly removal: Removal;
}

/** What is backed up when, of whatever selections name the plan. Attributes: `arn`, `id`. */
export interface BackupPlanNode extends NodeBase {
  readonly kind: 'backupPlan';
  readonly name: string;
  readonly rules: readonly BackupRule[];
}

export interface BackupRule {
  readonly name: string;
  readonly vaultName: Text;
  /** `cron(…)` of AWS Backup, in UTC. */
  readonly schedule: string;
  /** Whether the log is kept as well, for recovery to any second. */
  readonly continuous: boolean;
  readonly startWindowMinutes: number;
  readonly completionWindowMinutes: number;
  readonly keepDays: number;
  readonly copies: readonly { readonly vaultArn: Text; readonly keepDays: number }[];
}

/** Resources that a plan backs up. */
export interface BackupSelectionNode extends NodeBase {
  readonly kind: 'backupSelection';
  readonly name: string;
  readonly planId: Text;
  readonly roleArn: Text;
  readonly resources: readonly Text[];
}

/** Reports of AWS Backup, one file a day. Attributes: `arn`. */
export interface BackupReportPlanNode extends NodeBase {
  readonly kind: 'backupReportPlan';
  /** Letters, digits and underscores. */
  readonly name: string;
  readonly description: string;
  readonly template: 'BACKUP_JOB_REPORT' | 'COPY_JOB_REPORT' | 'RESTORE_JOB_REPORT';
  readonly bucketName: Text;
  readonly prefix: string;
  readonly formats: readonly ('CSV' | 'JSON')[];
}

/** When recovery points are restored to see whether they can be. Attributes: `arn`, `name`. */
export interface RestoreTestingPlanNode extends NodeBase {
  readonly kind: 'restoreTestingPlan';
  /** Letters, digits and underscores. */
  readonly name: string;
  readonly schedule: string;
  readonly startWindowHours: number;
  readonly vaultArns: readonly Text[];
  /** The newest recovery point of so many days. */
  readonly windowDays: number;
}

/** What a restore testing plan restores, and how. */
export interface RestoreTestingSelectionNode extends NodeBase {
  readonly kind: 'restoreTestingSelection';
  readonly name: string;
  readonly planName: Text;
  readonly resourceType: 'RDS' | 'Aurora' | 'S3';
  readonly resourceArns: readonly Text[];
  readonly roleArn: Text;
  readonly overrides: Readonly<Record<string, Text>>;
  /** How long what was restored stays, for its validation. */
  readonly validationHours: number;
}
