import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson, toJson } from '../../tables/json';
import type { TableMetadata } from '../../tables/metadata';
import { hasCode } from './durable';
import { CatalogError } from './errors';
import type { MetadataFiles } from './files';
import { assertInside } from './location';
import { Pointer } from './pointer';

/** A table as its clients get it. */
export interface Table {
  readonly 'metadata-location': string;
  readonly metadata: TableMetadata;
}

interface NamespaceState {
  readonly properties: Readonly<Record<string, string>>;
}

interface TableState {
  readonly 'metadata-location': string;
}

/** How often a commit is made on top of one that was just faster, before the client hears of it. */
const attempts = 8;
/** How many older metadata files a table's metadata names, unless its properties say so. */
const previousVersions = 100;

/**
 * Namespaces and tables in a folder: `<namespace>/namespace/<N>.json` and `<namespace>/tables/<table>/<N>.json`, see
 * `Pointer`. Metadata files lie where the tables are. Everything is read from the disk each time, so that any number of
 * processes over one folder see one truth.
 */
export class Store {
  constructor(
    private readonly folder: string,
    private readonly roots: readonly string[],
    private readonly files: MetadataFiles,
  ) {}

  async namespaces(): Promise<string[]> {
    const names = await folders(this.folder);
    const states = await Promise.all(names.map((name) => this.namespace(name).read()));
    return names.filter((_, i) => states[i]!.value !== undefined);
  }

  async loadNamespace(name: string): Promise<NamespaceState> {
    const { value } = await this.namespace(name).read();
    if (value === undefined) throw CatalogError.noNamespace(name);
    return value;
  }

  async createNamespace(name: string, properties: Readonly<Record<string, string>>): Promise<void> {
    const { number, value } = await this.namespace(name).read();
    if (value !== undefined || !(await this.namespace(name).advance(number, { properties })))
      throw CatalogError.exists(`Namespace ${name}`);
  }

