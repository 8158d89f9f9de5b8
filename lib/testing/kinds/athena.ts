import { field, flag, names, number, type Service, same, tags } from '../kind';

export const athena: Service = {
  kinds: [
    {
      kind: 'athena.workgroup',
      cloudformation: 'AWS::Athena::WorkGroup',
      terraform: 'aws_athena_workgroup',
      attributes: { name: names('Ref', ['id', 'name']), arn: names(undefined, 'arn') },
      properties: {
        name: same(),
        description: same(),
        enabled: field('State', 'state', flag, true),
        forceDestroy: field('RecursiveDeleteOption', 'force_destroy', flag, false),
        scanLimitBytes: field(
          'WorkGroupConfiguration.BytesScannedCutoffPerQuery',
          'configuration.bytes_scanned_cutoff_per_query',
          number,
        ),
        enforced: field(
          'WorkGroupConfiguration.EnforceWorkGroupConfiguration',
          'configuration.enforce_workgroup_configuration',
          flag,
        ),
        metrics: field(
          'WorkGroupConfiguration.PublishCloudWatchMetricsEnabled',
          'configuration.publish_cloudwatch_metrics_enabled',
          flag,
        ),
        requesterPays: field(
          'WorkGroupConfiguration.RequesterPaysEnabled',
          'configuration.requester_pays_enabled',
          flag,
          false,
        ),
        engine: field(
          'WorkGroupConfiguration.EngineVersion.SelectedEngineVersion',
          'configuration.engine_version.selected_engine_version',
          undefined,
          'AUTO',
        ),
        role: field('WorkGroupConfiguration.ExecutionRole', 'configuration.execution_role'),
        output: field(
          'WorkGroupConfiguration.ResultConfiguration.OutputLocation',
          'configuration.result_configuration.output_location',
        ),
        outputOwner: field(
          'WorkGroupConfiguration.ResultConfiguration.ExpectedBucketOwner',
          'configuration.result_configuration.expected_bucket_owner',
        ),
        encryption: field(
          'WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.EncryptionOption',
          'configuration.result_configuration.encryption_configuration.encryption_option',
        ),
        key: field(
          'WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.KmsKey',
          'configuration.result_configuration.encryption_configuration.kms_key_arn',
        ),
        tags: same(tags),
      },
    },
    {
      kind: 'athena.namedQuery',
      cloudformation: 'AWS::Athena::NamedQuery',
      terraform: 'aws_athena_named_query',
      attributes: { id: names(['Ref', 'NamedQueryId'], 'id') },
      properties: {
        name: same(),
        description: same(),
        database: same(),
        query: field('QueryString', 'query'),
        workgroup: field('WorkGroup', 'workgroup'),
      },
    },
  ],
};
