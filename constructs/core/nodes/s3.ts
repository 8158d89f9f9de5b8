import type { Text } from '../text';
import type { NodeBase, Removal, Statement } from './common';
import type { Zip } from './lambda';

/** S3 bucket. Attributes: `arn`, `name`. Private, owner-enforced, with every public access blocked: that is no choice. */
export interface BucketNode extends NodeBase {
  readonly kind: 'bucket';
  readonly name: Text;
  /** KMS key's ARN; undefined: SSE-S3, for the target of access logs, which S3 cannot write with KMS. */
  readonly keyArn?: Text;
  readonly versioned: boolean;
  readonly lifecycle: readonly LifecycleRule[];
  readonly accessLogs?: { readonly bucketName: Text; readonly prefix: string };
  /** Statements with the resource left empty speak of this bucket and its objects. */
  readonly policy: readonly Statement[];
  /** Sends object events to EventBridge. */
  readonly eventBridge: boolean;
  /** Where whatever is written to it is copied to. Only for versioned buckets. */
  readonly replication?: { readonly roleArn: Text; readonly bucketArn: Text; readonly keyArn: Text };
  /** Rules of auditors that it cannot meet, by their exact ids. */
  readonly exceptions?: readonly { readonly rule: string; readonly reason: string }[];
  readonly removal: Removal;
}

export interface LifecycleRule {
  readonly id: string;
  /** Objects whose key begins so; absent: all. */
  readonly prefix?: string;
  readonly archiveAfterDays?: number;
  readonly expireAfterDays?: number;
  readonly expireNoncurrentAfterDays?: number;
  readonly abortUploadsAfterDays?: number;
}

/**
 * A file of this machine, in S3. Attributes: `uri`, as `s3://…`, and `arn`. The CDK has a bucket for such files;
 * Terraform has none and puts it into the one that is named.
 */
export interface AssetNode extends NodeBase {
  readonly kind: 'asset';
  /** Its path, a zip, or a file of this package by its path in it. */
  readonly file: string | Zip | { readonly packaged: string };
  readonly bucketName: Text;
  /** Begins its key in that bucket: `_ops/emr/`. */
  readonly prefix: string;
}
