import { Construct } from 'constructs';
import { operationsKeyId } from '../core/operations-key';
import type { KmsKey } from '../core/terraform/aws';
import { givenKey, surroundings } from '../core/terraform/given';
import { type Grantee, grant } from '../core/terraform/grant';
import { type Lookup, render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import type { IPostgresDatabase } from '../postgres/terraform';
import { invokeStatements, type VectorStoreFacts, type VectorStoreModel, vectorStoreModel } from './model';
import type { SearchDeclaration } from './props';

export interface VectorStoreProps extends Omit<SearchDeclaration, 'emails'> {
  /** The database that holds the stores' tables, which `DatabaseMigrations` makes. */
  readonly database: IPostgresDatabase;
  /**
   * An existing key for logs and environment. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: Pick<KmsKey, 'arn' | 'keyId'>;
}

/** The vector stores of a platform: a function that searches them. */
export class VectorStore extends Construct {
  /** ARN of the function: it takes a `SearchEvent` and answers with a `SearchPage`. */
  readonly functionArn: string;
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
    this.functionArn = this.facts.functionArn;
  }

  /**
   * Lets a role search every store, for whichever tenant it names: who calls the function answers for the tenant.
   */
  grantInvoke(role: Grantee): void {
    grant(this, 'Search', role, invokeStatements(this.model.facts), this.#lookup);
  }
}
