import { S3Client } from '@aws-sdk/client-s3';
import type { Manifest } from '../platform/manifest';
import { tellingTransient } from '../runtime/aws-transient';
import { cloudwatchMetrics, metricsClient } from '../runtime/cloudwatch-metrics';
import type { HandlerEnvironment } from '../runtime/environment';
import { collectedMetrics } from '../runtime/local';
import { jsonLog } from '../runtime/log';
import { localObjects } from '../runtime/objects';
import { s3Objects } from '../runtime/s3-objects';
import type { Arrivals, Services } from '../runtime/services';
import { sparkLake } from './lake';
import type { SparkSession } from './session';

export interface JobServices {
  readonly services: Services;
  /** Sends what metrics are still to be sent. What cannot be sent is said in the log: no data is lost with it. */
  flush(): Promise<void>;
}

/** What the handlers of a job need: Spark for the lake; objects and metrics where a function has them. */
export function jobServices(environment: HandlerEnvironment, manifest: Manifest, session: SparkSession): JobServices {
  const { zones, catalog, s3Endpoint } = environment;
  const log = jsonLog((line) => process.stderr.write(`${line}\n`));
  const onThisMachine = Object.values(zones).every((root) => root.startsWith('file:'));
  const metrics = onThisMachine
    ? { ...collectedMetrics(manifest.name), flush: async () => {} }
    : cloudwatchMetrics(manifest.name, metricsClient());
  const lake = sparkLake(session, {
    onConflict: (attempt) => log.info('Another writer was first; the commit is tried again', { attempt }),
  });
  const objects = onThisMachine
    ? localObjects
    : s3Objects(tellingTransient(new S3Client({ forcePathStyle: s3Endpoint !== undefined })));
  const clock = { now: () => Date.now() };
  return {
    services: { manifest, zones, lake, objects, arrivals, catalog, clock, metrics, log },
    flush: () => metrics.flush().catch((error: unknown) => log.error('Metrics could not be sent', { error })),
  };
}

const arrivals: Arrivals = {
  // biome-ignore lint/correctness/useYield: it never comes so far
  async *take() {
    throw new Error('Files are planned by the function, not by a job of Spark');
  },
};
