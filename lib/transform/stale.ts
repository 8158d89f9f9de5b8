import { findModel, findTable } from '../platform/lookup';
import type { Group } from '../platform/manifest';
import type { Services } from '../runtime/services';
import { inputsOf, inputsProperty, written } from './inputs';

/**
 * Models of a group whose table no longer follows from what they read: an input has a new snapshot, or the SQL or the
 * contract has changed, or a model before them is stale itself. In the order in which they run.
 */
export async function staleModels(group: Group, services: Services): Promise<string[]> {
  const { manifest } = services;
  const stale: string[] = [];
  const staleTables = new Set<string>();
  for (const name of group.levels.flat()) {
    const model = findModel(name, manifest);
    const readsStale = model.reads.some((table) => staleTables.has(table));
    if (!readsStale && (await isFresh(name, services))) continue;
    stale.push(name);
    staleTables.add(written(model));
  }
  return stale;
}

/** Whether a model's table was last made from exactly what it would be made from now. */
async function isFresh(name: string, services: Services): Promise<boolean> {
  const { manifest, lake } = services;
  const model = findModel(name, manifest);
  const { database, table } = findTable(written(model), manifest);
  const properties = await lake.properties(database, table);
  return properties[inputsProperty] === (await inputsOf(model, services));
}
