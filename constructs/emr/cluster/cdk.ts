import { type ISecurityGroup, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { type IGrantable, type IRole, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { givenKey, givenTopic, surroundings } from '../../core/cdk/given';
import { grant } from '../../core/cdk/grant';
import { type Lookup, render } from '../../core/cdk/render';
import { operationsKeyId } from '../../core/operations-key';
import { type Resolved, resolve } from '../../core/text';
import type { Lake } from '../../lake/cdk';
import { type NetworkSource, vpcFacts } from '../../network/cdk';
import { noticesId } from '../../pipeline/ids';
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
  readonly operationsKey?: IKey;
  /**
   * An existing topic that is told of alarms, for example `pipeline.notices`.
   * @default a new one
   */
  readonly topic?: ITopic;
}

/** An EMR cluster on EC2 that runs Spark over the tables of a lake. It costs while it stands, work or none. */
export class EmrCluster extends Construct {
  readonly clusterId: string;
  readonly clusterArn: string;
  /** What nodes and steps act as: give it what they need, for example `lake.grantWrite(cluster.jobRole)`. */
  readonly jobRole: IRole;
  /** Of core and task nodes: for databases that let jobs in. */
  readonly workersSecurityGroup: ISecurityGroup;
  /** Told of alarms. */
  readonly notices: ITopic;
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
    this.jobRole = Role.fromRoleName(this, 'AsRole', this.facts.jobRoleName);
    this.workersSecurityGroup = SecurityGroup.fromSecurityGroupId(
      this,
      'AsSecurityGroup',
      this.facts.workersSecurityGroupId,
    );
    this.notices = topic ?? Topic.fromTopicArn(this, 'Notices', this.facts.notices);
  }

  /** Lets a principal run steps, ask how they are, and cancel them. */
  grantRun(grantee: IGrantable): void {
    grant(this, grantee, stepStatements(this.model.facts), this.#lookup);
  }
}
