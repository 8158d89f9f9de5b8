import { Stack } from 'aws-cdk-lib';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Renderer } from './render';

export const renderStateMachine: Renderer<'stateMachine'> = (scope, node) => {
  const machine = new CfnStateMachine(scope, node.id, {
    stateMachineName: node.name,
    stateMachineType: 'STANDARD',
    roleArn: node.roleArn,
    definitionString: Stack.of(scope).toJsonString(node.definition),
    tracingConfiguration: { enabled: true },
    loggingConfiguration: {
      level: 'ALL',
      includeExecutionData: true,
      destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: node.logGroupArn } }],
    },
  });
  return { arn: machine.ref, name: machine.attrName };
};
