import { field, flag, json, names, number, object, type Service, same, set, tags } from '../kind';

const target = {
  arn: same(),
  id: field('Id', 'target_id', () => undefined),
  role: field('RoleArn', 'role_arn'),
  input: same(json),
  inputPath: same(),
  inputTransformer: field(
    'InputTransformer',
    'input_transformer',
    object({ paths: field('InputPathsMap', 'input_paths'), template: field('InputTemplate', 'input_template') }),
  ),
  deadLetter: field('DeadLetterConfig.Arn', 'dead_letter_config.arn'),
  maximumAgeSeconds: field('RetryPolicy.MaximumEventAgeInSeconds', 'retry_policy.maximum_event_age_in_seconds', number),
  maximumRetries: field('RetryPolicy.MaximumRetryAttempts', 'retry_policy.maximum_retry_attempts', number),
  messageGroup: field('SqsParameters.MessageGroupId', 'sqs_target.message_group_id'),
};

export const events: Service = {
  kinds: [
    {
      kind: 'events.rule',
      cloudformation: 'AWS::Events::Rule',
      terraform: 'aws_cloudwatch_event_rule',
      attributes: { name: names('Ref', ['id', 'name']), arn: names('Arn', 'arn') },
      properties: {
        name: same(),
        namePrefix: field(undefined, 'name_prefix'),
        description: same(),
        bus: field('EventBusName', 'event_bus_name', undefined, 'default'),
        pattern: field('EventPattern', 'event_pattern', json),
        schedule: field('ScheduleExpression', 'schedule_expression'),
        enabled: field('State', 'state', flag, true),
        role: field('RoleArn', 'role_arn'),
        targets: field('Targets', undefined, set(object(target))),
        tags: same(tags),
      },
    },
    {
      kind: 'events.bus',
      cloudformation: 'AWS::Events::EventBus',
      terraform: 'aws_cloudwatch_event_bus',
      attributes: { name: names(['Ref', 'Name'], ['id', 'name']), arn: names('Arn', 'arn') },
      properties: {
        name: same(),
        description: same(),
        key: field('KmsKeyIdentifier', 'kms_key_identifier'),
        tags: same(tags),
      },
    },
  ],
  satellites: [
    {
      of: 'events.rule',
      terraform: 'aws_cloudwatch_event_target',
      owner: names(undefined, 'rule'),
      element: 'targets',
      properties: { ...target, bus: field(undefined, 'event_bus_name', undefined, 'default') },
    },
  ],
};
