import type { BucketNode } from './nodes';
import type { Resolved } from './text';

/** The one rule of a bucket's replication, in the words that both engines have for it: whatever happens is repeated. */
export function replicationRule({ bucketArn, keyArn }: Resolved<NonNullable<BucketNode['replication']>>) {
  return {
    id: 'everything',
    status: 'Enabled',
    priority: 0,
    filter: { prefix: '' },
    deleteMarkerReplication: { status: 'Enabled' },
    sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
    destination: { bucket: bucketArn, encryptionConfiguration: { replicaKmsKeyId: keyArn } },
  };
}
