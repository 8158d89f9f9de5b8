import { type IGrantable, type IPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import type { Statement } from '../nodes';
import { policyDocument } from '../policy';
import { resolve } from '../text';
import { acknowledgeWildcards } from './acknowledge';
import type { Lookup } from './render';

/**
 * Gives statements to a principal.
 *
 * @throws Error where the principal cannot be changed from here, such as a role imported by its ARN: CDK would drop the
 * grant without a word, and whoever relies on it would find out at run time.
 */
export function grant(scope: IConstruct, grantee: IGrantable, statements: readonly Statement[], lookup: Lookup): void {
  const principal = grantee.grantPrincipal;
  const resolved = resolve(statements, lookup);
  // A principal's statements meet in one policy, whose ids must be unique: two grants bring the same ones.
  const unnamed = resolved.map((statement) => ({ ...statement, sid: undefined }));
  const { Statement: json } = policyDocument(unnamed) as { Statement: object[] };
  for (const statement of json) {
    const { statementAdded } = principal.addToPrincipalPolicy(PolicyStatement.fromJson(statement));
    if (!statementAdded || isImmutable(principal))
      throw new Error(
        `${scope.node.path} cannot grant to ${describe(grantee)}: it was imported and cannot be changed here; ` +
          'import it with mutable: true from its own account, or pass a role that this app creates',
      );
  }
  if (Construct.isConstruct(principal)) acknowledgeWildcards(principal, resolved);
}

/** Roles imported with `mutable: false`, or from another account, say that they took a statement and drop it. */
const isImmutable = (principal: IPrincipal): boolean => principal.constructor.name.startsWith('ImmutableRole');

function describe(grantee: IGrantable): string {
  return 'node' in grantee ? (grantee as unknown as IConstruct).node.path : String(grantee.grantPrincipal);
}
