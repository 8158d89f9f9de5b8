import type { Text } from '../text';
import type { NodeBase, Removal } from './common';

/** Subnets that RDS puts databases into. Attributes: `name`. */
export interface DbSubnetGroupNode extends NodeBase {
  readonly kind: 'dbSubnetGroup';
  readonly description: string;
  readonly subnetIds: readonly Text[];
}

/** Settings of PostgreSQL, for an instance or for a cluster. Attributes: `name`. */
export interface DbParameterGroupNode extends NodeBase {
  readonly kind: 'dbParameterGroup';
  readonly of: 'instance' | 'cluster';
  /** For example `postgres17`, `aurora-postgresql17`. */
  readonly family: string;
  readonly description: string;
  readonly parameters: readonly DbParameter[];
}

export interface DbParameter {
  readonly name: string;
  readonly value: string;
  /** Whether the database must be started again to read it. */
  readonly needsRestart: boolean;
}

/** What instances and clusters have in common. */
interface DbBase extends NodeBase {
  readonly identifier: string;
  /** Major version: RDS takes its newest minor one, and upgrades it by itself. */
  readonly version: string;
  readonly databaseName: string;
  /** RDS keeps its password in a secret of its own, and changes it every seven days. */
  readonly masterUser: string;
  readonly port: number;
  readonly keyArn: Text;
  readonly subnetGroup: Text;
  readonly parameterGroup: Text;
  readonly securityGroupIds: readonly Text[];
  readonly backupDays: number;
  readonly backupWindow?: string;
  readonly maintenanceWindow?: string;
  /** Names of its logs that go to CloudWatch. */
  readonly logExports: readonly string[];
  /** `retain` protects it from deletion as well; its last snapshot is then called `<identifier>-final`. */
  readonly removal: Removal;
  /** Ids of nodes that must be there before, though it does not name them: its log groups. */
  readonly after: readonly string[];
}

/** How an instance is watched, itself or in a cluster. */
interface DbWatch {
  /** Enhanced monitoring. */
  readonly monitoring?: { readonly seconds: number; readonly roleArn: Text };
  /** Performance Insights. */
  readonly insights?: { readonly days: number; readonly keyArn: Text };
}

/**
 * RDS for PostgreSQL: encrypted, private, with IAM authentication. Attributes: `arn`, `id`, `host`, `resourceId`,
 * `secretArn`.
 */
export interface DbInstanceNode extends DbBase, DbWatch {
  readonly kind: 'dbInstance';
  readonly instanceClass: string;
  readonly storageGb: number;
  readonly maxStorageGb?: number;
  readonly multiAz: boolean;
  /** Rules of auditors that it does not meet, by their exact ids. */
  readonly exceptions?: readonly { readonly rule: string; readonly reason: string }[];
}

/**
 * Aurora PostgreSQL Serverless v2: encrypted, private, with IAM authentication. Attributes: `arn`, `id`, `host`,
 * `readHost`, `resourceId`, `secretArn`.
 */
export interface DbClusterNode extends DbBase {
  readonly kind: 'dbCluster';
  /** Aurora capacity units. */
  readonly capacity: { readonly min: number; readonly max: number };
}

/** Instance of a cluster: its writer or a reader. Attributes: `arn`, `id`. */
export interface DbClusterInstanceNode extends NodeBase, DbWatch {
  readonly kind: 'dbClusterInstance';
  readonly identifier: string;
  readonly cluster: Text;
  /** Who is the next writer: the lowest first. */
  readonly promotionTier: number;
  readonly removal: Removal;
}

/**
 * RDS Proxy: TLS alone, and IAM authentication from the client to the database. Attributes: `arn`, `host`, `resourceId`.
 */
export interface DbProxyNode extends NodeBase {
  readonly kind: 'dbProxy';
  readonly name: string;
  readonly roleArn: Text;
  readonly subnetIds: readonly Text[];
  readonly securityGroupIds: readonly Text[];
  readonly idleClientSeconds: number;
  readonly target: { readonly instance: Text } | { readonly cluster: Text };
  readonly maxConnectionsPercent: number;
  readonly maxIdleConnectionsPercent: number;
  readonly borrowSeconds: number;
  /** Ids of nodes that must be there before: its log group, and the instances of its cluster. */
  readonly after: readonly string[];
}
