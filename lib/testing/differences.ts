import { absent, type Difference } from './parity';

/**
 * Differences that no construct can avoid, because the engines themselves differ. A parity test lists those that it
 * meets; one that it lists and does not meet fails it.
 */
export const engineDifferences = {
  /** What holds data outlives its stack: CloudFormation leaves it behind, Terraform refuses to plan its end. */
  retain: {
    reason: 'Terraform has no RETAIN; prevent_destroy refuses the plan that would delete',
    what: 'property',
    path: 'removal',
    cloudformation: 'retain',
    terraform: 'prevent_destroy',
  },
  /** A call at deploy is repeated on update and on deletion: by CloudFormation always, by Terraform where it is said. */
  invocationLifecycle: {
    reason: 'CloudFormation tells a custom resource of updates and of its end without being asked',
    what: 'property',
    kind: 'lambda.invocation',
    path: 'lifecycle',
    cloudformation: absent,
    terraform: 'CRUD',
  },
  /** CloudFormation empties the default security group of a VPC by a function that the CDK brings, and its role. */
  defaultSecurityGroup: {
    reason: 'Terraform takes the default security group of a VPC over; CloudFormation needs a function to empty it',
    what: 'resource',
    id: '*RestrictDefaultS*',
    cloudformation: 'present',
    terraform: absent,
  },
} as const satisfies Record<string, Difference>;
