import { rm } from 'node:fs/promises';
import type { Manifest } from '../platform/manifest';
import type { CatalogAddress, Lake } from '../runtime/services';
import { databases } from './databases';
import { sparkLake } from './lake';
import { packageFolder } from './package-folder';
import { findSparkPython, icebergPackage } from './python';
import { startSpark } from './session';

export interface LocalSpark {
  readonly manifest: Pick<Manifest, 'name' | 'zones' | 'ops'>;
  /** The embedded catalog. */
  readonly catalog: CatalogAddress;
  /** Folder for rows between two statements; it is emptied at the end. */
  readonly scratch: string;
  /** Hears of what takes long. */
  readonly told?: (note: string) => void;
  /** Hears that Spark has ended, whatever for. */
  readonly onEnd?: () => void;
}

/** Settings of a Spark that is on this machine alone, and others beside them. */
export const sparkHere = (master: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'spark.master': master,
  'spark.jars.packages': icebergPackage,
  'spark.ui.enabled': 'false',
  'spark.ui.showConsoleProgress': 'false',
  'spark.driver.bindAddress': '127.0.0.1',
  'spark.driver.host': '127.0.0.1',
  ...more,
});

/** The embedded catalog, whose tables are files of this machine, in words of Spark's. */
export const catalogHere = ({ uri, warehouse }: Pick<CatalogAddress, 'uri' | 'warehouse'>): Record<string, string> => ({
  uri,
  warehouse,
  'io-impl': 'org.apache.iceberg.hadoop.HadoopFileIO',
});

/**
 * Starts Spark on this machine, over the same catalog as DuckDB.
 *
 * @throws Error where this machine has no Python or Java, or Spark does not start
 */
export async function openLocalSpark({ manifest, catalog, scratch, told, onEnd }: LocalSpark): Promise<Lake> {
  const python = await findSparkPython(told);
  const session = await startSpark({
    python,
    packageFolder: packageFolder(),
    onEnd,
    settings: {
      catalog: catalogHere(catalog),
      scratch,
      zones: databases(manifest),
      spark: sparkHere('local[*]', {
        'spark.driver.memory': process.env.INGOT_SPARK_MEMORY ?? '3g',
        // Tables of one machine; adaptive execution joins them where they are smaller still.
        'spark.sql.shuffle.partitions': '16',
      }),
    },
  });
  const close = async () => {
    await session.close();
    await rm(scratch, { recursive: true, force: true });
  };
  return sparkLake({ ...session, close });
}
