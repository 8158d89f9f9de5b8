import type { BackupManifest } from '../../lib/backup/declaration';
import type { BackupVaultNode, Removal, Statement } from '../core/nodes';
import { ref } from '../core/text';
import type { DatabaseFacts } from '../postgres/facts';
import { changesVaultId, topicId, validateId, vaultId, vaultKeyId } from './ids';

/** What takes a recovery point away, or makes it go sooner. */
const deletion = [
  'backup:DeleteBackupVault',
  'backup:DeleteRecoveryPoint',
  'backup:DisassociateRecoveryPoint',
  'backup:UpdateRecoveryPointLifecycle',
];

/**
 * The vault of the tiers, from which nobody deletes: recovery points go when their time is over. And the vault of what is
 * taken before a change, from which the function deletes, and nobody else, once a later backup was found whole. A lock
 * knows no exception, so that the second has none.
 */
export function vaults(
  { tiers, lock }: BackupManifest,
  names: { readonly tiers: string; readonly changes: string },
  { database, removal }: { readonly database: DatabaseFacts | undefined; readonly removal: Removal },
): BackupVaultNode[] {
  const days = tiers.map(({ keepDays }) => keepDays);
  const keyArn = ref(vaultKeyId, 'arn');
  const notifications = {
    topicArn: ref(topicId, 'arn'),
    events: ['COPY_JOB_FAILED', 'RECOVERY_POINT_MODIFIED', 'S3_BACKUP_OBJECT_FAILED', 'S3_RESTORE_OBJECT_FAILED'],
  };
  const denied = (actions: readonly string[], conditions?: Statement['conditions']): Statement => ({
    sid: 'NobodyDeletes',
    effect: 'Deny',
    principal: 'anyone',
    actions,
    resources: [],
    ...(conditions === undefined ? {} : { conditions }),
  });
  // Whoever turned both keys of deletion wants the vaults to go.
  const kept = removal === 'retain';
  const main: BackupVaultNode = {
    kind: 'backupVault',
    id: vaultId,
    name: names.tiers,
    keyArn,
    policy: kept ? [denied(deletion)] : [],
    ...(kept && lock !== false
      ? {
          lock: {
            minDays: Math.min(...days),
            maxDays: Math.max(...days),
            ...(typeof lock === 'object' ? { coolingOffDays: lock.coolingOffDays } : {}),
          },
        }
      : {}),
    notifications,
    removal,
  };
  if (database === undefined) return [main];
  const changes: BackupVaultNode = {
    kind: 'backupVault',
    id: changesVaultId,
    name: names.changes,
    keyArn,
    policy: kept ? [denied(deletion, { ArnNotEquals: { 'aws:PrincipalArn': ref(`${validateId}Role`, 'arn') } })] : [],
    notifications: { ...notifications, events: ['RECOVERY_POINT_MODIFIED'] },
    removal,
  };
  return [main, changes];
}
