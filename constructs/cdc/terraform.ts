import { Construct } from 'constructs';
import { operationsKeyId } from '../core/operations-key';
import { dependable, type KmsKey, type SnsTopic, type TerraformResource } from '../core/terraform/aws';
import { givenKey, givenTopic, surroundings } from '../core/terraform/given';
import { render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import type { SparkApplication } from '../emr/terraform';
import type { Lake } from '../lake/terraform';
import { invocationId } from '../migrations/model';
import type { DatabaseMigrations } from '../migrations/terraform';
import { type NetworkSource, vpcFacts } from '../network/terraform';
import { noticesId } from '../pipeline/ids';
import type { IPostgresDatabase } from '../postgres/terraform';
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
   * An existing topic that is told of alarms.
   * @default a new one
   */
  readonly topic?: Pick<SnsTopic, 'arn'>;
  /**
   * An existing key for logs, queue, topic and environments. Its policy must let the services in
   * `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: Pick<KmsKey, 'arn' | 'keyId'>;
}

/** Changes of a PostgreSQL database, and at first all of its rows, in tables of a lake. */
export class ChangeDataCapture extends Construct {
  /** ARNs of the stream, of the functions and what else others need. */
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
    const login = this.node.tryFindChild(loginId) as TerraformResource | undefined;
    if (login !== undefined && migrations !== undefined)
      login.dependsOn = [dependable(migrations.node.findChild(invocationId) as TerraformResource)];
  }
}
