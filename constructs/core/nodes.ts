import type { Text } from './text';

/**
 * What a model decides, as data: one node a resource, in an order in which each refers only to those before it. Each
 * kind has two renderings, `cdk/` and `terraform/`, which add nothing: no default, no choice, no statement of their own.
 */
export type Node =
  | KeyNode
  | BucketNode
  | DatabaseNode
  | GlueTableNode
  | SchemaRegistryNode
  | SchemaNode
  | WorkgroupNode
  | RoleNode
  | LogGroupNode
  | LayerNode
  | FunctionNode
  | PermissionNode
  | QueueNode
  | TopicNode
  | SubscriptionNode
  | EventRuleNode
  | ScheduleNode
  | StateMachineNode
  | AlarmNode
  | IcebergTableNode
  | DataQualityRulesetNode;

export type NodeKind = Node['kind'];

interface NodeBase {
  /** Construct id, the same in both engines, for example `BronzeBucket`. */
  readonly id: string;
}

/** What happens to a resource that holds data when it leaves its stack. */
export type Removal = 'retain' | 'delete';

/** One IAM statement. Who has it is a principal's business, but for resource policies, which name theirs. */
export interface Statement {
  readonly sid?: string;
  /** Why a resource of it ends in `*`: said to whoever audits policies, cdk-nag first. */
  readonly because?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly principal?: Principal;
  readonly actions: readonly string[];
  readonly resources: readonly Text[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, Text | readonly Text[]>>>>;
}

export type Principal = { readonly service: Text } | { readonly aws: Text } | 'anyone';

/** KMS key. Attributes: `arn`, `id`. Rotation is always on. */
export interface KeyNode extends NodeBase {
  readonly kind: 'key';
  readonly alias: Text;
  readonly description: string;
  /** Beside the account's own administration, which every key has. */
  readonly policy: readonly Statement[];
  readonly removal: Removal;
}

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

/** Glue database. Attributes: `name`. */
export interface DatabaseNode extends NodeBase {
  readonly kind: 'database';
  readonly name: string;
  readonly description: string;
  readonly location: Text;
  readonly removal: Removal;
}

/** Glue table over files, with partition projection. Attributes: `name`. */
export interface GlueTableNode extends NodeBase {
  readonly kind: 'glueTable';
  readonly database: Text;
  readonly name: string;
  readonly description: string;
  readonly location: Text;
  readonly columns: readonly GlueColumn[];
  readonly partitionKeys: readonly GlueColumn[];
  readonly inputFormat: string;
  readonly outputFormat: string;
  readonly serde: { readonly library: string; readonly parameters: Readonly<Record<string, string>> };
  readonly parameters: Readonly<Record<string, Text>>;
  readonly removal: Removal;
}

export interface GlueColumn {
  readonly name: string;
  /** Hive type, for example `array<string>`. */
  readonly type: string;
  readonly comment?: string;
}

/** Glue schema registry. Attributes: `arn`, `name`. */
export interface SchemaRegistryNode extends NodeBase {
  readonly kind: 'schemaRegistry';
  readonly name: string;
  readonly description: string;
}

/** Glue schema, with its newest version; earlier versions stay. Attributes: `arn`, `name`. */
export interface SchemaNode extends NodeBase {
  readonly kind: 'schema';
  readonly registryArn: Text;
  readonly registryName: Text;
  readonly name: string;
  readonly description: string;
  readonly dataFormat: 'AVRO' | 'JSON';
  readonly compatibility: 'BACKWARD' | 'FULL' | 'NONE';
  readonly definition: string;
}

/** Athena workgroup whose settings bind every client. Attributes: `name`. */
export interface WorkgroupNode extends NodeBase {
  readonly kind: 'workgroup';
  readonly name: string;
  readonly description: string;
  readonly outputLocation: Text;
  readonly keyArn: Text;
  readonly scanLimitBytes: number;
}

/** IAM role. Attributes: `arn`, `name`. */
export interface RoleNode extends NodeBase {
  readonly kind: 'role';
  readonly description: string;
  readonly assumedBy: Principal;
  /** Conditions on who may assume it, for example `aws:SourceAccount`. */
  readonly assumeConditions?: Statement['conditions'];
  readonly statements: readonly Statement[];
  /** `managed`: its statements are a policy of its own kind, as some auditors want; absent: they are part of the role. */
  readonly permissions?: 'managed';
}

/** CloudWatch log group. Attributes: `arn` (with the `:*` that policies and Step Functions want), `name`. */
export interface LogGroupNode extends NodeBase {
  readonly kind: 'logGroup';
  readonly name: Text;
  readonly retentionDays: number;
  readonly keyArn: Text;
  readonly removal: Removal;
}

/** Lambda layer from a zip on this machine. Attributes: `arn`. */
export interface LayerNode extends NodeBase {
  readonly kind: 'layer';
  readonly name: string;
  readonly description: string;
  readonly zip: Zip;
  readonly architecture: Architecture;
}

export type Architecture = 'arm64' | 'x86_64';

/** A zip that is there before synth, or whose content the model decided. */
export type Zip =
  /** A handler of this package: `dist/handlers/<bundle>.zip`. */
  | { readonly bundle: string }
  /** A file, and what to do where it is not there. */
  | { readonly file: string; readonly remedy: string }
  | { readonly entries: Readonly<Record<string, string>> };

/** Lambda function on Node. Attributes: `arn`, `name`. Traced by X-Ray, logs as JSON. */
export interface FunctionNode extends NodeBase {
  readonly kind: 'function';
  readonly name: string;
  readonly description: string;
  readonly roleArn: Text;
  readonly zip: Zip;
  readonly handler: string;
  readonly runtime: string;
  readonly architecture: Architecture;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly diskMb: number;
  readonly layers: readonly Text[];
  readonly environment: Readonly<Record<string, Text>>;
  readonly keyArn: Text;
  readonly logGroupName: Text;
  readonly reservedConcurrency?: number;
  readonly network?: { readonly subnetIds: readonly Text[]; readonly securityGroupIds: readonly Text[] };
  /** Queue for calls that nobody waits for and that failed. */
  readonly deadLetterArn?: Text;
}

/** Lets a service call a function. */
export interface PermissionNode extends NodeBase {
  readonly kind: 'permission';
  readonly functionName: Text;
  readonly service: string;
  readonly sourceArn: Text;
}

/** SQS queue. Attributes: `arn`, `name`, `url`. */
export interface QueueNode extends NodeBase {
  readonly kind: 'queue';
  readonly name: string;
  readonly keyArn: Text;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly redrive?: { readonly queueArn: Text; readonly maxReceives: number };
  /** Statements with the resource left empty speak of this queue. */
  readonly policy: readonly Statement[];
}

/** SNS topic. Attributes: `arn`, `name`. */
export interface TopicNode extends NodeBase {
  readonly kind: 'topic';
  readonly name: string;
  readonly keyArn: Text;
  /** Statements with the resource left empty speak of this topic. */
  readonly policy: readonly Statement[];
}

export interface SubscriptionNode extends NodeBase {
  readonly kind: 'subscription';
  readonly topicArn: Text;
  readonly protocol: 'email' | 'https' | 'sqs' | 'lambda';
  readonly endpoint: Text;
}

/** EventBridge rule on the default bus with one target. Attributes: `arn`. */
export interface EventRuleNode extends NodeBase {
  readonly kind: 'eventRule';
  readonly name: string;
  readonly description: string;
  readonly pattern: unknown;
  readonly targetArn: Text;
  readonly deadLetterArn?: Text;
}

/** EventBridge Scheduler schedule. Attributes: `arn`. */
export interface ScheduleNode extends NodeBase {
  readonly kind: 'schedule';
  readonly name: string;
  readonly description: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly targetArn: Text;
  readonly roleArn: Text;
  readonly keyArn: Text;
  /** JSON sent to the target. */
  readonly input: unknown;
  readonly deadLetterArn?: Text;
}

/** Step Functions state machine (standard). Attributes: `arn`, `name`. Traced by X-Ray, all events logged. */
export interface StateMachineNode extends NodeBase {
  readonly kind: 'stateMachine';
  readonly name: string;
  readonly roleArn: Text;
  /** Amazon States Language. */
  readonly definition: unknown;
  readonly logGroupArn: Text;
}

/** CloudWatch alarm. Attributes: `arn`. */
export interface AlarmNode extends NodeBase {
  readonly kind: 'alarm';
  readonly name: string;
  readonly description: string;
  readonly metrics: readonly AlarmMetric[];
  readonly comparison: 'GreaterThanThreshold' | 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold';
  readonly threshold: number;
  readonly periods: number;
  readonly periodsToAlarm: number;
  readonly missingData: 'breaching' | 'notBreaching' | 'ignore' | 'missing';
  readonly actions: readonly Text[];
}

/** One metric, or an expression over the others; exactly one of an alarm's returns data. */
export type AlarmMetric =
  | {
      readonly id: string;
      readonly returns: boolean;
      readonly namespace: string;
      readonly name: string;
      readonly dimensions: Readonly<Record<string, Text>>;
      readonly statistic: string;
      readonly periodSeconds: number;
    }
  | { readonly id: string; readonly returns: boolean; readonly expression: string; readonly label: string };

/** Ruleset of AWS Glue Data Quality, for one table. Attributes: `name`. Costs nothing until somebody runs it. */
export interface DataQualityRulesetNode extends NodeBase {
  readonly kind: 'dataQualityRuleset';
  readonly name: string;
  readonly description: string;
  /** DQDL. */
  readonly ruleset: string;
  readonly database: Text;
  readonly table: string;
  /** Id of the node that makes the table, as the ruleset can only be made after it. */
  readonly after: string;
}

/** An Iceberg table, created and evolved by the tables handler: a custom resource, or `aws_lambda_invocation`. */
export interface IcebergTableNode extends NodeBase {
  readonly kind: 'icebergTable';
  readonly functionArn: Text;
  readonly functionName: Text;
  /** How long CloudFormation waits for an answer: a function that dies says nothing. Terraform waits for its call. */
  readonly timeoutSeconds: number;
  /** What the handler is told: the resolved `TableSpec`, as plain JSON. */
  readonly spec: unknown;
}
