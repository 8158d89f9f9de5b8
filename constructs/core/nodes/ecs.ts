import type { Text } from '../text';
import type { NodeBase } from './common';
import type { Architecture } from './lambda';

/** ECS cluster for Fargate tasks, with Container Insights. Attributes: `arn`, `name`. */
export interface EcsClusterNode extends NodeBase {
  readonly kind: 'ecsCluster';
  readonly name: string;
}

/** Fargate task. Attributes: `arn`, of its newest revision. */
export interface TaskDefinitionNode extends NodeBase {
  readonly kind: 'taskDefinition';
  readonly family: string;
  readonly architecture: Architecture;
  /** 1024 are one processor. */
  readonly cpu: number;
  readonly memoryMb: number;
  /** What ECS itself acts as: pulls images and writes logs. */
  readonly executionRoleArn: Text;
  /** What the containers act as. */
  readonly taskRoleArn: Text;
  /** A folder that all containers share and that is gone with the task. */
  readonly sharedFolder: string;
  readonly containers: readonly Container[];
  readonly logGroupName: Text;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly entryPoint: readonly string[];
  readonly command: readonly Text[];
  /** The task ends with it, and fails where it fails. */
  readonly essential: boolean;
}