  /** Changes the properties by `change`, which may run several times. */
  async changeNamespace(
    name: string,
    change: (properties: Readonly<Record<string, string>>) => Record<string, string>,
  ) {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const { number, value } = await this.namespace(name).read();
      if (value === undefined) throw CatalogError.noNamespace(name);
      if (await this.namespace(name).advance(number, { properties: change(value.properties) })) return;
    }
    throw CatalogError.conflict(`Namespace ${name} is being changed by others`);
  }

  async dropNamespace(name: string): Promise<void> {
    const { number, value } = await this.namespace(name).read();
    if (value === undefined) throw CatalogError.noNamespace(name);
    if ((await this.tables(name)).length > 0) throw CatalogError.notEmpty(name);
    if (!(await this.namespace(name).advance(number, undefined)))
      throw CatalogError.conflict(`Namespace ${name} is being changed by others`);
    // Whoever creates a table looks again at the namespace afterwards, and we at the tables: so one of both notices.
    if ((await this.tables(name)).length === 0) return;
    await this.namespace(name).advance(number + 1, value);
    throw CatalogError.notEmpty(name);
  }

  async tables(namespace: string): Promise<string[]> {
    const names = await folders(join(this.folder, namespace, 'tables'));
    const states = await Promise.all(names.map((name) => this.table(namespace, name).read()));
    return names.filter((_, i) => states[i]!.value !== undefined);
  }

  async loadTable(namespace: string, name: string): Promise<Table> {
    return (await this.current(namespace, name)).table;
  }

  /** The metadata file that a table is at, whether it is there or not. Undefined where there is no such table. */
  async location(namespace: string, name: string): Promise<string | undefined> {
    return (await this.table(namespace, name).read()).value?.['metadata-location'];
  }

  async createTable(namespace: string, name: string, metadata: TableMetadata): Promise<Table> {
    assertInside(metadata.location, this.roots, 'A table');
    await this.assertFree(namespace, name);
    const table = { 'metadata-location': metadataLocation(metadata.location, 0), metadata };
    await this.files.writeNew(table['metadata-location'], toJson(table.metadata));
    try {
      await this.addTable(namespace, name, table);
    } catch (error) {
      await this.discard(table, error);
      throw error;
    }
    return table;
  }

  /** Makes a table of a metadata file that is there already, for example one that was dropped. */
  async registerTable(namespace: string, name: string, location: string): Promise<Table> {
    assertInside(location, this.roots, 'A metadata file');
    const text = await this.files.read(location);
    if (text === undefined) throw CatalogError.badRequest(`There is no metadata file ${location}`);
    const metadata = parseMetadata(text, location);
    assertInside(metadata.location, this.roots, 'A table');
    const table = { 'metadata-location': location, metadata };
    await this.addTable(namespace, name, table);
    return table;
  }

  /** Commits what `change` makes of the table as it is now; where others are faster, of the table as they leave it. */
  async commitTable(namespace: string, name: string, change: (table: TableMetadata) => TableMetadata): Promise<Table> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const { number, table: base } = await this.current(namespace, name);
      const changed = change(base.metadata);
      const { log, forgotten } = metadataLog(base, changed.properties);
      const table = {
        'metadata-location': metadataLocation(changed.location, versionOf(base['metadata-location']) + 1),
        metadata: { ...changed, 'metadata-log': log },
      };
      await this.files.writeNew(table['metadata-location'], toJson(table.metadata));
      try {
        if (await this.table(namespace, name).advance(number, { 'metadata-location': table['metadata-location'] })) {
          if (changed.properties['write.metadata.delete-after-commit.enabled'] === 'true') await this.remove(forgotten);
          return table;
        }
      } catch (error) {
        await this.discard(table, error);
        throw error;
      }
      await this.discard(table);
    }
    throw CatalogError.conflict(`Table ${namespace}.${name} is being changed by others`);
  }

  /** Takes the table out of the catalog. Its files stay. */
  async dropTable(namespace: string, name: string): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const { number } = await this.current(namespace, name);
      if (await this.table(namespace, name).advance(number, undefined)) return;
    }
    throw CatalogError.conflict(`Table ${namespace}.${name} is being changed by others`);
  }

  private async addTable(namespace: string, name: string, table: Table): Promise<void> {
    const number = await this.assertFree(namespace, name);
    const pointer = this.table(namespace, name);
    if (!(await pointer.advance(number, { 'metadata-location': table['metadata-location'] })))
      throw CatalogError.exists(`Table ${namespace}.${name}`);
    const { value } = await this.namespace(namespace).read();
    if (value !== undefined) return;
    await pointer.advance(number + 1, undefined);
    throw CatalogError.noNamespace(namespace);
  }

  private async assertFree(namespace: string, name: string): Promise<number> {
    await this.loadNamespace(namespace);
    const { number, value } = await this.table(namespace, name).read();
    if (value !== undefined) throw CatalogError.exists(`Table ${namespace}.${name}`);
    return number;
  }

  private async current(namespace: string, name: string): Promise<{ number: number; table: Table }> {
    for (let before = 0; ; ) {
      const { number, value } = await this.table(namespace, name).read();
      if (value === undefined) throw CatalogError.noTable(`${namespace}.${name}`);
      const location = value['metadata-location'];
      const text = await this.files.read(location);
      if (text !== undefined) {
        return { number, table: { 'metadata-location': location, metadata: parseMetadata(text, location) } };
      }
      // Commits that were faster than this reader may have removed it; where there were none, it is lost.
      if (number === before) throw new Error(`The metadata file ${location} of ${namespace}.${name} is gone`);
      before = number;
    }
  }

  /** Removes a metadata file that no commit made current. Where that is not known, it stays. */
  private async discard(table: Table, reason?: unknown): Promise<void> {
    if (reason instanceof CatalogError && reason.code === 500) return;
    if (reason !== undefined && !(reason instanceof CatalogError)) return;
    await this.files.remove(table['metadata-location']).catch(() => undefined);
  }

  private async remove(locations: readonly string[]): Promise<void> {
    for (const location of locations) {
      assertInside(location, this.roots, 'A metadata file');
      await this.files.remove(location).catch(() => undefined);
    }
  }

  private namespace(name: string): Pointer<NamespaceState> {
    return new Pointer(join(this.folder, name, 'namespace'));
  }

  private table(namespace: string, name: string): Pointer<TableState> {
    return new Pointer(join(this.folder, namespace, 'tables', name));
  }
}

async function folders(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

const metadataLocation = (location: string, version: number): string =>
  `${location}/metadata/${String(version).padStart(5, '0')}-${randomUUID()}.metadata.json`;

/** The number that a metadata file's name begins with; 0 where another catalog has named it otherwise. */
const versionOf = (location: string): number => Number(/\/(\d+)-[^/]*$/.exec(location)?.[1] ?? 0);

function metadataLog(base: Table, properties: Readonly<Record<string, string>>) {
  const max = Number(properties['write.metadata.previous-versions-max'] ?? previousVersions);
  const entry = { 'metadata-file': base['metadata-location'], 'timestamp-ms': base.metadata['last-updated-ms'] };
  const all = [...base.metadata['metadata-log'], entry];
  const keep = Number.isInteger(max) && max > 0 ? max : previousVersions;
  return { log: all.slice(-keep), forgotten: all.slice(0, -keep).map((old) => old['metadata-file']) };
}

/** Other writers leave out what is empty. */
function parseMetadata(text: string, location: string): TableMetadata {
  const metadata = parseJson(text) as Partial<TableMetadata>;
  if (metadata['format-version'] !== 2)
    throw CatalogError.badRequest(`Tables are of format version 2; ${location} is of ${metadata['format-version']}`);
  return {
    properties: {},
    snapshots: [],
    refs: {},
    'snapshot-log': [],
    'metadata-log': [],
    statistics: [],
    'partition-statistics': [],
    ...metadata,
  } as TableMetadata;
}
