import { field, names, number, type Service, same, set, tags } from '../kind';
import { inlinePolicies, policy } from '../policy';

const identity = policy('identity');

export const iam: Service = {
  kinds: [
    {
      kind: 'iam.role',
      cloudformation: 'AWS::IAM::Role',
      terraform: 'aws_iam_role',
      attributes: {
        name: names('Ref', ['id', 'name']),
        arn: names('Arn', 'arn'),
        uniqueId: names('RoleId', 'unique_id'),
      },
      properties: {
        name: field('RoleName', 'name'),
        namePrefix: field(undefined, 'name_prefix'),
        description: same(),
        path: same(undefined, '/'),
        maxSessionSeconds: field('MaxSessionDuration', 'max_session_duration', number, 3600),
        boundary: field('PermissionsBoundary', 'permissions_boundary'),
        managedPolicies: field('ManagedPolicyArns', 'managed_policy_arns', set()),
        trust: field('AssumeRolePolicyDocument', 'assume_role_policy', policy('trust')),
        inline: field('Policies', 'inline_policy', inlinePolicies),
        tags: same(tags),
      },
    },
    {
      kind: 'iam.policy',
      cloudformation: 'AWS::IAM::ManagedPolicy',
      terraform: 'aws_iam_policy',
      attributes: { arn: names(['Ref', 'PolicyArn'], ['arn', 'id']) },
      properties: {
        name: field('ManagedPolicyName', 'name'),
        namePrefix: field(undefined, 'name_prefix'),
        description: same(),
        path: same(undefined, '/'),
        policy: field('PolicyDocument', 'policy', identity),
        attachedTo: field('Roles', undefined, set()),
        tags: same(tags),
      },
    },
    {
      kind: 'iam.instanceProfile',
      cloudformation: 'AWS::IAM::InstanceProfile',
      terraform: 'aws_iam_instance_profile',
      attributes: { name: names('Ref', ['name', 'id']), arn: names('Arn', 'arn') },
      properties: {
        name: field('InstanceProfileName', 'name'),
        path: same(undefined, '/'),
        roles: field('Roles', 'role', set()),
      },
    },
    {
      kind: 'iam.serviceLinkedRole',
      cloudformation: 'AWS::IAM::ServiceLinkedRole',
      terraform: 'aws_iam_service_linked_role',
      attributes: { name: names(['Ref', 'RoleName'], 'name'), arn: names(undefined, 'arn') },
      properties: {
        service: field('AWSServiceName', 'aws_service_name'),
        suffix: field('CustomSuffix', 'custom_suffix'),
        description: same(),
      },
    },
  ],
  satellites: [
    {
      of: 'iam.role',
      cloudformation: 'AWS::IAM::Policy',
      owner: names('Roles', undefined),
      properties: {
        name: field('PolicyName', undefined, () => undefined),
        policy: field('PolicyDocument', undefined, identity),
      },
    },
    {
      of: 'iam.role',
      cloudformation: 'AWS::IAM::RolePolicy',
      terraform: 'aws_iam_role_policy',
      owner: names('RoleName', 'role'),
      // The names of inline policies have no effect; engines split them differently.
      properties: {
        name: field('PolicyName', ['name', 'name_prefix'], () => undefined),
        policy: field('PolicyDocument', 'policy', identity),
      },
    },
    {
      of: 'iam.role',
      terraform: 'aws_iam_role_policy_attachment',
      owner: names(undefined, 'role'),
      properties: { managedPolicies: field(undefined, 'policy_arn', set()) },
    },
  ],
};
