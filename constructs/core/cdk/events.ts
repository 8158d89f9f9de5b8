import { Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { Renderer } from './render';

export const renderEventRule: Renderer<'eventRule'> = (scope, node) => {
  const rule = new CfnRule(scope, node.id, {
    name: node.name,
    description: node.description,
    state: 'ENABLED',
    eventPattern: node.pattern,
    targets: [
      {
        id: 'target',
        arn: node.targetArn,
        roleArn: node.roleArn,
        deadLetterConfig: node.deadLetterArn === undefined ? undefined : { arn: node.deadLetterArn },
      },
    ],
  });
  return { arn: rule.attrArn };
};

export const renderSchedule: Renderer<'schedule'> = (scope, node) => {
  const schedule = new CfnSchedule(scope, node.id, {
    name: node.name,
    description: node.description,
    state: 'ENABLED',
    scheduleExpression: node.expression,
    scheduleExpressionTimezone: node.timeZone,
    flexibleTimeWindow: { mode: 'OFF' },
    kmsKeyArn: node.keyArn,
    target: {
      arn: node.targetArn,
      roleArn: node.roleArn,
      input: Stack.of(scope).toJsonString(node.input),
      deadLetterConfig: node.deadLetterArn === undefined ? undefined : { arn: node.deadLetterArn },
    },
  });
  return { arn: schedule.attrArn };
};
