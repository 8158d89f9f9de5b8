import type { Construct } from 'constructs';
import { policyDocument } from '../policy';
import { portRange } from '../port-range';
import {
  DataAwsAvailabilityZones,
  DefaultSecurityGroup,
  FlowLog,
  Fn,
  RouteTable,
  RouteTableAssociation,
  SecurityGroup,
  Subnet,
  TerraformStack,
  Vpc,
  VpcEndpoint,
  VpcSecurityGroupEgressRule,
  VpcSecurityGroupIngressRule,
} from './aws';
import { permissionsOf } from './iam';
import type { Renderer } from './render';

export const renderVpc: Renderer<'vpc'> = (scope, node) => {
  const vpc = new Vpc(scope, node.id, {
    cidrBlock: node.cidr,
    enableDnsHostnames: true,
    enableDnsSupport: true,
    tags: { Name: node.name },
  });
  new DefaultSecurityGroup(scope, 'DefaultSecurityGroup', { vpcId: vpc.id });
  return { id: vpc.id };
};

export const renderRouteTable: Renderer<'routeTable'> = (scope, node) => {
  const table = new RouteTable(scope, node.id, { vpcId: node.vpcId, tags: { Name: node.name } });
  return { id: table.id };
};

export const renderSubnet: Renderer<'subnet'> = (scope, node) => {
  const subnet = new Subnet(scope, node.id, {
    vpcId: node.vpcId,
    cidrBlock: node.cidr,
    availabilityZone: Fn.element(zones(scope).names, node.zone),
    mapPublicIpOnLaunch: false,
    tags: { Name: node.name },
  });
  new RouteTableAssociation(scope, `${node.id}Routes`, { subnetId: subnet.id, routeTableId: node.routeTableId });
  return { id: subnet.id };
};

/** The region's availability zones, without local ones: one data source in a stack, whoever asks. */
function zones(scope: Construct): DataAwsAvailabilityZones {
  const stack = TerraformStack.of(scope);
  const id = 'AwsAvailabilityZones';
  return (
    (stack.node.tryFindChild(id) as DataAwsAvailabilityZones | undefined) ??
    new DataAwsAvailabilityZones(stack, id, {
      state: 'available',
      filter: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }],
    })
  );
}

export const renderSecurityGroup: Renderer<'securityGroup'> = (scope, node) => {
  const group = new SecurityGroup(scope, node.id, {
    description: node.description,
    vpcId: node.vpcId,
    tags: { Name: node.name },
  });
  return { id: group.id };
};

export const renderSecurityGroupRule: Renderer<'securityGroupRule'> = (scope, node) => {
  const Rule = node.direction === 'in' ? VpcSecurityGroupIngressRule : VpcSecurityGroupEgressRule;
  const rule = new Rule(scope, node.id, {
    securityGroupId: node.securityGroupId,
    description: node.description,
    ...portRange(node.port),
    cidrIpv4: 'cidr' in node.peer ? node.peer.cidr : undefined,
    referencedSecurityGroupId: 'securityGroupId' in node.peer ? node.peer.securityGroupId : undefined,
  });
  return { id: rule.id };
};

export const renderVpcEndpoint: Renderer<'vpcEndpoint'> = (scope, node) => {
  const { through } = node;
  const endpoint = new VpcEndpoint(scope, node.id, {
    vpcId: node.vpcId,
    serviceName: node.service,
    policy: JSON.stringify(policyDocument(node.policy)),
    ...('routeTableIds' in through
      ? { vpcEndpointType: 'Gateway', routeTableIds: [...through.routeTableIds] }
      : {
          vpcEndpointType: 'Interface',
          subnetIds: [...through.subnetIds],
          securityGroupIds: [...through.securityGroupIds],
          privateDnsEnabled: true,
        }),
    tags: { Name: node.name },
  });
  return { id: endpoint.id };
};

export const renderFlowLog: Renderer<'flowLog'> = (scope, node) => {
  const log = new FlowLog(scope, node.id, {
    vpcId: node.vpcId,
    trafficType: 'ALL',
    logDestinationType: 'cloud-watch-logs',
    logDestination: node.logGroupArn,
    iamRoleArn: node.roleArn,
    tags: { Name: node.name },
    dependsOn: permissionsOf(scope, node.roleArn),
  });
  return { id: log.id };
};
