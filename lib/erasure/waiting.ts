import { findTable } from '../platform/lookup';
import type { PlaceDone } from './ledger';
import { mentionIn, type Named } from './mentions';
import type { ErasureServices } from './services';
import type { Wanted } from './wanted';

/**
 * Erases somebody from the records of streams into a table that wait, or waited, for the release of their key. Undefined where
 * no stream fills the table.
 */
export async function eraseWaiting(
  table: string,
  named: readonly Named[],
  wanted: Wanted,
  { manifest, zones, objects }: ErasureServices,
): Promise<PlaceDone | undefined> {
  const { source } = findTable(table, manifest).dataset;
  const streams = (manifest.streams ?? []).filter((stream) => stream.table === table);
  if (source === undefined || streams.length === 0) return undefined;
  const done = { rows: 0, unreadable: 0 };
  for (const { name } of streams)
    for await (const { uri } of objects.list(`${zones[source.zone]}/_parked/${name}/`)) {
      const { data } = JSON.parse((await objects.read(uri)).toString()) as { readonly data: string };
      const mention = mentionIn(Buffer.from(data, 'base64').toString('utf8'), named, wanted);
      if (mention === undefined) continue;
      await objects.remove(uri);
      done.rows += 1;
      if (mention === 'word') done.unreadable += 1;
    }
  return { place: `${source.zone}/_parked/${table}`, kind: 'waiting', ...done, files: 0, snapshots: 0, named: [] };
}
