import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startCatalog } from '../local/catalog';
import type { MetadataFiles } from '../local/catalog/files';
import { attach } from '../runtime/lake';
import type { Lake } from '../runtime/services';
import { identifier, qualified } from '../sql/quote';
import { RestCatalog } from './client';
import type { TableName } from './expire';
import { toJson } from './json';
import type { Snapshot, TableMetadata } from './metadata';

/** A table without rows that is otherwise another one, in a catalog of its own: nobody sees what is written to it. */
export interface Fork {
  /** Its quoted SQL name. */
  readonly name: string;
  /** The snapshots that were written to it. */
  snapshots(): Promise<readonly Snapshot[]>;
}

/**
 * Lets `work` write rows into a fork of a table. What it writes lies in the table's own folder, in files as DuckDB writes them for
 * this table, with the next sequence number: its snapshot may become the table's.
 */
export async function withFork<T>(
  { database, table }: TableName,
  metadata: TableMetadata,
  lake: Lake,
  work: (fork: Fork) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-fork-'));
  const held = memoryFiles();
  const location = `${metadata.location}/metadata/00000-fork.metadata.json`;
  await held.writeNew(location, toJson(emptied(metadata)));
  const served = await startCatalog({ folder, roots: [dirname(metadata.location)], files: held });
  const name = `fork_${randomBytes(6).toString('hex')}`;
  try {
    const address = { uri: served.uri, warehouse: name, auth: { kind: 'none' } } as const;
    const catalog = await RestCatalog.connect(address);
    await catalog.createNamespace(database);
    await catalog.registerTable(database, table, location);
    await lake.run(attach(name, address, []));
    try {
      return await work({
        name: qualified(name, database, table),
        snapshots: async () => (await catalog.loadTable(database, table))!.snapshots,
      });
    } finally {
      await lake.run(`DETACH ${identifier(name)}`);
    }
  } finally {
    await served.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function emptied({ properties, ...rest }: TableMetadata): TableMetadata {
  const { 'write.metadata.delete-after-commit.enabled': _, ...others } = properties;
  return {
    ...rest,
    properties: others,
    'current-snapshot-id': -1,
    snapshots: [],
    refs: {},
    'snapshot-log': [],
    'metadata-log': [],
    statistics: [],
    'partition-statistics': [],
  };
}

function memoryFiles(): MetadataFiles {
  const texts = new Map<string, string>();
  return {
    read: async (location) => texts.get(location),
    writeNew: async (location, text) => void texts.set(location, text),
    remove: async (location) => void texts.delete(location),
  };
}
