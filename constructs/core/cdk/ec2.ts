import { dirname, join } from 'node:path';
import { CustomResource, CustomResourceProvider, CustomResourceProviderRuntime, Fn, Stack, Tags } from 'aws-cdk-lib';
import {
  CfnFlowLog,
  CfnRouteTable,
  CfnSecurityGroup,
  CfnSecurityGroupEgress,
  CfnSecurityGroupIngress,
  CfnSubnet,
  CfnSubnetRouteTableAssociation,
  CfnVPC,
  CfnVPCEndpoint,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { policyDocument } from '../policy';
import { portRange } from '../port-range';
import type { Renderer } from './render';

export const renderVpc: Renderer<'vpc'> = (scope, node) => {
  const vpc = new CfnVPC(scope, node.id, { cidrBlock: node.cidr, enableDnsHostnames: true, enableDnsSupport: true });
  Tags.of(vpc).add('Name', node.name);
  closeDefaultSecurityGroup(scope, vpc.attrDefaultSecurityGroup);
  return { id: vpc.ref };
};

/**
 * CloudFormation cannot say what is in a security group that AWS made. The CDK brings a function that empties it, for
 * its own `Vpc`; it is used here as that uses it, so that a stack with both has one.
 */
function closeDefaultSecurityGroup(scope: Construct, securityGroupId: string): void {
  const type = 'Custom::VpcRestrictDefaultSG';
  const stack = Stack.of(scope);
  const provider = CustomResourceProvider.getOrCreateProvider(scope, type, {
    codeDirectory: join(
      dirname(require.resolve('aws-cdk-lib/package.json')),
      'custom-resource-handlers/dist/aws-ec2/restrict-default-security-group-handler',
    ),
    runtime: CustomResourceProviderRuntime.NODEJS_22_X,
    description: 'Takes every rule out of the default security group of a VPC',
  });
  provider.addToRolePolicy({
    Effect: 'Allow',
    Action: [
      'ec2:AuthorizeSecurityGroupEgress',
      'ec2:AuthorizeSecurityGroupIngress',
      'ec2:RevokeSecurityGroupEgress',
      'ec2:RevokeSecurityGroupIngress',
    ],
    Resource: [stack.formatArn({ service: 'ec2', resource: 'security-group', resourceName: securityGroupId })],
  });
  new CustomResource(scope, 'RestrictDefaultSecurityGroupCustomResource', {
    resourceType: type,
    serviceToken: provider.serviceToken,
    properties: { DefaultSecurityGroupId: securityGroupId, Account: stack.account },
  });
}

export const renderRouteTable: Renderer<'routeTable'> = (scope, node) => {
  const table = new CfnRouteTable(scope, node.id, { vpcId: node.vpcId });
  Tags.of(table).add('Name', node.name);
  return { id: table.ref };
};

export const renderSubnet: Renderer<'subnet'> = (scope, node) => {
  const subnet = new CfnSubnet(scope, node.id, {
    vpcId: node.vpcId,
    cidrBlock: node.cidr,
    availabilityZone: Fn.select(node.zone, Fn.getAzs()),
    mapPublicIpOnLaunch: false,
  });
  Tags.of(subnet).add('Name', node.name);
  new CfnSubnetRouteTableAssociation(scope, `${node.id}Routes`, {
    subnetId: subnet.ref,
    routeTableId: node.routeTableId,
  });
  return { id: subnet.ref };
};

export const renderSecurityGroup: Renderer<'securityGroup'> = (scope, node) => {
  const group = new CfnSecurityGroup(scope, node.id, {
    groupDescription: node.description,
    vpcId: node.vpcId,
    // Without any rule EC2 would let everything out; this one can never be met.
    securityGroupEgress: [
      {
        cidrIp: '255.255.255.255/32',
        description: 'Nothing',
        ipProtocol: 'icmp',
        fromPort: 252,
        toPort: 86,
      },
    ],
  });
  Tags.of(group).add('Name', node.name);
  return { id: group.attrGroupId };
};

export const renderSecurityGroupRule: Renderer<'securityGroupRule'> = (scope, node) => {
  const rule = {
    groupId: node.securityGroupId,
    description: node.description,
    ...portRange(node.port),
  };
  const group = 'securityGroupId' in node.peer ? node.peer.securityGroupId : undefined;
  const cidrIp = 'cidr' in node.peer ? node.peer.cidr : undefined;
  const made =
    node.direction === 'in'
      ? new CfnSecurityGroupIngress(scope, node.id, { ...rule, cidrIp, sourceSecurityGroupId: group })
      : new CfnSecurityGroupEgress(scope, node.id, { ...rule, cidrIp, destinationSecurityGroupId: group });
  return { id: made.attrId };
};

export const renderVpcEndpoint: Renderer<'vpcEndpoint'> = (scope, node) => {
  const { through } = node;
  const endpoint = new CfnVPCEndpoint(scope, node.id, {
    vpcId: node.vpcId,
    serviceName: node.service,
    policyDocument: policyDocument(node.policy),
    ...('routeTableIds' in through
      ? { vpcEndpointType: 'Gateway', routeTableIds: [...through.routeTableIds] }
      : {
          vpcEndpointType: 'Interface',
          subnetIds: [...through.subnetIds],
          securityGroupIds: [...through.securityGroupIds],
          privateDnsEnabled: true,
        }),
  });
  Tags.of(endpoint).add('Name', node.name);
  return { id: endpoint.ref };
};

export const renderFlowLog: Renderer<'flowLog'> = (scope, node) => {
  const log = new CfnFlowLog(scope, node.id, {
    resourceType: 'VPC',
    resourceId: node.vpcId,
    trafficType: 'ALL',
    logDestinationType: 'cloud-watch-logs',
    logDestination: node.logGroupArn,
    deliverLogsPermissionArn: node.roleArn,
  });
  Tags.of(log).add('Name', node.name);
  return { id: log.ref };
};
