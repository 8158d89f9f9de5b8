import { Metrics as Powertools } from '@aws-lambda-powertools/metrics';
import type { Metrics } from './services';

/** Metrics as lines in the log, which CloudWatch turns into metrics. */
export function emfMetrics(platform: string): Metrics {
  return {
    put(name, value, unit, dimensions) {
      const metric = new Powertools({ namespace: 'Ingot', singleMetric: true });
      // Powertools adds a dimension "service"; an alarm finds a metric by exactly the dimensions that it names.
      metric.clearDefaultDimensions();
      metric.addDimensions({ Platform: platform, ...dimensions });
      metric.addMetric(name, unit, value);
    },
  };
}
