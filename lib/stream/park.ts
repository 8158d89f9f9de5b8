import { createHash } from 'node:crypto';
import { findTable } from '../platform/lookup';
import type { Services } from '../runtime/services';
import type { ParkedKey, ParkedKeys, Place } from './parked';
import { compareSequences, type StreamRecord, sortable } from './record';
import type { Stream } from './stream';

/** Whether a record has to wait: its key has stopped, and it does not come before the record at which it did. */
export function waits(record: StreamRecord, parked: ReadonlyMap<string, ParkedKey>): boolean {
  const state = parked.get(record.key);
  if (state === undefined) return false;
  const { first } = state;
  return record.shard !== first.shard || compareSequences(record.sequence, first.sequence) >= 0;
}

export const byKey = (parked: readonly ParkedKey[]): Map<string, ParkedKey> =>
  new Map(parked.map((one) => [one.key, one]));

/** Folder of the waiting records of a key. A key may be any text, so that its hash is the name; the records say which. */
function folderOf(key: string, stream: Stream, { manifest, zones }: Pick<Services, 'manifest' | 'zones'>): string {
  const { source } = findTable(stream.table, manifest).dataset;
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 32);
  return `${zones[source!.zone]}/_parked/${stream.name}/${hash}/`;
}

const fileOf = ({ sequence, shard }: Place): string => `${sortable(sequence)}.${encodeURIComponent(shard)}.json`;

/** Records of one key are kept, then the key is known to wait; false where somebody has released it meanwhile. */
export async function park(
  records: readonly StreamRecord[],
  seen: ParkedKey | undefined,
  reason: string,
  stream: Stream,
  services: Pick<Services, 'manifest' | 'zones' | 'objects'> & { readonly parked: ParkedKeys },
): Promise<boolean> {
  const [first] = records;
  const { key } = first!;
  const folder = folderOf(key, stream, services);
  for (const { data, ...rest } of records)
    await services.objects.write(
      folder + fileOf(rest),
      JSON.stringify({ ...rest, data: data.toString('base64') }),
      'application/json',
    );
  const place = ({ shard, sequence, arrived }: Place): Place => ({ shard, sequence, arrived });
  const latest = records.reduce(later, seen?.last ?? first!);
  const next = { key, first: seen?.first ?? place(first!), last: place(latest), reason: seen?.reason ?? reason };
  return services.parked.put(stream.name, seen, next);
}

const later = (a: Place, b: Place): Place => (compareSequences(b.sequence, a.sequence) > 0 ? b : a);

/** Records of a key that wait, in their order. */
export async function* waitingRecords(
  { key, first, last }: ParkedKey,
  stream: Stream,
  services: Pick<Services, 'manifest' | 'zones' | 'objects'>,
): AsyncIterable<StreamRecord> {
  const folder = folderOf(key, stream, services);
  for await (const { uri } of services.objects.list(folder)) {
    const text = (await services.objects.read(uri)).toString();
    const { data, ...rest } = JSON.parse(text) as Omit<StreamRecord, 'data'> & { readonly data: string };
    const isBetween =
      compareSequences(rest.sequence, first.sequence) >= 0 && compareSequences(rest.sequence, last.sequence) <= 0;
    // What waited another time, and was released, stays where it is.
    if (isBetween && rest.key === key) yield { ...rest, data: Buffer.from(data, 'base64') };
  }
}
