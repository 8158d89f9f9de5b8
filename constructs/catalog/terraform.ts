import { Construct } from 'constructs';
import { operationsKeyId } from '../core/operations-key';
import type { KmsKey } from '../core/terraform/aws';
import { givenKey, surroundings } from '../core/terraform/given';
import { render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import type { Lake } from '../lake/terraform';
import { type CatalogFacts, type CatalogModel, catalogModel } from './model';
import type { CatalogDeclaration } from './props';

export interface CatalogProps extends CatalogDeclaration {
  /** The lake that holds the tables. */
  readonly lake: Lake;
  /**
   * An existing key for logs and environments. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly key?: Pick<KmsKey, 'arn' | 'keyId'>;
}

/** Tables of a lake, as contracts declare them: Glue tables and schemas of what arrives, Iceberg tables of all else. */
export class Catalog extends Construct {
  /** The key of logs and environments, for others to share. */
  readonly key: Pick<KmsKey, 'arn' | 'keyId'>;
  /** What was decided, before any engine. */
  readonly model: CatalogModel;
  readonly facts: Resolved<CatalogFacts>;

  constructor(scope: Construct, id: string, props: CatalogProps) {
    super(scope, id);
    const given = givenKey(operationsKeyId, props.key);
    this.model = catalogModel(this.node.path, props, props.lake.facts, surroundings(this, given));
    this.facts = resolve(this.model.facts, render(this, this.model.nodes, given));
    this.key = { arn: this.facts.key.arn, keyId: this.facts.key.id };
  }
}
