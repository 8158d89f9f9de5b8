import { tableId } from '../platform/lookup';
import type { Group } from '../platform/manifest';
import type { Services } from '../runtime/services';
import { publishedSnapshots } from './runs';
import { tablesOf } from './tables';

/**
 * Tables of a group, as `zone.table`, whose rows have changed since they were last published: the run that wrote them
 * died before its end, or a quality gate stopped it. They are judged and published by the next run, new files or not.
 */
export async function unpublished(group: Group, { lake, manifest }: Services): Promise<string[]> {
  const published = await publishedSnapshots(manifest.ops.database, group.name, lake);
  const found: string[] = [];
  for (const { dataset, database, table } of tablesOf(group, manifest)) {
    const snapshot = await lake.snapshotId(database, table);
    if (snapshot !== undefined && snapshot !== published.get(tableId(dataset))) found.push(tableId(dataset));
  }
  return found;
}
