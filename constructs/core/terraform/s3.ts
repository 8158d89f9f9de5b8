import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { assetFile } from '../asset-file';
import type { LifecycleRule } from '../nodes';
import { ofItself, policyDocument } from '../policy';
import { replicationRule } from '../replication';
import {
  AssetType,
  S3Bucket,
  S3BucketLifecycleConfiguration,
  S3BucketLoggingA,
  S3BucketNotification,
  S3BucketOwnershipControls,
  S3BucketPolicy,
  S3BucketPublicAccessBlock,
  S3BucketReplicationConfigurationA,
  S3BucketServerSideEncryptionConfigurationA,
  S3BucketVersioningA,
  S3Object,
  TerraformAsset,
} from './aws';
import { lifecycle } from './removal';
import type { Renderer } from './render';

export const renderBucket: Renderer<'bucket'> = (scope, node) => {
  const resource = new S3Bucket(scope, node.id, { bucket: node.name, lifecycle: lifecycle(node.removal) });
  const bucket = resource.id;
  new S3BucketServerSideEncryptionConfigurationA(scope, `${node.id}Encryption`, {
    bucket,
    rule: [
      node.keyArn === undefined
        ? { applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }
        : {
            bucketKeyEnabled: true,
            applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: node.keyArn },
          },
    ],
  });
  const publicAccess = new S3BucketPublicAccessBlock(scope, `${node.id}PublicAccess`, {
    bucket,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new S3BucketOwnershipControls(scope, `${node.id}Ownership`, {
    bucket,
    rule: { objectOwnership: 'BucketOwnerEnforced' },
  });
  const versioning = node.versioned
    ? [
        new S3BucketVersioningA(scope, `${node.id}Versioning`, {
          bucket,
          versioningConfiguration: { status: 'Enabled' },
        }),
      ]
    : [];
  if (node.lifecycle.length > 0)
    new S3BucketLifecycleConfiguration(scope, `${node.id}Lifecycle`, {
      bucket,
      rule: node.lifecycle.map(lifecycleRule),
      // S3 refuses rules on noncurrent versions for a bucket that has none yet.
      dependsOn: versioning,
    });
  if (node.replication !== undefined)
    new S3BucketReplicationConfigurationA(scope, `${node.id}Replication`, {
      bucket,
      role: node.replication.roleArn,
      rule: [replicationRule(node.replication)],
      dependsOn: versioning,
    });
  if (node.accessLogs !== undefined)
    new S3BucketLoggingA(scope, `${node.id}Logging`, {
      bucket,
      targetBucket: node.accessLogs.bucketName,
      targetPrefix: node.accessLogs.prefix,
    });
  if (node.eventBridge) new S3BucketNotification(scope, `${node.id}Notification`, { bucket, eventbridge: true });
  new S3BucketPolicy(scope, `${node.id}Policy`, {
    bucket,
    policy: JSON.stringify(policyDocument(ofItself(node.policy, resource.arn, `${resource.arn}/*`))),
    // Both change the bucket's policy status; S3 refuses them at once.
    dependsOn: [publicAccess],
  });
  return { arn: resource.arn, name: bucket };
};

function lifecycleRule(rule: LifecycleRule) {
  return {
    id: rule.id,
    status: 'Enabled',
    filter: [{ prefix: rule.prefix ?? '' }],
    transition:
      rule.archiveAfterDays === undefined ? undefined : [{ storageClass: 'GLACIER_IR', days: rule.archiveAfterDays }],
    expiration: rule.expireAfterDays === undefined ? undefined : [{ days: rule.expireAfterDays }],
    noncurrentVersionExpiration:
      rule.expireNoncurrentAfterDays === undefined ? undefined : [{ noncurrentDays: rule.expireNoncurrentAfterDays }],
    abortIncompleteMultipartUpload:
      rule.abortUploadsAfterDays === undefined ? undefined : [{ daysAfterInitiation: rule.abortUploadsAfterDays }],
  };
}

export const renderAsset: Renderer<'asset'> = (scope, node) => {
  const file = assetFile(scope, node.file);
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  const asset = new TerraformAsset(scope, `${node.id}File`, { path: file, type: AssetType.FILE, assetHash: hash });
  // With its hash in its key, as the CDK names its own: another file is another object, and who uses it sees that.
  const object = new S3Object(scope, node.id, {
    bucket: node.bucketName,
    key: `${node.prefix}${hash}/${basename(file)}`,
    source: asset.path,
  });
  return { uri: `s3://${object.bucket}/${object.key}`, arn: object.arn };
};
