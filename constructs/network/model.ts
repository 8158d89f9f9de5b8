import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { newNetworkProblems, sixteenth } from '../../lib/network/declaration';
import { logRetentionOf, logRetentionProblems } from '../core/log-retention';
import { nameProblems, pascal } from '../core/names';
import type { LogGroupNode, Node, RoleNode, Statement, SubnetNode } from '../core/nodes';
import { operationsKey, operationsKeyId } from '../core/operations-key';
import { inThisAccount } from '../core/policy';
import { removalProblems } from '../core/removal';
import { aws, ref, type Text, text } from '../core/text';
import type { NetworkDeclaration } from './props';

/** What stands of a network once it is decided: its resources, and what others need to know to use it. */
export interface NetworkModel {
  readonly nodes: readonly Node[];
  readonly facts: NetworkFacts;
}

/** What databases and functions need to know of a VPC. Once rendered, every text is the engine's token. */
export interface NetworkFacts extends VpcFacts {
  readonly cidr: string;
  /** Of its subnets, which know no way out of the VPC. */
  readonly routeTableId: Text;
  /** Lets HTTPS out, which goes no further than the endpoints, and nothing in. */
  readonly functionsSecurityGroupId: Text;
}

/** A VPC, whoever made it, and private subnets of it in two zones or more. */
export interface VpcFacts {
  readonly vpcId: Text;
  readonly subnetIds: readonly Text[];
}

/** What the user brought along: ids of nodes that are not to be made. */
export interface NetworkGiven {
  readonly nodes: ReadonlySet<string>;
  readonly deletionFlag?: unknown;
}

