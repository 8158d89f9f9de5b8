import { Stack } from 'aws-cdk-lib';
import { CfnCluster, CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import type { Renderer } from './render';

export const renderEcsCluster: Renderer<'ecsCluster'> = (scope, node) => {
  const cluster = new CfnCluster(scope, node.id, {
    clusterName: node.name,
    clusterSettings: [{ name: 'containerInsights', value: 'enabled' }],
  });
  return { arn: cluster.attrArn, name: cluster.ref };
};

export const renderTaskDefinition: Renderer<'taskDefinition'> = (scope, node) => {
  const definition = new CfnTaskDefinition(scope, node.id, {
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
    volumes: [{ name: 'shared' }],
    containerDefinitions: node.containers.map((container) => ({
      name: container.name,
      image: container.image,
      entryPoint: [...container.entryPoint],
      command: [...container.command],
      essential: container.essential,
      mountPoints: [{ sourceVolume: 'shared', containerPath: node.sharedFolder, readOnly: false }],
      logConfiguration: {
        logDriver: 'awslogs',
        options: {
          'awslogs-group': node.logGroupName,
          'awslogs-region': Stack.of(scope).region,
          'awslogs-stream-prefix': container.name,
        },
      },
    })),
  });
  return { arn: definition.ref };
};
