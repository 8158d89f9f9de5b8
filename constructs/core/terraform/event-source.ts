import { LambdaEventSourceMapping } from './aws';
import type { Renderer } from './render';

export const renderStreamSource: Renderer<'streamSource'> = (scope, node) => {
  const { kafka, retry } = node;
  const mapping = new LambdaEventSourceMapping(scope, node.id, {
    functionName: node.functionName,
    eventSourceArn: node.sourceArn,
    startingPosition: 'TRIM_HORIZON',
    batchSize: node.batchSize,
    maximumBatchingWindowInSeconds: node.batchSeconds,
    destinationConfig: { onFailure: { destinationArn: node.deadLettersArn } },
    ...(kafka === undefined
      ? {}
      : {
          topics: [kafka.topic],
          amazonManagedKafkaEventSourceConfig: { consumerGroupId: kafka.consumerGroup },
        }),
    ...(retry === undefined
      ? {}
      : {
          bisectBatchOnFunctionError: retry.bisect,
          maximumRecordAgeInSeconds: retry.maxAgeSeconds,
          maximumRetryAttempts: retry.attempts,
          functionResponseTypes: retry.partial ? ['ReportBatchItemFailures'] : undefined,
        }),
    metricsConfig: { metrics: ['EventCount'] },
  });
  return { id: mapping.uuid };
};
