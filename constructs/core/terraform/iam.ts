import type { Construct } from 'constructs';
import { policyDocument, trustDocument } from '../policy';
import { IamRole, IamRolePolicy, TerraformStack } from './aws';
import type { Renderer } from './render';

const permissions = new WeakMap<TerraformStack, Map<string, IamRolePolicy>>();

/**
 * The policy of a role that this package made, by the token of its ARN. CloudFormation creates a role with its inline
 * policy; in Terraform they are two, and what acts as the role must wait for the second as well.
 */
export function permissionsOf(scope: Construct, roleArn: string): IamRolePolicy[] | undefined {
  const policy = permissions.get(TerraformStack.of(scope))?.get(roleArn);
  return policy === undefined ? undefined : [policy];
}

export const renderRole: Renderer<'role'> = (scope, node) => {
  const role = new IamRole(scope, node.id, {
    description: node.description,
    assumeRolePolicy: JSON.stringify(trustDocument(node.assumedBy, node.assumeConditions)),
  });
  // cdktf gives another token each time it is asked: this one is what others hold.
  const { arn, name } = role;
  if (node.statements.length === 0) return { arn, name };
  const policy = new IamRolePolicy(scope, `${node.id}Permissions`, {
    name: 'permissions',
    role: role.id,
    policy: JSON.stringify(policyDocument(node.statements)),
  });
  const stack = TerraformStack.of(scope);
  permissions.set(stack, (permissions.get(stack) ?? new Map<string, IamRolePolicy>()).set(arn, policy));
  return { arn, name };
};

export const renderPolicy: Renderer<'policy'> = (scope, node) => {
  const policy = new IamRolePolicy(scope, node.id, {
    name: node.id,
    role: node.roleName,
    policy: JSON.stringify(policyDocument(node.statements)),
  });
  return { id: policy.id };
};
