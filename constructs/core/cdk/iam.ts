import { CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { policyDocument, trustDocument } from '../policy';
import { acknowledgeWildcards } from './acknowledge';
import type { Renderer } from './render';

export const renderRole: Renderer<'role'> = (scope, node) => {
  const role = new CfnRole(scope, node.id, {
    description: node.description,
    assumeRolePolicyDocument: trustDocument(node.assumedBy, node.assumeConditions),
    policies:
      node.statements.length === 0
        ? undefined
        : [{ policyName: 'permissions', policyDocument: policyDocument(node.statements) }],
  });
  acknowledgeWildcards(role, node.statements);
  return { arn: role.attrArn, name: role.ref };
};

export const renderPolicy: Renderer<'policy'> = (scope, node) => {
  const policy = new CfnPolicy(scope, node.id, {
    policyName: node.id,
    policyDocument: policyDocument(node.statements),
    roles: [node.roleName],
  });
  acknowledgeWildcards(policy, node.statements);
  return { id: policy.ref };
};
