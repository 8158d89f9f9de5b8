import type { Column, Dataset, Type } from '../contract/dataset';
import { findTable, type TablePlace } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import type { Mode } from './columns';
import type { CdcSource } from './declaration';

/** A table of a source, and what it fills. */
export interface Feed {
  /** `zone.table`. */
  readonly id: string;
  readonly place: TablePlace;
  readonly mode: Mode;
  readonly source: CdcSource;
  /** Columns by the name that the source has for them. */
  readonly bySourceName: ReadonlyMap<string, Column>;
}

/** What a source's columns are, as far as a record says. */
export interface SourceColumns {
  /** Type of each, null where only its name is known. */
  readonly types: ReadonlyMap<string, Type | null>;
  /** Whether the source said so, or the types are those of the record's JSON, which has fewer. */
  readonly declared: boolean;
  /** Whether these are all that the source has. */
  readonly complete: boolean;
}

export const noColumns: SourceColumns = { types: new Map(), declared: false, complete: false };

/** The tables of a source by their name there, `schema.table`. */
export function feedsOf(source: CdcSource, manifest: Manifest): Map<string, Feed> {
  return new Map(
    source.tables.map(({ table, mode, schema, name }) => {
      const place = findTable(table, manifest);
      return [`${schema}.${name}`, feedOf({ id: table, place, mode, source })];
    }),
  );
}

function feedOf(feed: Omit<Feed, 'bySourceName'>): Feed {
  const columns = feed.place.dataset.columns.map((column) => [sourceNameOf(column), column] as const);
  return { ...feed, bySourceName: new Map(columns) };
}

/** A feed whose table has other columns than its contract says: those that came from the source since. */
export const withColumns = (feed: Feed, columns: Dataset['columns']): Feed =>
  feedOf({ ...feed, place: { ...feed.place, dataset: { ...feed.place.dataset, columns } } });

/** The name that the source has for a column: the contract may say another one by `transformSourceObjects`. */
export const sourceNameOf = ({ name, sourceColumns }: Pick<Column, 'name' | 'sourceColumns'>): string =>
  sourceColumns[0] ?? name;

/** The feed of a source, whose name the platform has. */
export function findSource(name: string, { cdc = [], name: platform }: Manifest): CdcSource {
  const source = cdc.find((one) => one.name === name);
  if (source === undefined)
    throw new Error(
      `Platform ${platform} has no source of changes ${JSON.stringify(name)}; it has ${cdc.map((one) => one.name).join(', ') || 'none'}`,
    );
  return source;
}
