import { CfnInstanceProfile, CfnManagedPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { policyDocument, trustDocument } from '../policy';
import { acknowledgeWildcards } from './acknowledge';
import type { Renderer } from './render';

export const renderRole: Renderer<'role'> = (scope, node) => {
  const { statements, permissions } = node;
  const document = statements.length === 0 ? undefined : policyDocument(statements);
  const managed =
    permissions === 'managed' && document !== undefined
      ? new CfnManagedPolicy(scope, `${node.id}Permissions`, {
          description: node.description,
          policyDocument: document,
        })
      : undefined;
  const role = new CfnRole(scope, node.id, {
    description: node.description,
    assumeRolePolicyDocument: trustDocument(node.assumedBy, node.assumeConditions),
    managedPolicyArns: managed === undefined ? undefined : [managed.ref],
    policies:
      managed !== undefined || document === undefined
        ? undefined
        : [{ policyName: 'permissions', policyDocument: document }],
  });
  acknowledgeWildcards(managed ?? role, statements);
  return { arn: role.attrArn, name: role.ref };
};

export const renderInstanceProfile: Renderer<'instanceProfile'> = (scope, node) => ({
  name: new CfnInstanceProfile(scope, node.id, { roles: [node.roleName] }).ref,
});
