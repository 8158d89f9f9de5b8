import type { Text } from '../text';
import type { NodeBase, Statement } from './common';

/** VPC with DNS, whose default security group lets nothing in or out. Attributes: `id`. */
export interface VpcNode extends NodeBase {
  readonly kind: 'vpc';
  /** Its tag `Name`. */
  readonly name: string;
  readonly cidr: string;
}

/** Route table with no route but the VPC's own, and those that gateway endpoints add. Attributes: `id`. */
export interface RouteTableNode extends NodeBase {
  readonly kind: 'routeTable';
  readonly name: string;
  readonly vpcId: Text;
}

/** Subnet that gives no public addresses. Attributes: `id`. */
export interface SubnetNode extends NodeBase {
  readonly kind: 'subnet';
  readonly name: string;
  readonly vpcId: Text;
  readonly cidr: string;
  /** Which of the region's availability zones, from 0. */
  readonly zone: number;
  readonly routeTableId: Text;
}

/** Security group that lets nothing in or out but what rules of their own say. Attributes: `id`. */
export interface SecurityGroupNode extends NodeBase {
  readonly kind: 'securityGroup';
  readonly name: string;
  readonly description: string;
  readonly vpcId: Text;
}

/** Connections that a security group lets in, or out. */
export interface SecurityGroupRuleNode extends NodeBase {
  readonly kind: 'securityGroupRule';
  readonly direction: 'in' | 'out';
  readonly securityGroupId: Text;
  readonly description: string;
  /** A port of TCP, or all of a protocol. */
  readonly port: number | AllOf;
  /** The other side. */
  readonly peer: { readonly securityGroupId: Text } | { readonly cidr: string };
}

/** `any`: of every protocol. */
export type AllOf = 'all-tcp' | 'all-udp' | 'all-icmp' | 'any';

/** A VPC's own way to a service of AWS. Attributes: `id`. */
export interface VpcEndpointNode extends NodeBase {
  readonly kind: 'vpcEndpoint';
  readonly name: string;
  readonly vpcId: Text;
  /** For example `com.amazonaws.eu-west-1.s3`. */
  readonly service: Text;
  readonly policy: readonly Statement[];
  /** Through route tables, for S3 and DynamoDB, or through an interface in each subnet, with private DNS. */
  readonly through:
    | { readonly routeTableIds: readonly Text[] }
    | { readonly subnetIds: readonly Text[]; readonly securityGroupIds: readonly Text[] };
}

/** Log of all connections in a VPC, to a log group. Attributes: `id`. */
export interface FlowLogNode extends NodeBase {
  readonly kind: 'flowLog';
  readonly name: string;
  readonly vpcId: Text;
  /** Without the `:*` at its end. */
  readonly logGroupArn: Text;
  readonly roleArn: Text;
}
