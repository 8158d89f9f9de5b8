import { EcsCluster, EcsTaskDefinition } from './aws';
import type { Renderer } from './render';
import { whereabouts } from './whereabouts';

export const renderEcsCluster: Renderer<'ecsCluster'> = (scope, node) => {
  const cluster = new EcsCluster(scope, node.id, {
    name: node.name,
    setting: [{ name: 'containerInsights', value: 'enabled' }],
  });
  return { arn: cluster.arn, name: cluster.name };
};

export const renderTaskDefinition: Renderer<'taskDefinition'> = (scope, node) => {
  const definition = new EcsTaskDefinition(scope, node.id, {
    family: node.family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    runtimePlatform: {
      cpuArchitecture: node.architecture === 'arm64' ? 'ARM64' : 'X86_64',
      operatingSystemFamily: 'LINUX',
    },
    cpu: String(node.cpu),
    memory: String(node.memoryMb),
    executionRoleArn: node.executionRoleArn,
    taskRoleArn: node.taskRoleArn,
    volume: [{ name: 'shared' }],
    containerDefinitions: JSON.stringify(
      node.containers.map((container) => ({
        name: container.name,
        image: container.image,
        entryPoint: container.entryPoint,
        command: container.command,
        essential: container.essential,
        mountPoints: [{ sourceVolume: 'shared', containerPath: node.sharedFolder, readOnly: false }],
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': node.logGroupName,
            'awslogs-region': whereabouts(scope).region,
            'awslogs-stream-prefix': container.name,
          },
        },
      })),
    ),
  });
  return { arn: definition.arn };
};
