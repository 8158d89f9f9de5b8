import type { Construct } from 'constructs';
import { policyDocument, trustDocument } from '../policy';
import {
  IamInstanceProfile,
  IamPolicy,
  IamRole,
  IamRolePolicy,
  IamRolePolicyAttachment,
  type TerraformResource,
  TerraformStack,
} from './aws';
import type { NodeOf, Renderer } from './render';

const managed = new WeakSet<object>();

/** Whether what a role may do is said in managed policies. */
export const hasManagedPermissions = (role: object): boolean => managed.has(role);

const permissions = new WeakMap<TerraformStack, Map<string, TerraformResource>>();

/**
 * The policy of a role that this package made, by the token of its ARN. CloudFormation creates a role with its inline
 * policy; in Terraform they are two, and what acts as the role must wait for the second as well.
 */
export function permissionsOf(scope: Construct, roleArn: string): TerraformResource[] | undefined {
  const policy = permissions.get(TerraformStack.of(scope))?.get(roleArn);
  return policy === undefined ? undefined : [policy];
}

export const renderRole: Renderer<'role'> = (scope, node) => {
  const role = new IamRole(scope, node.id, {
    description: node.description,
    assumeRolePolicy: JSON.stringify(trustDocument(node.assumedBy, node.assumeConditions)),
  });
  if (node.permissions === 'managed') managed.add(role);
  // cdktf gives another token each time it is asked: this one is what others hold.
  const { arn, name } = role;
  if (node.statements.length === 0) return { arn, name };
  const policy = JSON.stringify(policyDocument(node.statements));
  const given =
    node.permissions === 'managed'
      ? attached(scope, node, policy, role)
      : new IamRolePolicy(scope, `${node.id}Permissions`, { name: 'permissions', role: role.id, policy });
  const stack = TerraformStack.of(scope);
  permissions.set(stack, (permissions.get(stack) ?? new Map<string, TerraformResource>()).set(arn, given));
  return { arn, name };
};

function attached(scope: Construct, node: NodeOf<'role'>, policy: string, role: IamRole): IamRolePolicyAttachment {
  const own = new IamPolicy(scope, `${node.id}Permissions`, { description: node.description, policy });
  return new IamRolePolicyAttachment(scope, `${node.id}PermissionsAttachment`, {
    role: role.name,
    policyArn: own.arn,
  });
}

export const renderInstanceProfile: Renderer<'instanceProfile'> = (scope, node) => ({
  name: new IamInstanceProfile(scope, node.id, { role: node.roleName }).name,
});
