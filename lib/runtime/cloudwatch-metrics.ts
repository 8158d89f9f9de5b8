import { CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Metrics } from './services';

/** Values of a request, at most. */
const most = 1000;

/** Values that are kept for later at most: a job that never ends must not grow with what CloudWatch does not take. */
const mostKept = 100 * most;

/** A client that gives up soon where there is no way to CloudWatch: a job waits for it. */
export const metricsClient = (): CloudWatchClient =>
  new CloudWatchClient({
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });

/**
 * Metrics for where nobody reads them out of a log: they are kept until `flush` has sent them to CloudWatch, which fails
 * where one of its requests does. What CloudWatch calls invalid is not sent again.
 */
export function cloudwatchMetrics(
  platform: string,
  client: Pick<CloudWatchClient, 'send'>,
): Metrics & { flush(): Promise<void> } {
  const data: MetricDatum[] = [];
  return {
    put(name, value, unit, dimensions) {
      const all = Object.entries({ Platform: platform, ...dimensions });
      data.push({
        MetricName: name,
        Value: value,
        Unit: unit,
        Dimensions: all.map(([Name, Value]) => ({ Name, Value })),
        Timestamp: new Date(),
      });
    },
    async flush() {
      while (data.length > 0) {
        const values = data.slice(0, most);
        try {
          await client.send(new PutMetricDataCommand({ Namespace: 'Ingot', MetricData: values }));
        } catch (error) {
          if (isInvalid(error)) data.splice(0, values.length);
          data.splice(0, Math.max(0, data.length - mostKept));
          throw error;
        }
        data.splice(0, values.length);
      }
    },
  };
}

/** A value that is two weeks old, say: those that come after it would wait for ever. */
const isInvalid = (error: unknown): boolean => error instanceof Error && error.name.startsWith('InvalidParameter');
