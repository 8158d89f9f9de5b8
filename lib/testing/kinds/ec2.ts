import { at, isList, isObject } from '../json';
import { field, flag, names, number, object, type Service, type Shape, same, set, tags } from '../kind';
import { policy } from '../policy';

/** Which of a region's availability zones: `Fn::GetAZs` and Terraform's data source list them in the same order. */
const zone: Shape = (value) => {
  if (isObject(value)) {
    const selected = value['Fn::Select'];
    return isList(selected) && isObject(selected[1]) && 'Fn::GetAZs' in selected[1]
      ? `{aws.zones}[${Number(selected[0])}]`
      : value;
  }
  const [, index] = /data\.aws_availability_zones\.\w+\.names, (\d+)\)/.exec(String(value)) ?? [];
  return index === undefined ? value : `{aws.zones}[${index}]`;
};

/** Without a rule CloudFormation would let everything out, Terraform nothing: this one, which lets out nothing, is none. */
const egress: Shape = (value, reading, path) =>
  set(object(inlineRule))(
    isList(value) ? value.filter((rule) => at(rule, 'CidrIp') !== '255.255.255.255/32') : value,
    reading,
    path,
  );

const inlineRule = {
  description: same(),
  protocol: field('IpProtocol', 'protocol'),
  from: field('FromPort', 'from_port', number),
  to: field('ToPort', 'to_port', number),
  cidr: field('CidrIp', 'cidr_blocks'),
  group: field(['SourceSecurityGroupId'], ['security_groups']),
};

const rule = {
  group: field('GroupId', 'security_group_id'),
  description: same(),
  protocol: field('IpProtocol', 'ip_protocol'),
  from: field('FromPort', 'from_port', number),
  to: field('ToPort', 'to_port', number),
  cidr: field('CidrIp', 'cidr_ipv4'),
  cidr6: field('CidrIpv6', 'cidr_ipv6'),
};

export const ec2: Service = {
  kinds: [
    {
      kind: 'ec2.vpc',
      cloudformation: 'AWS::EC2::VPC',
      terraform: 'aws_vpc',
      attributes: {
        id: names(['Ref', 'VpcId'], 'id'),
        defaultSecurityGroup: names('DefaultSecurityGroup', 'default_security_group_id'),
      },
      properties: {
        cidr: field('CidrBlock', 'cidr_block'),
        dnsHostnames: field('EnableDnsHostnames', 'enable_dns_hostnames', flag, false),
        dnsSupport: field('EnableDnsSupport', 'enable_dns_support', flag, true),
        tenancy: field('InstanceTenancy', 'instance_tenancy', undefined, 'default'),
        tags: same(tags),
      },
    },
    {
      kind: 'ec2.subnet',
      cloudformation: 'AWS::EC2::Subnet',
      terraform: 'aws_subnet',
      attributes: { id: names(['Ref', 'SubnetId'], 'id') },
      properties: {
        vpc: field('VpcId', 'vpc_id'),
        cidr: field('CidrBlock', 'cidr_block'),
        zone: field('AvailabilityZone', 'availability_zone', zone),
        publicAddresses: field('MapPublicIpOnLaunch', 'map_public_ip_on_launch', flag, false),
        tags: same(tags),
      },
    },
    {
      kind: 'ec2.routeTable',
      cloudformation: 'AWS::EC2::RouteTable',
      terraform: 'aws_route_table',
      attributes: { id: names(['Ref', 'RouteTableId'], 'id') },
      properties: { vpc: field('VpcId', 'vpc_id'), tags: same(tags) },
    },
    {
      kind: 'ec2.securityGroup',
      cloudformation: 'AWS::EC2::SecurityGroup',
      terraform: 'aws_security_group',
      attributes: { id: names(['GroupId', 'Id', 'Ref'], 'id') },
      properties: {
        name: field('GroupName', 'name'),
        description: field('GroupDescription', 'description'),
        vpc: field('VpcId', 'vpc_id'),
        ingress: field('SecurityGroupIngress', 'ingress', set(object(inlineRule))),
        egress: field('SecurityGroupEgress', 'egress', egress),
        tags: same(tags),
      },
    },
    {
      kind: 'ec2.ingressRule',
      cloudformation: 'AWS::EC2::SecurityGroupIngress',
      terraform: 'aws_vpc_security_group_ingress_rule',
      attributes: { id: names(['Id', 'Ref'], 'id') },
      properties: { ...rule, peer: field('SourceSecurityGroupId', 'referenced_security_group_id') },
    },
    {
      kind: 'ec2.egressRule',
      cloudformation: 'AWS::EC2::SecurityGroupEgress',
      terraform: 'aws_vpc_security_group_egress_rule',
      attributes: { id: names(['Id', 'Ref'], 'id') },
      properties: { ...rule, peer: field('DestinationSecurityGroupId', 'referenced_security_group_id') },
    },
    {
      kind: 'ec2.endpoint',
      cloudformation: 'AWS::EC2::VPCEndpoint',
      terraform: 'aws_vpc_endpoint',
      attributes: { id: names(['Ref', 'Id'], 'id') },
      properties: {
        vpc: field('VpcId', 'vpc_id'),
        service: field('ServiceName', 'service_name'),
        type: field('VpcEndpointType', 'vpc_endpoint_type', undefined, 'Gateway'),
        routeTables: field('RouteTableIds', 'route_table_ids', set()),
        subnets: field('SubnetIds', 'subnet_ids', set()),
        securityGroups: field('SecurityGroupIds', 'security_group_ids', set()),
        privateDns: field('PrivateDnsEnabled', 'private_dns_enabled', flag, false),
        policy: field('PolicyDocument', 'policy', policy('resource')),
        tags: same(tags),
      },
    },
    {
      kind: 'ec2.flowLog',
      cloudformation: 'AWS::EC2::FlowLog',
      terraform: 'aws_flow_log',
      attributes: { id: names(['Ref', 'Id'], 'id') },
      properties: {
        // CloudFormation says what the id is of, Terraform which kind of id it is.
        of: field('ResourceId', 'vpc_id'),
        type: field('ResourceType', undefined, undefined, 'VPC'),
        traffic: field('TrafficType', 'traffic_type'),
        destinationType: field('LogDestinationType', 'log_destination_type', undefined, 'cloud-watch-logs'),
        destination: field('LogDestination', 'log_destination'),
        role: field('DeliverLogsPermissionArn', 'iam_role_arn'),
        tags: same(tags),
      },
    },
  ],
  satellites: [
    {
      of: 'ec2.subnet',
      cloudformation: 'AWS::EC2::SubnetRouteTableAssociation',
      terraform: 'aws_route_table_association',
      owner: names('SubnetId', 'subnet_id'),
      properties: { routeTable: field('RouteTableId', 'route_table_id') },
    },
    {
      // CloudFormation needs a function that empties it, Terraform takes it over without a rule.
      of: 'ec2.vpc',
      cloudformation: 'Custom::VpcRestrictDefaultSG',
      terraform: 'aws_default_security_group',
      owner: names('DefaultSecurityGroupId', 'vpc_id'),
      properties: { defaultSecurityGroupClosed: field('DefaultSecurityGroupId', 'vpc_id', () => true) },
    },
  ],
};
