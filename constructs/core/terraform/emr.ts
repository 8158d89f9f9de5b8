import type { WorkerSize } from '../nodes';
import { EmrserverlessApplication } from './aws';
import type { Renderer } from './render';

export const renderSparkApplication: Renderer<'sparkApplication'> = (scope, node) => {
  const application = new EmrserverlessApplication(scope, node.id, {
    name: node.name,
    type: 'spark',
    releaseLabel: node.release,
    architecture: node.architecture.toUpperCase(),
    maximumCapacity: resources(node.maximum),
    initialCapacity: node.ready.map(({ role, count, size }) => ({
      initialCapacityType: role,
      initialCapacityConfig: { workerCount: count, workerConfiguration: resources(size) },
    })),
    autoStartConfiguration: { enabled: node.autoStart },
    autoStopConfiguration:
      node.idleMinutes === 'never' ? { enabled: false } : { enabled: true, idleTimeoutMinutes: node.idleMinutes },
    networkConfiguration:
      node.network === undefined
        ? undefined
        : { subnetIds: [...node.network.subnetIds], securityGroupIds: [...node.network.securityGroupIds] },
    monitoringConfiguration: {
      cloudwatchLoggingConfiguration: {
        enabled: true,
        logGroupName: node.logs.groupName,
        logStreamNamePrefix: node.logs.streamPrefix,
        logTypes: node.logs.types.map(({ worker, outputs }) => ({ name: worker, values: [...outputs] })),
      },
      managedPersistenceMonitoringConfiguration: { enabled: false },
    },
    runtimeConfiguration: [{ classification: 'spark-defaults', properties: { ...node.settings } }],
  });
  return { id: application.id, arn: application.arn };
};

const resources = ({ vcpu, memoryGb, diskGb }: WorkerSize) => ({
  cpu: `${vcpu} vCPU`,
  memory: `${memoryGb} GB`,
  disk: `${diskGb} GB`,
});
