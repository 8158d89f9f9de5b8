import { field, flag, json, names, number, object, type Service, same, set, tags } from '../kind';

export const logs: Service = {
  kinds: [
    {
      kind: 'logs.group',
      cloudformation: 'AWS::Logs::LogGroup',
      terraform: 'aws_cloudwatch_log_group',
      // CloudFormation's `Arn` ends in `:*`, Terraform's does not.
      attributes: {
        name: names('Ref', ['id', 'name']),
        'arn:*': names('Arn', undefined),
        arn: names(undefined, 'arn'),
      },
      properties: {
        name: field('LogGroupName', 'name'),
        namePrefix: field(undefined, 'name_prefix'),
        retentionDays: field('RetentionInDays', 'retention_in_days', number),
        key: field('KmsKeyId', 'kms_key_id'),
        class: field('LogGroupClass', 'log_group_class', undefined, 'STANDARD'),
        dataProtection: field('DataProtectionPolicy', undefined, json),
        skipDestroy: field(undefined, 'skip_destroy', flag, false),
        tags: same(tags),
      },
    },
    {
      kind: 'logs.stream',
      cloudformation: 'AWS::Logs::LogStream',
      terraform: 'aws_cloudwatch_log_stream',
      attributes: { name: names('Ref', 'name') },
      properties: { name: field('LogStreamName', 'name'), group: field('LogGroupName', 'log_group_name') },
    },
    {
      kind: 'logs.metricFilter',
      cloudformation: 'AWS::Logs::MetricFilter',
      terraform: 'aws_cloudwatch_log_metric_filter',
      attributes: { name: names('Ref', ['id', 'name']) },
      properties: {
        name: field('FilterName', 'name'),
        group: field('LogGroupName', 'log_group_name'),
        pattern: field('FilterPattern', 'pattern'),
        metrics: field(
          'MetricTransformations',
          'metric_transformation',
          set(
            object({
              namespace: field('MetricNamespace', 'namespace'),
              name: field('MetricName', 'name'),
              value: field('MetricValue', 'value'),
              default: field('DefaultValue', 'default_value', number),
              unit: same(),
            }),
          ),
        ),
      },
    },
    {
      kind: 'logs.resourcePolicy',
      cloudformation: 'AWS::Logs::ResourcePolicy',
      terraform: 'aws_cloudwatch_log_resource_policy',
      attributes: { name: names('Ref', 'id') },
      properties: {
        name: field('PolicyName', 'policy_name'),
        document: field('PolicyDocument', 'policy_document', json),
      },
    },
  ],
};
