import { LambdaInvocation } from './aws';
import type { Renderer } from './render';

export const renderInvocation: Renderer<'invocation'> = (scope, node) => {
  const invocation = new LambdaInvocation(scope, node.id, {
    functionName: node.functionName,
    lifecycleScope: 'CRUD',
    input: JSON.stringify(node.input),
  });
  return { id: invocation.id };
};
