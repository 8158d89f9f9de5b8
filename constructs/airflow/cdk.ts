import { type ISecurityGroup, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { type IRole, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { givenKey, surroundings } from '../core/cdk/given';
import { render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import type { Lake } from '../lake/cdk';
import { type NetworkSource, vpcFacts } from '../network/cdk';
import { type AirflowEnvironmentFacts, type AirflowEnvironmentModel, airflowEnvironmentModel } from './model';
import type { AirflowEnvironmentDeclaration } from './props';

export interface AirflowEnvironmentProps extends AirflowEnvironmentDeclaration {
  /** The lake, whose bucket for access logs it uses. */
  readonly lake: Lake;
  /**
   * Two private subnets, with endpoints of S3, SQS, KMS, CloudWatch and Lambda, or with a NAT gateway. MWAA makes the
   * endpoints of its own parts.
   */
  readonly network: NetworkSource;
  /**
   * An existing key. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: IKey;
}

/** Airflow as Amazon MWAA runs it, for the DAGs that `ingot dag` writes. It costs while it stands, runs or none. */
export class AirflowEnvironment extends Construct {
  /** Address of Airflow's pages, which only the VPC reaches. */
  readonly webserver: string;
  /** Airflow reads its folder `dags/`. */
  readonly bucket: IBucket;
  /** What DAGs act as: give it what they call, for example `pipeline.grantDags(airflow.executionRole)`. */
  readonly executionRole: IRole;
  readonly securityGroup: ISecurityGroup;
  /** What was decided, before any engine. */
  readonly model: AirflowEnvironmentModel;
  readonly facts: Resolved<AirflowEnvironmentFacts>;

  constructor(scope: Construct, id: string, props: AirflowEnvironmentProps) {
    super(scope, id);
    const given = givenKey(operationsKeyId, props.operationsKey);
    this.model = airflowEnvironmentModel(this.node.path, props, props.lake.facts, {
      ...surroundings(this, given),
      network: vpcFacts(props.network),
    });
    this.facts = resolve(this.model.facts, render(this, this.model.nodes, given));
    this.webserver = this.facts.webserver;
    this.bucket = Bucket.fromBucketName(this, 'AsBucket', this.facts.bucketName);
    this.executionRole = Role.fromRoleName(this, 'AsRole', this.facts.executionRoleName);
    this.securityGroup = SecurityGroup.fromSecurityGroupId(this, 'AsSecurityGroup', this.facts.securityGroupId);
  }
}
