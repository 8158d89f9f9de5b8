import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Manifest, Zone } from '../platform/manifest';

/**
 * Where a platform keeps its data on this machine: all of it in the folder `.ingot` beside `platform.yaml`. Removing
 * the folder removes the data and nothing else.
 *
 *     .ingot/lake/<zone>/…      files of bronze and Iceberg tables, as in the zone's bucket
 *     .ingot/catalog/           the catalog's own state: which metadata file each table is at
 *     .ingot/database/          the platform's PostgreSQL database (PGlite): vector stores
 *     .ingot/changes/           how far the files of changes were delivered, by source
 *     .ingot/streams/<stream>/  records of streams, a file a shard, how far they were delivered, and keys that have stopped
 *     .ingot/erasures/          the ledger of erasures: no part of the lake, to be kept apart from copies of it
 *     .ingot/runs/<run>.jsonl   what happened in a run, one event a line; last-<group>.json is how the last one ended
 *     .ingot/dead-letters/      what a run gave up on, one file each
 *     .ingot/notices.jsonl      what would have been sent to people
 *     .ingot/report.html        the report of the last run that had something to do; report.json is its data
 *     .ingot/lock/              held while a run is at work
 */
export interface Layout {
  readonly root: string;
  readonly catalog: string;
  /** Folder of the platform's PostgreSQL database. */
  readonly database: string;
  /** Folder of what says how far files of changes were delivered. */
  readonly changes: string;
  /** Folder of streams' records. */
  readonly streams: string;
  readonly runs: string;
  readonly deadLetters: string;
  readonly notices: string;
  readonly events: string;
  readonly report: string;
  /** What the report shows, as JSON. */
  readonly reportData: string;
  readonly lock: string;
  /** Files that are not whole yet. */
  readonly temporary: string;
  /** Folder of a zone. */
  readonly zone: (name: string) => string;
}

export function layoutOf(platformFolder: string): Layout {
  const root = join(platformFolder, '.ingot');
  return {
    root,
    catalog: join(root, 'catalog'),
    database: join(root, 'database'),
    changes: join(root, 'changes'),
    streams: join(root, 'streams'),
    runs: join(root, 'runs'),
    deadLetters: join(root, 'dead-letters'),
    notices: join(root, 'notices.jsonl'),
    events: join(root, 'events.jsonl'),
    report: join(root, 'report.html'),
    reportData: join(root, 'report.json'),
    lock: join(root, 'lock'),
    temporary: join(root, 'temporary'),
    zone: (name) => join(root, 'lake', name),
  };
}

/**
 * Roots of all zones as `file:///…`, for `Services.zones`. Of a zone of files it is a URL, as handlers read objects. Of
 * a zone of Iceberg tables nothing is encoded: no reader of Iceberg decodes a location.
 */
export function zoneRoots(layout: Layout, manifest: Pick<Manifest, 'zones'>): Record<string, string> {
  const root = ({ name, holds }: Zone) =>
    holds === 'files' ? pathToFileURL(layout.zone(name)).href : `file://${layout.zone(name)}`;
  return Object.fromEntries(manifest.zones.map((zone) => [zone.name, root(zone)]));
}
