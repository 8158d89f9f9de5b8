import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Function as Fn, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { type IStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { givenKey, givenTopic, surroundings } from '../core/cdk/given';
import { render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import { noticesId } from '../pipeline/ids';
import type { IPostgresDatabase } from '../postgres/cdk';
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
  readonly operationsKey?: IKey;
  /**
   * A topic that is told of the alarm.
   * @default a new one
   */
  readonly topic?: ITopic;
}

/**
 * Migrations of a database: the short ones are applied at each deploy, which fails where one of them does; the long and
 * the destructive ones by a state machine that the deploy starts and does not wait for.
 */
export class DatabaseMigrations extends Construct {
  readonly function: IFunction;
  /** Applies what is long or destructive. */
  readonly machine: IStateMachine;
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
    this.node
      .findChild(invocationId)
      .node.addDependency(...neededBefore(database.model.nodes).map((needed) => database.node.findChild(needed)));
    this.function = Fn.fromFunctionArn(this, 'Function', this.facts.functionArn);
    this.machine = StateMachine.fromStateMachineArn(this, 'Machine', this.facts.machineArn);
  }
}
