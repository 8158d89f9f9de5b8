import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import type { Renderer } from './render';

export const renderWorkgroup: Renderer<'workgroup'> = (scope, node) => {
  const workgroup = new CfnWorkGroup(scope, node.id, {
    name: node.name,
    description: node.description,
    state: 'ENABLED',
    workGroupConfiguration: {
      enforceWorkGroupConfiguration: true,
      publishCloudWatchMetricsEnabled: true,
      bytesScannedCutoffPerQuery: node.scanLimitBytes,
      engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
      resultConfiguration: {
        outputLocation: node.outputLocation,
        encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKey: node.keyArn },
      },
    },
  });
  return { name: workgroup.ref };
};
