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
  /** Code is uploaded by CDK's bootstrap bucket, outside of the template; Terraform uploads objects of its own. */
  artefacts: {
    reason: 'CDK publishes assets outside of the template',
    what: 'resource',
    kind: 's3.object',
    cloudformation: absent,
  },
} as const satisfies Record<string, Difference>;
