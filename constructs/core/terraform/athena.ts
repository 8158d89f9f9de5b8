import { AthenaWorkgroup } from './aws';
import type { Renderer } from './render';

export const renderWorkgroup: Renderer<'workgroup'> = (scope, node) => {
  const workgroup = new AthenaWorkgroup(scope, node.id, {
    name: node.name,
    description: node.description,
    state: 'ENABLED',
    configuration: {
      enforceWorkgroupConfiguration: true,
      publishCloudwatchMetricsEnabled: true,
      bytesScannedCutoffPerQuery: node.scanLimitBytes,
      engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
      resultConfiguration: {
        outputLocation: node.outputLocation,
        encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKeyArn: node.keyArn },
      },
    },
  });
  return { name: workgroup.name };
};
