import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { type IStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { givenKey, surroundings } from '../core/cdk/given';
import { grant } from '../core/cdk/grant';
import { type Lookup, render } from '../core/cdk/render';
import { spread } from '../core/cdk/spread';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import type { SparkApplication } from '../emr/cdk';
import type { EmrCluster } from '../emr/cluster/cdk';
import type { Lake } from '../lake/cdk';
import { type PipelineFacts, type PipelineModel, pipelineModel } from './model';
import type { PipelineDeclaration } from './props';

export interface PipelineProps extends PipelineDeclaration {
  /** The lake whose zones it reads and writes. */
  readonly lake: Lake;
  /**
   * Runs jobs for the tables whose engine is Spark: an application of EMR Serverless, or a cluster, whose processor is that
   * of `architecture`.
   * @default none: it must be given where a table is Spark's
   */
  readonly spark?: SparkApplication | EmrCluster;
  /**
   * An existing key for logs, queues, topic and environments. Its policy must let the services in
   * `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly key?: IKey;
  /**
   * Nested stacks over which alarms of tables are spread, 1 to 200: a stack of CloudFormation holds 500 resources, and a
   * dataset needs about 2. Choose it once, since another number moves them into other stacks.
   * @default none: all are in one stack, which is enough for some 150 datasets
   */
  readonly tableStacks?: number;
}

/** Runs a platform's dataset groups: ingest, quality gates, SQL models, publish; with schedules, queues and alarms. */
export class Pipeline extends Construct {
  /** Told of failures and alarms. */
  readonly notices: ITopic;
  /** By name of their group. */
  readonly machines: Readonly<Record<string, IStateMachine>>;
  /** What was decided, before any engine. */
  readonly model: PipelineModel;
  readonly facts: Resolved<PipelineFacts>;
  readonly #lookup: Lookup;

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id);
    const given = givenKey(operationsKeyId, props.key);
    this.model = pipelineModel(this.node.path, props, props.lake.facts, {
      ...surroundings(this, given),
      folder: process.cwd(),
      spark: props.spark?.facts,
    });
    const lookup = render(this, this.model.nodes, given, spread(this, props.tableStacks));
    this.#lookup = lookup;
    this.facts = resolve(this.model.facts, lookup);
    if (props.spark !== undefined && this.model.jobStatements !== undefined)
      grant(this, props.spark.jobRole, this.model.jobStatements, lookup);
    this.notices = Topic.fromTopicArn(this, 'Notices', this.facts.notices);
    this.machines = Object.fromEntries(
      Object.entries(this.facts.machines).map(([group, arn]) => [
        group,
        StateMachine.fromStateMachineArn(this, `Machine-${group}`, arn),
      ]),
    );
  }

  /** Lets a principal run the DAGs that `ingot dag` writes: the steps of the state machines, without these. */
  grantDags(grantee: IGrantable): void {
    grant(this, grantee, this.model.dagStatements, this.#lookup);
  }
}
