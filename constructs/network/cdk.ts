import { Fn } from 'aws-cdk-lib';
import {
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { ExistingNetwork } from '../../lib/network/declaration';
import { givenKey, surroundings } from '../core/cdk/given';
import { render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import { type NetworkFacts, type NetworkModel, networkModel, type VpcFacts } from './model';
import type { NetworkDeclaration } from './props';

export interface NetworkProps extends NetworkDeclaration {
  /**
   * An existing key for the log of connections. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly key?: IKey;
}

/**
 * A VPC that is asked for: isolated subnets in two or three availability zones, endpoints for what is used, a log of all
 * connections, and no NAT gateway. What exists already is passed to a `PostgresDatabase` as it is.
 */
export class Network extends Construct {
  /** For constructs of the CDK's own. Its subnets are isolated. */
  readonly vpc: IVpc;
  /** Lets HTTPS out, and nothing in: for functions. */
  readonly functionsSecurityGroup: ISecurityGroup;
  /** What was decided, before any engine. */
  readonly model: NetworkModel;
  readonly facts: Resolved<NetworkFacts>;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const given = givenKey(operationsKeyId, props.key);
    this.model = networkModel(this.node.path, props, surroundings(this, given));
    this.facts = resolve(this.model.facts, render(this, this.model.nodes, given));
    const { vpcId, cidr, subnetIds, routeTableId, functionsSecurityGroupId } = this.facts;
    this.vpc = Vpc.fromVpcAttributes(this, 'AsVpc', {
      vpcId,
      vpcCidrBlock: cidr,
      availabilityZones: subnetIds.map((_, zone) => Fn.select(zone, Fn.getAzs())),
      isolatedSubnetIds: [...subnetIds],
      isolatedSubnetRouteTableIds: subnetIds.map(() => routeTableId),
    });
    this.functionsSecurityGroup = SecurityGroup.fromSecurityGroupId(this, 'AsSecurityGroup', functionsSecurityGroupId);
  }
}

/** A VPC to put something into: one of Ingot's, one of the CDK's with some of its subnets, or one by its ids. */
export type NetworkSource =
  | Network
  | ExistingNetwork
  | {
      readonly vpc: IVpc;
      /** @default its isolated subnets; where it has none, its private ones */
      readonly subnets?: SubnetSelection;
    };

export function vpcFacts(source: NetworkSource): VpcFacts {
  if (source instanceof Network) return source.facts;
  if ('vpcId' in source) return source;
  const { vpc, subnets } = source;
  const chosen: readonly ISubnet[] =
    subnets !== undefined
      ? vpc.selectSubnets(subnets).subnets
      : vpc.isolatedSubnets.length > 0
        ? vpc.isolatedSubnets
        : vpc.privateSubnets;
  return { vpcId: vpc.vpcId, subnetIds: chosen.map(({ subnetId }) => subnetId) };
}
