import { type IRole, ManagedPolicy } from 'aws-cdk-lib/aws-iam';

/**
 * A role that was imported, whose grants become a managed policy: what they would become else, a policy inside of the
 * role, some auditors refuse.
 */
export function withManagedGrants(role: IRole): IRole {
  let policy: ManagedPolicy | undefined;
  role.addToPrincipalPolicy = (statement) => {
    policy ??= new ManagedPolicy(role, 'Grants', { roles: [role] });
    policy.addStatements(statement);
    return { statementAdded: true, policyDependable: policy };
  };
  return role;
}
