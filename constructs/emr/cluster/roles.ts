import type { RoleNode, Statement } from '../../core/nodes';
import { operationsKeyId } from '../../core/operations-key';
import { inThisAccount } from '../../core/policy';
import { aws, ref, type Text, text } from '../../core/text';
import {
  clusterId,
  jobRoleId,
  primaryGroupId,
  scalingRoleId,
  serviceGroupId,
  serviceRoleId,
  workersGroupId,
} from './ids';

/** What the roles of a cluster speak of. */
export interface RoleSetting {
  /** Begins descriptions: `aviation-emr`. */
  readonly own: string;
  readonly subnetIds: readonly Text[];
  readonly logs: { readonly arn: Text; readonly keyArn?: Text };
  /** ARNs of objects that nodes read before they work: certificates, scripts. */
  readonly objects: readonly Text[];
  readonly certificates: Text;
  readonly hasRules: boolean;
  readonly isRegulated: boolean;
}

/** EMR puts it on what it makes for a cluster that has it: by this name, and no other. */
export const managedTag = 'for-use-with-amazon-emr-managed-policies';

const key = ref(operationsKeyId, 'arn');
const ec2 = (resource: Text): Text => text`arn:${aws.partition}:ec2:${aws.region}:${aws.account}:${resource}`;
const made = ['instance/*', 'launch-template/*', 'network-interface/*', 'volume/*'].map(ec2);
const isTagged = { StringEquals: { [`aws:ResourceTag/${managedTag}`]: 'true' } };
const getsTag = { StringEquals: { [`aws:RequestTag/${managedTag}`]: 'true' } };
const comeLater = 'What EMR makes for the cluster has no name before; its tag says that it is of a cluster.';

export function roles(setting: RoleSetting): RoleNode[] {
  const permissions = setting.isRegulated ? { permissions: 'managed' as const } : {};
  return [
    { ...jobRole(setting), ...permissions },
    ...(setting.hasRules ? [{ ...scalingRole(setting), ...permissions }] : []),
    { ...serviceRole(setting), ...permissions },
  ];
}

/** What nodes, and steps on them, act as. What they may read and write of the lake is for its grants to say. */
function jobRole({ own, logs, objects }: RoleSetting): RoleNode {
  return {
    kind: 'role',
    id: jobRoleId,
    description: `${own}: what nodes and steps act as`,
    assumedBy: { service: 'ec2.amazonaws.com' },
    statements: [
      {
        sid: 'WriteLogs',
        because: 'Each step and container has log files of its own.',
        effect: 'Allow',
        actions: ['s3:AbortMultipartUpload', 's3:PutObject'],
        resources: [text`${logs.arn}*`],
      },
      {
        sid: 'Keys',
        effect: 'Allow',
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
        resources: [key, ...(logs.keyArn === undefined ? [] : [logs.keyArn])],
      },
      { sid: 'ReadCertificatesAndScripts', effect: 'Allow', actions: ['s3:GetObject'], resources: objects },
      {
        sid: 'ReadEmr',
        because: "EMR's own buckets hold what nodes install.",
        effect: 'Allow',
        actions: ['s3:GetObject'],
        resources: [
          text`arn:${aws.partition}:s3:::elasticmapreduce/*`,
          text`arn:${aws.partition}:s3:::${aws.region}.elasticmapreduce/*`,
        ],
      },
    ],
  };
}

/**
 * What EMR acts as. It is AWS's policy AmazonEMRServicePolicy_v2 without what no cluster of ours needs (key pairs,
 * placement groups, reservations, security groups and endpoints of EMR's making), and with subnets and security groups
 * by name in the place of tags: subnets of others need none.
 */
