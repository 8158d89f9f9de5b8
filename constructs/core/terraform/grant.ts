import { createHash } from 'node:crypto';
import type { Construct } from 'constructs';
import { pascal } from '../names';
import type { Statement } from '../nodes';
import { policyDocument } from '../policy';
import { resolve } from '../text';
import { IamPolicy, type IamRole, IamRolePolicy, IamRolePolicyAttachment } from './aws';
import { hasManagedPermissions } from './iam';
import type { Lookup } from './render';

/** A role that statements can be given to: an `IamRole` or a `DataAwsIamRole`. */
export type Grantee = Pick<IamRole, 'name' | 'node'>;

/**
 * Gives statements to a role as a policy of its own, inside the construct that grants: inline, or managed where the role's
 * own permissions are.
 *
 * @param what names the grant, for example `ReadBronze`; the same grant to the same role is made once
 */
export function grant(
  scope: Construct,
  what: string,
  role: Grantee,
  statements: readonly Statement[],
  lookup: Lookup,
): void {
  const id = `${what}For${pascal(role.node.path)}`;
  if (scope.node.tryFindChild(id) !== undefined) return;
  const policy = JSON.stringify(policyDocument(resolve(statements, lookup)));
  if (hasManagedPermissions(role)) {
    const { arn } = new IamPolicy(scope, id, { policy });
    new IamRolePolicyAttachment(scope, `${id}Attachment`, { role: role.name, policyArn: arn });
    return;
  }
  new IamRolePolicy(scope, id, { name: policyName(id), role: role.name, policy });
}

/** IAM knows 128 characters; what is longer keeps its difference in a hash. */
function policyName(id: string): string {
  if (id.length <= 128) return id;
  return `${id.slice(0, 119)}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;
}
