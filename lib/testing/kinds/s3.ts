import {
  either,
  type Field,
  field,
  flag,
  maskHashes,
  names,
  number,
  object,
  type Service,
  same,
  set,
  snakeCase,
  tags,
} from '../kind';
import { policy } from '../policy';

/** Terraform only: refuses to delete a bucket that holds objects unless it is true, as CloudFormation always does. */
const forceDestroy = field(undefined, 'force_destroy', flag, false);

const encryption = {
  algorithm: field(
    'ServerSideEncryptionByDefault.SSEAlgorithm',
    'apply_server_side_encryption_by_default.sse_algorithm',
  ),
  key: field(
    'ServerSideEncryptionByDefault.KMSMasterKeyID',
    'apply_server_side_encryption_by_default.kms_master_key_id',
  ),
  bucketKey: field('BucketKeyEnabled', 'bucket_key_enabled', flag, false),
};

const publicAccess = {
  blockPublicAcls: same(flag, false),
  blockPublicPolicy: same(flag, false),
  ignorePublicAcls: same(flag, false),
  restrictPublicBuckets: same(flag, false),
};

const transition = {
  days: field('TransitionInDays', 'days', number),
  date: field('TransitionDate', 'date'),
  storageClass: same(),
};

const lifecycleRule = {
  id: same(),
  status: same(flag),
  prefix: field('Prefix', ['prefix', 'filter.prefix'], either, ''),
  minimumSize: field('ObjectSizeGreaterThan', 'filter.object_size_greater_than', number),
  maximumSize: field('ObjectSizeLessThan', 'filter.object_size_less_than', number),
  tags: field('TagFilters', 'filter.tag', tags),
  transitions: field('Transitions', 'transition', set(object(transition))),
  expirationDays: field('ExpirationInDays', 'expiration.days', number),
  expirationDate: field('ExpirationDate', 'expiration.date'),
  expiredDeleteMarker: field('ExpiredObjectDeleteMarker', 'expiration.expired_object_delete_marker', flag, false),
  noncurrentExpirationDays: field(
    'NoncurrentVersionExpiration.NoncurrentDays',
    'noncurrent_version_expiration.noncurrent_days',
    number,
  ),
  noncurrentVersionsKept: field(
    'NoncurrentVersionExpiration.NewerNoncurrentVersions',
    'noncurrent_version_expiration.newer_noncurrent_versions',
    number,
  ),
  noncurrentTransitions: field(
    'NoncurrentVersionTransitions',
    'noncurrent_version_transition',
    set(
      object({
        days: field('TransitionInDays', 'noncurrent_days', number),
        storageClass: same(),
        versionsKept: field('NewerNoncurrentVersions', 'newer_noncurrent_versions', number),
      }),
    ),
  ),
  abortMultipartDays: field(
    'AbortIncompleteMultipartUpload.DaysAfterInitiation',
    'abort_incomplete_multipart_upload.days_after_initiation',
    number,
  ),
};

const replicationRule = {
  id: same(),
  status: same(flag),
  priority: same(number),
  prefix: field('Filter.Prefix', 'filter.prefix', undefined, ''),
  deleteMarkers: field('DeleteMarkerReplication.Status', 'delete_marker_replication.status', flag),
  keyedObjects: field(
    'SourceSelectionCriteria.SseKmsEncryptedObjects.Status',
    'source_selection_criteria.sse_kms_encrypted_objects.status',
    flag,
  ),
  bucket: field('Destination.Bucket', 'destination.bucket'),
  key: field(
    'Destination.EncryptionConfiguration.ReplicaKmsKeyID',
    'destination.encryption_configuration.replica_kms_key_id',
  ),
};

const text: Field['shape'] = (value) => (typeof value === 'string' ? maskHashes(value) : value);

