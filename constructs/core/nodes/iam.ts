import type { Text } from '../text';
import type { NodeBase, Principal, Statement } from './common';

/** IAM role. Attributes: `arn`, `name`. */
export interface RoleNode extends NodeBase {
  readonly kind: 'role';
  readonly description: string;
  readonly assumedBy: Principal;
  /** Conditions on who may assume it, for example `aws:SourceAccount`. */
  readonly assumeConditions?: Statement['conditions'];
  readonly statements: readonly Statement[];
  /** `managed`: its statements are a policy of its own kind, as some auditors want; absent: they are part of the role. */
  readonly permissions?: 'managed';
}

/** What EC2 instances get a role through. Attributes: `name`. */
export interface InstanceProfileNode extends NodeBase {
  readonly kind: 'instanceProfile';
  readonly roleName: Text;
}
