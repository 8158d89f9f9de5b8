import { Construct } from 'constructs';
import { operationsKeyId } from '../../core/operations-key';
import type { IamRole, KmsKey, SnsTopic } from '../../core/terraform/aws';
import { givenKey, givenTopic, surroundings } from '../../core/terraform/given';
import { type Grantee, grant } from '../../core/terraform/grant';
import { type Lookup, render } from '../../core/terraform/render';
import { type Resolved, resolve } from '../../core/text';
import type { Lake } from '../../lake/terraform';
import { type NetworkSource, vpcFacts } from '../../network/terraform';
import { noticesId } from '../../pipeline/ids';
import { jobRoleId } from './ids';
import { type EmrClusterFacts, type EmrClusterModel, emrClusterModel, stepStatements } from './model';
import type { EmrClusterDeclaration } from './props';

export interface EmrClusterProps extends EmrClusterDeclaration {
  /** The lake whose tables jobs read and write, and which keeps the cluster's logs. */
  readonly lake: Lake;
  /**
   * Private subnets that nodes reach services of AWS, and databases, from: with endpoints of S3, Glue, STS, KMS, EMR and
   * CloudWatch (`monitoring`), or with a NAT gateway.
   */
  readonly network: NetworkSource;
  /**
   * An existing key for disks and the topic. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: Pick<KmsKey, 'arn' | 'keyId'>;
  /**
   * An existing topic that is told of alarms.
   * @default a new one
   */
  readonly topic?: Pick<SnsTopic, 'arn'>;
}

/** An EMR cluster on EC2 that runs Spark over the tables of a lake. It costs while it stands, work or none. */
export class EmrCluster extends Construct {
  readonly clusterId: string;
  readonly clusterArn: string;
  /** What nodes and steps act as: give it what they need, for example `lake.grantWrite(cluster.jobRole)`. */
  readonly jobRole: IamRole;
  /** Of the security group of core and task nodes: for databases that let jobs in. */
  readonly workersSecurityGroupId: string;
  /** ARN of the topic that is told of alarms. */
  readonly notices: string;
  /** What was decided, before any engine. */
  readonly model: EmrClusterModel;
  readonly facts: Resolved<EmrClusterFacts>;
  readonly #lookup: Lookup;

  constructor(scope: Construct, id: string, props: EmrClusterProps) {
    super(scope, id);
    const { lake, network, operationsKey: key, topic } = props;
    const given = { ...givenKey(operationsKeyId, key), ...givenTopic(noticesId, topic) };
    this.model = emrClusterModel(this.node.path, props, lake.facts, {
      ...surroundings(this, given),
      network: vpcFacts(network),
      folder: process.cwd(),
    });
    this.#lookup = render(this, this.model.nodes, given);
    this.facts = resolve(this.model.facts, this.#lookup);
    this.clusterId = this.facts.clusterId;
    this.clusterArn = this.facts.clusterArn;
    this.jobRole = this.node.findChild(jobRoleId) as IamRole;
    this.workersSecurityGroupId = this.facts.workersSecurityGroupId;
    this.notices = this.facts.notices;
  }

  /** Lets a role run steps, ask how they are, and cancel them. */
  grantRun(role: Grantee): void {
    grant(this, 'Run', role, stepStatements(this.model.facts), this.#lookup);
  }
}
