import { type IStream, Stream } from 'aws-cdk-lib/aws-kinesis';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Function as Fn, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { givenKey, givenTopic, surroundings } from '../core/cdk/given';
import { render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import type { SparkApplication } from '../emr/cdk';
import type { Lake } from '../lake/cdk';
import type { DatabaseMigrations } from '../migrations/cdk';
import { invocationId } from '../migrations/model';
import { type NetworkSource, vpcFacts } from '../network/cdk';
import { noticesId } from '../pipeline/ids';
import type { IPostgresDatabase } from '../postgres/cdk';
import { loginId } from './ids';
import { type ChangeDataCaptureFacts, type ChangeDataCaptureModel, changeDataCaptureModel } from './model';
import type { ChangeDataCaptureDeclaration } from './props';

export interface ChangeDataCaptureProps extends ChangeDataCaptureDeclaration {
  /** The lake whose zones hold its tables. */
  readonly lake: Lake;
  /**
   * The platform's own database, where that is the source.
   * @default none
   */
  readonly database?: IPostgresDatabase;
  /**
   * What makes publication and roles in that database: it comes first.
   * @default none: they are there
   */
  readonly migrations?: DatabaseMigrations;
  /**
   * From where a source is reached that is not the platform's own database.
   * @default none
   */
  readonly sourceNetwork?: NetworkSource;
  /**
   * Applies changes with a job of Spark that never ends, in the place of the function, which takes commands alone then. In
   * a network of yours, from which Kinesis is reached.
   * @default none: the function applies them
   */
  readonly spark?: SparkApplication;
  /**
   * An existing topic that is told of alarms, for example `pipeline.notices`.
   * @default a new one
   */
  readonly topic?: ITopic;
  /**
   * An existing key for logs, queue, topic and environments. Its policy must let the services in
   * `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: IKey;
}

/** Changes of a PostgreSQL database, and at first all of its rows, in tables of a lake. */
export class ChangeDataCapture extends Construct {
  /** What is between database and lake. */
  readonly stream: IStream;
  /** Applies changes; takes an `ApplyCommand` as well, which releases a table. */
  readonly apply: IFunction;
  /** Starts, stops and watches the replication, and reads tables anew. */
  readonly control: IFunction;
  readonly facts: Resolved<ChangeDataCaptureFacts>;
  /** What was decided, before any engine. */
  readonly model: ChangeDataCaptureModel;

  constructor(scope: Construct, id: string, props: ChangeDataCaptureProps) {
    super(scope, id);
    const { operationsKey: key, topic, database, migrations, sourceNetwork, spark } = props;
    const given = { ...givenKey(operationsKeyId, key), ...givenTopic(noticesId, topic) };
    this.model = changeDataCaptureModel(this.node.path, props, props.lake.facts, {
      ...surroundings(this, given),
      folder: process.cwd(),
      database: database?.facts,
      spark: spark?.facts,
      ...(sourceNetwork === undefined ? {} : { vpc: vpcFacts(sourceNetwork) }),
    });
    this.facts = resolve(this.model.facts, render(this, this.model.nodes, given));
    const { stream, applyArn, controlArn } = this.facts;
    const login = this.node.tryFindChild(loginId);
    if (login !== undefined && migrations !== undefined)
      login.node.addDependency(migrations.node.findChild(invocationId));
    this.stream = Stream.fromStreamAttributes(this, 'Imported', {
      streamArn: stream.arn,
      encryptionKey: Key.fromKeyArn(this, 'ImportedKey', stream.keyArn),
    });
    this.apply = Fn.fromFunctionArn(this, 'Apply', applyArn);
    this.control = Fn.fromFunctionArn(this, 'Control', controlArn);
  }
}
