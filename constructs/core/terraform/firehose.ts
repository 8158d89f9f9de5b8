import { processors } from '../processors';
import { CloudwatchLogStream, KinesisFirehoseDeliveryStream } from './aws';
import type { Renderer } from './render';

export const renderDeliveryStream: Renderer<'deliveryStream'> = (scope, node) => {
  const { source, parquet } = node;
  const stream = new KinesisFirehoseDeliveryStream(scope, node.id, {
    name: node.name,
    destination: 'extended_s3',
    ...('streamArn' in source
      ? { kinesisSourceConfiguration: { kinesisStreamArn: source.streamArn, roleArn: node.roleArn } }
      : {
          mskSourceConfiguration: {
            mskClusterArn: source.clusterArn,
            topicName: source.topic,
            authenticationConfiguration: { connectivity: source.connectivity, roleArn: node.roleArn },
          },
        }),
    extendedS3Configuration: {
      bucketArn: node.bucketArn,
      roleArn: node.roleArn,
      kmsKeyArn: node.keyArn,
      prefix: node.prefix,
      errorOutputPrefix: node.errorPrefix,
      fileExtension: node.fileExtension,
      bufferingSize: node.bufferMb,
      bufferingInterval: node.bufferSeconds,
      compressionFormat: node.compression,
      dynamicPartitioningConfiguration: node.partitions === undefined ? undefined : { enabled: true },
      processingConfiguration: {
        enabled: true,
        processors: processors(node).map(({ type, parameters }) => ({
          type,
          parameters: parameters.map(([parameterName, parameterValue]) => ({ parameterName, parameterValue })),
        })),
      },
      dataFormatConversionConfiguration:
        parquet === undefined
          ? undefined
          : {
              enabled: true,
              inputFormatConfiguration: { deserializer: { openXJsonSerDe: {} } },
              outputFormatConfiguration: { serializer: { parquetSerDe: { compression: parquet.compression } } },
              schemaConfiguration: {
                databaseName: parquet.database,
                tableName: parquet.table,
                roleArn: node.roleArn,
              },
            },
      cloudwatchLoggingOptions: {
        enabled: true,
        logGroupName: node.logGroupName,
        logStreamName: node.logStreamName,
      },
    },
  });
  return { arn: stream.arn, name: stream.name };
};

export const renderLogStream: Renderer<'logStream'> = (scope, node) => {
  const stream = new CloudwatchLogStream(scope, node.id, { logGroupName: node.logGroupName, name: node.name });
  return { name: stream.name };
};
