import { Construct } from 'constructs';
import { operationsKeyId } from '../core/operations-key';
import type { IamRole, KmsKey } from '../core/terraform/aws';
import { givenKey, surroundings } from '../core/terraform/given';
import { type Grantee, grant } from '../core/terraform/grant';
import { type Lookup, render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import { type NetworkSource, vpcFacts } from '../network/terraform';
import {
  jobRoleId,
  runStatements,
  type SparkApplicationFacts,
  type SparkApplicationModel,
  sparkApplicationModel,
} from './model';
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
  readonly operationsKey?: Pick<KmsKey, 'arn' | 'keyId'>;
  /**
   * An existing key for the disks of workers, symmetric, in the region of the stack: no alias. Each job that Ingot starts names
   * it, and so must others, as `configurationOverrides` of StartJobRun. Job roles and who starts jobs are let use it; its own policy must let the account do so.
   * @default a key of AWS's
   */
  readonly diskKey?: Pick<KmsKey, 'arn' | 'keyId'>;
}

/** An EMR Serverless application that runs Spark over the tables of a lake. It costs nothing while nothing runs. */
export class SparkApplication extends Construct {
  readonly applicationId: string;
  readonly applicationArn: string;
  /** What jobs act as: give it what they need, for example `lake.grantWrite(spark.jobRole)`. */
  readonly jobRole: IamRole;
  /** Of the security group of its workers, which lets HTTPS out. Absent outside of a VPC. */
  readonly securityGroupId?: string;
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
      diskKeyArn: diskKey?.arn,
    });
    this.#lookup = render(this, this.model.nodes, given);
    this.facts = resolve(this.model.facts, this.#lookup);
    this.applicationId = this.facts.applicationId;
    this.applicationArn = this.facts.applicationArn;
    this.jobRole = this.node.findChild(jobRoleId) as IamRole;
    this.securityGroupId = this.facts.securityGroupId;
  }

  /** Lets a role run jobs as the job role, ask how they are, and cancel them. */
  grantRun(role: Grantee): void {
    grant(this, 'Run', role, runStatements(this.model.facts), this.#lookup);
  }
}
