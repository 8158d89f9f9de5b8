import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { CfnLogStream } from 'aws-cdk-lib/aws-logs';
import { processors } from '../processors';
import { acknowledge } from './acknowledge';
import type { Renderer } from './render';

export const renderDeliveryStream: Renderer<'deliveryStream'> = (scope, node) => {
  const { source, parquet } = node;
  const stream = new CfnDeliveryStream(scope, node.id, {
    deliveryStreamName: node.name,
    ...('streamArn' in source
      ? {
          deliveryStreamType: 'KinesisStreamAsSource',
          kinesisStreamSourceConfiguration: { kinesisStreamArn: source.streamArn, roleArn: node.roleArn },
        }
      : {
          deliveryStreamType: 'MSKAsSource',
          mskSourceConfiguration: {
            mskClusterArn: source.clusterArn,
            topicName: source.topic,
            authenticationConfiguration: { connectivity: source.connectivity, roleArn: node.roleArn },
          },
        }),
    extendedS3DestinationConfiguration: {
      bucketArn: node.bucketArn,
      roleArn: node.roleArn,
      encryptionConfiguration:
        node.keyArn === undefined ? undefined : { kmsEncryptionConfig: { awskmsKeyArn: node.keyArn } },
      prefix: node.prefix,
      errorOutputPrefix: node.errorPrefix,
      fileExtension: node.fileExtension,
      bufferingHints: { sizeInMBs: node.bufferMb, intervalInSeconds: node.bufferSeconds },
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
      cloudWatchLoggingOptions: {
        enabled: true,
        logGroupName: node.logGroupName,
        logStreamName: node.logStreamName,
      },
    },
  });
  acknowledge(stream, node.exceptions);
  return { arn: stream.attrArn, name: stream.ref };
};

export const renderLogStream: Renderer<'logStream'> = (scope, node) => {
  const stream = new CfnLogStream(scope, node.id, { logGroupName: node.logGroupName, logStreamName: node.name });
  return { name: stream.ref };
};
