import type { Dataset } from '../contract/dataset';
import { givenAllowed } from '../errors';
import type { Group, Manifest, Model, Zone } from './manifest';

/** A table of the platform, and where it stands. */
export interface TablePlace {
  readonly dataset: Dataset;
  readonly zone: Zone;
  /** Glue database and Iceberg namespace that holds it, for example `aviation_silver`. */
  readonly database: string;
  /** Its name in there, for example `flights`. */
  readonly table: string;
}

/** The id of a dataset's table: `silver.flights`. */
export const tableId = (dataset: Pick<Dataset, 'zone' | 'name'>): string => `${dataset.zone}.${dataset.name}`;

/** Finds a table by its id, `silver.flights`. Throws where the platform has none of that id. */
export function findTable(id: string, manifest: Manifest): TablePlace {
  const dataset = manifest.datasets.find((d) => tableId(d) === id);
  const zone = manifest.zones.find((z) => z.name === dataset?.zone);
  if (dataset === undefined || zone === undefined) throw unknown('table', id, manifest.datasets.map(tableId), manifest);
  return { dataset, zone, database: zone.database, table: dataset.name };
}

/** Finds a model by its name. Throws where the platform has none of that name. */
export function findModel(name: string, manifest: Manifest): Model {
  const model = manifest.models.find((m) => m.name === name);
  if (model === undefined)
    throw unknown(
      'model',
      name,
      manifest.models.map((m) => m.name),
      manifest,
    );
  return model;
}

/** Finds a group by its name. Throws where the platform has none of that name. */
export function findGroup(name: string, manifest: Manifest): Group {
  const group = manifest.groups.find((g) => g.name === name);
  if (group === undefined)
    throw unknown(
      'group',
      name,
      manifest.groups.map((g) => g.name),
      manifest,
    );
  return group;
}

function unknown(what: string, given: string, known: readonly string[], { name }: Manifest): Error {
  return new Error(`Platform ${name} has no ${what} ${JSON.stringify(given)}; it has ${known.join(', ')}`);
}

/** A table that files are loaded into, by its id or by its name alone where that is clear. */
export function findIngested(name: string, datasets: readonly Dataset[]): Dataset | undefined {
  const ingested = datasets.filter((dataset) => dataset.source !== undefined);
  const named = ingested.filter((dataset) => dataset.name === name);
  return ingested.find((dataset) => tableId(dataset) === name) ?? (named.length === 1 ? named[0] : undefined);
}

/** What is wrong with a name by which `findIngested` finds nothing. */
export function notIngested(name: string, datasets: readonly Dataset[]): string {
  const names = datasets.filter((dataset) => dataset.source !== undefined).map(tableId);
  return `must be a table that files are loaded into; ${givenAllowed(name, names)}`;
}
