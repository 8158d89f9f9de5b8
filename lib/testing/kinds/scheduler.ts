import { field, flag, json, names, number, type Service, same, tags } from '../kind';

export const scheduler: Service = {
  kinds: [
    {
      kind: 'scheduler.schedule',
      cloudformation: 'AWS::Scheduler::Schedule',
      terraform: 'aws_scheduler_schedule',
      attributes: { name: names('Ref', 'name'), arn: names('Arn', 'arn') },
      properties: {
        name: same(),
        namePrefix: field(undefined, 'name_prefix'),
        description: same(),
        group: field('GroupName', 'group_name', undefined, 'default'),
        expression: field('ScheduleExpression', 'schedule_expression'),
        timeZone: field('ScheduleExpressionTimezone', 'schedule_expression_timezone', undefined, 'UTC'),
        enabled: field('State', 'state', flag, true),
        start: field('StartDate', 'start_date'),
        end: field('EndDate', 'end_date'),
        key: field('KmsKeyArn', 'kms_key_arn'),
        window: field('FlexibleTimeWindow.Mode', 'flexible_time_window.mode'),
        windowMinutes: field(
          'FlexibleTimeWindow.MaximumWindowInMinutes',
          'flexible_time_window.maximum_window_in_minutes',
          number,
        ),
        target: field('Target.Arn', 'target.arn'),
        role: field('Target.RoleArn', 'target.role_arn'),
        input: field('Target.Input', 'target.input', json),
        deadLetter: field('Target.DeadLetterConfig.Arn', 'target.dead_letter_config.arn'),
        maximumAgeSeconds: field(
          'Target.RetryPolicy.MaximumEventAgeInSeconds',
          'target.retry_policy.maximum_event_age_in_seconds',
          number,
        ),
        maximumRetries: field(
          'Target.RetryPolicy.MaximumRetryAttempts',
          'target.retry_policy.maximum_retry_attempts',
          number,
        ),
      },
    },
    {
      kind: 'scheduler.group',
      cloudformation: 'AWS::Scheduler::ScheduleGroup',
      terraform: 'aws_scheduler_schedule_group',
      attributes: { name: names('Ref', ['id', 'name']), arn: names('Arn', 'arn') },
      properties: { name: same(), namePrefix: field(undefined, 'name_prefix'), tags: same(tags) },
    },
  ],
};
