import type { RestCatalog } from '../tables/client';

/**
 * Where every Iceberg table stood at one moment. AWS Backup knows no Glue Data Catalog: of a table everything lies in its
 * bucket but which of its metadata files is the current one. Glue tables of arriving files, schemas and settings come
 * from the template, and are made again by deploying it.
 */
export interface CatalogWord {
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  readonly tables: readonly CatalogTable[];
}

export interface CatalogTable {
  readonly database: string;
  readonly table: string;
  readonly metadataLocation: string;
  /** What `aws glue create-table --table-input` takes to enter it again. */
  readonly tableInput: unknown;
}

/** Asks a catalog for every table of these namespaces. */
export async function readCatalog(
  catalog: RestCatalog,
  namespaces: readonly string[],
  takenAt: string,
): Promise<CatalogWord> {
  const tables: CatalogTable[] = [];
  for (const database of [...namespaces].sort()) {
    for (const table of (await catalog.listTables(database)).sort()) {
      const metadataLocation = await catalog.metadataLocation(database, table);
      // Dropped since it was listed.
      if (metadataLocation !== undefined)
        tables.push({ database, table, metadataLocation, tableInput: input(table, metadataLocation) });
    }
  }
  return { takenAt, tables };
}

const input = (table: string, metadataLocation: string): unknown => ({
  Name: table,
  TableType: 'EXTERNAL_TABLE',
  Parameters: { table_type: 'ICEBERG', metadata_location: metadataLocation },
  StorageDescriptor: { Columns: [], Location: metadataLocation.replace(/\/metadata\/[^/]*$/, '') },
});
