import { Construct } from 'constructs';
import type { ExistingNetwork } from '../../lib/network/declaration';
import { operationsKeyId } from '../core/operations-key';
import type { KmsKey } from '../core/terraform/aws';
import { givenKey, surroundings } from '../core/terraform/given';
import { render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import { type NetworkFacts, type NetworkModel, networkModel, type VpcFacts } from './model';
import type { NetworkDeclaration } from './props';

export interface NetworkProps extends NetworkDeclaration {
  /**
   * An existing key for the log of connections. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly key?: Pick<KmsKey, 'arn' | 'keyId'>;
}

/**
 * A VPC that is asked for: isolated subnets in two or three availability zones, endpoints for what is used, a log of all
 * connections, and no NAT gateway. What exists already is passed to a `PostgresDatabase` by its ids.
 */
export class Network extends Construct {
  readonly vpcId: string;
  /** Of its isolated subnets, one a zone. */
  readonly subnetIds: readonly string[];
  /** Of the security group that lets HTTPS out, and nothing in: for functions. */
  readonly functionsSecurityGroupId: string;
  /** What was decided, before any engine. */
  readonly model: NetworkModel;
  readonly facts: Resolved<NetworkFacts>;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const given = givenKey(operationsKeyId, props.key);
    this.model = networkModel(this.node.path, props, surroundings(this, given));
    this.facts = resolve(this.model.facts, render(this, this.model.nodes, given));
    this.vpcId = this.facts.vpcId;
    this.subnetIds = this.facts.subnetIds;
    this.functionsSecurityGroupId = this.facts.functionsSecurityGroupId;
  }
}

/** A VPC to put something into: one of Ingot's, or one by its ids. */
export type NetworkSource = Network | ExistingNetwork;

export const vpcFacts = (source: NetworkSource): VpcFacts => (source instanceof Network ? source.facts : source);
