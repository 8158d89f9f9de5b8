import { PolicyDocument } from 'aws-cdk-lib/aws-iam';
import { Bucket, BucketPolicy, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { assetFile } from '../asset-file';
import type { LifecycleRule } from '../nodes';
import { ofItself, policyDocument } from '../policy';
import { replicationRule } from '../replication';
import { acknowledge } from './acknowledge';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderBucket: Renderer<'bucket'> = (scope, node) => {
  const bucket = new CfnBucket(scope, node.id, {
    bucketName: node.name,
    bucketEncryption: {
      serverSideEncryptionConfiguration: [
        node.keyArn === undefined
          ? { serverSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }
          : {
              bucketKeyEnabled: true,
              serverSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: node.keyArn },
            },
      ],
    },
    publicAccessBlockConfiguration: {
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    ownershipControls: { rules: [{ objectOwnership: 'BucketOwnerEnforced' }] },
    versioningConfiguration: node.versioned ? { status: 'Enabled' } : undefined,
    lifecycleConfiguration: node.lifecycle.length === 0 ? undefined : { rules: node.lifecycle.map(lifecycleRule) },
    loggingConfiguration:
      node.accessLogs === undefined
        ? undefined
        : { destinationBucketName: node.accessLogs.bucketName, logFilePrefix: node.accessLogs.prefix },
    replicationConfiguration:
      node.replication === undefined
        ? undefined
        : { role: node.replication.roleArn, rules: [replicationRule(node.replication)] },
    notificationConfiguration: node.eventBridge
      ? { eventBridgeConfiguration: { eventBridgeEnabled: true } }
      : undefined,
  });
  applyRemoval(bucket, node.removal);
  acknowledge(bucket, node.exceptions);
  // As the bucket's own policy, so that what users add to it joins these statements: a bucket can have one policy only.
  const asBucket = Bucket.fromCfnBucket(bucket);
  asBucket.policy = new BucketPolicy(scope, `${node.id}Policy`, {
    bucket: asBucket,
    document: PolicyDocument.fromJson(policyDocument(ofItself(node.policy, bucket.attrArn, `${bucket.attrArn}/*`))),
  });
  return { arn: bucket.attrArn, name: bucket.ref };
};

function lifecycleRule(rule: LifecycleRule): CfnBucket.RuleProperty {
  return {
    id: rule.id,
    status: 'Enabled',
    prefix: rule.prefix,
    transitions:
      rule.archiveAfterDays === undefined
        ? undefined
        : [{ storageClass: 'GLACIER_IR', transitionInDays: rule.archiveAfterDays }],
    expirationInDays: rule.expireAfterDays,
    noncurrentVersionExpiration:
      rule.expireNoncurrentAfterDays === undefined ? undefined : { noncurrentDays: rule.expireNoncurrentAfterDays },
    abortIncompleteMultipartUpload:
      rule.abortUploadsAfterDays === undefined ? undefined : { daysAfterInitiation: rule.abortUploadsAfterDays },
  };
}

export const renderAsset: Renderer<'asset'> = (scope, node) => {
  const asset = new Asset(scope, node.id, { path: assetFile(scope, node.file) });
  return { uri: asset.s3ObjectUrl, arn: asset.bucket.arnForObjects(asset.s3ObjectKey) };
};
