import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Function as Fn, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { givenKey, surroundings } from '../core/cdk/given';
import { grant } from '../core/cdk/grant';
import { type Lookup, render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import type { IPostgresDatabase } from '../postgres/cdk';
import { invokeStatements, type VectorStoreFacts, type VectorStoreModel, vectorStoreModel } from './model';
import type { SearchDeclaration } from './props';

export interface VectorStoreProps extends Omit<SearchDeclaration, 'emails'> {
  /** The database that holds the stores' tables, which `DatabaseMigrations` makes. */
  readonly database: IPostgresDatabase;
  /**
   * An existing key for logs and environment. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: IKey;
}

/** The vector stores of a platform: a function that searches them. */
export class VectorStore extends Construct {
  /** Takes a `SearchEvent`, answers with a `SearchPage`. */
  readonly function: IFunction;
  readonly facts: Resolved<VectorStoreFacts>;
  /** What was decided, before any engine. */
  readonly model: VectorStoreModel;
  readonly #lookup: Lookup;

  constructor(scope: Construct, id: string, props: VectorStoreProps) {
    super(scope, id);
    const { database, operationsKey: key } = props;
    const given = givenKey(operationsKeyId, key);
    this.model = vectorStoreModel(this.node.path, props, database.facts, surroundings(this, given));
    this.#lookup = render(this, this.model.nodes, given);
    this.facts = resolve(this.model.facts, this.#lookup);
    this.function = Fn.fromFunctionArn(this, 'Function', this.facts.functionArn);
  }

  /**
   * Lets a principal search every store, for whichever tenant it names: who calls the function answers for the tenant.
   */
  grantInvoke(grantee: IGrantable): void {
    grant(this, grantee, invokeStatements(this.model.facts), this.#lookup);
  }
}
