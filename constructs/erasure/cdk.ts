import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Function as Fn, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { type IStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { givenKey, givenTopic, surroundings } from '../core/cdk/given';
import { grant } from '../core/cdk/grant';
import { type Lookup, render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import type { Lake } from '../lake/cdk';
import { noticesId } from '../pipeline/ids';
import { type ErasureFacts, type ErasureModel, erasureModel, requestStatements } from './model';
import type { ErasureDeclaration } from './props';

export interface ErasureProps extends ErasureDeclaration {
  /** The lake that people are erased from. */
  readonly lake: Lake;
  /**
   * An existing key for the ledger, logs, queue, topic and environment. Its policy must let the services in
   * `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: IKey;
  /**
   * A topic that is told of alarms.
   * @default a new one
   */
  readonly topic?: ITopic;
}

/** Erases persons from a lake: from its tables, the files they are loaded from, and the snapshots that held them. */
export class Erasure extends Construct {
  /** Takes requests, and does each step. */
  readonly function: IFunction;
  readonly machine: IStateMachine;
  readonly facts: Resolved<ErasureFacts>;
  /** What was decided, before any engine. */
  readonly model: ErasureModel;
  readonly #lookup: Lookup;

  constructor(scope: Construct, id: string, props: ErasureProps) {
    super(scope, id);
    const { lake, operationsKey: key, topic } = props;
    const given = { ...givenKey(operationsKeyId, key), ...givenTopic(noticesId, topic) };
    this.model = erasureModel(this.node.path, props, lake.facts, {
      ...surroundings(this, given),
      folder: process.cwd(),
    });
    this.#lookup = render(this, this.model.nodes, given);
    this.facts = resolve(this.model.facts, this.#lookup);
    this.function = Fn.fromFunctionArn(this, 'Function', this.facts.functionArn);
    this.machine = StateMachine.fromStateMachineArn(this, 'Machine', this.facts.machineArn);
  }

  /** Lets a principal ask for erasures, and ask what became of them. */
  grantRequest(grantee: IGrantable): void {
    grant(this, grantee, requestStatements(this.model.facts), this.#lookup);
  }
}
