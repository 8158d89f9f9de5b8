import { isObject, parseJson } from '../json';
import {
  code,
  field,
  flag,
  json,
  names,
  number,
  object,
  resource,
  type Service,
  same,
  set,
  tags,
  texts,
} from '../kind';

export const lambda: Service = {
  kinds: [
    {
      kind: 'lambda.function',
      cloudformation: 'AWS::Lambda::Function',
      terraform: 'aws_lambda_function',
      attributes: {
        name: names('Ref', ['id', 'function_name']),
        arn: names('Arn', 'arn'),
        invokeArn: names(undefined, 'invoke_arn'),
        'arn:*': names(undefined, 'qualified_arn'),
      },
      properties: {
        name: field('FunctionName', 'function_name'),
        description: same(),
        handler: same(),
        runtime: same(),
        role: same(),
        memory: field('MemorySize', 'memory_size', number, 128),
        timeoutSeconds: field('Timeout', 'timeout', number, 3),
        architectures: same(set()),
        packageType: same(undefined, 'Zip'),
        environment: field('Environment.Variables', 'environment.variables', texts),
        environmentKey: field('KmsKeyArn', 'kms_key_arn'),
        layers: same((value) => value),
        code: field('Code', ['filename', 's3_bucket', 's3_key', 's3_object_version', 'source_code_hash'], code),
        tracing: field('TracingConfig.Mode', 'tracing_config.mode'),
        reservedConcurrency: field('ReservedConcurrentExecutions', 'reserved_concurrent_executions', number),
        deadLetter: field('DeadLetterConfig.TargetArn', 'dead_letter_config.target_arn'),
        ephemeralMb: field('EphemeralStorage.Size', 'ephemeral_storage.size', number, 512),
        subnets: field('VpcConfig.SubnetIds', 'vpc_config.subnet_ids', set()),
        securityGroups: field('VpcConfig.SecurityGroupIds', 'vpc_config.security_group_ids', set()),
        logging: field(
          'LoggingConfig',
          'logging_config',
          object({
            group: field('LogGroup', 'log_group'),
            format: field('LogFormat', 'log_format'),
            applicationLevel: field('ApplicationLogLevel', 'application_log_level'),
            systemLevel: field('SystemLogLevel', 'system_log_level'),
          }),
        ),
        publish: field(undefined, 'publish', flag, false),
        skipDestroy: field(undefined, 'skip_destroy', flag, false),
        tags: same(tags),
      },
    },
    {
      kind: 'lambda.layer',
      cloudformation: 'AWS::Lambda::LayerVersion',
      terraform: 'aws_lambda_layer_version',
      attributes: { arn: names(['Ref', 'LayerVersionArn'], ['arn', 'id']) },
      properties: {
        name: field('LayerName', 'layer_name'),
        description: same(),
        runtimes: field('CompatibleRuntimes', 'compatible_runtimes', set()),
        architectures: field('CompatibleArchitectures', 'compatible_architectures', set()),
        license: field('LicenseInfo', 'license_info'),
        code: field('Content', ['filename', 's3_bucket', 's3_key', 's3_object_version', 'source_code_hash'], code),
        skipDestroy: field(undefined, 'skip_destroy', flag, false),
      },
    },
    {
      kind: 'lambda.eventSource',
      cloudformation: 'AWS::Lambda::EventSourceMapping',
      terraform: 'aws_lambda_event_source_mapping',
      attributes: { id: names('Ref', ['id', 'uuid']), arn: names('EventSourceMappingArn', 'arn') },
      properties: {
        function: field('FunctionName', 'function_name', resource),
        source: field('EventSourceArn', 'event_source_arn'),
        enabled: same(flag, true),
        batchSize: same(number),
        batchSeconds: field('MaximumBatchingWindowInSeconds', 'maximum_batching_window_in_seconds', number, 0),
        startingPosition: same(),
        parallelization: field('ParallelizationFactor', 'parallelization_factor', number, 1),
        bisectOnError: field('BisectBatchOnFunctionError', 'bisect_batch_on_function_error', flag, false),
        maximumRetries: field('MaximumRetryAttempts', 'maximum_retry_attempts', number),
        maximumAgeSeconds: field('MaximumRecordAgeInSeconds', 'maximum_record_age_in_seconds', number),
        responseTypes: field('FunctionResponseTypes', 'function_response_types', set()),
        onFailure: field('DestinationConfig.OnFailure.Destination', 'destination_config.on_failure.destination_arn'),
        maximumConcurrency: field('ScalingConfig.MaximumConcurrency', 'scaling_config.maximum_concurrency', number),
        filters: field('FilterCriteria.Filters', 'filter_criteria.filter', set(object({ pattern: same(json) }))),
        key: field('KmsKeyArn', 'kms_key_arn'),
        tumblingSeconds: field('TumblingWindowInSeconds', 'tumbling_window_in_seconds', number),
        tags: same(tags),
      },
    },
    {
      // A call at deploy: CloudFormation makes it through a custom resource, Terraform by invoking the function.
      kind: 'lambda.invocation',
      cloudformation: 'Custom::*',
      terraform: 'aws_lambda_invocation',
      attributes: { id: names('Ref', 'id') },
      properties: {
        function: field('ServiceToken', 'function_name', resource),
        input: field('.', 'input', (value) => {
          const given = parseJson(value);
          return isObject(given)
            ? Object.fromEntries(
                Object.entries(given).filter(([key]) => key !== 'ServiceToken' && key !== 'ServiceTimeout'),
              )
            : given;
        }),
        lifecycle: field(undefined, 'lifecycle_scope'),
        triggers: field(undefined, 'triggers'),
        qualifier: field(undefined, 'qualifier', undefined, '$LATEST'),
      },
    },
  ],
  satellites: [
    {
      of: 'lambda.function',
      cloudformation: 'AWS::Lambda::Permission',
      terraform: 'aws_lambda_permission',
      owner: names('FunctionName', 'function_name'),
      element: 'permissions',
      properties: {
        action: same(),
        principal: same(),
        sourceArn: same(),
        sourceAccount: same(),
        organization: field('PrincipalOrgID', 'principal_org_id'),
        // Only a name of the statement, which CloudFormation makes itself.
        statementId: field(undefined, ['statement_id', 'statement_id_prefix'], () => undefined),
      },
    },
    {
      of: 'lambda.function',
      cloudformation: 'AWS::Lambda::EventInvokeConfig',
      terraform: 'aws_lambda_function_event_invoke_config',
      owner: names('FunctionName', 'function_name'),
      element: 'invokeConfig',
      properties: {
        maximumAgeSeconds: field('MaximumEventAgeInSeconds', 'maximum_event_age_in_seconds', number),
        maximumRetries: field('MaximumRetryAttempts', 'maximum_retry_attempts', number),
        onFailure: field('DestinationConfig.OnFailure.Destination', 'destination_config.on_failure.destination'),
        onSuccess: field('DestinationConfig.OnSuccess.Destination', 'destination_config.on_success.destination'),
        qualifier: field('Qualifier', 'qualifier', undefined, '$LATEST'),
      },
    },
  ],
};