/**
 * Decides a VPC without a way out: isolated subnets, gateway endpoints for S3 and DynamoDB, interface endpoints for what
 * is used, a log of all connections.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function networkModel(
  path: string,
  network: NetworkDeclaration,
  given: NetworkGiven = { nodes: new Set() },
): NetworkModel {
  const { name, cidr } = network;
  const zones = network.zones ?? 2;
  const removal = network.removal ?? 'retain';
  const retentionDays = logRetentionOf(network);
  assertValid([
    ...nameProblems(path, 'name', name),
    ...newNetworkProblems(network).map((problem) => ({ where: path, ...problem })),
    ...logRetentionProblems(path, retentionDays),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const vpcId = ref('Vpc', 'id');
  const routeTableId = ref('RouteTable', 'id');
  const subnets = Array.from(
    { length: zones },
    (_, zone): SubnetNode => ({
      kind: 'subnet',
      id: `Subnet${zone + 1}`,
      name: `${name}-${zone + 1}`,
      vpcId,
      cidr: sixteenth(cidr, zone),
      zone,
      routeTableId,
    }),
  );
  const subnetIds = subnets.map(({ id }) => ref(id, 'id'));
  const services = [...new Set(network.endpoints ?? [])].sort();
  const endpoint = (service: string) => ({
    kind: 'vpcEndpoint' as const,
    id: `${pascal(service)}Endpoint`,
    name: `${name}-${service}`,
    vpcId,
    service: text`com.amazonaws.${aws.region}.${service}`,
    policy: endpointPolicy(service, services),
  });

  const nodes: Node[] = [
    ...(given.nodes.has(operationsKeyId) ? [] : [operationsKey(name, 'network', removal)]),
    { kind: 'vpc', id: 'Vpc', name, cidr },
    { kind: 'routeTable', id: 'RouteTable', name, vpcId },
    ...subnets,
    {
      kind: 'securityGroup',
      id: 'FunctionsSecurityGroup',
      name: `${name}-functions`,
      description: `${name}: functions, which call services of AWS and are called by nobody`,
      vpcId,
    },
    {
      kind: 'securityGroupRule',
      id: 'FunctionsHttpsOut',
      direction: 'out',
      securityGroupId: ref('FunctionsSecurityGroup', 'id'),
      description: 'HTTPS to endpoints: nothing else is routed',
      port: 443,
      peer: { cidr: '0.0.0.0/0' },
    },
    ...['s3', 'dynamodb'].map((service) => ({ ...endpoint(service), through: { routeTableIds: [routeTableId] } })),
    ...(services.length === 0
      ? []
      : [
          {
            kind: 'securityGroup' as const,
            id: 'EndpointsSecurityGroup',
            name: `${name}-endpoints`,
            description: `${name}: endpoints of services of AWS`,
            vpcId,
          },
          {
            kind: 'securityGroupRule' as const,
            id: 'EndpointsHttpsIn',
            direction: 'in' as const,
            securityGroupId: ref('EndpointsSecurityGroup', 'id'),
            description: 'HTTPS from the VPC',
            port: 443,
            peer: { cidr },
          },
        ]),
    ...services.map((service) => ({
      ...endpoint(service),
      through: { subnetIds, securityGroupIds: [ref('EndpointsSecurityGroup', 'id')] },
    })),
    ...flowLog(network, vpcId, retentionDays),
  ];
  return deepFreeze({
    nodes,
    facts: { vpcId, subnetIds, cidr, routeTableId, functionsSecurityGroupId: ref('FunctionsSecurityGroup', 'id') },
  });
}

/** Whoever is of this account may use an endpoint, for what its own policies allow. Gateways know no principal but all. */
function endpointPolicy(service: string, services: readonly string[]): Statement[] {
  const own: Statement = {
    sid: 'OwnAccount',
    effect: 'Allow',
    principal: 'anyone',
    actions: [service === 's3' || service === 'dynamodb' ? `${service}:*` : '*'],
    resources: ['*'],
    conditions: { StringEquals: { 'aws:PrincipalAccount': aws.account } },
  };
  if (service !== 's3') return [own];
  // A custom resource answers CloudFormation through an address that it has signed itself, in a bucket of its own in
  // each region, whose name holds the region without its hyphens.
  const answers: Statement = {
    sid: 'CustomResourcesAnswer',
    effect: 'Allow',
    principal: 'anyone',
    actions: ['s3:PutObject'],
    resources: [text`arn:${aws.partition}:s3:::cloudformation-custom-resource-response-*/*`],
    conditions: { StringEquals: { 's3:authType': 'REST-QUERY-STRING' } },
  };
  // ECR keeps layers of images in a bucket of its own, and hands out addresses that it has signed itself.
  const layers: Statement = {
    sid: 'ImageLayers',
    effect: 'Allow',
    principal: 'anyone',
    actions: ['s3:GetObject'],
    resources: [text`arn:${aws.partition}:s3:::prod-${aws.region}-starport-layer-bucket/*`],
  };
  // Nodes of EMR install packages, which nobody signs for.
  const packages: Statement = {
    sid: 'PackagesOfNodes',
    effect: 'Allow',
    principal: 'anyone',
    actions: ['s3:GetObject'],
    resources: [
      text`arn:${aws.partition}:s3:::al2023-repos-${aws.region}-*/*`,
      text`arn:${aws.partition}:s3:::repo.${aws.region}.emr.amazonaws.com/*`,
    ],
  };
  return [
    own,
    answers,
    ...(services.includes('ecr.dkr') ? [layers] : []),
    ...(services.includes('elasticmapreduce') ? [packages] : []),
  ];
}

/** The log of all connections, and the role that writes it. */
function flowLog({ name, removal = 'retain', compliance }: NetworkDeclaration, vpcId: Text, days: number): Node[] {
  const logGroup: LogGroupNode = {
    kind: 'logGroup',
    id: 'FlowLogGroup',
    name: `/aws/vpc/${name}/connections`,
    retentionDays: days,
    keyArn: ref(operationsKeyId, 'arn'),
    removal,
  };
  const role: RoleNode = {
    kind: 'role',
    id: 'FlowLogRole',
    description: `${name}: writes the log of connections`,
    assumedBy: { service: 'vpc-flow-logs.amazonaws.com' },
    assumeConditions: inThisAccount,
    statements: [
      {
        sid: 'WriteConnections',
        effect: 'Allow',
        actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: [ref(logGroup.id, 'arn')],
      },
    ],
    ...(compliance === 'regulated' ? { permissions: 'managed' } : {}),
  };
  return [
    logGroup,
    role,
    {
      kind: 'flowLog',
      id: 'FlowLog',
      name,
      vpcId,
      logGroupArn: text`arn:${aws.partition}:logs:${aws.region}:${aws.account}:log-group:${ref(logGroup.id, 'name')}`,
      roleArn: ref(role.id, 'arn'),
    },
  ];
}
