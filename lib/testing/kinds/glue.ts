import { field, flag, names, number, object, ordered, type Service, same, set, tags } from '../kind';

const column = object({ name: same(), type: same(), comment: same(), parameters: same() });

/** CloudFormation nests what a table is in `TableInput`; Terraform writes it flat. */
const input = (
  cloudformation: string,
  terraform: string,
  shape = same().shape,
  otherwise?: string | number | boolean,
) => field(`TableInput.${cloudformation}`, terraform, shape, otherwise);
const storage = (
  cloudformation: string,
  terraform: string,
  shape = same().shape,
  otherwise?: string | number | boolean,
) => input(`StorageDescriptor.${cloudformation}`, `storage_descriptor.${terraform}`, shape, otherwise);
const database = (cloudformation: string, terraform: string) => field(`DatabaseInput.${cloudformation}`, terraform);
const encryption = (cloudformation: string, terraform: string) =>
  field(`DataCatalogEncryptionSettings.${cloudformation}`, `data_catalog_encryption_settings.${terraform}`);

const catalog = field('CatalogId', 'catalog_id', undefined, '{aws.account}');

export const glue: Service = {
  kinds: [
    {
      kind: 'glue.database',
      cloudformation: 'AWS::Glue::Database',
      terraform: 'aws_glue_catalog_database',
      attributes: { name: names('Ref', 'name'), arn: names(undefined, 'arn') },
      properties: {
        catalog,
        name: database('Name', 'name'),
        description: database('Description', 'description'),
        location: database('LocationUri', 'location_uri'),
        parameters: database('Parameters', 'parameters'),
        tags: field(undefined, 'tags', tags),
      },
    },
    {
      kind: 'glue.table',
      cloudformation: 'AWS::Glue::Table',
      terraform: 'aws_glue_catalog_table',
      attributes: { name: names('Ref', 'name'), arn: names(undefined, 'arn') },
      properties: {
        catalog,
        database: field('DatabaseName', 'database_name'),
        name: input('Name', 'name'),
        description: input('Description', 'description'),
        type: input('TableType', 'table_type'),
        owner: input('Owner', 'owner'),
        retention: input('Retention', 'retention', number),
        parameters: input('Parameters', 'parameters', (value) => value),
        partitionKeys: input('PartitionKeys', 'partition_keys', ordered(column)),
        viewText: input('ViewOriginalText', 'view_original_text'),
        viewExpandedText: input('ViewExpandedText', 'view_expanded_text'),
        columns: storage('Columns', 'columns', ordered(column)),
        location: storage('Location', 'location'),
        inputFormat: storage('InputFormat', 'input_format'),
        outputFormat: storage('OutputFormat', 'output_format'),
        compressed: storage('Compressed', 'compressed', flag, false),
        serde: storage('SerdeInfo.SerializationLibrary', 'ser_de_info.serialization_library'),
        serdeName: storage('SerdeInfo.Name', 'ser_de_info.name'),
        serdeParameters: storage('SerdeInfo.Parameters', 'ser_de_info.parameters'),
        storageParameters: storage('Parameters', 'parameters'),
        subDirectories: storage('StoredAsSubDirectories', 'stored_as_sub_directories', flag, false),
        openTableFormat: field('OpenTableFormatInput', 'open_table_format_input'),
      },
    },
    {
      kind: 'glue.dataQualityRuleset',
      cloudformation: 'AWS::Glue::DataQualityRuleset',
      terraform: 'aws_glue_data_quality_ruleset',
      attributes: { name: names('Ref', ['id', 'name']), arn: names(undefined, 'arn') },
      properties: {
        name: same(),
        description: same(),
        ruleset: same(),
        database: field('TargetTable.DatabaseName', 'target_table.database_name'),
        table: field('TargetTable.TableName', 'target_table.table_name'),
        catalog: field(undefined, 'target_table.catalog_id'),
        token: field('ClientToken', undefined),
        tags: same(tags),
      },
    },
    {
      kind: 'glue.registry',
      cloudformation: 'AWS::Glue::Registry',
      terraform: 'aws_glue_registry',
      attributes: { arn: names(['Ref', 'Arn'], ['id', 'arn']), name: names(undefined, 'registry_name') },
      properties: { name: field('Name', 'registry_name'), description: same(), tags: same(tags) },
    },
    {
      kind: 'glue.schema',
      cloudformation: 'AWS::Glue::Schema',
      terraform: 'aws_glue_schema',
      attributes: { arn: names(['Ref', 'Arn'], ['id', 'arn']) },
      properties: {
        name: field('Name', 'schema_name'),
        registry: field(['Registry.Arn'], 'registry_arn'),
        registryName: field('Registry.Name', undefined),
        description: same(),
        format: field('DataFormat', 'data_format'),
        compatibility: same(),
        definition: field('SchemaDefinition', 'schema_definition'),
        checkpoint: field('CheckpointVersion', undefined),
        tags: same(tags),
      },
    },
    {
      kind: 'glue.securityConfiguration',
      cloudformation: 'AWS::Glue::SecurityConfiguration',
      terraform: 'aws_glue_security_configuration',
      attributes: { name: names('Ref', ['id', 'name']) },
      properties: {
        name: same(),
        logs: field(
          'EncryptionConfiguration.CloudWatchEncryption',
          'encryption_configuration.cloudwatch_encryption',
          object({
            mode: field('CloudWatchEncryptionMode', 'cloudwatch_encryption_mode'),
            key: field('KmsKeyArn', 'kms_key_arn'),
          }),
        ),
        bookmarks: field(
          'EncryptionConfiguration.JobBookmarksEncryption',
          'encryption_configuration.job_bookmarks_encryption',
          object({
            mode: field('JobBookmarksEncryptionMode', 'job_bookmarks_encryption_mode'),
            key: field('KmsKeyArn', 'kms_key_arn'),
          }),
        ),
        objects: field(
          'EncryptionConfiguration.S3Encryptions',
          'encryption_configuration.s3_encryption',
          set(
            object({
              mode: field('S3EncryptionMode', 's3_encryption_mode'),
              key: field('KmsKeyArn', 'kms_key_arn'),
            }),
          ),
        ),
      },
    },
    {
      kind: 'glue.catalogEncryption',
      cloudformation: 'AWS::Glue::DataCatalogEncryptionSettings',
      terraform: 'aws_glue_data_catalog_encryption_settings',
      attributes: { id: names('Ref', 'id') },
      properties: {
        catalog,
        mode: encryption('EncryptionAtRest.CatalogEncryptionMode', 'encryption_at_rest.catalog_encryption_mode'),
        key: encryption('EncryptionAtRest.SseAwsKmsKeyId', 'encryption_at_rest.sse_aws_kms_key_id'),
        role: encryption(
          'EncryptionAtRest.CatalogEncryptionServiceRole',
          'encryption_at_rest.catalog_encryption_service_role',
        ),
        passwords: field(
          'DataCatalogEncryptionSettings.ConnectionPasswordEncryption.ReturnConnectionPasswordEncrypted',
          'data_catalog_encryption_settings.connection_password_encryption.return_connection_password_encrypted',
          flag,
          false,
        ),
        passwordKey: encryption(
          'ConnectionPasswordEncryption.KmsKeyId',
          'connection_password_encryption.aws_kms_key_id',
        ),
      },
    },
  ],
  satellites: [
    {
      // CloudFormation's schema cannot change its definition; each new one is a version beside it.
      of: 'glue.schema',
      cloudformation: 'AWS::Glue::SchemaVersion',
      owner: names('Schema.SchemaArn', undefined),
      kept: true,
      properties: { definition: field('SchemaDefinition', undefined) },
    },
  ],
};
