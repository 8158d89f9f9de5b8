import { join } from 'node:path';
import type { Manifest } from '../lib/platform/manifest';
import type { CatalogAddress } from '../lib/runtime/services';
import { databases } from '../lib/spark/databases';
import { catalogHere, sparkHere } from '../lib/spark/local';
import { packageFolder } from '../lib/spark/package-folder';
import { findSparkPython } from '../lib/spark/python';
import { type SparkSession, startSpark } from '../lib/spark/session';
import { readerJars } from '../test/spark/kafka';

/** Starts Spark on two processors of this machine, over the tables of a platform and with what reads Kafka. */
export const startSparkReader = async (
  { manifest, catalog }: { readonly manifest: Manifest; readonly catalog: CatalogAddress },
  folder: string,
): Promise<SparkSession> =>
  startSpark({
    python: await findSparkPython(),
    packageFolder: packageFolder(),
    settings: {
      catalog: catalogHere(catalog),
      scratch: join(folder, 'scratch'),
      zones: databases(manifest),
      spark: sparkHere('local[2]', {
        'spark.jars': await readerJars(),
        'spark.driver.memory': '3g',
        'spark.sql.shuffle.partitions': '4',
      }),
    },
  });
