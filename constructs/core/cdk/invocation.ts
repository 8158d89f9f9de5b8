import { CfnResource } from 'aws-cdk-lib';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderInvocation: Renderer<'invocation'> = (scope, node) => {
  const resource = new CfnResource(scope, node.id, {
    type: node.resourceType,
    properties: { ServiceToken: node.functionArn, ServiceTimeout: node.timeoutSeconds, ...node.input },
  });
  applyRemoval(resource, 'delete');
  return { id: resource.ref };
};
