import type { Replica } from '../../constructs/lake/props';

export const replica = (purpose: string): Replica => ({
  bucketArn: `arn:aws:s3:::replica-of-${purpose}`,
  keyArn: `arn:aws:kms:eu-central-1:111122223333:key/${purpose}`,
});

/** What a user must give for `compliance: 'regulated'`, beside the platform of `manifest.ts`. */
export const regulated = {
  compliance: 'regulated',
  network: {
    subnetIds: ['subnet-00000000000000001', 'subnet-00000000000000002'],
    securityGroupIds: ['sg-00000000000000001'],
  },
  replicas: Object.fromEntries(
    ['access_logs', 'bronze', 'silver', 'gold', 'query_results'].map((purpose) => [purpose, replica(purpose)]),
  ),
} as const;
