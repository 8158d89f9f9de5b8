import { Construct } from 'constructs';
import { operationsKeyId } from '../core/operations-key';
import { dependable, type KmsKey, type SnsTopic, type TerraformResource } from '../core/terraform/aws';
import { givenKey, givenTopic, surroundings } from '../core/terraform/given';
import { render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import { noticesId } from '../pipeline/ids';
import type { IPostgresDatabase } from '../postgres/terraform';
import { invocationId, type MigrationsFacts, type MigrationsModel, migrationsModel, neededBefore } from './model';
import type { MigrationsDeclaration } from './props';

export interface DatabaseMigrationsProps extends MigrationsDeclaration {
  /** What they are applied to: itself, never through its proxy. */
  readonly database: IPostgresDatabase;
  /**
   * An existing key for logs, topic and environment. Its policy must let the services in `servicesUseOperationsKey` use
   * it.
   * @default a new one
   */
  readonly operationsKey?: Pick<KmsKey, 'arn' | 'keyId'>;
  /**
   * A topic that is told of the alarm.
   * @default a new one
   */
  readonly topic?: Pick<SnsTopic, 'arn'>;
}

/**
 * Migrations of a database: the short ones are applied at each deploy, which fails where one of them does; the long and
 * the destructive ones by a state machine that the deploy starts and does not wait for.
 */
export class DatabaseMigrations extends Construct {
  /** ARN of the function. */
  readonly functionArn: string;
  /** ARN of the state machine that applies what is long or destructive. */
  readonly machineArn: string;
  readonly facts: Resolved<MigrationsFacts>;
  /** What was decided, before any engine. */
  readonly model: MigrationsModel;

  constructor(scope: Construct, id: string, props: DatabaseMigrationsProps) {
    super(scope, id);
    const { database, operationsKey: key, topic } = props;
    const given = {
      ...givenKey(operationsKeyId, key),
      ...givenTopic(noticesId, topic),
    };
    this.model = migrationsModel(this.node.path, props, database.facts, surroundings(this, given));
    this.facts = resolve(this.model.facts, render(this, this.model.nodes, given));
    const release = this.node.findChild(invocationId) as TerraformResource;
    release.dependsOn = neededBefore(database.model.nodes).map((needed) =>
      dependable(database.node.findChild(needed) as TerraformResource),
    );
    this.functionArn = this.facts.functionArn;
    this.machineArn = this.facts.machineArn;
  }
}
