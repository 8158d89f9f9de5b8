import { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import type { WorkerSize } from '../nodes';
import type { Renderer } from './render';

export const renderSparkApplication: Renderer<'sparkApplication'> = (scope, node) => {
  const application = new CfnApplication(scope, node.id, {
    name: node.name,
    type: 'Spark',
    releaseLabel: node.release,
    architecture: node.architecture.toUpperCase(),
    maximumCapacity: resources(node.maximum),
    initialCapacity:
      node.ready.length === 0
        ? undefined
        : node.ready.map(({ role, count, size }) => ({
            key: role,
            value: { workerCount: count, workerConfiguration: resources(size) },
          })),
    autoStartConfiguration: { enabled: node.autoStart },
    autoStopConfiguration:
      node.idleMinutes === 'never' ? { enabled: false } : { enabled: true, idleTimeoutMinutes: node.idleMinutes },
    networkConfiguration:
      node.network === undefined
        ? undefined
        : { subnetIds: [...node.network.subnetIds], securityGroupIds: [...node.network.securityGroupIds] },
    monitoringConfiguration: {
      cloudWatchLoggingConfiguration: {
        enabled: true,
        logGroupName: node.logs.groupName,
        logStreamNamePrefix: node.logs.streamPrefix,
        logTypeMap: node.logs.types.map(({ worker, outputs }) => ({ key: worker, value: [...outputs] })),
      },
      managedPersistenceMonitoringConfiguration: { enabled: false },
    },
    runtimeConfiguration: [{ classification: 'spark-defaults', properties: { ...node.settings } }],
  });
  return { id: application.attrApplicationId, arn: application.attrArn };
};

const resources = ({ vcpu, memoryGb, diskGb }: WorkerSize) => ({
  cpu: `${vcpu} vCPU`,
  memory: `${memoryGb} GB`,
  disk: `${diskGb} GB`,
});
