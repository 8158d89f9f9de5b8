import { type CfnKey, type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { givenKey, surroundings } from '../core/cdk/given';
import { render } from '../core/cdk/render';
import { spread } from '../core/cdk/spread';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import type { Lake } from '../lake/cdk';
import { type CatalogFacts, type CatalogModel, catalogModel } from './model';
import type { CatalogDeclaration } from './props';

export interface CatalogProps extends CatalogDeclaration {
  /** The lake that holds the tables. */
  readonly lake: Lake;
  /**
   * An existing key for logs and environments. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly key?: IKey;
  /**
   * Nested stacks over which tables and schemas are spread, 1 to 200: a stack of CloudFormation holds 500 resources, and a
   * dataset needs about 4. Choose it once, since another number moves them into other stacks.
   * @default none: all are in one stack, which is enough for some 90 datasets
   */
  readonly tableStacks?: number;
}

/** Tables of a lake, as contracts declare them: Glue tables and schemas of what arrives, Iceberg tables of all else. */
export class Catalog extends Construct {
  /** The key of logs and environments, for others to share. */
  readonly key: IKey;
  /** Makes and changes Iceberg tables. */
  readonly tables: IFunction;
  /** What was decided, before any engine. */
  readonly model: CatalogModel;
  readonly facts: Resolved<CatalogFacts>;

  constructor(scope: Construct, id: string, props: CatalogProps) {
    super(scope, id);
    const given = givenKey(operationsKeyId, props.key);
    this.model = catalogModel(this.node.path, props, props.lake.facts, surroundings(this, given));
    this.facts = resolve(this.model.facts, render(this, this.model.nodes, given, spread(this, props.tableStacks)));
    this.key = props.key ?? Key.fromCfnKey(this.node.findChild(operationsKeyId) as CfnKey);
    this.tables = LambdaFunction.fromFunctionArn(this, 'Tables', this.facts.tables.functionArn);
  }
}
