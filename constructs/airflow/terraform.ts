import { Construct } from 'constructs';
import { operationsKeyId } from '../core/operations-key';
import type { IamRole, KmsKey } from '../core/terraform/aws';
import { givenKey, surroundings } from '../core/terraform/given';
import { render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import type { Lake } from '../lake/terraform';
import { type NetworkSource, vpcFacts } from '../network/terraform';
import { type AirflowEnvironmentFacts, type AirflowEnvironmentModel, airflowEnvironmentModel } from './model';
import type { AirflowEnvironmentDeclaration } from './props';
import { executionRoleId } from './role';

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
  readonly operationsKey?: Pick<KmsKey, 'arn' | 'keyId'>;
}

/** Airflow as Amazon MWAA runs it, for the DAGs that `ingot dag` writes. It costs while it stands, runs or none. */
export class AirflowEnvironment extends Construct {
  /** Address of Airflow's pages, which only the VPC reaches. */
  readonly webserver: string;
  /** Name of the bucket whose folder `dags/` Airflow reads. */
  readonly bucketName: string;
  /** What DAGs act as: give it what they call, for example `pipeline.grantDags(airflow.executionRole)`. */
  readonly executionRole: IamRole;
  readonly securityGroupId: string;
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
    this.bucketName = this.facts.bucketName;
    this.executionRole = this.node.findChild(executionRoleId) as IamRole;
    this.securityGroupId = this.facts.securityGroupId;
  }
}
