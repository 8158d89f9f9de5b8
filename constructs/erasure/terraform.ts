import { Construct } from 'constructs';
import { operationsKeyId } from '../core/operations-key';
import type { KmsKey, SnsTopic } from '../core/terraform/aws';
import { givenKey, givenTopic, surroundings } from '../core/terraform/given';
import { type Grantee, grant } from '../core/terraform/grant';
import { type Lookup, render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import type { Lake } from '../lake/terraform';
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
  readonly operationsKey?: Pick<KmsKey, 'arn' | 'keyId'>;
  /**
   * A topic that is told of alarms.
   * @default a new one
   */
  readonly topic?: Pick<SnsTopic, 'arn'>;
}

/** Erases persons from a lake: from its tables, the files they are loaded from, and the snapshots that held them. */
export class Erasure extends Construct {
  /** ARN of the function that takes requests, and does each step. */
  readonly functionArn: string;
  readonly machineArn: string;
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
    this.functionArn = this.facts.functionArn;
    this.machineArn = this.facts.machineArn;
  }

  /** Lets a role ask for erasures, and ask what became of them. */
  grantRequest(role: Grantee): void {
    grant(this, 'Request', role, requestStatements(this.model.facts), this.#lookup);
  }
}
