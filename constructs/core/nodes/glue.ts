import type { Text } from '../text';
import type { NodeBase, Removal } from './common';

/** Glue database. Attributes: `name`. */
export interface GlueDatabaseNode extends NodeBase {
  readonly kind: 'glueDatabase';
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
