import { kept, keptSuffix } from '../cdc/columns';
import { fedBy, refusesRows } from '../cdc/tables';
import type { Column } from '../contract/dataset';
import { quarantineSuffix } from '../contract/names';
import { findTable, tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import { stateTable } from '../stream/partials';
import type { PlaceDone } from './ledger';
import type { Named } from './mentions';
import { subjectColumns } from './subjects';

/** An Iceberg table in which rows of somebody may be. */
export interface TablePlace {
  /** `zone.table`; of the platform's own `ops.table`. */
  readonly place: string;
  readonly kind: Exclude<PlaceDone['kind'], 'files' | 'waiting'>;
  readonly database: string;
  readonly table: string;
  /** Columns whose values name somebody. */
  readonly columns: readonly (Pick<Column, 'name' | 'type'> & { readonly subject: string })[];
  /** A column that holds records as texts, and the names by which those name somebody. */
  readonly texts?: { readonly column: string; readonly named: readonly Named[] };
}

/** Tables of files in which records of somebody may be, as `zone.table`. */
export const filePlaces = ({ datasets }: Pick<Manifest, 'datasets'>): string[] =>
  datasets.filter((one) => one.source !== undefined && subjectColumns(one).length > 0).map(tableId);

/** Names by which a dataset's records name somebody, typed or not. */
export const namedIn = (dataset: Parameters<typeof subjectColumns>[0]): Named[] =>
  subjectColumns(dataset).map(({ name, subject, sourceColumns }) => ({ subject, names: [name, ...sourceColumns] }));

/** Every Iceberg table of a platform in which rows of somebody may be: with its quarantine, what is kept of its changes, and windows over it. */
export function tablePlaces(manifest: Manifest): TablePlace[] {
  return manifest.datasets.flatMap((dataset) => {
    const columns = subjectColumns(dataset);
    if (columns.length === 0) return [];
    const id = tableId(dataset);
    const { database, table } = findTable(id, manifest);
    const named = namedIn(dataset);
    const isFed = fedBy(manifest, dataset) !== undefined;
    const places: TablePlace[] = [{ place: id, kind: 'table', database, table, columns }];
    if (refusesRows(dataset, manifest))
      places.push({
        place: id + quarantineSuffix,
        kind: 'quarantine',
        database,
        table: table + quarantineSuffix,
        columns: [],
        texts: { column: 'raw', named },
      });
    if (isFed)
      places.push({
        place: id + keptSuffix,
        kind: 'changes',
        database,
        table: table + keptSuffix,
        columns,
        texts: { column: kept.record, named },
      });
    for (const stream of (manifest.streams ?? []).filter((one) => one.table === id))
      for (const window of stream.windows) {
        const grouped = columns.filter(({ name }) => window.groupBy.includes(name));
        const state = stateTable(stream, window);
        if (grouped.length > 0)
          places.push({
            place: `ops.${state}`,
            kind: 'window',
            database: manifest.ops.database,
            table: state,
            columns: grouped,
          });
      }
    return places;
  });
}
