import { Construct } from 'constructs';
import { operationsKeyId } from '../core/operations-key';
import type { KmsKey } from '../core/terraform/aws';
import { givenKey, surroundings } from '../core/terraform/given';
import { type Grantee, grant } from '../core/terraform/grant';
import { type Lookup, render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import type { EmrCluster } from '../emr/cluster/terraform';
import type { SparkApplication } from '../emr/terraform';
import type { Lake } from '../lake/terraform';
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
  readonly key?: Pick<KmsKey, 'arn' | 'keyId'>;
}

/** Runs a platform's dataset groups: ingest, quality gates, SQL models, publish; with schedules, queues and alarms. */
export class Pipeline extends Construct {
  /** ARN of the topic that is told of failures and alarms. */
  readonly notices: string;
  /** ARNs of the state machines, by name of their group. */
  readonly machines: Readonly<Record<string, string>>;
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
    const lookup = render(this, this.model.nodes, given);
    this.#lookup = lookup;
    this.facts = resolve(this.model.facts, lookup);
    if (props.spark !== undefined && this.model.jobStatements !== undefined)
      grant(this, 'Jobs', props.spark.jobRole, this.model.jobStatements, lookup);
    this.notices = this.facts.notices;
    this.machines = this.facts.machines;
  }

  /** Lets a role run the DAGs that `ingot dag` writes: the steps of the state machines, without these. */
  grantDags(role: Grantee): void {
    grant(this, 'Dags', role, this.model.dagStatements, this.#lookup);
  }
}
