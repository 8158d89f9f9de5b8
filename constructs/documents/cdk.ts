import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Function as Fn, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { givenKey, givenTopic, surroundings } from '../core/cdk/given';
import { render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import type { Lake } from '../lake/cdk';
import { noticesId } from '../pipeline/ids';
import type { IPostgresDatabase } from '../postgres/cdk';
import { type DocumentsDeclaration, type DocumentsFacts, type DocumentsModel, documentsModel } from './model';

export interface DocumentIngestionProps extends DocumentsDeclaration {
  /** The lake whose zones hold the documents. */
  readonly lake: Lake;
  /** The database that holds the stores' tables, which `DatabaseMigrations` makes. */
  readonly database: IPostgresDatabase;
  /**
   * An existing key for logs, queues, topic and environments. Its policy must let the services in
   * `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: IKey;
  /**
   * A topic that is told of the alarm.
   * @default a new one
   */
  readonly topic?: ITopic;
}

/** Puts documents of a lake into vector stores, as they are written, changed and deleted. */
export class DocumentIngestion extends Construct {
  readonly function: IFunction;
  readonly facts: Resolved<DocumentsFacts>;
  /** What was decided, before any engine. */
  readonly model: DocumentsModel;

  constructor(scope: Construct, id: string, props: DocumentIngestionProps) {
    super(scope, id);
    const { lake, database, operationsKey: key, topic } = props;
    const given = {
      ...givenKey(operationsKeyId, key),
      ...givenTopic(noticesId, topic),
    };
    this.model = documentsModel(this.node.path, props, lake.facts, database.facts, {
      ...surroundings(this, given),
      folder: process.cwd(),
    });
    this.facts = resolve(this.model.facts, render(this, this.model.nodes, given));
    this.function = Fn.fromFunctionArn(this, 'Function', this.facts.functionArn);
  }
}
