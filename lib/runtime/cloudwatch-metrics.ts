import { type CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Metrics } from './services';

/** Values of a request, at most. */
const most = 1000;

/** Metrics for where nobody reads them out of a log: they are kept until `flush` sends them to CloudWatch. */
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
      while (data.length > 0)
        await client.send(new PutMetricDataCommand({ Namespace: 'Ingot', MetricData: data.splice(0, most) }));
    },
  };
}
