import type { Text } from '../text';
import type { NodeBase } from './common';

/** Subnets that DMS puts replications into. Attributes: `name`. */
export interface DmsSubnetGroupNode extends NodeBase {
  readonly kind: 'dmsSubnetGroup';
  readonly name: string;
  readonly description: string;
  readonly subnetIds: readonly Text[];
}

/** PostgreSQL as DMS reads it, over TLS, by the plugin `test_decoding`. Attributes: `arn`. */
export interface DmsPostgresNode extends NodeBase {
  readonly kind: 'dmsPostgres';
  readonly name: string;
  readonly engine: 'postgres' | 'aurora-postgresql';
  readonly database: string;
  /** JSON of `username`, `password`, `host` and `port`. */
  readonly secretArn: Text;
  /** Role that DMS reads the secret as. */
  readonly secretRoleArn: Text;
  readonly keyArn: Text;
  /**
   * Schema of the source in which DMS writes every few minutes, so that the log of a database that is idle does not pile up
   * behind its slot. Absent: it writes nothing.
   */
  readonly heartbeat?: { readonly schema: string; readonly minutes: number };
  /** Ids of nodes that must be there before, though it does not name them. */
  readonly after: readonly string[];
}

/** A stream of Kinesis as DMS writes to it: JSON, a line a record. Attributes: `arn`. */
export interface DmsKinesisNode extends NodeBase {
  readonly kind: 'dmsKinesis';
  readonly name: string;
  readonly streamArn: Text;
  /** Role that DMS writes as. */
  readonly roleArn: Text;
  readonly keyArn: Text;
  /** Whether records have their place in the log. */
  readonly transactionDetails: boolean;
  /** Whether a null is written, too. */
  readonly nullAndEmpty: boolean;
  /** Whether there are records of what happens to tables, such as a truncation. */
  readonly controlDetails: boolean;
}

/** Serverless replication of DMS, which nothing has started yet. Attributes: `arn`. */
export interface DmsReplicationNode extends NodeBase {
  readonly kind: 'dmsReplication';
  readonly name: string;
  readonly type: 'full-load-and-cdc';
  readonly sourceArn: Text;
  readonly targetArn: Text;
  /** JSON: which tables and columns. */
  readonly tableMappings: unknown;
  /** JSON: how it is done. */
  readonly settings: unknown;
  /** DMS capacity units, of 2 GB each. */
  readonly capacity: { readonly min: number; readonly max: number };
  readonly multiAz: boolean;
  readonly subnetGroup: Text;
  readonly securityGroupIds: readonly Text[];
  readonly keyArn: Text;
  /** Ids of nodes that must be there before, though it does not name them. */
  readonly after: readonly string[];
}
