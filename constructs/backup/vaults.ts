import type { BackupManifest } from '../../lib/backup/declaration';
import type { BackupVaultNode, Removal } from '../core/nodes';
import { ref } from '../core/text';
import { noticesId } from '../pipeline/ids';
import { vaultId, vaultKeyId } from './ids';

/** What takes a recovery point away, or makes it go sooner. */
const deletion = [
  'backup:DeleteBackupVault',
  'backup:DeleteRecoveryPoint',
  'backup:DisassociateRecoveryPoint',
  'backup:UpdateRecoveryPointLifecycle',
];

/** The vault of the tiers, from which nobody deletes: recovery points go when their time is over. */
export function vault({ tiers, lock }: BackupManifest, name: string, removal: Removal): BackupVaultNode {
  const days = tiers.map(({ keepDays }) => keepDays);
  // Whoever turned both keys of deletion wants the vault to go.
  const kept = removal === 'retain';
  return {
    kind: 'backupVault',
    id: vaultId,
    name,
    keyArn: ref(vaultKeyId, 'arn'),
    policy: kept
      ? [{ sid: 'NobodyDeletes', effect: 'Deny', principal: 'anyone', actions: deletion, resources: [] }]
      : [],
    ...(kept && lock !== false
      ? {
          lock: {
            minDays: Math.min(...days),
            maxDays: Math.max(...days),
            ...(typeof lock === 'object' ? { coolingOffDays: lock.coolingOffDays } : {}),
          },
        }
      : {}),
    notifications: {
      topicArn: ref(noticesId, 'arn'),
      events: ['COPY_JOB_FAILED', 'RECOVERY_POINT_MODIFIED', 'S3_BACKUP_OBJECT_FAILED', 'S3_RESTORE_OBJECT_FAILED'],
    },
    removal,
  };
}