function serviceRole({ own, subnetIds, certificates, hasRules }: RoleSetting): RoleNode {
  const groups = [primaryGroupId, workersGroupId, serviceGroupId].map((id) =>
    ec2(text`security-group/${ref(id, 'id')}`),
  );
  const templates = [ec2('launch-template/*')];
  return {
    kind: 'role',
    id: serviceRoleId,
    description: `${own}: what EMR acts as`,
    assumedBy: { service: 'elasticmapreduce.amazonaws.com' },
    assumeConditions: {
      ...inThisAccount,
      ArnLike: {
        'aws:SourceArn': text`arn:${aws.partition}:elasticmapreduce:${aws.region}:${aws.account}:*`,
      },
    },
    statements: [
      {
        sid: 'PlaceInNetwork',
        effect: 'Allow',
        actions: [
          'ec2:CreateFleet',
          'ec2:CreateLaunchTemplate',
          'ec2:CreateLaunchTemplateVersion',
          'ec2:CreateNetworkInterface',
          'ec2:RunInstances',
        ],
        resources: [...subnetIds.map((id) => ec2(text`subnet/${id}`)), ...groups],
      },
      {
        sid: 'MakeTemplates',
        because: comeLater,
        effect: 'Allow',
        actions: ['ec2:CreateLaunchTemplate'],
        resources: templates,
        conditions: getsTag,
      },
      {
        sid: 'UseTemplates',
        because: comeLater,
        effect: 'Allow',
        actions: ['ec2:CreateFleet', 'ec2:CreateLaunchTemplateVersion', 'ec2:RunInstances'],
        resources: templates,
        conditions: isTagged,
      },
      {
        sid: 'Launch',
        because: comeLater,
        effect: 'Allow',
        actions: ['ec2:CreateFleet', 'ec2:RunInstances'],
        resources: [ec2('instance/*'), ec2('volume/*')],
        conditions: getsTag,
      },
      {
        sid: 'LaunchWith',
        because: 'Images are of AWS; fleets and network interfaces of a launch have no name before.',
        effect: 'Allow',
        actions: ['ec2:CreateFleet', 'ec2:CreateLaunchTemplate', 'ec2:CreateLaunchTemplateVersion', 'ec2:RunInstances'],
        resources: [
          ec2('fleet/*'),
          ec2('network-interface/*'),
          text`arn:${aws.partition}:ec2:${aws.region}::image/ami-*`,
        ],
      },
      {
        sid: 'MakeInterfaces',
        because: comeLater,
        effect: 'Allow',
        actions: ['ec2:CreateNetworkInterface'],
        resources: [ec2('network-interface/*')],
        conditions: getsTag,
      },
      {
        sid: 'ManageOwn',
        because: comeLater,
        effect: 'Allow',
        actions: [
          'ec2:CreateTags',
          'ec2:DeleteLaunchTemplate',
          'ec2:DeleteNetworkInterface',
          'ec2:DeleteTags',
          'ec2:ModifyInstanceAttribute',
          'ec2:TerminateInstances',
        ],
        resources: made,
        conditions: isTagged,
      },
      {
        sid: 'TagAtLaunch',
        because: comeLater,
        effect: 'Allow',
        actions: ['ec2:CreateTags'],
        resources: made,
        conditions: {
          StringEquals: {
            'ec2:CreateAction': ['CreateFleet', 'CreateLaunchTemplate', 'CreateNetworkInterface', 'RunInstances'],
          },
        },
      },
      {
        sid: 'ManageSecurityGroups',
        effect: 'Allow',
        actions: [
          'ec2:AuthorizeSecurityGroupEgress',
          'ec2:AuthorizeSecurityGroupIngress',
          'ec2:RevokeSecurityGroupEgress',
          'ec2:RevokeSecurityGroupIngress',
        ],
        resources: groups,
      },
      {
        sid: 'Look',
        because: 'Describing knows no resources.',
        effect: 'Allow',
        actions: [
          'ec2:DescribeAccountAttributes',
          'ec2:DescribeCapacityReservations',
          'ec2:DescribeDhcpOptions',
          'ec2:DescribeImages',
          'ec2:DescribeInstanceTypeOfferings',
          'ec2:DescribeInstances',
          'ec2:DescribeLaunchTemplates',
          'ec2:DescribeNetworkAcls',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribePlacementGroups',
          'ec2:DescribeRouteTables',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeVolumeStatus',
          'ec2:DescribeVolumes',
          'ec2:DescribeVpcAttribute',
          'ec2:DescribeVpcEndpoints',
          'ec2:DescribeVpcs',
        ],
        resources: ['*'],
      },
      {
        sid: 'EncryptDisks',
        effect: 'Allow',
        actions: [
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ],
        resources: [key],
      },
      {
        sid: 'LetEc2UseKey',
        effect: 'Allow',
        actions: ['kms:CreateGrant'],
        resources: [key],
        conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
      },
      { sid: 'ReadCertificates', effect: 'Allow', actions: ['s3:GetObject'], resources: [certificates] },
      {
        sid: 'NodesActAsJobRole',
        effect: 'Allow',
        actions: ['iam:PassRole'],
        resources: [ref(jobRoleId, 'arn')],
        conditions: { StringLike: { 'iam:PassedToService': 'ec2.amazonaws.com*' } },
      },
      ...(hasRules ? ruleStatements : []),
    ],
  };
}

