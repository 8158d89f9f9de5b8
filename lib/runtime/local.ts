import { findGroup, findTable } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import type { DuckdbLimits } from './duckdb';
import { openLake } from './lake';
import { jsonLog } from './log';
import { localObjects } from './objects';
import type { Arrivals, CatalogAddress, Clock, Log, Metrics, MetricUnit, Services } from './services';

export interface LocalOptions {
  readonly manifest: Manifest;
  /** Root of each zone by its name, `file:///…`, without a slash at its end. */
  readonly zones: Readonly<Record<string, string>>;
  readonly catalog: CatalogAddress;
  /** By default the system's clock. */
  readonly clock?: Clock;
  /** By default JSON lines to standard error, from `INGOT_LOG_LEVEL` upwards. */
  readonly log?: Log;
  readonly limits?: DuckdbLimits;
}

/** A metric that was put while the services were in use. */
export interface PutMetric {
  readonly name: string;
  readonly value: number;
  readonly unit: MetricUnit;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** The services on this machine. What is put as a metric is kept and can be read. */
export interface LocalServices extends Services {
  readonly metrics: Metrics & { readonly put: Metrics['put']; readonly values: readonly PutMetric[] };
  close(): Promise<void>;
}

/**
 * What handlers need, on this machine: folders, DuckDB, the catalog at `catalog`. Close it when done.
 *
 * @throws Error where DuckDB's extensions cannot be had, or the catalog does not answer
 */
export async function localServices(options: LocalOptions): Promise<LocalServices> {
  const { manifest, zones, catalog, limits, clock = { now: () => Date.now() } } = options;
  const log = options.log ?? jsonLog((line) => process.stderr.write(`${line}\n`));
  const lake = await openLake({
    catalog,
    manifest,
    limits,
    onConflict: (attempt) => log.info('Another writer was first; the commit is tried again', { attempt }),
  });
  const metrics = collectedMetrics(manifest.name);
  const arrivals = folderArrivals(manifest, zones);
  const close = () => lake.close();
  return { manifest, zones, lake, objects: localObjects, arrivals, catalog, clock, metrics, log, close };
}

/**
 * Without a queue, everything that lies in bronze has arrived, always: the ledger knows what of it is new. So a file
 * that was copied there while nothing ran is found too.
 */
export function folderArrivals(manifest: Manifest, zones: Readonly<Record<string, string>>): Arrivals {
  return {
    async *take(group) {
      for (const table of findGroup(group, manifest).ingests) {
        const { source } = findTable(table, manifest).dataset;
        if (source === undefined) continue;
        for await (const object of localObjects.list(`${zones[source.zone]}/${source.prefix}/`)) {
          yield { object, done: async () => {} };
        }
      }
    },
  };
}

/** Keeps metrics in memory. */
export function collectedMetrics(platform: string): LocalServices['metrics'] {
  const values: PutMetric[] = [];
  return {
    values,
    put: (name, value, unit, dimensions) =>
      void values.push({ name, value, unit, dimensions: { Platform: platform, ...dimensions } }),
  };
}
