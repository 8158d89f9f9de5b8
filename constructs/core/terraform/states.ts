import { SfnStateMachine } from './aws';
import { permissionsOf } from './iam';
import type { Renderer } from './render';

export const renderStateMachine: Renderer<'stateMachine'> = (scope, node) => {
  const machine = new SfnStateMachine(scope, node.id, {
    name: node.name,
    type: 'STANDARD',
    roleArn: node.roleArn,
    definition: JSON.stringify(node.definition),
    tracingConfiguration: { enabled: true },
    loggingConfiguration: { level: 'ALL', includeExecutionData: true, logDestination: node.logGroupArn },
    dependsOn: permissionsOf(scope, node.roleArn),
  });
  return { arn: machine.arn, name: machine.name };
};
