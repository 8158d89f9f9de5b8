import type { Column } from '../contract/dataset';
import { deepFreeze } from '../freeze';
import type { Services } from '../runtime/services';
import { applyTable } from '../tables/apply';
import { RestCatalog } from '../tables/client';
import type { TableSpec } from '../tables/spec';
import { datasetSpec } from '../tables/specs';
import { columnFromSource, columnsWith, sourceColumnsOf, sourceColumnsProperty } from './evolved';
import type { Feed } from './feed';
import type { NewColumn } from './schema';
import { keptSpec } from './tables';

/** The catalog, as tables' schemas are changed through it. */
export type SchemaCatalog = () => Promise<RestCatalog>;

/**
 * Changes a table and the one of its kept changes as its source has changed. Done again, it changes nothing. Gives the
 * columns that the table has then.
 */
export async function evolveTable(
  feed: Feed,
  columns: readonly NewColumn[],
  services: Pick<Services, 'manifest' | 'zones' | 'lake' | 'log' | 'catalog'> & {
    readonly schemaCatalog?: SchemaCatalog;
  },
): Promise<Column[]> {
  const { manifest, zones, lake, log } = services;
  const { database, table, dataset } = feed.place;
  const catalog = await (services.schemaCatalog?.() ?? RestCatalog.connect(services.catalog));
  const before = sourceColumnsOf(await lake.properties(database, table));
  const all = [...before.filter(({ name }) => !columns.some((column) => column.name === name)), ...columns];
  const declared = manifest.datasets.find((one) => one.name === dataset.name && one.zone === dataset.zone)!;
  const spec = datasetSpec(manifest, declared, zones);
  // The table of kept changes first: it has to take whatever the table may show.
  await applyTable(deepFreeze(said(keptSpec(spec, declared), all)), catalog, { log });
  await applyTable(deepFreeze(said(spec, all)), catalog, { log });
  return columnsWith(declared.columns, all, columnFromSource);
}

const said = (spec: TableSpec, columns: readonly NewColumn[]): TableSpec => {
  const { quarantine: _, ...own } = spec;
  return { ...own, properties: { ...spec.properties, [sourceColumnsProperty]: JSON.stringify(columns) } };
};