/** What EMR needs to let Application Auto Scaling follow rules. */
const ruleStatements: readonly Statement[] = [
  {
    sid: 'FollowRules',
    because: 'Application Auto Scaling had no resources when EMR began to use it, and EMR names none.',
    effect: 'Allow',
    actions: [
      'application-autoscaling:DeleteScalingPolicy',
      'application-autoscaling:DeregisterScalableTarget',
      'application-autoscaling:DescribeScalableTargets',
      'application-autoscaling:DescribeScalingPolicies',
      'application-autoscaling:PutScalingPolicy',
      'application-autoscaling:RegisterScalableTarget',
    ],
    resources: ['*'],
  },
  {
    sid: 'WatchMetrics',
    because: "EMR names a rule's alarm; the name ends so.",
    effect: 'Allow',
    actions: ['cloudwatch:DeleteAlarms', 'cloudwatch:DescribeAlarms', 'cloudwatch:PutMetricAlarm'],
    resources: [text`arn:${aws.partition}:cloudwatch:${aws.region}:${aws.account}:alarm:*_EMR_Auto_Scaling`],
  },
  {
    sid: 'RulesActAsScalingRole',
    effect: 'Allow',
    actions: ['iam:PassRole'],
    resources: [ref(scalingRoleId, 'arn')],
    conditions: { StringLike: { 'iam:PassedToService': 'application-autoscaling.amazonaws.com*' } },
  },
];

function scalingRole({ own }: RoleSetting): RoleNode {
  return {
    kind: 'role',
    id: scalingRoleId,
    description: `${own}: what rules of scaling act as`,
    assumedBy: { service: ['application-autoscaling.amazonaws.com', 'elasticmapreduce.amazonaws.com'] },
    assumeConditions: inThisAccount,
    statements: [
      {
        sid: 'Watch',
        because: 'Alarms are looked up among all.',
        effect: 'Allow',
        actions: ['cloudwatch:DescribeAlarms'],
        resources: ['*'],
      },
      {
        sid: 'Resize',
        because: 'The cluster, whose role this is, gets its id after it; its tag says that it is of this package.',
        effect: 'Allow',
        actions: ['elasticmapreduce:ListInstanceGroups', 'elasticmapreduce:ModifyInstanceGroups'],
        resources: [text`arn:${aws.partition}:elasticmapreduce:${aws.region}:${aws.account}:cluster/*`],
        conditions: { StringEquals: { [`aws:ResourceTag/${managedTag}`]: 'true' } },
      },
    ],
  };
}

/** ARN of a cluster, which has none as an attribute. */
export const clusterArn = text`arn:${aws.partition}:elasticmapreduce:${aws.region}:${aws.account}:cluster/${ref(clusterId, 'id')}`;
