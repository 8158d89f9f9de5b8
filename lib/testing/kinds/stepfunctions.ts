import { at, isList, isObject, type Json, parseJson } from '../json';
import { field, flag, names, object, type Service, type Shape, same, tags } from '../kind';

/** A state machine as JSON, with CloudFormation's `DefinitionSubstitutions` put in. */
const definition: Shape = (value) => {
  if (!isObject(value)) return parseJson(value);
  const { DefinitionString, Definition, DefinitionSubstitutions } = value;
  const substitutions = Object.entries(isObject(DefinitionSubstitutions) ? DefinitionSubstitutions : {});
  const put = (held: Json): Json => {
    if (typeof held === 'string')
      return substitutions.reduce((text, [name, by]) => text.replaceAll(`\${${name}}`, String(by)), held);
    if (isList(held)) return held.map(put);
    return isObject(held) ? Object.fromEntries(Object.entries(held).map(([key, inner]) => [key, put(inner)])) : held;
  };
  return put(parseJson(DefinitionString ?? Definition ?? null));
};

/** CloudFormation's list of destinations is at most one long. */
const destination: Shape = (value) => {
  const [only] = isList(value) ? value : [value];
  return at(only, 'CloudWatchLogsLogGroup.LogGroupArn') ?? only;
};

export const stepfunctions: Service = {
  kinds: [
    {
      kind: 'stepfunctions.stateMachine',
      cloudformation: 'AWS::StepFunctions::StateMachine',
      terraform: 'aws_sfn_state_machine',
      attributes: { arn: names(['Ref', 'Arn'], ['id', 'arn']), name: names('Name', 'name') },
      properties: {
        name: field('StateMachineName', 'name'),
        namePrefix: field(undefined, 'name_prefix'),
        type: field('StateMachineType', 'type', undefined, 'STANDARD'),
        role: field('RoleArn', 'role_arn'),
        definition: field(['DefinitionString', 'Definition', 'DefinitionSubstitutions'], 'definition', definition),
        logging: field(
          'LoggingConfiguration',
          'logging_configuration',
          object({
            destination: field('Destinations', 'log_destination', destination),
            executionData: field('IncludeExecutionData', 'include_execution_data', flag, false),
            level: same(),
          }),
        ),
        tracing: field('TracingConfiguration.Enabled', 'tracing_configuration.enabled', flag, false),
        encryptionType: field('EncryptionConfiguration.Type', 'encryption_configuration.type'),
        encryptionKey: field('EncryptionConfiguration.KmsKeyId', 'encryption_configuration.kms_key_id'),
        encryptionKeyReuse: field(
          'EncryptionConfiguration.KmsDataKeyReusePeriodSeconds',
          'encryption_configuration.kms_data_key_reuse_period_seconds',
        ),
        publish: field(undefined, 'publish', flag, false),
        tags: same(tags),
      },
    },
  ],
};
