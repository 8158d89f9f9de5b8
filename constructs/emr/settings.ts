import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { WorkerSize } from '../core/nodes';
import { aws, type Text, text } from '../core/text';

/** Where EMR keeps Iceberg. It has no way to the internet by default, so that nothing is fetched from Maven. */
const icebergJar = '/usr/share/aws/iceberg/lib/iceberg-spark3-runtime.jar';

/** Name of the catalog in SQL: `lake.aviation_silver.flights`, as `spark/ingot_spark` calls it. */
const catalogName = 'lake';

/** The setting that says how many executors a job has at most, its driver not counted. */
export const maxExecutors = 'spark.dynamicAllocation.maxExecutors';
const initialExecutors = 'spark.dynamicAllocation.initialExecutors';

/** EMR Serverless lets a job begin with three executors, which Spark refuses where it may have fewer. */
export const executorSettings = (most: number): Record<string, string> => ({
  [initialExecutors]: String(Math.min(3, most)),
  [maxExecutors]: String(most),
});

/** Settings with which a job begins with no more executors than it may have. */
export function beginningWithin(settings: Readonly<Record<string, Text>>): Record<string, Text> {
  const most = Number(settings[maxExecutors]);
  return most < 3 ? { ...executorSettings(most), ...settings } : { ...settings };
}

/** Spark's settings for jobs that read and write the lake's tables with workers of a size. */
export function sparkSettings(
  size: WorkerSize,
  maxWorkers: number,
  catalog: IcebergCatalog | undefined,
): Record<string, Text> {
  // Spark adds a tenth, 384 MB at least, for what is outside of the heap: together they are the worker's memory.
  const heapMb = Math.floor(Math.min((size.memoryGb * 1024) / 1.1, size.memoryGb * 1024 - 384));
  const worker = (role: 'driver' | 'executor') => ({
    [`spark.${role}.cores`]: String(size.vcpu),
    [`spark.${role}.memory`]: `${heapMb}m`,
    [`spark.emr-serverless.${role}.disk`]: `${size.diskGb}G`,
  });
  return {
    ...lakeSettings(catalog),
    'spark.dynamicAllocation.minExecutors': '0',
    [maxExecutors]: String(maxWorkers - 1),
    ...worker('driver'),
    ...worker('executor'),
  };
}

/** Spark's settings for jobs that read and write the lake's tables, wherever they run. */
export function lakeSettings(catalog: IcebergCatalog | undefined): Record<string, Text> {
  return {
    'spark.jars': icebergJar,
    'spark.sql.extensions': 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
    [`spark.sql.catalog.${catalogName}`]: 'org.apache.iceberg.spark.SparkCatalog',
    ...catalogSettings(catalog),
    'spark.sql.session.timeZone': 'UTC',
    'spark.sql.adaptive.enabled': 'true',
    'spark.sql.adaptive.coalescePartitions.enabled': 'true',
    'spark.sql.adaptive.skewJoin.enabled': 'true',
    'spark.sql.adaptive.forceOptimizeSkewedJoin': 'true',
    'spark.dynamicAllocation.enabled': 'true',
  };
}

function catalogSettings(catalog: IcebergCatalog | undefined): Record<string, Text> {
  const {
    uri,
    warehouse,
    auth = 'sigv4',
  } = catalog ?? {
    uri: text`https://glue.${aws.region}.${aws.urlSuffix}/iceberg`,
    warehouse: aws.account,
  };
  const settings: Record<string, Text> = {
    type: 'rest',
    uri,
    warehouse,
    ...(auth === 'none'
      ? {}
      : {
          'rest.sigv4-enabled': 'true',
          'rest.signing-name': 'glue',
          'rest.signing-region': aws.region,
        }),
    'io-impl': 'org.apache.iceberg.aws.s3.S3FileIO',
    // What another writer has committed must be seen at once: positions are read from it.
    'cache-enabled': 'false',
  };
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`spark.sql.catalog.${catalogName}.${name}`, value]),
  );
}
