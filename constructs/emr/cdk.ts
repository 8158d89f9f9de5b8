import { type ISecurityGroup, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { type IGrantable, type IRole, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { givenKey, surroundings } from '../core/cdk/given';
import { grant } from '../core/cdk/grant';
import { withManagedGrants } from '../core/cdk/managed-grants';
import { type Lookup, render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import { type NetworkSource, vpcFacts } from '../network/cdk';
import { runStatements, type SparkApplicationFacts, type SparkApplicationModel, sparkApplicationModel } from './model';
import type { SparkApplicationDeclaration } from './props';

export interface SparkApplicationProps extends SparkApplicationDeclaration {
  /**
   * Private subnets that workers reach services of AWS, and databases, from: with endpoints of Glue, CloudWatch
   * (`monitoring`), CloudWatch Logs, STS and KMS, and of S3, or with a NAT gateway.
   * @default a network of EMR's own, from which the services of the region are reached
   */
  readonly network?: NetworkSource;
  /**
   * An existing key for logs. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: IKey;
  /**
   * An existing key for the disks of workers, symmetric, in the region of the stack: no alias. Each job that Ingot starts names
   * it, and so must others, as `configurationOverrides` of StartJobRun. Job roles and who starts jobs are let use it; its own policy must let the account do so.
   * @default a key of AWS's
   */
  readonly diskKey?: IKey;
}

/** An EMR Serverless application that runs Spark over the tables of a lake. It costs nothing while nothing runs. */
export class SparkApplication extends Construct {
  readonly applicationId: string;
  readonly applicationArn: string;
  /** What jobs act as: give it what they need, for example `lake.grantWrite(spark.jobRole)`. */
  readonly jobRole: IRole;
  /** Of its workers: lets HTTPS out. Absent outside of a VPC. */
  readonly securityGroup?: ISecurityGroup;
  /** What was decided, before any engine. */
  readonly model: SparkApplicationModel;
  readonly facts: Resolved<SparkApplicationFacts>;
  readonly #lookup: Lookup;

  constructor(scope: Construct, id: string, props: SparkApplicationProps) {
    super(scope, id);
    const { network, operationsKey: key, diskKey } = props;
    const given = givenKey(operationsKeyId, key);
    this.model = sparkApplicationModel(this.node.path, props, {
      ...surroundings(this, given),
      network: network === undefined ? undefined : vpcFacts(network),
      diskKeyArn: diskKey?.keyArn,
    });
    this.#lookup = render(this, this.model.nodes, given);
    this.facts = resolve(this.model.facts, this.#lookup);
    this.applicationId = this.facts.applicationId;
    this.applicationArn = this.facts.applicationArn;
    const jobRole = Role.fromRoleName(this, 'AsRole', this.facts.jobRoleName);
    this.jobRole = props.compliance === 'regulated' ? withManagedGrants(jobRole) : jobRole;
    if (this.facts.securityGroupId !== undefined)
      this.securityGroup = SecurityGroup.fromSecurityGroupId(this, 'AsSecurityGroup', this.facts.securityGroupId);
  }

  /** Lets a principal run jobs as the job role, ask how they are, and cancel them. */
  grantRun(grantee: IGrantable): void {
    grant(this, grantee, runStatements(this.model.facts), this.#lookup);
  }
}
