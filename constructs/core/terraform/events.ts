import { CloudwatchEventRule, CloudwatchEventTarget, SchedulerSchedule } from './aws';
import type { Renderer } from './render';

export const renderEventRule: Renderer<'eventRule'> = (scope, node) => {
  const rule = new CloudwatchEventRule(scope, node.id, {
    name: node.name,
    description: node.description,
    state: 'ENABLED',
    eventPattern: JSON.stringify(node.pattern),
  });
  new CloudwatchEventTarget(scope, `${node.id}Target`, {
    rule: rule.name,
    targetId: 'target',
    arn: node.targetArn,
    roleArn: node.roleArn,
    deadLetterConfig: node.deadLetterArn === undefined ? undefined : { arn: node.deadLetterArn },
  });
  return { arn: rule.arn };
};

export const renderSchedule: Renderer<'schedule'> = (scope, node) => {
  const schedule = new SchedulerSchedule(scope, node.id, {
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
      input: JSON.stringify(node.input),
      deadLetterConfig: node.deadLetterArn === undefined ? undefined : { arn: node.deadLetterArn },
    },
  });
  return { arn: schedule.arn };
};
