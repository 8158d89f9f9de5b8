import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';

/** A pack of cdk-nag's rules. */
export type Pack =
  | typeof AwsSolutionsChecks
  | typeof HIPAASecurityChecks
  | typeof NIST80053R5Checks
  | typeof PCIDSS321Checks;

/** What a pack finds in a stack: rule and path of each. */
export function findings(Checks: Pack, make: (stack: Stack) => void): string[] {
  const app = new App();
  const pack = new Checks(app);
  const stack = new Stack(app, 'Stack');
  make(stack);
  Template.fromStack(stack);
  return pack
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
}