export const s3: Service = {
  kinds: [
    {
      kind: 's3.bucket',
      cloudformation: 'AWS::S3::Bucket',
      terraform: 'aws_s3_bucket',
      attributes: {
        name: names('Ref', ['id', 'bucket']),
        arn: names('Arn', 'arn'),
        domainName: names('DomainName', 'bucket_domain_name'),
        regionalDomainName: names('RegionalDomainName', 'bucket_regional_domain_name'),
      },
      properties: {
        name: field('BucketName', 'bucket'),
        namePrefix: field(undefined, 'bucket_prefix'),
        forceDestroy,
        objectLock: field('ObjectLockEnabled', 'object_lock_enabled', flag, false),
        encryption: field('BucketEncryption.ServerSideEncryptionConfiguration', undefined, set(object(encryption))),
        versioning: field('VersioningConfiguration.Status', undefined, flag),
        publicAccess: field('PublicAccessBlockConfiguration', undefined, object(publicAccess)),
        lifecycle: field('LifecycleConfiguration.Rules', undefined, set(object(lifecycleRule))),
        logging: field(
          'LoggingConfiguration',
          undefined,
          object({
            bucket: field('DestinationBucketName', undefined),
            prefix: field('LogFilePrefix', undefined),
          }),
        ),
        ownership: field('OwnershipControls.Rules', undefined, set(object({ objectOwnership: same() }))),
        replication: field('ReplicationConfiguration.Rules', undefined, set(object(replicationRule))),
        replicationRole: field('ReplicationConfiguration.Role', undefined),
        eventBridge: field(
          'NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled',
          undefined,
          flag,
          false,
        ),
        tags: same(tags),
      },
    },
    {
      kind: 's3.object',
      terraform: 'aws_s3_object',
      attributes: {
        key: names(undefined, ['key', 'id']),
        versionId: names(undefined, 'version_id'),
        arn: names(undefined, 'arn'),
      },
      properties: {
        bucket: field(undefined, 'bucket'),
        key: field(undefined, 'key', text),
        // Bytes are no decision of the template: their place on this machine and their hashes are not compared.
        source: field(undefined, ['source', 'source_hash', 'etag', 'content', 'content_base64'], () => '{asset}'),
        contentType: field(undefined, 'content_type'),
        encryption: field(undefined, 'server_side_encryption'),
        kmsKey: field(undefined, 'kms_key_id'),
        bucketKey: field(undefined, 'bucket_key_enabled', flag),
        tags: field(undefined, 'tags', tags),
      },
    },
  ],
  satellites: [
    {
      of: 's3.bucket',
      cloudformation: 'AWS::S3::BucketPolicy',
      terraform: 'aws_s3_bucket_policy',
      owner: names('Bucket', 'bucket'),
      properties: { policy: field('PolicyDocument', 'policy', policy('resource')) },
    },
    {
      of: 's3.bucket',
      terraform: 'aws_s3_bucket_server_side_encryption_configuration',
      owner: names(undefined, 'bucket'),
      properties: { encryption: field(undefined, 'rule', set(object(encryption))) },
    },
    {
      of: 's3.bucket',
      terraform: 'aws_s3_bucket_versioning',
      owner: names(undefined, 'bucket'),
      properties: { versioning: field(undefined, 'versioning_configuration.status', flag) },
    },
    {
      of: 's3.bucket',
      terraform: 'aws_s3_bucket_public_access_block',
      owner: names(undefined, 'bucket'),
      properties: {
        publicAccess: field(undefined, Object.keys(publicAccess).map(snakeCase), object(publicAccess)),
      },
    },
    {
      of: 's3.bucket',
      terraform: 'aws_s3_bucket_lifecycle_configuration',
      owner: names(undefined, 'bucket'),
      properties: { lifecycle: field(undefined, 'rule', set(object(lifecycleRule))) },
    },
    {
      of: 's3.bucket',
      terraform: 'aws_s3_bucket_logging',
      owner: names(undefined, 'bucket'),
      properties: {
        logging: field(
          undefined,
          ['target_bucket', 'target_prefix'],
          object({ bucket: field(undefined, 'target_bucket'), prefix: field(undefined, 'target_prefix') }),
        ),
      },
    },
    {
      of: 's3.bucket',
      terraform: 'aws_s3_bucket_ownership_controls',
      owner: names(undefined, 'bucket'),
      properties: { ownership: field(undefined, 'rule', set(object({ objectOwnership: same() }))) },
    },
    {
      of: 's3.bucket',
      terraform: 'aws_s3_bucket_replication_configuration',
      owner: names(undefined, 'bucket'),
      properties: {
        replication: field(undefined, 'rule', set(object(replicationRule))),
        replicationRole: field(undefined, 'role'),
      },
    },
    {
      of: 's3.bucket',
      terraform: 'aws_s3_bucket_notification',
      owner: names(undefined, 'bucket'),
      properties: { eventBridge: field(undefined, 'eventbridge', flag, false) },
    },
  ],
};
