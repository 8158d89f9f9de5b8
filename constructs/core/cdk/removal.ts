import { type CfnResource, RemovalPolicy } from 'aws-cdk-lib';
import type { Removal } from '../nodes';

export function applyRemoval(resource: CfnResource, removal: Removal): void {
  resource.applyRemovalPolicy(removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
}
