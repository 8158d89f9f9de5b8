import { field, flag, names, number, object, ordered, type Service, same, set, tags } from '../kind';

export const kinesis: Service = {
  kinds: [
    {
      kind: 'kinesis.stream',
      cloudformation: 'AWS::Kinesis::Stream',
      terraform: 'aws_kinesis_stream',
      attributes: { name: names('Ref', ['id', 'name']), arn: names('Arn', 'arn') },
      properties: {
        name: same(),
        mode: field('StreamModeDetails.StreamMode', 'stream_mode_details.stream_mode', undefined, 'PROVISIONED'),
        shards: field('ShardCount', 'shard_count', number),
        retentionHours: field('RetentionPeriodHours', 'retention_period', number, 24),
        encryption: field('StreamEncryption.EncryptionType', 'encryption_type'),
        key: field('StreamEncryption.KeyId', 'kms_key_id'),
        maximumRecordKb: field('MaxRecordSizeInKiB', 'max_record_size_in_kib', number, 1024),
        shardMetrics: field('DesiredShardLevelMetrics', 'shard_level_metrics', set()),
        enforceConsumerDeletion: field(undefined, 'enforce_consumer_deletion', flag, false),
        tags: same(tags),
      },
    },
    {
      kind: 'kinesis.consumer',
      cloudformation: 'AWS::Kinesis::StreamConsumer',
      terraform: 'aws_kinesis_stream_consumer',
      attributes: { arn: names(['Ref', 'ConsumerARN'], ['arn', 'id']) },
      properties: { name: field('ConsumerName', 'name'), stream: field('StreamARN', 'stream_arn'), tags: same(tags) },
    },
    {
      kind: 'firehose.stream',
      cloudformation: 'AWS::KinesisFirehose::DeliveryStream',
      terraform: 'aws_kinesis_firehose_delivery_stream',
      attributes: { name: names('Ref', 'name'), arn: names('Arn', ['arn', 'id']) },
      properties: {
        name: field('DeliveryStreamName', 'name'),
        // Terraform has it from the source that is given, and says where to; CloudFormation has that from the destination.
        type: field('DeliveryStreamType', undefined, () => undefined),
        to: field(undefined, 'destination', undefined, 'extended_s3'),
        stream: field(
          'KinesisStreamSourceConfiguration',
          'kinesis_source_configuration',
          object({ arn: field('KinesisStreamARN', 'kinesis_stream_arn'), role: field('RoleARN', 'role_arn') }),
        ),
        topic: field(
          'MSKSourceConfiguration',
          'msk_source_configuration',
          object({
            cluster: field('MSKClusterARN', 'msk_cluster_arn'),
            topic: field('TopicName', 'topic_name'),
            connectivity: field(
              'AuthenticationConfiguration.Connectivity',
              'authentication_configuration.connectivity',
            ),
            role: field('AuthenticationConfiguration.RoleARN', 'authentication_configuration.role_arn'),
          }),
        ),
        s3: field(
          'ExtendedS3DestinationConfiguration',
          'extended_s3_configuration',
          object({
            bucket: field('BucketARN', 'bucket_arn'),
            role: field('RoleARN', 'role_arn'),
            key: field('EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN', 'kms_key_arn'),
            prefix: same(),
            errorPrefix: field('ErrorOutputPrefix', 'error_output_prefix'),
            fileExtension: same(),
            bufferMb: field('BufferingHints.SizeInMBs', 'buffering_size', number),
            bufferSeconds: field('BufferingHints.IntervalInSeconds', 'buffering_interval', number),
            compression: field('CompressionFormat', 'compression_format', undefined, 'UNCOMPRESSED'),
            dynamicPartitions: field(
              'DynamicPartitioningConfiguration.Enabled',
              'dynamic_partitioning_configuration.enabled',
              flag,
              false,
            ),
            processing: field('ProcessingConfiguration.Enabled', 'processing_configuration.enabled', flag, false),
            processors: field(
              'ProcessingConfiguration.Processors',
              'processing_configuration.processors',
              ordered(
                object({
                  type: same(),
                  parameters: same(
                    ordered(
                      object({
                        name: field('ParameterName', 'parameter_name'),
                        value: field('ParameterValue', 'parameter_value'),
                      }),
                    ),
                  ),
                }),
              ),
            ),
            conversion: field(
              'DataFormatConversionConfiguration',
              'data_format_conversion_configuration',
              object({
                enabled: same(flag),
                input: field(
                  'InputFormatConfiguration.Deserializer',
                  'input_format_configuration.deserializer',
                  (value) => Object.keys(value as object).map((name) => name.replaceAll('_', '').toLowerCase()),
                ),
                compression: field(
                  'OutputFormatConfiguration.Serializer.ParquetSerDe.Compression',
                  'output_format_configuration.serializer.parquet_ser_de.compression',
                ),
                database: field('SchemaConfiguration.DatabaseName', 'schema_configuration.database_name'),
                table: field('SchemaConfiguration.TableName', 'schema_configuration.table_name'),
                role: field('SchemaConfiguration.RoleARN', 'schema_configuration.role_arn'),
              }),
            ),
            logging: field('CloudWatchLoggingOptions.Enabled', 'cloudwatch_logging_options.enabled', flag, false),
            logGroup: field('CloudWatchLoggingOptions.LogGroupName', 'cloudwatch_logging_options.log_group_name'),
            logStream: field('CloudWatchLoggingOptions.LogStreamName', 'cloudwatch_logging_options.log_stream_name'),
          }),
        ),
        tags: same(tags),
      },
    },
  ],
};
